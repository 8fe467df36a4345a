"""Applies one document to the tables of its method in one transaction, under the document's watermark."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import psycopg

from mlb_etl.contracts import Method, Row, Table
from mlb_etl.db import Connection, edge, refused
from mlb_etl.errors import Rejected
from mlb_etl.partitions import Partitioned, Partitions
from mlb_etl.raw import Applied, Stored

log = logging.getLogger(__name__)
Verdict: TypeAlias = Literal["applied", "same", "stale", "conflict"]

# Plans of the upserts are worth keeping: planning each anew takes longer than running it. A plan that was made while a
# partition was empty must not scan it when it has filled; and none of these statements runs long enough to compile it.
_SETTINGS = ("SET plan_cache_mode = force_generic_plan", "SET enable_seqscan = off", "SET jit = off")
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


class _Target:
    """A table with what is always the same for each document."""

    def __init__(self, table: Table) -> None:
        self.name = table.qualified_name
        self.load = table.load.encode()
        self.copy = table.copy.encode()
        self.upsert = table.upsert.encode()
        self.types = [psycopg.adapters.types.get_oid(column.wire) for column in table.columns]
        self.partitioned = Partitioned.of(table)
        if table.partition is not None:
            self.partition_place = [column.name for column in table.columns].index(table.partition.column)


_Filled: TypeAlias = tuple[_Target, list[Row]]


class _KnownError(Exception):
    """A document without watermark has rows in the tables."""


class Upsert:
    """The tables of a method, on a connection that is its own: it keeps staging tables and settings there."""

    def __init__(self, connection: Connection, method: Method) -> None:
        self._connection = connection
        self._method = method
        self._targets = [_Target(table) for table in method.tables]
        self._partitions = Partitions.of_method(connection, method)
        self._staged = False
        for setting in _SETTINGS:
            connection.execute(setting)

    def apply(
        self, capture: Stored, keys: Mapping[str, Any], rows: Sequence[list[Row]]
    ) -> tuple[Verdict, dict[str, TableCounts]]:
        """Bring the tables to the capture unless another worker was there before; raises Rejected for data they refuse.

        Returns what became of it, and what happened in each table if it was applied.
        """
        filled = [(target, its) for target, its in zip(self._targets, rows, strict=True) if its]
        self._partitions.ensure(
            {of.partitioned: {row[of.partition_place] for row in its} for of, its in filled if of.partitioned}
        )
        try:
            return self._apply(capture, keys, filled)
        except _KnownError:
            log.info("%s %s is known, but its watermark was deleted", self._method.name, capture.document)
            return self._apply(capture, keys, filled, known=True)

    def _apply(
        self, capture: Stored, keys: Mapping[str, Any], filled: Sequence[_Filled], *, known: bool = False
    ) -> tuple[Verdict, dict[str, TableCounts]]:
        """Decide under the lock of the watermark, write and move the watermark, all in one transaction."""
        new = Applied(capture.captured_at, capture.content_hash, self._method.fingerprint)
        subject = (self._method.name, capture.document)
        with self._connection.transaction():
            before = self._lock(subject, new, unseen=capture.applied is None)
            decided = verdict(new, before)
            if decided != "applied":
                return decided, {}
            known = known or before is not None
            counts = self._merge(filled, keys) if known else self._load(filled)
            if before is not None:
                self._connection.execute(_MOVE, (*new, *subject))
            self._connection.execute(_LEAVE_QUARANTINE, (*subject, new.captured_at, new.content_hash))
        self._staged = self._staged or known
        return decided, counts

    def quarantine(self, capture: Stored, why: Rejected) -> None:
        """Note that the capture can't be applied, and why."""
        value = None if why.value is None else str(why.value)[:500]
        subject = (self._method.name, capture.document, capture.captured_at, capture.content_hash)
        self._connection.execute(_QUARANTINE, (*subject, why.table, why.path, value, why.reason))

    def _lock(self, subject: tuple[str, str], new: Applied, *, unseen: bool) -> Applied | None:
        """Lock the document's watermark and return it; a new document gets one, which makes others wait too.

        `unseen` is a guess, that the document is new: it saves looking for what is not there.
        """
        while True:
            if unseen and self._connection.execute(_ADD, (*subject, *new)).rowcount == 1:
                return None
            found = self._connection.execute(_LOCK, subject).fetchone()
            if found is not None:
                return Applied(*found)
            unseen = True

    def _load(self, filled: Sequence[_Filled]) -> dict[str, TableCounts]:
        """Copy the rows of a new document straight into the tables."""
        counts = {}
        for target, rows in filled:
            try:
                counts[target.name] = TableCounts(inserted=self._copy(target.load, target, rows))
            except psycopg.errors.UniqueViolation as error:
                raise _KnownError from error
            except psycopg.Error as error:
                raise refused(error, target.name) from error
        return counts

    def _merge(self, filled: Sequence[_Filled], keys: Mapping[str, Any]) -> dict[str, TableCounts]:
        """Stage the rows, then move what is new or changed into the tables, all statements in one go.

        The staging tables are made when they are first needed: each costs every transaction a little.
        """
        if not self._staged:
            for table in self._method.tables:
                self._connection.execute(table.stage.encode())
        for target, rows in filled:
            with edge(target.name):
                self._copy(target.copy, target, rows)
        cursors = [self._connection.cursor() for _ in filled]
        try:
            with self._connection.pipeline():
                for cursor, (target, _) in zip(cursors, filled, strict=True):
                    cursor.execute(target.upsert, keys, prepare=True)
        except psycopg.Error as error:
            without = (target.name for cursor, (target, _) in zip(cursors, filled, strict=True) if not cursor.pgresult)
            raise refused(error, next(without, None)) from error
        counts = {}
        for cursor, (target, its) in zip(cursors, filled, strict=True):
            inserted, updated = cursor.fetchone() or (0, 0)
            counts[target.name] = TableCounts(inserted, updated, len(its) - inserted - updated)
        return counts

    def _copy(self, statement: bytes, target: _Target, rows: list[Row]) -> int:
        """Send the rows; returns how many the server took."""
        cursor = self._connection.cursor()
        with cursor.copy(statement) as copy:
            copy.set_types(target.types)
            for row in rows:
                copy.write_row(row)
        return cursor.rowcount
