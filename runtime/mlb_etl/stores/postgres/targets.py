"""Packs the rows of documents for the tables of a method."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import psycopg

from mlb_contracts import DocumentKey, Row, Table
from mlb_etl.errors import Rejected
from mlb_etl.stores.interfaces.tables import Document
from mlb_etl.stores.postgres import copying, partitions, row_guard
from mlb_etl.stores.postgres.copying import Copying
from mlb_etl.stores.postgres.db import Connection, translate_errors
from mlb_etl.stores.postgres.partitions import Partitioned
from mlb_etl.stores.postgres.statements import compose_statements


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a document in one table, packed for COPY; `partitions` are the values of the partition column."""

    number: int
    packed: memoryview
    partitions: frozenset[Any]


class TargetTable:
    """A table with its statements and packer, which serve every document."""

    def __init__(self, connection: Connection, place: int, table: Table, document: tuple[DocumentKey, ...]) -> None:
        self.place = place
        self.table = table
        self.statements = compose_statements(table, document)
        self.name = table.qualified_name
        types = [psycopg.adapters.types.get_oid(column.wire) for column in table.columns]
        self._packer = copying.Packer(connection, types)
        self.partitioned = Partitioned.of(table)
        if table.partition is not None:
            self._partition_place = [column.name for column in table.columns].index(table.partition.column)
        self.remove_later = row_guard.removal(table, document)
        self.latest = row_guard.latest(table, document)

    def pack(self, rows: Sequence[Row]) -> Rows:
        """Pack the rows; raises Rejected for a value that its column does not accept."""
        values = frozenset(row[self._partition_place] for row in rows) if self.partitioned else frozenset[Any]()
        for value in values:
            if reason := partitions.refusal(value):
                path = next(iter(self.table.columns[self._partition_place].paths), "$")
                raise Rejected(reason, path=path, value=value, table=self.name)
        with translate_errors(self.name):
            try:
                return Rows(len(rows), self._packer.pack(rows), values)
            except Rejected as why:
                raise Rejected(why.reason, value=why.value, table=self.name) from why

    def copying(self, statement: str, documents: Iterable[Document]) -> Copying | None:
        """A COPY of the documents' rows of this table; None if they have none."""
        packed = [rows.packed for rows in self.rows(documents) if rows.number]
        return Copying(self.name, statement, packed) if packed else None

    def partitions(self, documents: Iterable[Document]) -> frozenset[Any]:
        """The values of the partition column in the documents' rows."""
        return frozenset[Any]().union(*(rows.partitions for rows in self.rows(documents)))

    def rows(self, documents: Iterable[Document]) -> list[Rows]:
        """The packed rows of each document that has any."""
        return [cast("Rows", document.rows[self.place]) for document in documents if document.rows is not None]
