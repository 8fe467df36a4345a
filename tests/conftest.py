"""A real PostgreSQL for the tests: one server a session, one database a test, cloned from one with the schema."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from mlb_etl import migrate
from mlb_etl.embedded import Server

POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "50"}
_numbers = count(1)


def serve(programs: Path | None) -> Iterator[Server]:
    """A server in a temporary folder that its account can reach, as pytest's own would not be."""
    folder = Path(tempfile.mkdtemp(prefix="mlb-etl-tests-"))
    folder.chmod(0o711)
    server = Server(folder / "postgres", programs=programs, settings=FAST)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def create_database(server: Server, template: str = "template0") -> str:
    """The DSN of a new database, a copy of the template."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    return server.url(name)


def create_template(server: Server, package: str) -> str:
    """The name of a new database in which `schema init` ran."""
    dsn = create_database(server)
    with psycopg.connect(dsn, autocommit=True) as connection:
        migrate.init(connection, package)
        return connection.info.dbname


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    yield from serve(None)


@pytest.fixture(scope="session")
def server15() -> Iterator[Server]:
    if not POSTGRES_15.is_dir():
        pytest.skip(f"PostgreSQL 15 is not installed in {POSTGRES_15}")
    yield from serve(POSTGRES_15)


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    return create_template(server, "mlb_tables")


@pytest.fixture(scope="session")
def sample_template(server: Server) -> str:
    return create_template(server, "sample_tables")


@pytest.fixture
def database(server: Server, template: str) -> str:
    """DSN of a fresh database in which `schema init` ran."""
    return create_database(server, template)


@pytest.fixture
def sample_database(server: Server, sample_template: str) -> str:
    """DSN of a fresh database with the tables of the hand-written package sample_tables."""
    return create_database(server, sample_template)


@pytest.fixture
def empty_database(server: Server) -> str:
    """DSN of a fresh database without anything."""
    return create_database(server)


@pytest.fixture(scope="session")
def stubs_dir() -> Path:
    """Captured responses: $MLB_STUBS, or ../shared/stubs beside the repository."""
    folder = Path(os.environ.get("MLB_STUBS") or Path(__file__).parents[2] / "shared" / "stubs")
    if folder.is_dir():
        return folder
    reason = f"no captured responses in {folder}; set MLB_STUBS to a folder that has them"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
