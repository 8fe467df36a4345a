"""Prepares sessions: pins settings, and checks the server's version and poolers.

An `ALTER ROLE ... SET` meant for other programs must not change what mlb-etl reads or writes, so every setting that
matters is set here, and nowhere else.
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
    # Formats of values and text.
    "client_encoding": "UTF8",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "array_nulls": "on",
    "standard_conforming_strings": "on",
    "quote_all_identifiers": "off",
    # Unqualified names mean system objects, whatever schema public has; our statements qualify all other names.
    "search_path": "",
    # Wait for rows that another worker has locked, and then see what it wrote.
    "default_transaction_isolation": "read committed",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    # Continue after a refused row.
    "exit_on_error": "off",
    # Fail if a policy would hide rows, instead of taking them for missing.
    "row_security": "off",
}
_PIN = "; ".join(f"SET {name} = '{value}'" for name, value in PINNED.items()).encode()
_ASK = b"SELECT pg_catalog.pg_backend_pid(), pg_catalog.current_setting('session_replication_role')"
_POOL_PATIENCE = 5.0  # seconds


def prepare(connection: Connection, another: Callable[[], Connection]) -> None:
    """Prepare the session that all statements rely on; raises EtlError if the server or a pooler does not allow it.

    `another` opens a second connection, which is closed again; it is needed only behind a pooler.
    """
    _require_version(connection.info.server_version)
    [(pid, role)] = connection.execute(_ASK).fetchall()
    if pid != connection.info.backend_pid:  # a pooler invents its client's pid
        _require_session_mode(connection, another)
    if role != "origin":  # only superusers may change it
        raise EtlError(
            f"session_replication_role is {role}: foreign keys would not be checked; reset it for this role and"
            " database, with ALTER ROLE ... RESET session_replication_role"
        )
    connection.execute(_PIN)


def _require_session_mode(connection: Connection, another: Callable[[], Connection]) -> None:
    """Raise EtlError unless the pooler reserves a server session for this connection while it is idle.

    No query reveals the pooler's mode, so this tests it: an idle connection receives a notification only if it keeps
    the session that listens. In other modes that session has returned to the pool.
    """
    channel = sql.Identifier(f"mlb_etl_{secrets.token_hex(8)}")
    connection.execute(sql.SQL("LISTEN {}").format(channel))
    try:
        with another() as other, _bounded(other):
            other.execute(sql.SQL("NOTIFY {}").format(channel))
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(
            f"a pooler in front of the database allows no second connection ({error}): mlb-etl needs two for each"
            " worker; raise its pool_size, or set MLB_ETL_DSN to the server itself"
        ) from error
    notified = list(connection.notifies(timeout=_POOL_PATIENCE, stop_after=1))
    connection.execute(sql.SQL("UNLISTEN {}").format(channel))
    if not notified:
        raise EtlError(
            "a pooler in transaction or statement mode is in front of the database, but mlb-etl needs sessions for its"
            " settings, prepared statements, temporary tables and locks; set MLB_ETL_DSN to the server itself, or to a"
            " pool with pool_mode = session"
        )


@contextmanager
def _bounded(connection: Connection) -> Iterator[None]:
    """Shut the connection down if the block takes too long, as a pooler can keep it waiting for minutes."""
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
    """Raise EtlError unless the database's encoding can hold any response."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise EtlError(
            f"the encoding of database {connection.info.dbname} is {encoding}, which can't hold every name: create one"
            " with CREATE DATABASE mlb ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0, and set MLB_ETL_DSN to it"
        )


def require_writable(connection: Connection) -> None:
    """Raise EtlError if the database is read-only."""
    if connection.execute("SHOW transaction_read_only").fetchone() == ("on",):
        raise EtlError(f"the database is read-only: {READ_ONLY}")
