"""The DDL on real servers: what the catalog says after it, and that texts arrive as they were written."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import catalog
import psycopg
import pytest
from conftest import create_database
from small_ir import GAMES, column, method, table
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from mlb_etl import registry
from mlb_etl.stores.embedded.server import Server
from mlbgen import ir
from mlbgen.postgres import migrations
from mlbgen.project import generate

ROOT = Path(__file__).parents[2]
METHODS = [registry.method("mlb_tables", each) for each in registry.methods("mlb_tables")]
SCHEMAS = tuple(sorted({table.schema for method in METHODS for table in method.tables}))
HOSTILE = [
    "it's",
    "x'; DROP TABLE league.games; --",
    'x"; --',
    "100 % %s \\ \\' $$",
    "a\n\n  b\n -- \n",
    "a\n)\nb",
    "\t\r",
    "ü🏟",
]
Connection = psycopg.Connection[Any]


class TextFile(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


def connect(server: Server) -> Connection:
    return psycopg.connect(create_database(server), autocommit=True)


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    """The first migrations of all mappings."""
    methods = [each.method for each in generate.read(ROOT, generate.mappings(ROOT))]
    return {Path(path).name: text for path, text in migrations.first_files(methods).items() if path.endswith(".sql")}


def described(server: Server, scripts: dict[str, str]) -> dict[str, str]:
    """What the catalog says after the migrations."""
    with connect(server) as connected:
        for script in scripts.values():
            connected.execute(script.encode())
        return catalog.tables(connected, SCHEMAS)


@pytest.fixture(scope="module")
def tables(server: Server, scripts: dict[str, str]) -> dict[str, str]:
    return described(server, scripts)


@pytest.fixture(params=["server", "server15"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """To a fresh database, on each version of the server."""
    with connect(request.getfixturevalue(request.param)) as connected:
        yield connected


def test_catalog(tables: dict[str, str], snapshot: SnapshotAssertion) -> None:
    names = {table.qualified_name for method in METHODS for table in method.tables}
    raw = {method.qualified_raw_table for method in METHODS}
    assert tables.keys() == names | raw | {f"{name}_documents" for name in raw}
    for name, text in tables.items():
        assert text == snapshot(name=name, extension_class=TextFile)


def test_the_catalog_is_the_same_on_15(tables: dict[str, str], server15: Server, scripts: dict[str, str]) -> None:
    assert described(server15, scripts) == tables


@pytest.mark.parametrize(
    ("script", "number"),
    [
        ("V2__config_game_status_tables.sql", 1),
        ("V3__config_game_types_tables.sql", 1),
        ("V4__config_roster_types_tables.sql", 1),
        ("V5__config_sit_codes_tables.sql", 1),
        ("V6__division_divisions_tables.sql", 1),
        ("V7__draft_picks_tables.sql", 1),
        ("V8__game_get_context_metrics_tables.sql", 1),
        ("V9__game_live_tables.sql", 35),
        ("V10__game_get_win_probability_tables.sql", 4),
        ("V11__league_leagues_tables.sql", 1),
        ("V12__person_tables.sql", 5),
        ("V13__person_stats_tables.sql", 4),
        ("V14__schedule_tables.sql", 11),
        ("V15__season_seasons_tables.sql", 1),
        ("V16__sports_tables.sql", 1),
        ("V17__standings_tables.sql", 5),
        ("V18__team_coaches_tables.sql", 1),
        ("V19__team_roster_tables.sql", 1),
        ("V20__team_teams_tables.sql", 1),
        ("V21__transactions_tables.sql", 1),
        ("V22__venue_venues_tables.sql", 2),
    ],
)
def test_the_tables_need_nothing_before_them(
    connection: Connection, scripts: dict[str, str], script: str, number: int
) -> None:
    """`mlbgen ddl --mapping FILE > V3__game_live_tables.sql` is complete in itself."""
    connection.execute(scripts[script].encode())
    assert len(catalog.tables(connection, SCHEMAS)) == number


def test_squawk_passes(scripts: dict[str, str], tmp_path: Path) -> None:
    for name, text in scripts.items():
        (tmp_path / name).write_text(text)
    squawk = Path(sys.executable).with_name("squawk")
    command = [squawk, "--config", ROOT / ".squawk.toml", *sorted(tmp_path.glob("*.sql"))]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_descriptions_arrive_as_they_were_written(connection: Connection) -> None:
    facts = [column(f"fact_{number}", "text", description=text) for number, text in enumerate(HOSTILE)]
    tables = [replace(table(f"things_{number}", facts), description=text) for number, text in enumerate(HOSTILE)]
    connection.execute(migrations.tables_ddl([method(*tables)]).encode())
    for number, text in enumerate(HOSTILE):
        said = connection.execute(
            "SELECT obj_description(attrelid), col_description(attrelid, attnum) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attname = %s",
            [f"league.things_{number}", f"fact_{number}"],
        ).fetchone()
        assert said == (text, text)


def test_literals_of_expressions_arrive_as_they_were_written(connection: Connection) -> None:
    literals = ["'{}'".format(text.replace("'", "''")) for text in HOSTILE]
    conditions = [ir.Expression(f'"note" <> {literal}', ("note",)) for literal in literals]
    games = replace(
        GAMES,
        checks=tuple(ir.Check(f"check_{number}", each, "error") for number, each in enumerate(conditions)),
        indexes=tuple(
            ir.ColumnIndex(f"index_{number}", ("note",), each, unique=False) for number, each in enumerate(conditions)
        ),
    )
    connection.execute(migrations.tables_ddl([method(games)]).encode())
    insert = "INSERT INTO league.games (game_pk, season, note, captured_at) VALUES (1, 2024, %s, now())"
    for number, text in enumerate(HOSTILE):
        with pytest.raises(psycopg.errors.CheckViolation, match=f"check_{number}"):
            connection.execute(insert, [text])
    filters = connection.execute(
        "SELECT DISTINCT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indpred IS NOT NULL"
    )
    assert {each for (each,) in filters} == {f"(note <> {literal}::text)" for literal in literals}


def test_the_server_does_not_pack_bodies_once_more(connection: Connection) -> None:
    connection.execute(migrations.raw_ddl([method()]).encode())
    storage = connection.execute(
        "SELECT attstorage::text FROM pg_attribute JOIN pg_class ON attrelid = oid"
        " WHERE attname = 'body' AND relname ~ '^game_v1' AND relkind IN ('r', 'p')"
    ).fetchall()
    assert storage == [("e",)] * 3  # external, of the table and its two partitions


def test_months_begin_at_midnight_utc(connection: Connection) -> None:
    connection.execute("SET TimeZone = 'America/New_York'")
    connection.execute(migrations.raw_ddl([method()]).encode())
    insert = """
        INSERT INTO league.game_v1 (request, captured_at, as_of, last_seen_at, seen, endpoint, method, path_params,
            query_params, hydrations, url, status_code, content_hash, encoding, body)
        VALUES ('', %s, now(), now(), 1, 'league', 'gameV1', '{}', '{}', '{}', '/', 200, sha256('{}'), 'identity', '{}')
        RETURNING tableoid::regclass::text
    """
    for at, where in (("2024-11-30 23:59:59.999999Z", "2024_11"), ("2024-12-01 00:00:00Z", "2024_12")):
        assert connection.execute(insert, [at]).fetchone() == (f"league.game_v1_{where}",)


def test_a_raw_row_has_a_sha256(connection: Connection) -> None:
    connection.execute(migrations.raw_ddl([method()]).encode())
    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("""
            INSERT INTO league.game_v1 (request, captured_at, as_of, last_seen_at, seen, endpoint, method, path_params,
                query_params, hydrations, url, status_code, content_hash, encoding, body)
            VALUES ('', '2024-11-02Z', now(), now(), 1, 'league', 'gameV1', '{}', '{}', '{}', '/', 200, 'short',
                'identity', '{}')
        """)
