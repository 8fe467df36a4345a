"""What a session relies on: settings that a role or a database may have changed, the server's version, no pooler.

Settings are the server's for whoever uses it, and an `ALTER ROLE ... SET` meant for others must not change what we read
or write. Those that matter are set here, in one statement, and nowhere else.
"""

from typing import TypeAlias

import psycopg
from psycopg.rows import TupleRow

from mlb_etl.errors import EtlError

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
_ASK = b"SELECT pg_catalog.current_setting('session_replication_role')"


def prepare(connection: Connection) -> None:
    """Make the session what all statements rely on; raises EtlError where the server does not allow that."""
    _require_version(connection.info.server_version)
    found = connection.execute(_ASK).fetchone()
    if found != ("origin",):  # only superusers may change it
        raise EtlError(
            f"session_replication_role is {found and found[0]}: foreign keys would not be checked; reset it for this"
            " role and database, with ALTER ROLE ... RESET session_replication_role"
        )
    connection.execute(_PIN)


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
