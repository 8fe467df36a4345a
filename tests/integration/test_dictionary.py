"""The data dictionary against a real database, filled from the samples that the repository ships."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from checks import some
from databases import temporary_database, transform
from samples import stores

from mlb_etl import registry
from mlb_etl.capture import loader, stub_files
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres.db import Connection
from mlbgen.dictionary import as_dbt
from mlbgen.dictionary.facts import Dictionary
from mlbgen.project import generate

ROOT = Path(__file__).parents[2]
PACKAGE = "mlb_tables"
SAMPLES = (ROOT / "schemas" / "simulated", ROOT / "schemas" / "samples")
EMPTY = {
    "game.win_probability_event": "no simulated plate appearance has an event with a probability of its own",
    "schedule.todays_games": "the samples are of a day in the past",
}
"""Tables and views whose example shows no row, each with the reason."""
COLUMNS = """
SELECT n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
    col_description(c.oid, a.attnum)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY 1, a.attnum
"""
VIEW_COLUMNS = COLUMNS.replace("('r', 'p')", "('v', 'm')")
KEYS = """
SELECT conrelid::regclass::text, contype::text, confrelid::regclass::text,
    ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place)
FROM pg_constraint WHERE contype IN ('p', 'f') AND conparentid = 0
"""
TYPES = {"timestamptz": "timestamp with time zone"}  # as the database spells them
USED = """
SELECT DISTINCT v.oid::regclass::text, d.refobjid::regclass::text || '.' || a.attname
FROM pg_class AS v JOIN pg_rewrite AS r ON r.ev_class = v.oid JOIN pg_depend AS d ON d.objid = r.oid
JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE v.relkind IN ('v', 'm') AND d.refobjsubid > 0 AND d.refobjid <> v.oid
"""
COUNTED = {
    "game.line_score.side",
    "game.pitch_arsenal.pitches",
    "game.plate_appearances.pitches",
    "game.season_batting.games",
    "game.season_pitching.games",
}
"""Columns of views that are constants, or count rows."""
PROFILE = {"type": "postgres", "schema": "public", "threads": 2, "password": "none"}


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    inputs = generate.read_project(ROOT)
    return generate.dictionary(inputs, generate.read_views(ROOT, inputs), generate.read_counts(ROOT, inputs))


@pytest.fixture(scope="module")
def connection(server: Server, template: str) -> Iterator[Connection]:
    """To a database with the samples that the repository ships."""
    with temporary_database(server, template) as dsn, psycopg.connect(dsn, autocommit=True) as connected:
        files = [file for folder in SAMPLES for file in stub_files.find_stubs(folder)]
        loader.load_files(stores(connected, PACKAGE), files, package=PACKAGE)
        for method in registry.methods(PACKAGE):
            for name in registry.with_hydrations(PACKAGE, method):
                transform(connected, registry.method(PACKAGE, name), PACKAGE)
        connected.execute("REFRESH MATERIALIZED VIEW game.pitch_arsenal")
        yield connected


def test_every_example_runs_and_shows_rows(dictionary: Dictionary, connection: Connection) -> None:
    empty = set()
    for each in some((*dictionary.tables, *dictionary.views)):
        rows = connection.execute(each.example.encode()).fetchall()
        if not rows:
            empty.add(each.name)
    assert empty == {*EMPTY}


def test_columns_are_those_of_the_database(dictionary: Dictionary, connection: Connection) -> None:
    """But for their order, in which the database has those of later migrations last."""
    found: dict[str, set[tuple[object, ...]]] = {}
    for table, *column in connection.execute(COLUMNS):
        found.setdefault(table, set()).add(tuple(column))
    for table in some(dictionary.tables):
        stated = {
            (each.name, TYPES.get(each.type, each.type), each.nullable, each.description) for each in table.columns
        }
        assert found[table.name] == stated, table.name
    views: dict[str, list[tuple[object, ...]]] = {}
    types: dict[tuple[str, str], object] = {}
    for view, name, of_type, _, comment in connection.execute(VIEW_COLUMNS):
        views.setdefault(view, []).append((name, comment))
        types[view, name] = of_type
    for view in some(dictionary.views):
        assert views[view.name] == [(each.name, each.description) for each in view.columns], view.name
        stated = {(view.name, each.name): TYPES.get(each.type, each.type) for each in view.columns if each.type}
        assert stated == {each: types[each] for each in some(stated)}


def test_keys_are_those_of_the_database(dictionary: Dictionary, connection: Connection) -> None:
    found: dict[str, set[tuple[str, str, tuple[str, ...]]]] = {}
    for table, kind, other, columns in connection.execute(KEYS):
        found.setdefault(table, set()).add((kind, other, tuple(columns)))
    for table in some(dictionary.tables):
        stated = {("f", each.table, each.columns) for each in table.links if each.enforced}
        assert found[table.name] == stated | {("p", "-", table.primary_key)}, table.name


def test_lineage_names_columns_that_the_view_depends_on(dictionary: Dictionary, connection: Connection) -> None:
    used: dict[str, set[str]] = {}
    for view, column in connection.execute(USED):
        used.setdefault(view, set()).add(column)
    counted = set()
    for view in some(dictionary.views):
        computed = {name for column in view.columns for name in column.columns}
        assert computed <= used[view.name], view.name
        counted |= {f"{view.name}.{column.name}" for column in view.columns if not column.columns}
        for column in view.columns:
            assert bool(column.paths) == bool(column.columns), f"{view.name}.{column.name}"
    assert counted == COUNTED


def test_every_place_in_responses_is_accounted_for(dictionary: Dictionary) -> None:
    known = {f"{table.name}.{column.name}" for table in dictionary.tables for column in table.columns}
    for response in some(dictionary.responses):
        for place in some(response.places):
            assert place.columns or place.reason, f"{response.name}: {place.path}"
            assert {*place.columns} <= known, f"{response.name}: {place.path}"


def test_rows_are_measured_from_samples_for_every_table(dictionary: Dictionary, connection: Connection) -> None:
    for table in some(dictionary.tables):
        assert table.measured is not None, table.name
    game = next(table for table in dictionary.tables if table.name == "game.live_game_pitch_events")
    (counted,) = connection.execute(f"SELECT count(*) FROM {game.name} WHERE game_pk = 747175").fetchone() or (None,)  # noqa: S608
    assert game.measured is not None
    assert (game.measured.documents, game.measured.most) == (1, counted)


@pytest.mark.timeout(600)  # a thousand tests of dbt, a query each, and what dbt needs to start three times
def test_dbt_reads_the_sources_and_their_tests_pass(
    dictionary: Dictionary, connection: Connection, tmp_path: Path
) -> None:
    """As well as the catalog that its documentation is made of; a reference that nothing enforces may warn."""
    if shutil.which("dbt") is None:
        pytest.skip('dbt is not installed: PATH="$PATH:$(tests/dbt/install.sh)/bin"')
    shutil.copy(ROOT / "tests" / "dbt" / "dbt_project.yml", tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "sources.yml").write_text(as_dbt.text(dictionary))
    info = connection.info
    target = PROFILE | {"host": info.host, "port": info.port, "user": info.user, "dbname": info.dbname}
    profile = {"dictionary": {"target": "test", "outputs": {"test": target}}}
    (tmp_path / "profiles.yml").write_text(json.dumps(profile))
    tested = dbt(tmp_path, "test")
    assert "ERROR=0" in tested, tested
    assert "deprecat" not in tested.lower(), tested
    results = json.loads((tmp_path / "target" / "run_results.json").read_text())["results"]
    assert len(results) > 500
    assert {each["status"] for each in results} <= {"pass", "warn"}
    assert not [each for each in results if each["status"] == "warn" and "relationships" not in each["unique_id"]]
    dbt(tmp_path, "docs", "generate")
    catalog = json.loads((tmp_path / "target" / "catalog.json").read_text())
    assert len(catalog["sources"]) == len(dictionary.tables) + len(dictionary.views)


def dbt(folder: Path, *words: str) -> str:
    command = ["dbt", *words, "--profiles-dir", ".", "--no-use-colors", "--no-partial-parse"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
