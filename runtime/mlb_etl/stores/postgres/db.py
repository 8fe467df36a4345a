"""Opens connections, and translates the driver's errors into those of mlb_etl."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import psycopg
from psycopg import conninfo

from mlb_etl.errors import DatabaseUnavailable, EtlError
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import session
from mlb_etl.stores.postgres.dsn import parse_dsn
from mlb_etl.stores.postgres.session import Connection
from mlb_etl.stores.postgres.sql_errors import message, reraise, with_advice

__all__ = [
    "Connection",
    "connect",
    "dsn",
    "message",
    "reraise",
    "server",
    "translate_errors",
    "with_advice",
]

_UNLESS_GIVEN = {"application_name": "mlb-etl", "connect_timeout": "10"}
log = logging.getLogger(__name__)


def server(settings: Settings) -> Server:
    """The embedded server of the data folder."""
    return Server(settings.data / "postgres")


def dsn(settings: Settings) -> str:
    """The DSN of the database; if the settings have none, starts the embedded server, which it may create."""
    if settings.dsn is not None:
        return settings.dsn
    embedded = server(settings)
    if not embedded.home.exists():
        log.warning(
            "there is no database yet: creating one in %s; MLB_ETL_DATA or MLB_ETL_DSN selects another", embedded.home
        )
    if embedded.start():
        log.info("started the embedded PostgreSQL in %s; `mlb-etl db stop` stops it", embedded.home)
    return embedded.url()


def connect(settings: Settings, unless_given: Mapping[str, str] = MappingProxyType({})) -> Connection:
    """Open a connection in autocommit mode, so that transactions are explicit blocks. The caller closes it.

    `unless_given` has parameters of libpq for those that the DSN does not have.
    """
    if settings.lake is not None:
        raise EtlError("this needs PostgreSQL, and MLB_ETL_DSN names a lake")
    target = conninfo.make_conninfo("", **(_UNLESS_GIVEN | dict(unless_given) | dict(parse_dsn(dsn(settings)))))

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
    """Translate the driver's errors into ours, except bugs; `table` is the one that the block works on."""
    try:
        yield
    except psycopg.Error as error:
        reraise(error, table)
