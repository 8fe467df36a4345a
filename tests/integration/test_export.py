"""mlb-etl export: rows equal to the database's in each format, at first and after any changes."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import exports
import pyarrow.parquet as pq
import pytest
import terminal
import unmeasured
from checks import some
from click.testing import Result
from commands import run
from databases import temporary_database, transform
from exports import FORMS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_tables.game import METHOD
from samples import PACKAGE, at, connect, load, response, stub

from mlb_etl.export import folders, parts, places
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres.reading import PostgresSnapshot

TABLES = [table.qualified_name for table in METHOD.tables]
NOBODY = 65534
PROGRAM = Path(sys.executable).parent / "mlb-etl"
TEXTS = (
    "ARRAY['', ' ', '=1+1', '+1', '-', '-2+3', '@x', '''q', '''', 'a,b', 'a\"b', E'a\\nb', E'\\t', E'\\r', 'é ⚾',"
    " 'NULL', 'NaN', 'null', '\\N']"
)
ALL_TYPES = f"""
CREATE VIEW sample.types AS
SELECT n::smallint AS small, n::integer AS int, (n * 4000000000)::bigint AS big,
    CASE n % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' WHEN 3 THEN NULL
        ELSE 0.1 + n END::float8 AS double,
    CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN 1e30 ELSE n / 7.0 END::numeric AS free,
    CASE WHEN n % 3 > 0 THEN n / 8.0 END::numeric(5,3) AS fixed,
    CASE n % 3 WHEN 0 THEN NULL WHEN 1 THEN true ELSE false END AS flag,
    (ARRAY[NULL]::text[] || {TEXTS})[1 + n % 20] AS text,
    CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity'
        ELSE '1875-04-22'::date + n END::date AS day,
    CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity'
        ELSE '1999-12-31 23:59:59.999999+00'::timestamptz + make_interval(hours => n) END::timestamptz AS time,
    CASE WHEN n % 2 = 0 THEN '00000000-0000-0000-0000-00000000000a'::uuid END AS uuid,
    CASE WHEN n % 2 = 0 THEN jsonb_build_object('n', n, 'é', 'x') END AS json,
    CASE n % 3 WHEN 0 THEN NULL WHEN 1 THEN ARRAY[n, NULL]::integer[] ELSE '{{}}' END AS numbers,
    CASE WHEN n % 3 = 0 THEN ARRAY['a', NULL, 'b'] END AS texts,
    make_interval(days => n) AS span,
    CASE WHEN n % 10 > 0 THEN 2000 + n % 3 END::smallint AS season
FROM generate_series(1, 60) AS n
"""


@pytest.fixture
def sample(sample_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Two games of 2024 and one of 2023, in a database whose sessions have a time zone of their own."""
    monkeypatch.setenv("MLB_ETL_DSN", sample_database)
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    with connect(sample_database) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE \"{name}\" SET timezone = 'Asia/Kolkata'")
        connection.execute(f'ALTER DATABASE "{name}" SET extra_float_digits = 0')
        _apply(sample_database, tmp_path, [(1, 2024, [1, None, *[0] * 8]), (2, 2024, []), (3, 2023, [2])], minute=0)
    return sample_database


def _apply(dsn: str, folder: Path, games: list[tuple[int, int, list[int | None]]], minute: int) -> None:
    folder.mkdir(exist_ok=True)
    stubs = [
        stub(response(pk, rbi=rbi, season=season, venue=f"=park {pk}"), at(minute), game_pk=pk)
        for pk, season, rbi in games
    ]
    with connect(dsn) as connection:
        load(connection, folder, *stubs)
        transform(connection, METHOD, PACKAGE)


def _export(form: str, place: Path, *options: str) -> dict[str, Any]:
    done = run("export", "--to", f"{form}:{place}", "--format", "json", *options)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _equal(dsn: str, form: str, place: Path, names: list[str] = TABLES, where: str = "true") -> None:
    columns = {name: exports.types(dsn, name) for name in some(names)}
    assert exports.exported(form, place, columns) == exports.database(dsn, names, where)


@pytest.mark.parametrize("form", FORMS)
def test_every_type_arrives(sample: str, form: str, tmp_path: Path) -> None:
    with connect(sample) as connection:
        connection.execute(ALL_TYPES)
    place = tmp_path / "out"
    _export(form, place, "--view", "sample.types")

    columns = {"sample.types": exports.types(sample, "sample.types")}
    found = exports.exported(form, place, columns)
    wanted = exports.database(sample, ["sample.types"])
    if form == "sqlite":  # which has no NaN
        nan = repr(float("nan"))
        wanted = {
            name: type(rows)({tuple(None if each == nan else each for each in row): n for row, n in rows.items()})
            for name, rows in wanted.items()
        }
    assert sum(found["sample.types"].values()) == 60
    assert found == wanted


@pytest.mark.parametrize("form", FORMS)
def test_a_second_export_writes_what_changed(sample: str, form: str, tmp_path: Path) -> None:
    place = tmp_path / "out"
    first = _export(form, place)
    assert first["whole"] is True
    assert {each["name"]: each["rows"] for each in first["relations"]} == {"sample.games": 3, "sample.plays": 11}
    _equal(sample, form, place)

    assert [each["written"] for each in _export(form, place)["relations"]] == [0, 0]

    _apply(sample, tmp_path / "again", [(1, 2024, [1, 4, *[0] * 7])], minute=5)
    second = _export(form, place)
    assert second == {
        "whole": False,
        "relations": [
            {"name": "sample.games", "rows": 3, "written": 1, "removed": 1},
            {"name": "sample.plays", "rows": 10, "written": 9, "removed": 10},
        ],
    }
    _equal(sample, form, place)


Change = tuple[str, int, int, list[int | None]]
GAMES = st.integers(1, 4)
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["feed", "feed", "delete", "drop"]),
        GAMES,
        st.sampled_from([2023, 2024]),
        st.lists(st.sampled_from([None, 0, 1, 4]), min_size=8, max_size=10),
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.parametrize("form", FORMS)
def test_any_changes_end_in_equal_rows(
    server: Server, sample_template: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Corrections, rows that vanish, games that change their season or are deleted, and seasons that are dropped."""
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    monkeypatch.setattr(parts, "ROWS", 15)  # several files a season
    runs = iter(range(1000))

    @given(CHANGES)
    @settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def check(changes: list[Change]) -> None:
        number = next(runs)
        folder = tmp_path / str(number)
        with temporary_database(server, sample_template) as dsn:
            monkeypatch.setenv("MLB_ETL_DSN", dsn)
            _apply(dsn, folder, [(pk, 2023 + pk % 2, [1] * 10) for pk in (1, 2, 3, 4)], minute=0)
            place = folder / "kept"
            _export(form, place)
            for minute, (kind, pk, season, rbi) in enumerate(changes, 1):
                if kind == "feed":
                    _apply(dsn, folder / f"at {minute}", [(pk, season, rbi)], minute)
                else:
                    _delete(dsn, f"season = {season}" if kind == "drop" else f"game_pk = {pk}")
                _export(form, place)
                _equal(dsn, form, place)
            _export(form, folder / "new")
            _equal(dsn, form, folder / "new")

    check()


def _delete(dsn: str, wanted: str) -> None:
    with connect(dsn) as connection, connection.transaction():
        found = connection.execute(f"SELECT game_pk FROM sample.games WHERE {wanted}").fetchall()
        for table in reversed(TABLES):
            connection.execute(f"DELETE FROM {table} WHERE {wanted}")
        documents = [json.dumps({"game_pk": key}) for (key,) in found]
        connection.execute("DELETE FROM etl.watermark WHERE document = ANY(%s::text[]::jsonb[])", [documents])


def test_the_season_is_a_folder_and_a_selection(sample: str, tmp_path: Path) -> None:
    _export("parquet", tmp_path / "all")
    assert {each.parent.name for each in (tmp_path / "all" / "sample.games").rglob("*.parquet")} == {
        "season=2023",
        "season=2024",
    }
    _export("parquet", tmp_path / "one", "--season", "2023", "--table", "games")
    _equal(sample, "parquet", tmp_path / "one", ["sample.games"], "season = 2023")
    assert not (tmp_path / "one" / "sample.plays").exists()

    refused = run("export", "--to", f"parquet:{tmp_path / 'one'}")
    assert refused.exit_code == 1
    assert "--table games --season 2023" in refused.output


def test_comments_and_keys_go_along(sample: str, tmp_path: Path) -> None:
    with connect(sample) as connection:
        connection.execute("COMMENT ON TABLE sample.games IS 'The games; it''s so.'")
        connection.execute("COMMENT ON COLUMN sample.games.venue IS 'Where; \"home\".'")
    _export("parquet", tmp_path / "p")
    file = next((tmp_path / "p" / "sample.games").rglob("*.parquet"))
    schema = pq.read_schema(file)
    assert schema.metadata[b"description"] == b"The games; it's so."
    assert json.loads(schema.metadata[b"primary_key"]) == ["game_pk", "season"]
    assert schema.field("venue").metadata[b"description"] == b'Where; "home".'

    _export("duckdb", tmp_path / "d.duckdb")
    with duckdb.connect(tmp_path / "d.duckdb", read_only=True) as connection:
        asked = "SELECT comment FROM duckdb_tables() WHERE table_name = 'games'"
        assert connection.execute(asked).fetchall() == [("The games; it's so.",)]
        keys = "SELECT constraint_column_names FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'"
        assert (["game_pk", "season"],) in connection.execute(keys).fetchall()

    _export("sqlite", tmp_path / "s.sqlite")
    with sqlite3.connect(tmp_path / "s.sqlite") as lite:
        described = lite.execute("SELECT description FROM _descriptions WHERE name = 'sample_games' ORDER BY column")
        assert ("The games; it's so.",) in described.fetchall()
        assert lite.execute("PRAGMA foreign_key_check").fetchall() == []
        [(definition,)] = lite.execute("SELECT sql FROM sqlite_schema WHERE name = 'sample_plays'")
        assert definition.endswith("STRICT")


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_ours_stays(form: str, tmp_path: Path) -> None:
    place = tmp_path / "theirs"
    if form in {"parquet", "csv"}:
        place.mkdir()
        file = place / "notes.txt"
    else:
        file = place
    file.write_bytes(b"notes")
    refused = run("export", "--to", f"{form}:{place}")
    assert refused.exit_code == 1, refused.output
    assert str(place) in refused.output
    assert file.read_bytes() == b"notes"


@pytest.mark.usefixtures("sample")
def test_another_duckdb_file_stays(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "x.duckdb") as connection:
        connection.execute("CREATE TABLE mine AS SELECT 1 AS one")
    refused = run("export", "--to", f"duckdb:{tmp_path / 'x.duckdb'}")
    assert refused.exit_code == 1
    assert "not an export of mlb-etl" in refused.output
    with duckdb.connect(tmp_path / "x.duckdb") as connection:
        assert connection.execute("FROM mine").fetchall() == [(1,)]


@pytest.mark.parametrize("form", FORMS)
def test_two_exports_at_once_are_refused(sample: str, form: str, tmp_path: Path) -> None:
    place = tmp_path / "out"
    with places.parse(f"{form}:{place}").locked():
        refused = run("export", "--to", f"{form}:{place}")
    assert refused.exit_code == 1
    assert "another export is writing to" in refused.output
    _export(form, place)
    _equal(sample, form, place)


def _environment() -> dict[str, str]:
    return unmeasured.environment() | {"PYTHONPATH": str(Path(__file__).parents[1])}


@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_leaves_the_export_as_it_was(sample: str, form: str, tmp_path: Path) -> None:
    place = tmp_path / "out"
    _export(form, place)
    before = {each: each.read_bytes() for each in [place, *place.rglob("*")] if each.is_file()}
    _apply(sample, tmp_path / "more", [(9, 2024, [1] * 4)], minute=3)
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200));"
    limited += "sys.argv[0] = 'mlb-etl'; from mlb_etl.cli import main; main()"
    command = [sys.executable, "-c", limited, "export", "--to", f"{form}:{place}"]
    environment = _environment() | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert str(place) in done.stderr
    assert {each: each.read_bytes() for each in [place, *place.rglob("*")] if each.is_file()} == before
    _export(form, place)
    _equal(sample, form, place)


@pytest.fixture
def as_other(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, Path], Result]]:
    """Exports as a user without root's powers over files, who has the snapshot open."""
    user, connect = os.geteuid(), PostgresSnapshot.__init__

    def connect_and_become(self: PostgresSnapshot, settings: Settings) -> None:
        connect(self, settings)
        if user == 0:
            os.seteuid(NOBODY)

    def export(form: str, place: Path) -> Result:
        with monkeypatch.context() as patched:
            patched.setattr(PostgresSnapshot, "__init__", connect_and_become)
            try:
                return run("export", "--to", f"{form}:{place}")
            finally:
                os.seteuid(user)

    yield export
    os.seteuid(user)


def _files(folder: Path) -> dict[Path, bytes]:
    return {each: each.read_bytes() for each in folder.rglob("*") if each.is_file()}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mode", [0o555, 0o000], ids=["read-only", "closed"])
def test_a_folder_without_permission_is_explained(
    sample: str, form: str, mode: int, tmp_path: Path, as_other: Callable[[str, Path], Result]
) -> None:
    """For a first export into it, and for a second one."""
    with TemporaryDirectory() as folder:  # in one that all may enter
        closed = Path(folder)
        place = closed / "out"

        def refused() -> None:
            folders = [closed, *(each for each in closed.rglob("*") if each.is_dir())]
            for each in reversed(folders):
                each.chmod(mode)
            done = as_other(form, place)
            for each in folders:
                each.chmod(0o755)
            assert done.exit_code == 1, done.output
            assert "Permission denied" in done.stderr
            assert str(place) in done.stderr

        refused()
        _export(form, place)
        before = _files(closed)
        _apply(sample, tmp_path / "more", [(9, 2024, [1] * 4)], minute=3)
        refused()
        assert _files(closed) == before
        _export(form, place)
        _equal(sample, form, place)


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize("form", FORMS)
def test_an_export_that_may_not_be_read_is_explained(form: str, as_other: Callable[[str, Path], Result]) -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        place = Path(folder) / "out"
        _export(form, place)
        for each in [place, *place.rglob("*")]:
            each.chmod(0o777 if each.is_dir() else 0o000)
        before = _files(Path(folder))
        done = as_other(form, place)
        assert done.exit_code == 1, done.output
        assert str(place) in done.stderr
        assert re.search("permission denied|unable to open", done.stderr, re.IGNORECASE), done.stderr
        assert _files(Path(folder)) == before


@pytest.mark.parametrize("form", FORMS)
def test_an_export_is_of_one_moment_while_documents_are_applied(
    sample: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer corrects a game before each season of each table is read: nothing of that is in the export."""
    place, minutes = tmp_path / "out", iter(range(1, 1000))
    read = PostgresSnapshot.batches

    def correct() -> None:
        minute = next(minutes)
        _apply(sample, tmp_path / f"at {minute}", [(1, 2023 + minute % 2, [minute % 5] * (8 + minute % 3))], minute)

    def read_meanwhile(*given: Any) -> Any:
        correct()
        return read(*given)

    columns = {name: exports.types(sample, name) for name in TABLES}
    for _ in range(3):
        then = exports.database(sample, TABLES)
        with monkeypatch.context() as patched:
            patched.setattr(PostgresSnapshot, "batches", read_meanwhile)
            _export(form, place)
        assert exports.exported(form, place, columns) == then
        assert exports.database(sample, TABLES) != then
    _export(form, place)
    _equal(sample, form, place)


def test_progress_shows_on_a_terminal(sample: str, tmp_path: Path) -> None:  # noqa: ARG001
    command = [str(PROGRAM), "export", "--to", f"sqlite:{tmp_path / 'out'}"]
    seen = terminal.run(command, _environment(), columns=100)
    assert seen.returncode == 0, seen.text
    assert all(b"%d/2 tables and views" % done in seen.written for done in (0, 2))
    assert "tables and views" not in seen.text, "the bar is gone in the end"
    assert re.search(r"^sample\.games +3 +3 +0$", seen.text, re.MULTILINE)
    assert not seen.cursor_hidden


@pytest.mark.parametrize("to", ["x", "xml:x", "parquet:", "parquet:s3://bucket/x"])
def test_a_place_that_is_none_is_explained(to: str) -> None:
    refused = run("export", "--to", to)
    assert refused.exit_code == 1
    assert "parquet:FOLDER, csv:FOLDER, duckdb:FILE or sqlite:FILE is expected" in refused.output


def test_a_lake_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", f"delta:{tmp_path / 'lake'}")
    refused = run("export", "--to", f"csv:{tmp_path / 'x'}")
    assert refused.exit_code == 1
    assert "other tools read the tables of a lake as they are: docs/lake.md" in refused.output
    assert [*tmp_path.iterdir()] == []


@pytest.mark.usefixtures("sample")
def test_an_unknown_table_is_explained(tmp_path: Path) -> None:
    refused = run("export", "--to", f"csv:{tmp_path / 'x'}", "--table", "sample.game")
    assert refused.exit_code == 1
    assert "did you mean sample.games?" in refused.output


BIG = """
CREATE VIEW sample.big AS SELECT n, (n % 3 + 2022)::smallint AS season, repeat(md5(n::text), 6) AS a, n * 0.5 AS b,
    now() + make_interval(secs => n) AS at FROM generate_series(1, 1500000) AS n
"""
MOST = 300  # MB


def _started(form: str, place: Path) -> subprocess.Popen[bytes]:
    command = [str(PROGRAM), "export", "--to", f"{form}:{place}", "--view", "sample.big"]
    return subprocess.Popen(command, env=_environment(), stdout=subprocess.DEVNULL)


@pytest.mark.timeout(500)  # 1.5 million rows of 240 bytes
@pytest.mark.parametrize("form", FORMS)
def test_a_large_export_takes_little_memory_and_can_be_killed(sample: str, form: str, tmp_path: Path) -> None:
    """More rows than fit into the memory that it may take. Killed half way, it leaves the export before as it was."""
    place = tmp_path / "out"
    with connect(sample) as connection:
        connection.execute(BIG.replace("1500000", "10"))
        _export(form, place, "--view", "sample.big")
        connection.execute(BIG.replace("CREATE", "CREATE OR REPLACE"))
    before = {each: each.read_bytes() for each in [place, *place.rglob("*")] if each.is_file()}
    hidden = place / ".incoming" if form in {"parquet", "csv"} else place.with_name(".out.incoming")
    with _started(form, place) as process:
        while not any(each.stat().st_size > 1 << 20 for each in [hidden, *hidden.rglob("*")] if each.is_file()):
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
    assert {each: each.read_bytes() for each in before} == before

    most = 0
    with _started(form, place) as process:
        status = Path(
            f"/proc/{process.pid}/status"
        )  # wait4 counts the memory of this process too, from before it was a program
        while process.poll() is None:
            memory = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.MULTILINE)
            most = max(most, int(memory[1]) >> 10 if memory else 0)
            time.sleep(0.02)
    assert process.returncode == 0
    assert not hidden.exists()
    assert 0 < most < MOST
    _equal(sample, form, place, TABLES)


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_moves_that_were_interrupted_are_finished(
    sample: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "out"
    _export(form, place)
    _apply(sample, tmp_path / "again", [(1, 2024, [1, 4, *[0] * 7])], minute=5)
    with monkeypatch.context() as patched:
        patched.setattr(folders.Folder, "_recover", lambda _: None)  # as if killed once the list was written
        _export(form, place)
    assert (place / folders.STAGED).exists()
    assert [each["written"] for each in _export(form, place)["relations"]] == [0, 0]
    _equal(sample, form, place)
