"""Servers and databases for the tests."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from mlb_contracts import Method
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.laws.counts import Counts
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import migrate, roles
from mlb_etl.stores.postgres.database import Postgres
from mlb_etl.stores.postgres.db import Connection

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "50"}
ROOM = 3 << 30  # bytes: a season takes a third of it
WRITER, READER = "laws_writer", "laws_reader"  # roles with the least that loading and reading need
_ROLE = "DO $$ BEGIN CREATE ROLE {} LOGIN; EXCEPTION WHEN duplicate_object THEN END $$"
_numbers = count(1)


def temporary_folder() -> Path:
    """A folder that the server's account can reach, as pytest's own would not be; in memory where there is room.

    A database of the generated package is a thousand files: 0.06 s to clone in memory, 0.5 to 0.8 s on a disk.
    """
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes the folder below it
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    folder = Path(tempfile.mkdtemp(prefix="mlb-etl-tests-", dir=memory if roomy else None))
    folder.chmod(0o711)
    return folder


def serve(programs: Path | None) -> Iterator[Server]:
    """A server that lives as long as the iterator."""
    folder = temporary_folder()
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


@contextmanager
def temporary_database(server: Server, template: str = "template0") -> Iterator[str]:
    """The DSN of a new database, a copy of the template, that is dropped in the end whoever is still connected."""
    dsn = create_database(server, template)
    yield dsn
    name = sql.Identifier(str(conninfo_to_dict(dsn)["dbname"]))
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def create_template(server: Server, package: str) -> str:
    """The name of a new database in which `schema init` ran, and in which the roles have their privileges."""
    dsn = create_database(server)
    with psycopg.connect(dsn, autocommit=True) as connection:
        migrate.apply_pending(connection, package)
        for role in (WRITER, READER):
            connection.execute(sql.SQL(_ROLE).format(sql.Identifier(role)))
        roles.apply(connection, package, WRITER, READER)
        return connection.info.dbname


def transform(connection: Connection, method: Method, package: str) -> Counts:
    """What a pipeline does with all captures of a method of the package, on connections of its own."""
    return Pipeline(method, Postgres(Settings(connection.info.dsn, Path(), package))).run({})
