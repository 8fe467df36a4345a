"""Connections, and the one edge where the driver's errors become ours."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import psycopg
from psycopg import conninfo
from psycopg.rows import TupleRow

from mlb_etl.embedded import Server
from mlb_etl.errors import DatabaseUnavailable, EtlError, Rejected
from mlb_etl.settings import Settings

Connection: TypeAlias = psycopg.Connection[TupleRow]
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
    target = dsn(settings)
    _parts(target)
    try:
        connection = psycopg.connect(target, autocommit=True, application_name="mlb-etl", connect_timeout=10)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"no connection to the database: {message(error)}") from error
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED  # which waiting for a locked row relies on
    return connection


def without_password(target: str) -> tuple[str, str | None]:
    """A DSN without its password, and the password: command lines and logs are there for everyone to see."""
    parts = _parts(target)
    password = parts.pop("password", None)
    return (target, None) if password is None else (conninfo.make_conninfo("", **parts), str(password))


def _parts(target: str) -> dict[str, Any]:
    try:
        return conninfo.conninfo_to_dict(target)
    except psycopg.ProgrammingError:  # its text repeats what it can't read, which may be a password
        raise DatabaseUnavailable(
            "MLB_ETL_DSN can't be read: postgresql://user@host:5432/database is expected"
        ) from None


@contextmanager
def edge(table: str | None = None) -> Iterator[None]:
    """Raise our errors for the driver's; `table` is the one that the block works on."""
    try:
        yield
    except psycopg.Error as error:
        raise refused(error, table) from error


# ProgramLimitExceeded: a row that is too long for its stage.
_OF_ROWS = (
    psycopg.IntegrityError,
    psycopg.DataError,
    psycopg.errors.CardinalityViolation,
    psycopg.errors.ProgramLimitExceeded,
)


def refused(error: psycopg.Error, table: str | None = None) -> EtlError:
    """Rejected for rows that the table or the database refuses, DatabaseUnavailable where it is gone, else EtlError."""
    if isinstance(error, _OF_ROWS):
        of = table or (error.diag.table_name and f"{error.diag.schema_name}.{error.diag.table_name}")
        return Rejected(f"the database refuses it: {message(error)}", value=error.diag.message_detail, table=of)
    if isinstance(error, psycopg.OperationalError):
        return DatabaseUnavailable(f"the database stopped the work: {message(error)}")
    return EtlError(f"the database refuses: {message(error)}")


def message(error: psycopg.Error) -> str:
    """What the server says in one line, else what the driver says."""
    return error.diag.message_primary or str(error).strip()


def text(value: object, limit: int = 500) -> str:
    """The value as a column of type text takes it: cut where it is long, and with a sign for NUL, which is in none."""
    return str(value)[:limit].replace("\0", "\N{SYMBOL FOR NULL}")
