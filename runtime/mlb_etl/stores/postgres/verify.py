"""Compares the rows of documents with those derived from their captures, one document after the other.

Each document is read in its own snapshot, which neither blocks writers nor sees their unfinished work.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import IsolationLevel, sql
from psycopg.rows import TupleRow

from mlb_contracts import Method, Row, Table
from mlb_etl.errors import Rejected
from mlb_etl.stores.interfaces.operations import (
    NO_WATERMARK,
    OTHER_MAPPING,
    CaptureLost,
    ComparedDocument,
    DifferenceKind,
    RowDifference,
)
from mlb_etl.stores.postgres import copying
from mlb_etl.stores.postgres.copying import Copying, Packer
from mlb_etl.stores.postgres.db import Connection, translate_errors
from mlb_etl.stores.postgres.shown import Documents, Shown

# If several rows have the same key, which is possible only in different partitions, the latest is compared.
_COMPARE = """
SELECT
    {keys}, kept."Number" IS NULL, made."Number" IS NULL, kept.captured_at,
    array_remove(ARRAY[{differing}]::text[], NULL)
FROM (
    SELECT *, row_number() OVER (PARTITION BY {identity} ORDER BY captured_at DESC) AS "Number" FROM {table}
    WHERE {document}
) AS kept
FULL JOIN (SELECT *, 1::bigint AS "Number" FROM {rows}) AS made USING ({identity}, "Number")
WHERE kept."Number" IS NULL OR made."Number" IS NULL OR kept.captured_at > %s OR {content}
ORDER BY {identity}
"""


def compare_documents(
    connection: Connection, method: Method, scope: Mapping[str, Sequence[Any]]
) -> Iterator[ComparedDocument]:
    """Compare each document with the capture that the tables show of it; `scope` maps keys to the wanted values.

    The connection is outside a transaction, and used for nothing else until the end.
    """
    documents = Documents(connection, method)
    tables = [_Compared(connection, method, number, table) for number, table in enumerate(method.tables)]
    for document in documents.names(scope):
        with _snapshot(connection):
            yield _checked(connection, method, documents, tables, document)
    for table in method.tables:
        for document, number in documents.without_watermark(table, scope):
            why = f"{table.qualified_name} has {number} rows of it, but {NO_WATERMARK}"
            yield ComparedDocument(method.name, json.loads(document), why=why)


def _checked(
    connection: Connection, method: Method, documents: Documents, tables: Sequence["_Compared"], document: str
) -> ComparedDocument:
    keys = json.loads(document)
    try:
        found = documents.of(document)
        if found is None:  # deleted since it was listed
            return ComparedDocument(method.name, keys)
        shown, fingerprint = found
        if fingerprint != method.fingerprint:
            return ComparedDocument(method.name, keys, why=OTHER_MAPPING)
        made = documents.extract(shown).rows
        copies = [copied for table, of in zip(tables, made, strict=True) if (copied := table.copying(of)) is not None]
        copying.send(connection, copies)
        return ComparedDocument(method.name, keys, tuple(each for table in tables for each in table.differences(shown)))
    except Rejected as why:
        return ComparedDocument(method.name, keys, why=f"no rows can be derived from its capture: {why}")
    except CaptureLost as why:
        return ComparedDocument(method.name, keys, why=str(why))


@contextmanager
def _snapshot(connection: Connection) -> Iterator[None]:
    """A transaction that sees one state of the database and is rolled back."""
    before = connection.isolation_level
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    try:
        with connection.transaction(force_rollback=True):
            yield
    finally:
        connection.isolation_level = before


class _Compared:
    """A table, and a temporary table of the same types for the rows derived from a capture."""

    def __init__(self, connection: Connection, method: Method, number: int, table: Table) -> None:
        self._connection = connection
        self._table = table
        self._rows = sql.Identifier("pg_temp", f"verify_{number}")
        self._packer = Packer(connection, [psycopg.adapters.types.get_oid(each.wire) for each in table.columns])
        self._query = self._compare(method)
        columns = (sql.SQL("{} {}").format(sql.Identifier(each.name), sql.SQL(each.type)) for each in table.columns)
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self._rows))
        connection.execute(sql.SQL("CREATE TEMPORARY TABLE {} ({})").format(self._rows, sql.SQL(", ").join(columns)))

    def copying(self, made: Sequence[Row]) -> Copying | None:
        """A COPY of the derived rows into the temporary table; None if there are none."""
        with translate_errors(self._table.qualified_name):
            packed = self._packer.pack(made)
        columns = sql.SQL(", ").join(sql.Identifier(each.name) for each in self._table.columns)
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(self._rows, columns).as_string()
        return Copying(self._table.qualified_name, statement, [packed]) if made else None

    def differences(self, shown: Shown) -> Iterator[RowDifference]:
        """The differences between the table's rows of the document and the derived ones."""
        for row in self._connection.execute(self._query, (*shown.keys, shown.as_of)):
            yield self._difference(row, shown)

    def _difference(self, row: TupleRow, shown: Shown) -> RowDifference:
        *values, missing, extra, captured_at, columns = row
        key = dict(zip(self._table.identity, values, strict=True))
        table = self._table.qualified_name
        if missing:
            return RowDifference(table, key, "missing")
        if extra:
            return RowDifference(table, key, "extra", captured_at=captured_at)
        kind: DifferenceKind = "later" if captured_at > shown.as_of else "different"
        return RowDifference(table, key, kind, tuple(columns), captured_at)

    def _compare(self, method: Method) -> sql.Composed:
        identity = list(map(sql.Identifier, self._table.identity))
        names = [each.name for each in self._table.columns if each.name not in {*self._table.identity, "captured_at"}]
        differs = [sql.SQL("kept.{0} IS DISTINCT FROM made.{0}").format(sql.Identifier(each)) for each in names]
        differing = (sql.SQL("CASE WHEN {} THEN {} END").format(*pair) for pair in zip(differs, names, strict=True))
        return sql.SQL(_COMPARE).format(
            keys=sql.SQL(", ").join(identity),
            identity=sql.SQL(", ").join(identity),
            differing=sql.SQL(", ").join(differing),
            table=sql.Identifier(self._table.schema, self._table.name),
            document=sql.SQL(" AND ").join(
                sql.SQL("{} = %s").format(sql.Identifier(key.name)) for key in method.document
            ),
            rows=self._rows,
            content=sql.SQL(" OR ").join((sql.SQL("false"), *differs)),
        )
