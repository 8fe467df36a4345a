"""Connections, and the one edge where the driver's errors become ours."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import conninfo

from mlb_etl.errors import DatabaseUnavailable
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import session
from mlb_etl.stores.postgres.dsn import parts
from mlb_etl.stores.postgres.session import Connection
from mlb_etl.stores.postgres.sql_errors import explained, message, reraise

__all__ = ["Connection", "connect", "dsn", "explained", "message", "reraise", "server", "text", "translate_errors"]

_UNLESS_GIVEN = {"application_name": "mlb-etl", "connect_timeout": "10"}
log = logging.getLogger(__name__)


def server(settings: Settings) -> Server:
    """The embedded server of the data folder."""
    return Server(settings.data / "postgres")


def dsn(settings: Settings) -> str:
    """The DSN of the database; starts the embedded server where none is set, and tells when it makes a new one."""
    if settings.dsn is not None:
        return settings.dsn
    embedded = server(settings)
    if not embedded.home.exists():
        log.warning(
            "no database here yet: making an empty one in %s; MLB_ETL_DATA or MLB_ETL_DSN names another", embedded.home
        )
    if embedded.start():
        log.info("started the embedded PostgreSQL in %s; `mlb-etl db stop` stops it", embedded.home)
    return embedded.url()


def connect(settings: Settings) -> Connection:
    """A connection in autocommit mode, so that each transaction is a block in the code. The caller closes it."""
    target = conninfo.make_conninfo("", **(_UNLESS_GIVEN | dict(parts(dsn(settings)))))

    def open_one() -> Connection:
        return psycopg.connect(target, autocommit=True)

    try:
        connection = open_one()
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"no connection to the database: {message(error)}") from error
    try:
        with translate_errors():
            session.prepare(connection, open_one)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def translate_errors(table: str | None = None) -> Iterator[None]:
    """Raise our errors for the driver's, but for those that are bugs; `table` is the one that the block works on."""
    try:
        yield
    except psycopg.Error as error:
        reraise(error, table)


def text(value: object, limit: int = 500) -> str:
    """The value as a column of type text takes it: cut where it is long, and with a sign for NUL, which is in none."""
    return str(value)[:limit].replace("\0", "\N{SYMBOL FOR NULL}")
