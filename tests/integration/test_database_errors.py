"""Errors of a real server as the command line ends with them."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from databases import FAST, create_database, temporary_folder
from psycopg.conninfo import make_conninfo
from samples import response, stub, write

from mlb_etl.cli import BUG, cli
from mlb_etl.errors import DatabaseUnavailable, EtlError
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import db, status


def run(dsn: str, *arguments: str) -> Result:
    return CliRunner(env={"MLB_ETL_DSN": dsn, "MLB_ETL_TABLES": "sample_tables"}).invoke(cli, arguments)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("SELECT nope FROM {raw}", 'column "nope" does not exist'),
        ("SELEKT", "syntax error"),
        ("SELECT nope()", r"function nope() does not exist"),
    ],
)
def test_a_wrong_statement_of_ours_is_a_bug(
    statement: str,
    said: str,
    sample_database: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(status, "_STANDING", statement)
    done = run(sample_database, "status")
    assert done.exit_code == BUG
    [record] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "this is a bug" in record.message
    assert record.exc_info is not None
    assert said in str(record.exc_info[1])


def test_a_table_that_somebody_dropped_is_not(sample_database: str) -> None:
    with psycopg.connect(sample_database) as connection:
        connection.execute("DROP TABLE etl.failure")
    done = run(sample_database, "status")
    assert done.exit_code == 1
    assert 'relation "etl.failure" does not exist; the schema was changed by hand' in done.output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE sample.games DROP COLUMN venue", "column venue is missing: text"),
        ("ALTER TABLE etl.watermark DROP CONSTRAINT watermark_pkey", "primary key watermark_pkey is missing"),
        ("DROP TABLE sample.plays", "table is missing"),
    ],
)
def test_what_a_changed_schema_refuses_is_not(sample_database: str, tmp_path: Path, change: str, said: str) -> None:
    """What a statement names was changed by hand, so it is none of our bugs."""
    with psycopg.connect(sample_database) as connection:
        connection.execute(change.encode())
    (tmp_path / "job.yaml").write_text(
        "name: sample\nsource: {endpoint: sample, method: game}\nstorage: {raw: false, transform: true}\n"
    )
    assert run(sample_database, "load", str(write(tmp_path / "a.json", stub(response(1), game_pk=1)))).exit_code == 0
    done = run(sample_database, "transform", "--job", str(tmp_path / "job.yaml"))
    assert done.exit_code == 1, done.output
    assert "mlb-etl schema status" in done.output
    assert said in run(sample_database, "schema", "status").output


def test_it_is_known_of_workers_too(sample_database: str, tmp_path: Path) -> None:
    with psycopg.connect(sample_database) as connection:
        connection.execute("ALTER TABLE sample.games DROP COLUMN venue")
    (tmp_path / "job.yaml").write_text(
        "name: sample\nsource: {endpoint: sample, method: game}\nstorage: {raw: false, transform: true}\n"
    )
    for number in range(12):
        write(tmp_path / f"{number}.json", stub(response(number), game_pk=number))
    assert run(sample_database, "load", str(tmp_path)).exit_code == 0
    done = run(sample_database, "transform", "--job", str(tmp_path / "job.yaml"), "--workers", "2")
    assert done.exit_code == 1
    assert "sample.games: column venue is missing: text; `mlb-etl schema status`" in done.output


def test_a_privilege_that_lacks_is_not(server: Server, sample_database: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute("CREATE ROLE stranger LOGIN")
        try:
            done = run(make_conninfo(sample_database, user="stranger"), "status")
        finally:
            admin.execute("DROP ROLE stranger")
    assert done.exit_code == 1
    assert (
        "permission denied for schema etl; run as the owner of the tables, or let the owner run `mlb-etl" in done.output
    )


def test_a_statement_that_takes_too_long_names_the_setting(sample_database: str) -> None:
    dsn = make_conninfo(sample_database, options="-c statement_timeout=10ms")
    with (
        db.connect(Settings(dsn, Path(), "sample_tables")) as connection,
        pytest.raises(DatabaseUnavailable, match="statement_timeout"),
        db.translate_errors(),
    ):
        connection.execute("SELECT pg_sleep(5)")


def test_a_plan_that_a_migration_made_stale_is_tried_again(sample_database: str) -> None:
    with (
        db.connect(Settings(sample_database, Path(), "sample_tables")) as connection,
        db.connect(Settings(sample_database, Path(), "sample_tables")) as other,
    ):
        query = "SELECT * FROM sample.games"
        connection.execute(query, prepare=True)
        other.execute("ALTER TABLE sample.games ADD COLUMN more int")
        with pytest.raises(DatabaseUnavailable, match="cached plan"), db.translate_errors():
            connection.execute(query, prepare=True)


@pytest.fixture
def small() -> Iterator[Server]:
    """A server with room for few locks."""
    folder = temporary_folder()
    few = {"max_locks_per_transaction": "10", "max_connections": "3", "superuser_reserved_connections": "0"}
    few |= {"max_worker_processes": "1", "max_wal_senders": "0", "autovacuum_worker_slots": "1"}  # each has room too
    server = Server(folder / "postgres", settings=FAST | few)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def test_a_server_that_is_too_small_names_the_setting(small: Server) -> None:
    dsn = create_database(small)
    done = CliRunner(env={"MLB_ETL_DSN": dsn, "MLB_ETL_TABLES": "mlb_tables"}).invoke(cli, ["schema", "init"])
    assert done.exit_code == 1
    assert "_tables.sql: out of shared memory" in done.output
    assert "raise max_locks_per_transaction" in done.output


def test_a_database_that_is_not_there(server: Server) -> None:
    with pytest.raises(EtlError, match=r'no connection to the database: .*"nowhere" does not exist'):
        db.connect(Settings(server.url("nowhere"), Path(), "sample_tables"))
