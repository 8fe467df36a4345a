"""schema init and status on real servers, with the hand-written package and with the generated one."""

import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import sample_tables
from databases import temporary_database

from mlb_etl.errors import EtlError
from mlb_etl.stores.postgres import migrate
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.migrate import Migration

SCRIPTS = [
    "V1__control_tables.sql",
    "V2__drift.sql",
    "V3__runs.sql",
    "V4__functions.sql",
    "V5__words.sql",
    "V1__raw_tables.sql",
    "V2__sample_tables.sql",
]


def connect(dsn: str) -> Connection:
    return psycopg.connect(dsn, autocommit=True)


def states(connection: Connection, package: str = "sample_tables") -> list[str]:
    return [version.state for version in migrate.versions(connection, package)]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migrations of a package `changing`, a copy of sample_tables to be changed."""
    folder = tmp_path / "changing"
    shutil.copytree(Path(sample_tables.__file__).parent, folder)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "changing", raising=False)
    return folder / "migrations"


def test_applies_once(empty_database: str) -> None:
    with connect(empty_database) as connection:
        assert states(connection) == ["pending"] * len(SCRIPTS)
        with pytest.raises(EtlError, match=r"mlb-etl schema init"):
            migrate.require(connection, "sample_tables")
        assert migrate.apply_pending(connection, "sample_tables") == SCRIPTS
        assert states(connection) == ["applied"] * len(SCRIPTS)
        assert migrate.apply_pending(connection, "sample_tables") == []
        migrate.require(connection, "sample_tables")


def test_history_is_as_flyway_keeps_it(sample_database: str) -> None:
    with connect(sample_database) as connection:
        query = "SELECT installed_rank, version, description, type, script, success FROM etl.flyway_schema_history"
        assert connection.execute(query).fetchall() == [
            (1, "1", "raw tables", "SQL", "V1__raw_tables.sql", True),
            (2, "2", "sample tables", "SQL", "V2__sample_tables.sql", True),
        ]
        columns = connection.execute(
            "SELECT column_name, is_nullable FROM information_schema.columns"
            " WHERE table_name = 'flyway_schema_history' ORDER BY ordinal_position"
        ).fetchall()
    assert columns == [
        ("installed_rank", "NO"),
        ("version", "YES"),
        ("description", "NO"),
        ("type", "NO"),
        ("script", "NO"),
        ("checksum", "YES"),
        ("installed_by", "NO"),
        ("installed_on", "NO"),
        ("execution_time", "NO"),
        ("success", "NO"),
    ]


@pytest.mark.parametrize(
    ("text", "checksum"),
    [(b"", 0), (b"123456789", -873187034), (b"1234\n56789\n", -873187034), (b"\xef\xbb\xbf1234\r\n56789", -873187034)],
)
def test_checksum_is_flyways(text: bytes, checksum: int) -> None:
    """CRC-32 of the lines without their ends: 0xCBF43926 is its check value for 123456789."""
    assert Migration(1, "", "V1__.sql", text).checksum == checksum


def test_several_at_once(empty_database: str) -> None:
    start = threading.Barrier(4)

    def init() -> list[str]:
        with connect(empty_database) as connection:
            start.wait()
            return migrate.apply_pending(connection, "sample_tables")

    with ThreadPoolExecutor(4) as pool:
        applied = [work.result() for work in [pool.submit(init) for _ in range(4)]]
    assert sorted(applied) == [[], [], [], SCRIPTS]


def test_a_changed_migration_is_refused(empty_database: str, package: Path) -> None:
    with connect(empty_database) as connection:
        migrate.apply_pending(connection, "changing")
        (package / "migrations.sum").unlink()
        script = package / "V2__sample_tables.sql"
        script.write_text(script.read_text() + "-- more\n")
        assert states(connection, "changing") == [*["applied"] * (len(SCRIPTS) - 1), "changed"]
        with pytest.raises(EtlError, match=r"V2__sample_tables.sql: it has changed since it was applied"):
            migrate.apply_pending(connection, "changing")


def test_a_script_that_is_not_as_the_sum_file_says_is_refused(empty_database: str, package: Path) -> None:
    (package / "V2__sample_tables.sql").write_text("SELECT 1;\n")
    with (
        connect(empty_database) as connection,
        pytest.raises(EtlError, match=r"V2__sample_tables.sql: differs from migrations"),
    ):
        migrate.apply_pending(connection, "changing")


def test_a_script_missing_from_the_sum_file_is_refused(empty_database: str, package: Path) -> None:
    (package / "V3__more.sql").write_text("SELECT 1;\n")
    with connect(empty_database) as connection, pytest.raises(EtlError, match=r"V3__more.sql: differs from migrations"):
        migrate.apply_pending(connection, "changing")


def test_a_migration_that_fails_leaves_nothing_of_itself(empty_database: str, package: Path) -> None:
    (package / "migrations.sum").unlink()
    (package / "V3__broken.sql").write_text("CREATE TABLE sample.more (n int);\nSELECT broken;\n")
    with connect(empty_database) as connection:
        with pytest.raises(EtlError, match=r'V3__broken.sql: column "broken" does not exist'):
            migrate.apply_pending(connection, "changing")
        assert states(connection, "changing") == [*["applied"] * len(SCRIPTS), "pending"]
        assert connection.execute("SELECT to_regclass('sample.more')").fetchone() == (None,)


def test_a_migration_without_its_note_in_the_history_leaves_nothing(empty_database: str, package: Path) -> None:
    (package / "migrations.sum").unlink()
    script = "CREATE TABLE sample.more (n int);\nALTER TABLE etl.flyway_schema_history RENAME TO other;\n"
    (package / "V3__broken.sql").write_text(script)
    with connect(empty_database) as connection:
        with pytest.raises(EtlError, match=r"V3__broken.sql: .*nothing was applied"):
            migrate.apply_pending(connection, "changing")
        assert connection.execute("SELECT to_regclass('sample.more')").fetchone() == (None,)


def test_an_older_package_than_the_database_is_refused(empty_database: str, package: Path) -> None:
    with connect(empty_database) as connection:
        migrate.apply_pending(connection, "changing")
        (package / "migrations.sum").unlink()
        (package / "V2__sample_tables.sql").unlink()
        assert states(connection, "changing") == [*["applied"] * (len(SCRIPTS) - 1), "unknown"]
        with pytest.raises(EtlError, match=r"install a newer version"):
            migrate.apply_pending(connection, "changing")


def test_a_migration_before_applied_ones_is_refused(empty_database: str, package: Path) -> None:
    (package / "migrations.sum").unlink()
    with connect(empty_database) as connection:
        (package / "V2__sample_tables.sql").rename(package / "V9__sample_tables.sql")
        migrate.apply_pending(connection, "changing")
        (package / "V3__late.sql").write_text("SELECT 1;\n")
        with pytest.raises(EtlError, match=r"V3__late.sql: a later migration has already been applied"):
            migrate.apply_pending(connection, "changing")


def test_control_tables_are_commented(sample_database: str) -> None:
    with connect(sample_database) as connection:
        uncommented = connection.execute(
            "SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
            " WHERE relname IN ('watermark', 'quarantine', 'run') AND attnum > 0"
            " AND col_description(attrelid, attnum) IS NULL"
        ).fetchall()
    assert uncommented == []


@pytest.mark.parametrize("which", ["server", "server15"])
def test_the_generated_package_on(which: str, request: pytest.FixtureRequest) -> None:
    with temporary_database(request.getfixturevalue(which)) as dsn, connect(dsn) as connection:
        assert "V2__game_live_tables.sql" in migrate.apply_pending(connection, "mlb_tables")
        assert migrate.apply_pending(connection, "mlb_tables") == []
