"""Databases that only read, roles that may do little, and DSNs with secrets in them."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from databases import FAST, create_database, temporary_folder
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from samples import PACKAGE, response, stub, write

from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.cli import cli
from mlb_etl.errors import EtlError
from mlb_etl.registry import method
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres.database import Postgres

ROOT = Path(__file__).parents[2]
READ_ONLY = "the database is read-only: it is a standby, or default_transaction_read_only"


def run(dsn: str, *arguments: str, package: str = PACKAGE) -> Result:
    return CliRunner(env={"MLB_ETL_DSN": dsn, "MLB_ETL_TABLES": package}).invoke(cli, arguments)


@pytest.fixture(scope="module")
def standby() -> Iterator[str]:
    """A hot standby: a copy of a server with the schema, in recovery for good."""
    folder = temporary_folder()
    primary, standby = Server(folder / "primary", settings=FAST), Server(folder / "standby", settings=FAST)
    try:
        primary.start()
        dsn = create_database(primary)
        assert run(dsn, "schema", "init", package="mlb_tables").exit_code == 0
        primary.stop()
        standby.home.mkdir(mode=0o700)
        shutil.copytree(primary.home / "data", standby.home / "data")
        (standby.home / "data" / "standby.signal").touch()
        standby.start()
        yield standby.url(str(conninfo_to_dict(dsn)["dbname"]))
    finally:
        standby.stop()
        primary.stop()
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    "command",
    [
        ("live", "--date", "2024-07-01"),
        ("transform", "--job", str(ROOT / "config/jobs/game_live_transform.yaml")),
        ("ingest", "--job", str(ROOT / "config/jobs/game_live_specific.yaml"), "--game-pk", "1", "--replay", "."),
        ("schema", "partitions", "--from", "2024-05", "--to", "2024-09"),
    ],
    ids=lambda command: command[0],
)
def test_a_standby_is_told_at_once(standby: str, command: tuple[str, ...]) -> None:
    done = run(standby, *command, package="mlb_tables")
    assert done.exit_code == 1
    assert READ_ONLY in done.output
    assert "target_session_attrs=read-write" in done.output


READERS = [
    ("schema", "status"),
    ("schema", "init"),
    ("status",),
    ("quarantine", "list"),
    ("raw", "list"),
    ("views", "list"),
    ("schema", "partitions", "--drop-before", "2024-01"),
]


def test_a_standby_can_be_read(standby: str) -> None:
    for command in READERS:
        done = run(standby, *command, package="mlb_tables")
        assert done.exit_code == 0, done.output
    with psycopg.connect(standby) as connection:
        assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)


def test_a_standby_without_the_schema_says_why_it_gets_none(standby: str) -> None:
    done = run(make_conninfo(standby, dbname="postgres"), "schema", "init")
    assert done.exit_code == 1
    assert READ_ONLY in done.output


def test_a_read_only_role_is_told_at_once(sample_database: str) -> None:
    dsn = make_conninfo(sample_database, options="-c default_transaction_read_only=on")
    done = run(dsn, "schema", "partitions", "--from", "2024-05", "--to", "2024-09")
    assert (done.exit_code, READ_ONLY in done.output) == (1, True)


@pytest.fixture
def owner(server: Server, empty_database: str) -> Iterator[str]:
    """The DSN of a database whose tables belong to a role that may create nothing else in it."""
    name = conninfo_to_dict(empty_database)["dbname"]
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute("CREATE ROLE loader LOGIN")
        admin.execute(f"GRANT CREATE ON DATABASE {name} TO loader".encode())
        dsn = make_conninfo(empty_database, user="loader")
        assert run(dsn, "schema", "init").exit_code == 0
        admin.execute(f"REVOKE CREATE ON DATABASE {name} FROM loader".encode())
        yield dsn
        with psycopg.connect(empty_database, autocommit=True) as connection:
            connection.execute("DROP OWNED BY loader CASCADE")
        admin.execute("DROP ROLE loader")


def test_the_owner_of_the_tables_needs_nothing_more(owner: str, tmp_path: Path) -> None:
    done = run(owner, "schema", "init")
    assert (done.exit_code, done.output) == (0, "the schema is up to date\n")
    assert run(owner, "schema", "status").exit_code == 0
    file = write(tmp_path / "a.json", stub(response(1), game_pk=1))
    assert run(owner, "load", str(file)).exit_code == 0
    counts = Pipeline(method(PACKAGE, "sample.game"), Postgres(Settings(owner, tmp_path, PACKAGE))).run({})
    assert counts.documents.applied == 1
    made = run(owner, "schema", "partitions", "--from", "2030-01", "--to", "2030-02")
    assert made.exit_code == 0, made.output


def test_privileges_of_a_loader_that_docs_name_suffice(owner: str, tmp_path: Path) -> None:
    """One that is not the owner can store and apply what partitions are there for."""
    file = write(tmp_path / "a.json", stub(response(1), game_pk=1))
    assert run(owner, "schema", "partitions", "--from", "2024-07", "--to", "2024-07").exit_code == 0
    admin = psycopg.connect(make_conninfo(owner, user="postgres"), autocommit=True)
    with admin:
        admin.execute("CREATE ROLE helper LOGIN")
        admin.execute("GRANT USAGE ON SCHEMA etl, sample TO helper")
        admin.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA etl, sample TO helper")
        try:
            dsn = make_conninfo(owner, user="helper")
            assert run(dsn, "load", str(file)).exit_code == 0
            counts = Pipeline(method(PACKAGE, "sample.game"), Postgres(Settings(dsn, tmp_path, PACKAGE))).run({})
            assert counts.documents.applied == 1
            late = write(tmp_path / "b.json", stub(response(2, season=2031), game_pk=2))
            assert run(dsn, "load", str(late)).exit_code == 0
            with pytest.raises(EtlError, match=r"must be owner|permission denied"):
                Pipeline(method(PACKAGE, "sample.game"), Postgres(Settings(dsn, tmp_path, PACKAGE))).run({})
        finally:
            admin.execute("DROP OWNED BY helper; DROP ROLE helper")


SECRETS = "postgresql://me:hidden@localhost:1/d?sslpassword=hidden&connect_timeout=1"


@pytest.mark.parametrize("command", [("db", "url"), ("schema", "init"), ("status",), ("db", "status")])
def test_no_secret_is_printed(command: tuple[str, ...]) -> None:
    done = run(SECRETS, *command)
    assert "hidden" not in done.output
    assert run(SECRETS, "db", "url", "--show-password").output == f"{SECRETS}\n"


def test_psql_gets_no_secret_in_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "execve", lambda _, words, environment: called.append((words, environment)))
    assert run(SECRETS, "db", "psql", "--", "--command=SELECT 1").exit_code == 0
    [(words, environment)] = called
    assert "hidden" not in " ".join(words)
    assert environment["PGPASSWORD"] == "hidden"
    assert words[2:] == ["--command=SELECT 1"]
