"""Rebuilds tables that can't be changed in place, from the raw responses, and swaps them in atomically.

Rows are derived before anything is locked. Then one transaction blocks writers, derives again what they have written
meanwhile, applies the migration, and fills the new tables.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg
from psycopg import sql

from mlb_contracts import Method, Row, Table
from mlb_etl import registry
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.stores.postgres import copying, migrate, partitions
from mlb_etl.stores.postgres.copying import Copying, Packer
from mlb_etl.stores.postgres.db import Connection, translate_errors
from mlb_etl.stores.postgres.partitions import Partitioned, Partitions
from mlb_etl.stores.postgres.shown import Documents, Shown

Progress: TypeAlias = Callable[[Sequence[Shown]], Iterable[Shown]]


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """The migration that a rebuild applied, and the number of rows by table."""

    script: str
    rows: dict[str, int]


def rebuild_tables(connection: Connection, package: str, table: str, progress: Progress = iter) -> RebuildResult:
    """Apply the pending migration that rebuilds the table, and fill the table from the raw responses.

    Raises EtlError, and changes nothing, if there is no such migration or rows can't be derived.
    """
    with migrate.rebuilding(connection, package, table) as pending:
        names = pending.migration.rebuilds
        sources = _sources(connection, package, names)
        for source in sources:
            source.make(progress)
        new = {each.table.qualified_name: each for source in sources for each in source.tables}
        rows: dict[str, int] = {}
        pending.apply(
            ready=lambda: _catch_up(connection, sources),
            fill=lambda: rows.update((name, new[name].fill()) for name in names),
        )
        return RebuildResult(pending.migration.script, rows)


def _sources(connection: Connection, package: str, names: Sequence[str]) -> list["_Source"]:
    """The methods that fill these tables."""
    wanted: defaultdict[str, list[_New]] = defaultdict(list)
    methods = {name: registry.method(package, name) for name in registry.methods(package)}
    known = {table.qualified_name: (name, table) for name, method in methods.items() for table in method.tables}
    for number, name in enumerate(names):
        if name not in known:
            raise EtlError(
                f"{package} has no table {name}, as a later migration drops it: rebuild with an older package"
            )
        method, table = known[name]
        wanted[method].append(_New(connection, number, methods[method], table))
    return [_Source(connection, methods[name], tables) for name, tables in wanted.items()]


def _catch_up(connection: Connection, sources: Sequence["_Source"]) -> None:
    """Block writers, and derive again what they have changed since the rows were derived."""
    partitions.make_writers_wait(connection)
    for source in sources:
        source.require_all()
        source.make(iter)


class _Source:
    """The documents of a method, and the tables to rebuild from them."""

    def __init__(self, connection: Connection, method: Method, tables: Sequence["_New"]) -> None:
        self.tables = tables
        self._method = method
        self._documents = Documents(connection, method)
        self._made: dict[str, Shown] = {}

    def make(self, progress: Progress) -> None:
        """Derive the rows of all documents that have none yet, or that now show another capture."""
        shown = {each.document: each for each in self._documents.shown()}
        for document, made in list(self._made.items()):
            if shown.get(document) != made:
                self._forget(made)
        for each in progress([each for document, each in shown.items() if document not in self._made]):
            self._make(each)

    def require_all(self) -> None:
        """Raise EtlError if a table has rows that no response would give."""
        for each in self.tables:
            self._documents.require_all(each.table.schema, each.table.name)

    def _make(self, shown: Shown) -> None:
        try:
            rows = self._documents.extract(shown).rows
            for each in self.tables:
                with translate_errors(each.table.qualified_name):
                    each.add(rows[self._method.tables.index(each.table)])
        except Rejected as why:
            raise EtlError(
                f"{self._method.name} {shown.document} of {shown.captured_at:%Y-%m-%dT%H:%M:%S%z} has no rows under "
                f"the new mapping: {why}; correct the mapping, or delete the document from the tables and etl.watermark"
            ) from why
        self._made[shown.document] = shown

    def _forget(self, made: Shown) -> None:
        for each in self.tables:
            each.forget(made.keys)
        del self._made[made.document]


class _New:
    """The rows of a new table, in a temporary table; `number` is its position in the migration."""

    def __init__(self, connection: Connection, number: int, method: Method, table: Table) -> None:
        self.table = table
        self._connection = connection
        self._rows = sql.Identifier("pg_temp", f"rebuild_{number}")
        self._columns = sql.SQL(", ").join(sql.Identifier(each.name) for each in table.columns)
        self._packer = Packer(connection, [psycopg.adapters.types.get_oid(each.wire) for each in table.columns])
        self._same = sql.SQL(" AND ").join(
            sql.SQL("{} = %s").format(sql.Identifier(key.name)) for key in method.document
        )
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self._rows))  # left by a failed rebuild
        types = (sql.SQL("{} {}").format(sql.Identifier(each.name), sql.SQL(each.type)) for each in table.columns)
        create = sql.SQL("CREATE TEMPORARY TABLE {} ({})")
        connection.execute(create.format(self._rows, sql.SQL(", ").join(types)))

    def add(self, rows: Sequence[Row]) -> None:
        """Add the rows of a document."""
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(self._rows, self._columns).as_string()
        copying.send(self._connection, [Copying(self.table.qualified_name, statement, [self._packer.pack(rows)])])

    def forget(self, keys: Sequence[Any]) -> None:
        """Remove the rows of a document."""
        self._connection.execute(sql.SQL("DELETE FROM {} WHERE {}").format(self._rows, self._same), keys)

    def fill(self) -> int:
        """Insert the rows into the new table, creating its partitions; return their number."""
        table, schema = self.table, migrate.SHADOW_SCHEMA.format(schema=self.table.schema)
        if table.partition is not None:
            column = next(each for each in table.columns if each.name == table.partition.column)
            query = sql.SQL("SELECT DISTINCT {} FROM {}").format(sql.Identifier(column.name), self._rows)
            values = [value for (value,) in self._connection.execute(query)]
            # No foreign keys yet: the migration adds them after it has moved the tables.
            of = Partitioned(schema, table.name, table.partition, column.type)
            Partitions(self._connection, [(schema, table.name)]).ensure({of: values})
        insert = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(
            sql.Identifier(schema, table.name), self._columns, self._columns, self._rows
        )
        return self._connection.execute(insert).rowcount
