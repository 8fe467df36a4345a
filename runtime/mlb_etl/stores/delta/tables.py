"""The tables of a method in a lake, as `apply` writes them.

A unit compares and checks everything before it writes anything. Then it commits table by table what has changed, and
the watermarks last: see `marks`.
"""

import logging
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

import pyarrow as pa

from mlb_contracts import Method, Row, Table
from mlb_contracts.misfit import Misfit
from mlb_etl.errors import CheckFailed, DatabaseUnavailable, Rejected, RowTooLong
from mlb_etl.laws.counts import CheckWarning, RowChanges, TableCounts
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.delta import expressions, unreadable, writer
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.comparing import Key, KeyedRows, Rows, TableChanges, keyed_rows, new_rows, packed
from mlb_etl.stores.delta.drift import Drift
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.delta.marks import Claim, Marks, again
from mlb_etl.stores.delta.quarantine import Quarantine
from mlb_etl.stores.delta.unreadable import Unreadable
from mlb_etl.stores.interfaces.database import DriftedCapture
from mlb_etl.stores.interfaces.tables import Document, Replaced

log = logging.getLogger(__name__)


class DeltaTables:
    """The tables of a method in a lake."""

    def __init__(self, lake: Lake, method: Method) -> None:
        self._lake = lake
        self._method = method
        self._marks = Marks(lake, method)

    def moment(self, time: datetime) -> datetime:
        """As `TableStore` says."""
        return time

    def pack(self, rows: Sequence[Sequence[Row]]) -> Sequence[Rows]:
        """As `TableStore` says; values are looked at when a unit writes them."""
        return [Rows(its) for its in rows]

    def prepare(self, documents: Sequence[Document]) -> None:
        """As `TableStore` says: a lake makes partitions by itself."""

    def mend(self, why: CheckFailed | RowTooLong) -> bool:  # noqa: ARG002 - the cause never lies in a lake
        """As `TableStore` says."""
        return False

    def explain(self, why: Rejected, document: Document) -> Rejected:  # noqa: ARG002 - it says all it knows at once
        """As `TableStore` says."""
        return why

    @contextmanager
    def unit(self) -> Iterator["DeltaUnit"]:
        """As `TableStore` says."""
        unit = DeltaUnit(self._lake, self._method, self._marks)
        try:
            yield unit
        except BaseException:
            unit.give_back()
            raise
        else:
            unit.commit()
        finally:
            unit.finish()


class DeltaUnit:
    """The changes of some documents, which `commit` writes."""

    def __init__(self, lake: Lake, method: Method, marks: Marks) -> None:
        self._lake = lake
        self._method = method
        self._marks = marks
        self._claim: Claim | None = None
        self._moved: Mapping[str, Watermark] = {}
        self._settled: list[StoredCapture] = []
        self._drifted: list[DriftedCapture] = []
        self._unreadable: dict[str, Sequence[Misfit]] = {}
        self._changes = [TableChanges(table) for table in method.tables]
        self._names: list[list[str]] = []  # of the documents, as changes number them

    def lock(self, new: Mapping[str, Watermark]) -> Mapping[str, Watermark]:
        """As `Unit` says."""
        self._claim = self._marks.claim(new)
        shut_out_others(self._lake, self._method, self._claim)
        return self._claim.before

    def insert(self, documents: Sequence[Document]) -> Mapping[str, TableCounts]:
        """As `Unit` says; raises CheckFailed for a row that breaks a check."""
        self._names.append([each.capture.document for each in documents])
        tables = {}
        for place, change in enumerate(self._changes):
            new = new_rows(place, change.table, documents)
            old = self._old(change, documents, new, ()) if new.keys else new
            tables[change.table.qualified_name] = TableCounts(inserted=change.insert(new, old))
        return tables

    def replace(self, documents: Sequence[Document], *, past_row_guard: bool) -> Replaced:
        """As `Unit` says; raises CheckFailed for a row that breaks a check."""
        self._names.append([each.capture.document for each in documents])
        latest = [None if past_row_guard else each.capture.as_of for each in documents]
        tables: dict[str, TableCounts] = {}
        changed: dict[str, dict[str, RowChanges]] = {each.capture.document: {} for each in documents}
        for place, change in enumerate(self._changes):
            new, name = new_rows(place, change.table, documents), change.table.qualified_name
            old = self._old(change, documents, new, [column.name for column in change.table.columns])
            tables[name] = TableCounts()
            for each, its in zip(documents, change.replace(new, old, latest), strict=True):
                changed[each.capture.document][name] = its
                unchanged = packed(each, place).number - its.inserted - its.updated
                tables[name] += TableCounts(its.inserted, its.updated, unchanged, its.deleted)
        return Replaced(tables, changed)

    def conclude(
        self, watermarks: Mapping[str, Watermark], settled: Iterable[StoredCapture], applied: Sequence[Document]
    ) -> tuple[CheckWarning, ...]:
        """As `Unit` says."""
        self._moved, self._settled = watermarks, list(settled)
        self._drifted = [DriftedCapture(each.capture, each.drift) for each in applied if each.drift]
        self._unreadable = {each.capture.document: each.unreadable for each in applied}
        warnings = []
        for change in self._changes:
            for names, new in zip(self._names, change.new, strict=True):
                for number, broken in expressions.warnings(change.table, new.rows, new.owners).items():
                    warnings += [
                        CheckWarning(names[number], change.table.qualified_name, *its) for its in broken.items()
                    ]
        return tuple(warnings)

    def give_back(self) -> None:
        """Give the documents back, as nothing was written."""
        if self._claim is not None:
            self._claim.give_back()

    def commit(self) -> None:
        """Write the changes, table by table, and the watermarks last."""
        claim = self._claim
        if claim is None:
            return
        if any(change.is_any for change in self._changes) or self._unreadable:
            claim.begin(self._moved)
        with claim.writing():
            for change in self._changes:
                if change.is_any:
                    again(partial(self._write, change, claim))
            if self._unreadable:
                again(partial(self._note_unreadable, claim))
            claim.move(self._moved)
        Quarantine(self._lake, self._method.name).leave(self._settled)
        Drift(self._lake, self._method.name).record(self._drifted)

    def finish(self) -> None:
        """Note that the unit has ended, however it did."""
        if self._claim is not None:
            writer.finished(self._claim.writer)

    def _write(self, change: TableChanges, claim: Claim) -> None:
        """Commit what has changed in a table: on the version that was there before the claim was seen to hold.

        Raises DatabaseUnavailable if others wrote to a table in which rows of other documents may have the same keys.
        """
        table = self._open(change.table)
        if not self._is_claimed_alone(change.table) and table.version() != change.compared[0]:
            raise DatabaseUnavailable(f"{change.table.qualified_name}: others wrote to it after keys were compared")
        claim.require()
        if change.only_inserts:
            lakes.append(table, change.written)
        else:
            lakes.change(table, change.merged, change.table.identity)

    def _note_unreadable(self, claim: Claim) -> None:
        values = Unreadable(self._lake, self._method.name)
        table = values.open()
        claim.require()
        values.replace(table, self._unreadable)

    def _is_claimed_alone(self, table: Table) -> bool:
        """Whether keys of rows tell their document, so that nobody else writes a row with one of them."""
        return {key.name for key in self._method.document} <= {*table.identity}

    def _open(self, table: Table) -> Any:
        return self._lake.open(table.schema, table.name)

    def _old(
        self, change: TableChanges, documents: Sequence[Document], new: KeyedRows, columns: Sequence[str]
    ) -> KeyedRows:
        """The rows of the documents in the lake, and those that have a key of the new ones."""
        table = change.table
        keys = [key.name for key in self._method.document]
        wanted = " AND ".join(
            lakes.any_of(name, {each.capture.keys[number] for each in documents}) for number, name in enumerate(keys)
        )
        if not self._is_claimed_alone(table) and new.keys:
            wanted = (
                f"({wanted}) OR {lakes.any_of(table.identity[0], new.rows[table.identity[0]].unique().to_pylist())}"
            )
        opened = self._open(table)
        change.compared.append(opened.version())
        found = lakes.rows(opened, list(dict.fromkeys((*keys, *table.identity, *columns))), wanted)
        old = keyed_rows(found, keys, table.identity, documents)
        return old if None not in old.owners else _ours(old, {*new.keys})


def _ours(old: KeyedRows, taken: Container[Key]) -> KeyedRows:
    """Only the rows of the documents, and those that have a key of a new row."""
    places = [place for place, owner in enumerate(old.owners) if owner is not None or old.keys[place] in taken]
    rows = old.rows.take(pa.array(places, pa.int64()))
    return KeyedRows(rows, [old.keys[each] for each in places], [old.owners[each] for each in places])


def shut_out_others(lake: Lake, method: Method, claim: Claim) -> None:
    """Make commits fail that a writer prepared who had these documents before, if one left them half written."""
    if not claim.taken_over:
        return
    log.warning("%s: a writer has left documents half written; they are applied again", method.name)
    for name in (*((each.schema, each.name) for each in method.tables), (lakes.CONTROL, unreadable.TABLE)):
        again(partial(_bump, lake, name, claim))


def _bump(lake: Lake, table: tuple[str, str], claim: Claim) -> None:
    lakes.bump(lake.open(*table), claim.writer)
