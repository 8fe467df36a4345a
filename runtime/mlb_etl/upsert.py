"""Applies one document to the tables of its method in one transaction, under the document's watermark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from mlb_etl.contracts import Method, Row, Table
from mlb_etl.db import Connection, edge
from mlb_etl.errors import Rejected
from mlb_etl.partitions import Partitioned, Partitions
from mlb_etl.raw import Applied, Stored

Verdict: TypeAlias = Literal["applied", "same", "stale", "conflict"]

_LOCK = """
SELECT captured_at, content_hash, fingerprint FROM etl.watermark WHERE method = %s AND document = %s::jsonb FOR UPDATE
"""
_ADD = """
INSERT INTO etl.watermark (method, document, captured_at, content_hash, fingerprint) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
_MOVE = """
UPDATE etl.watermark SET captured_at = %s, content_hash = %s, fingerprint = %s, applied_at = DEFAULT
WHERE method = %s AND document = %s::jsonb
"""
_LEAVE_QUARANTINE = """
DELETE FROM etl.quarantine WHERE method = %s AND document = %s::jsonb AND captured_at = %s AND content_hash = %s
"""
_QUARANTINE = """
INSERT INTO etl.quarantine AS q (method, document, captured_at, content_hash, table_name, path, value, reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (method, document, captured_at, content_hash) DO UPDATE
SET table_name = EXCLUDED.table_name, path = EXCLUDED.path, value = EXCLUDED.value, reason = EXCLUDED.reason,
    quarantined_at = DEFAULT
"""


@dataclass(frozen=True, slots=True)
class TableCounts:
    """Rows of one table, from what the database did; unchanged ones stood there already."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "TableCounts") -> "TableCounts":
        return TableCounts(
            self.inserted + other.inserted, self.updated + other.updated, self.unchanged + other.unchanged
        )


def verdict(capture: Applied, watermark: Applied | None) -> Verdict:
    """What becomes of a capture where the document's tables show `watermark`: write laws 1 and 2."""
    if watermark is None or capture.captured_at > watermark.captured_at:
        return "applied"
    if capture.captured_at < watermark.captured_at:
        return "stale"
    if capture.content_hash != watermark.content_hash:
        return "conflict"
    return "same" if capture.fingerprint == watermark.fingerprint else "applied"


class Upsert:
    """The tables of a method, on a connection that is its own: it keeps staging tables there."""

    def __init__(self, connection: Connection, method: Method) -> None:
        self._connection = connection
        self._method = method
        self._partitions = Partitions(connection)
        with connection.transaction():
            for table in method.tables:
                connection.execute(table.stage.encode())

    def apply(
        self, capture: Stored, keys: Mapping[str, Any], rows: Sequence[list[Row]]
    ) -> tuple[Verdict, dict[str, TableCounts]]:
        """Bring the tables to the capture unless another worker was there before; raises Rejected for data they refuse.

        Returns what became of it, and what happened in each table if it was applied.
        """
        new = Applied(capture.captured_at, capture.content_hash, self._method.fingerprint)
        subject = (self._method.name, capture.document)
        for table, its_rows in zip(self._method.tables, rows, strict=True):
            self._ensure_partitions(table, its_rows)
        with self._connection.transaction():
            before = self._lock(subject, new)
            decided = verdict(new, before)
            if decided != "applied":
                return decided, {}
            counts = {
                table.qualified_name: self._write(table, keys, its_rows)
                for table, its_rows in zip(self._method.tables, rows, strict=True)
            }
            if before is not None:
                self._connection.execute(_MOVE, (*new, *subject))
            self._connection.execute(_LEAVE_QUARANTINE, (*subject, new.captured_at, new.content_hash))
        return decided, counts

    def quarantine(self, capture: Stored, why: Rejected) -> None:
        """Note that the capture can't be applied, and why."""
        value = None if why.value is None else str(why.value)[:500]
        subject = (self._method.name, capture.document, capture.captured_at, capture.content_hash)
        self._connection.execute(_QUARANTINE, (*subject, why.table, why.path, value, why.reason))

    def _lock(self, subject: tuple[str, str], new: Applied) -> Applied | None:
        """Lock the document's watermark and return it; a new document gets one, which makes others wait too."""
        while True:
            found = self._connection.execute(_LOCK, subject).fetchone()
            if found is not None:
                return Applied(*found)
            if self._connection.execute(_ADD, (*subject, *new)).rowcount == 1:
                return None

    def _ensure_partitions(self, table: Table, rows: list[Row]) -> None:
        if table.partition is None:
            return
        names = [column.name for column in table.columns]
        place = names.index(table.partition.column)
        partitioned = Partitioned(table.schema, table.name, table.partition, table.columns[place].type)
        self._partitions.ensure(partitioned, {row[place] for row in rows})

    def _write(self, table: Table, keys: Mapping[str, Any], rows: list[Row]) -> TableCounts:
        """Stage the rows and move them into the table."""
        if not rows:
            return TableCounts()
        with edge(table.qualified_name), self._connection.cursor() as cursor:
            with cursor.copy(table.copy.encode()) as copy:
                copy.set_types([column.wire for column in table.columns])
                for row in rows:
                    copy.write_row(row)
            found = cursor.execute(table.upsert.encode(), keys, prepare=True).fetchone()
            inserted, updated = found or (0, 0)
        return TableCounts(inserted, updated, len(rows) - inserted - updated)
