"""What a session relies on: settings that a role or a database may have changed, the server's version, no pooler.

Settings are the server's for whoever uses it, and an `ALTER ROLE ... SET` meant for others must not change what we read
or write. Those that matter are set here, in one statement, and nowhere else.
"""

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from mlb_etl.errors import DatabaseUnavailable, EtlError
from mlb_etl.stores.postgres.sql_errors import READ_ONLY

Connection: TypeAlias = psycopg.Connection[TupleRow]

OLDEST = 15
PINNED = {
    # How values and texts are read and written.
    "client_encoding": "UTF8",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "array_nulls": "on",
    "standard_conforming_strings": "on",
    "quote_all_identifiers": "off",
    # Names mean the system's own objects, whatever stands in schema public; ours are written with their schemas.
    "search_path": "",
    # Waiting for a row that another worker has locked, and then seeing what it wrote.
    "default_transaction_isolation": "read committed",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    # Going on after a row that was refused.
    "exit_on_error": "off",
    # Rows that a policy hides are an error, instead of rows that seem to be missing.
    "row_security": "off",
}
_PIN = "; ".join(f"SET {name} = '{value}'" for name, value in PINNED.items()).encode()
_ASK = b"SELECT pg_catalog.pg_backend_pid(), pg_catalog.current_setting('session_replication_role')"
_POOL_PATIENCE = 5.0  # seconds


def prepare(connection: Connection, another: Callable[[], Connection]) -> None:
    """Make the session what all statements rely on; raises EtlError where that can't be.

    `another` opens one more connection, which is closed again: it is needed where a pooler is in between.
    """
    _require_version(connection.info.server_version)
    [(pid, role)] = connection.execute(_ASK).fetchall()
    if pid != connection.info.backend_pid:  # a pooler makes up what it says when a connection begins
        _require_session_mode(connection, another)
    if role != "origin":  # only superusers may change it
        raise EtlError(
            f"session_replication_role is {role}: foreign keys would not be checked; reset it for this role and"
            " database, with ALTER ROLE ... RESET session_replication_role"
        )
    connection.execute(_PIN)


def _require_session_mode(connection: Connection, another: Callable[[], Connection]) -> None:
    """Raise EtlError unless the pooler keeps a server's session for this connection while it is idle.

    Nothing tells the mode, so it is tried: an idle connection gets a notification only where the session that listens
    is its own. In another mode that session is back in the pool, where it may be anyone's.
    """
    channel = sql.Identifier(f"mlb_etl_{secrets.token_hex(8)}")
    connection.execute(sql.SQL("LISTEN {}").format(channel))
    try:
        with another() as other, _bounded(other):
            other.execute(sql.SQL("NOTIFY {}").format(channel))
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(
            f"a pooler is before the database, and lets no second connection through ({error}): mlb-etl needs two for"
            " each worker; raise its pool_size, or let MLB_ETL_DSN lead to the server itself"
        ) from error
    notified = list(connection.notifies(timeout=_POOL_PATIENCE, stop_after=1))
    connection.execute(sql.SQL("UNLISTEN {}").format(channel))
    if not notified:
        raise EtlError(
            "a pooler in transaction or statement mode is before the database: settings, prepared statements,"
            " temporary tables and locks of mlb-etl need sessions of their own; let MLB_ETL_DSN lead to the server"
            " itself, or to a pool with pool_mode = session"
        )


@contextmanager
def _bounded(connection: Connection) -> Iterator[None]:
    """Cut the connection if the block takes too long, as a pooler can let it wait for minutes."""
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        timer = threading.Timer(_POOL_PATIENCE, line.shutdown, [socket.SHUT_RDWR])
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


def _require_version(version: int) -> None:
    if version < OLDEST * 10_000:
        raise EtlError(f"the server is PostgreSQL {version // 10_000}: {OLDEST} or newer is needed")


def require_utf8(connection: Connection) -> None:
    """Raise EtlError unless the database can hold all that responses have."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise EtlError(
            f"the encoding of database {connection.info.dbname} is {encoding}, which can't hold every name: make one"
            " with CREATE DATABASE mlb ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0, and let MLB_ETL_DSN lead there"
        )


def require_writable(connection: Connection) -> None:
    """Raise EtlError where the database only reads."""
    if connection.execute("SHOW transaction_read_only").fetchone() == ("on",):
        raise EtlError(f"the database can't be written to: {READ_ONLY}")
