"""Makes tables anew that no statement can change in place: their rows of the raw responses, swapped in at once.

The rows are made before anything is locked. Then, in one transaction, writers are made to wait, what they wrote
meanwhile is made again, the migration makes the new tables, and these are filled.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import psycopg
from psycopg import sql

from mlb_etl import migrate, registry
from mlb_etl.contracts import Capture, Method, Row, Table
from mlb_etl.db import Connection
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.extract import extract
from mlb_etl.partitions import Partitioned, Partitions

log = logging.getLogger(__name__)

# What the tables show of each document: where the watermark's capture is in the raw table.
_SHOWN = """
SELECT {keys}, w.document::text, r.captured_at, r.content_hash, r.path_params
FROM etl.watermark AS w
LEFT JOIN {raw} AS r ON {same} AND r.captured_at = w.captured_at AND r.content_hash = w.content_hash
WHERE w.method = {method}
ORDER BY 1
"""
_BODY = "SELECT data FROM {raw} WHERE {keys} AND captured_at = %s AND content_hash = %s"
# Each writer locks its documents' watermarks before it writes; readers are let through.
_WRITERS_WAIT = "LOCK TABLE etl.watermark IN EXCLUSIVE MODE"
# Rows of a document without watermark are of no known response.
_UNKNOWN = "SELECT {keys} FROM {table} EXCEPT SELECT {documents} FROM etl.watermark WHERE method = %s LIMIT 1"


class Shown(NamedTuple):
    """The capture that the tables show of a document; `keys` are the values of its key columns."""

    keys: tuple[Any, ...]
    document: str
    captured_at: datetime
    content_hash: bytes
    path_params: dict[str, str]


Progress: TypeAlias = Callable[[Sequence[Shown]], Iterable[Shown]]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did: the migration it applied, and the rows of each table by its name."""

    script: str
    rows: dict[str, int]


def rebuild(connection: Connection, package: str, table: str, progress: Progress = iter) -> Rebuilt:
    """Apply the pending migration that makes the table anew, with all rows that the raw responses have for it.

    Raises EtlError, with everything as it was, where there is no such migration, or rows can't be made.
    """
    with migrate.rebuilding(connection, package, table) as migration:
        names = migration.migration.rebuilds
        tables = [_New(connection, number, *_find(package, name)) for number, name in enumerate(names)]
        for new in tables:
            new.make(progress)
        migration.apply(
            ready=lambda: _catch_up(connection, tables),
            fill=lambda: _fill(tables),
        )
        rows = {new.table.qualified_name: new.count for new in tables}
        return Rebuilt(migration.migration.script, rows)


def _catch_up(connection: Connection, tables: Sequence["_New"]) -> None:
    connection.execute(_WRITERS_WAIT)
    for new in tables:
        new.require_watermarks()
        new.make(iter)


def _fill(tables: Sequence["_New"]) -> None:
    for new in tables:
        new.fill()


def _find(package: str, name: str) -> tuple[Method, Table]:
    """The table of that name, and the method whose responses it is made of."""
    for each in registry.methods(package):
        method = registry.method(package, each)
        for table in method.tables:
            if table.qualified_name == name:
                return method, table
    raise EtlError(f"{package} has no table {name}: a later migration drops it; install the version before that first")


class _New:
    """The rows of a table to be, in a temporary table of the session."""

    def __init__(self, connection: Connection, number: int, method: Method, table: Table) -> None:
        self.table = table
        self.count = 0
        self._connection = connection
        self._method = method
        self._place = method.tables.index(table)
        self._made: dict[str, Shown] = {}
        self._raw = sql.Identifier(method.raw_schema, method.raw_table)
        self._rows = sql.Identifier("pg_temp", f"rebuild_{number}")
        self._columns = sql.SQL(", ").join(sql.Identifier(each.name) for each in table.columns)
        self._keys = [sql.Identifier(each.name) for each in method.document]
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self._rows))
        types = (sql.SQL("{} {}").format(sql.Identifier(each.name), sql.SQL(each.type)) for each in table.columns)
        create = sql.SQL("CREATE TEMPORARY TABLE {} ({})")
        connection.execute(create.format(self._rows, sql.SQL(", ").join(types)))

    def make(self, progress: Progress) -> None:
        """Make the rows of all documents of which it has none yet, or those of another capture."""
        shown = {each.document: each for each in self._shown()}
        for document, made in list(self._made.items()):
            if shown.get(document) != made:
                self._forget(made)
        missing = [each for document, each in shown.items() if document not in self._made]
        for each in progress(missing):
            self._copy(self._extract(each))
            self._made[each.document] = each

    def require_watermarks(self) -> None:
        """Raise EtlError where the table shows documents of which no response is known."""
        pairs = zip(self._keys, self._method.document, strict=True)
        documents = (sql.SQL("(document ->> {})::{}").format(key.name, sql.SQL(key.type)) for _, key in pairs)
        query = sql.SQL(_UNKNOWN).format(
            keys=sql.SQL(", ").join(self._keys),
            table=sql.Identifier(self.table.schema, self.table.name),
            documents=sql.SQL(", ").join(documents),
        )
        unknown = self._connection.execute(query, [self._method.name]).fetchone()
        if unknown is not None:
            raise EtlError(
                f"{self.table.qualified_name} has rows of {self._named(unknown)}, whose watermark is gone: run "
                "`mlb-etl transform` with the version that made them, or delete them"
            )

    def fill(self) -> None:
        """Move the rows into the new table, whose partitions are made as they need them."""
        name = sql.Identifier(self.table.schema, self.table.name)
        if self.table.partition is not None:
            column = next(each for each in self.table.columns if each.name == self.table.partition.column)
            query = sql.SQL("SELECT DISTINCT {} FROM {}").format(sql.Identifier(column.name), self._rows)
            values = [value for (value,) in self._connection.execute(query)]
            of = Partitioned(self.table.schema, self.table.name, self.table.partition, column.type)
            Partitions(self._connection).ensure(of, values)
        insert = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}")
        done = self._connection.execute(insert.format(name, self._columns, self._columns, self._rows))
        self.count = done.rowcount

    def _shown(self) -> list[Shown]:
        """The capture of each document that the tables show; raises EtlError where the raw table lost one."""
        pairs = list(zip(self._keys, self._method.document, strict=True))
        same = (sql.SQL("r.{} = (w.document ->> {})::{}").format(key, of.name, sql.SQL(of.type)) for key, of in pairs)
        query = sql.SQL(_SHOWN).format(
            keys=sql.SQL(", ").join(sql.SQL("r.{}").format(key) for key in self._keys),
            raw=self._raw,
            same=sql.SQL(" AND ").join(same),
            method=self._method.name,
        )
        shown = []
        for *keys, document, captured_at, content_hash, path_params in self._connection.execute(query):
            if content_hash is None:
                raise EtlError(
                    f"{self._method.qualified_raw_table} no longer has the response that the tables show of "
                    f"{document}: its rows can't be made anew; restore it, or delete the document from the tables and "
                    "etl.watermark"
                )
            shown.append(Shown(tuple(keys), document, captured_at, content_hash, path_params))
        return shown

    def _extract(self, shown: Shown) -> list[Row]:
        same = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(key) for key in self._keys)
        query = sql.SQL(_BODY).format(raw=self._raw, keys=same)
        found = self._connection.execute(query, (*shown.keys, shown.captured_at, shown.content_hash)).fetchone()
        if found is None:
            raise EtlError(f"{self._method.qualified_raw_table} lost the response of {shown.document} meanwhile")
        try:
            rows = extract(self._method, Capture(shown.captured_at, shown.path_params), found[0].encode()).rows
        except Rejected as why:
            raise EtlError(
                f"{self._method.name} {shown.document} of {shown.captured_at:%Y-%m-%dT%H:%M:%S%z} has no rows under "
                f"the new mapping: {why}; mend the mapping, or delete the document from the tables and etl.watermark"
            ) from why
        return rows[self._place]

    def _copy(self, rows: Sequence[Row]) -> None:
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(self._rows, self._columns)
        with self._connection.cursor().copy(statement) as copy:
            copy.set_types([psycopg.adapters.types.get_oid(each.wire) for each in self.table.columns])
            for row in rows:
                copy.write_row(row)

    def _forget(self, made: Shown) -> None:
        same = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(key) for key in self._keys)
        self._connection.execute(sql.SQL("DELETE FROM {} WHERE {}").format(self._rows, same), made.keys)
        del self._made[made.document]

    def _named(self, keys: Sequence[Any]) -> str:
        return ", ".join(f"{key.name} {value}" for key, value in zip(self._method.document, keys, strict=True))
