"""Implements the sessions of people who look at a database, on PostgreSQL: the server itself refuses to write."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.errors import DatabaseUnavailable
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.operations import (
    Changing,
    ChangingDocument,
    DriftedPath,
    Entry,
    EntryFilter,
    FailedRequest,
    PartitionsAhead,
    Standing,
    UnreadablePath,
    Version,
)  # fmt: skip
from mlb_etl.stores.interfaces.runs import RecordedRun
from mlb_etl.stores.interfaces.viewing import Access, Freshness, QuarantinedBody
from mlb_etl.stores.postgres import ahead, db, drift, failures, quarantine, refusals, status, unreadable
from mlb_etl.stores.postgres.db import Connection, translate_errors
from mlb_etl.stores.postgres.raw_reader import RawReader
from mlb_etl.stores.postgres.runs import Runs

SECONDS = 5
"""The longest that a statement may take."""

_BOUNDED = f"""
SET default_transaction_read_only = on;
SET statement_timeout = '{SECONDS}s';
SET lock_timeout = '1s';
SET idle_in_transaction_session_timeout = '60s';
""".encode()
# A server that vanished from the network is noticed within some 15 seconds.
_NOTICED = {
    "tcp_user_timeout": "10000",
    "keepalives_idle": "5",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "application_name": "mlb-etl ui",
}
_ACCESS = """
SELECT wanted.name, CASE
    WHEN c.oid IS NULL THEN 'missing'
    WHEN has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') THEN 'readable'
    ELSE 'hidden'
END
FROM unnest(%s::text[]) AS wanted (name)
LEFT JOIN pg_namespace AS n ON n.nspname = split_part(wanted.name, '.', 1)
LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = split_part(wanted.name, '.', 2)
    AND c.relkind IN ('r', 'p', 'v', 'm')
"""
_ROWS = "SELECT {columns} FROM {table} WHERE {wanted} ORDER BY {order} LIMIT {limit}"
_NEWEST = "SELECT max(captured_at), max(ingested_at) FROM {}"


class PostgresViewer:
    """A read-only session, on a connection in autocommit mode."""

    def __init__(self, connection: Connection, package: str) -> None:
        self._connection = connection
        self._package = package

    @property
    def name(self) -> str:
        """As `Viewer` says."""
        info = self._connection.info
        host = "this machine" if not info.host or info.host.startswith(("/", "@")) else info.host
        return f"{info.dbname} on {host}, as {info.user}"

    @property
    def role(self) -> str:
        """As `Viewer` says."""
        return self._connection.info.user

    @translate_errors()
    def access(self, tables: Collection[str]) -> Mapping[str, Access]:
        """As `Viewer` says."""
        return dict(self._connection.execute(_ACCESS, [list(tables)]).fetchall())

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """As `Viewer` says."""
        with translate_errors(), self._connection.transaction():
            yield

    @translate_errors()
    def rows(
        self,
        table: str,
        columns: Sequence[str],
        where: Mapping[str, Sequence[Any]],
        *,
        order: Sequence[str],
        limit: int,
    ) -> list[dict[str, Any]]:
        """As `Viewer` says."""
        query = sql.SQL(_ROWS).format(
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            table=sql.Identifier(*table.split(".")),
            wanted=sql.SQL(" AND ").join((sql.SQL("true"), *_conditions(where))),
            order=sql.SQL(", ").join(map(_ordered, order)),
            limit=limit,
        )
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query).fetchall()

    @translate_errors()
    def newest(self, table: str) -> Freshness:
        """As `Viewer` says."""
        query = sql.SQL(_NEWEST).format(sql.Identifier(*table.split(".")))
        [(captured_at, ingested_at)] = self._connection.execute(query).fetchall()
        return Freshness(table, captured_at, ingested_at)

    @translate_errors()
    def pending(self) -> list[Version]:
        """As `Viewer` says."""
        return status.pending(self._connection, self._package)

    @translate_errors()
    def standing(self, method: Method) -> Standing:
        """As `Viewer` says."""
        return status.method_standing(self._connection, method)

    @translate_errors()
    def changing(self, wanted: Changing) -> list[ChangingDocument]:
        """As `Viewer` says."""
        return list(status.changing_documents(self._connection, self._package, wanted))

    @translate_errors()
    def partitions(self) -> list[PartitionsAhead]:
        """As `Viewer` says."""
        return ahead.partitions_ahead(self._connection, self._package)

    def runs(self) -> list[RecordedRun]:
        """As `Viewer` says."""
        return Runs(self._connection).last()

    @translate_errors()
    def failures(self, limit: int) -> list[FailedRequest]:
        """As `Viewer` says."""
        return failures.failed_requests(self._connection, limit)

    @translate_errors()
    def unreadable(self, limit: int) -> list[UnreadablePath]:
        """As `Viewer` says."""
        return unreadable.count_by_path(self._connection, limit)

    @translate_errors()
    def drift(self, limit: int) -> list[DriftedPath]:
        """As `Viewer` says."""
        return drift.drifted_paths(self._connection, limit=limit)

    @translate_errors()
    def quarantined(self, limit: int) -> list[Entry]:
        """As `Viewer` says."""
        return quarantine.entries(self._connection, EntryFilter(state="waiting"), limit)

    @translate_errors()
    def entry(self, number: int) -> Entry:
        """As `Viewer` says."""
        [found] = quarantine.entries(self._connection, EntryFilter([number]))
        return found

    def body(self, entry: Entry) -> QuarantinedBody | None:
        """As `Viewer` says."""
        reader = RawReader(self._connection, registry.method(self._package, entry.method))
        captures = reader.quarantined([entry.id])
        return QuarantinedBody(captures[0].request, reader.read(captures[0])) if captures else None

    def close(self) -> None:
        """As `Viewer` says."""
        self._connection.close()


def _conditions(where: Mapping[str, Sequence[Any]]) -> Iterator[sql.Composed]:
    for column, values in where.items():
        yield sql.SQL("{} = ANY({})").format(sql.Identifier(column), list(values))


def _ordered(column: str) -> sql.Composed:
    """An order by a column: from the largest for `-column`. NULL comes last."""
    way = sql.SQL("DESC" if column.startswith("-") else "ASC")
    return sql.SQL("{} {} NULLS LAST").format(sql.Identifier(column.removeprefix("-")), way)


@dataclass(frozen=True, slots=True)
class PostgresViewing:
    """The database in the settings, for people to look at."""

    settings: Settings = field(repr=False)

    @property
    def package(self) -> str:
        """As `Viewing` says."""
        return self.settings.tables

    def open(self) -> PostgresViewer:
        """As `Viewing` says."""
        connection = db.connect(self._running(), unless_given=_NOTICED)
        try:
            connection.read_only, connection.isolation_level = True, psycopg.IsolationLevel.REPEATABLE_READ
            with translate_errors():
                connection.execute(_BOUNDED)
        except BaseException:
            connection.close()
            raise
        return PostgresViewer(connection, self.package)

    def explained(self) -> AbstractContextManager[None]:
        """As `Viewing` says."""
        return refusals.translated(self.settings)

    def _running(self) -> Settings:
        """The settings with the DSN of the embedded server, if it is running."""
        if self.settings.dsn is not None:
            return self.settings
        embedded = db.server(self.settings)
        if not embedded.home.exists():
            raise DatabaseUnavailable(f"there is no database in {embedded.home} yet: `mlb-etl schema init` creates one")
        if not embedded.running():
            raise DatabaseUnavailable(f"the embedded PostgreSQL in {embedded.home} does not run: `mlb-etl db start`")
        return replace(self.settings, dsn=embedded.url())
