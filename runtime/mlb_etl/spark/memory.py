"""The stores of a task: the captures and rows of its documents, in memory, under the rules of a lake.

`apply` works on them as on any store. What it did is then told to the driver, which alone writes to the lake.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyarrow as pa

from mlb_contracts import Method
from mlb_contracts.misfit import Misfit
from mlb_etl.errors import Rejected
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.delta.captures import Identity
from mlb_etl.stores.delta.comparing import Key, KeyedRows, TableChanges, keyed_rows, values_of
from mlb_etl.stores.delta.database import DeltaStores
from mlb_etl.stores.delta.drift import Drift
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.delta.marks import Marks
from mlb_etl.stores.delta.quarantine import Quarantine
from mlb_etl.stores.delta.raw import DeltaRaw
from mlb_etl.stores.delta.tables import DeltaTables, DeltaUnit
from mlb_etl.stores.encoding import StoredBody
from mlb_etl.stores.interfaces.database import DriftedCapture
from mlb_etl.stores.interfaces.tables import Document


class TableRows:
    """The rows of some documents in one table: those that there were, and those that there are to be."""

    def __init__(self, method: Method, place: int, rows: pa.Table) -> None:
        self._table = method.tables[place]
        self._before = self.now = rows
        self._touched: set[Key] = set()

    def take(self, change: TableChanges) -> None:
        """Take what a unit changes."""
        written = change.written.cast(self.now.schema)
        gone = {key for each in change.gone for key in values_of(each, self._table.identity)}
        keys = {*values_of(written, self._table.identity), *gone}
        self._touched |= keys
        self.now = pa.concat_tables([self._without(self.now, keys), written])

    def changes(self) -> tuple[pa.Table, pa.Table]:
        """The rows to write, and those to delete."""
        written = self._only(self.now, self._touched)
        left = {*values_of(written, self._table.identity)}
        return written, self._only(self._before, self._touched - left)

    def _only(self, rows: pa.Table, keys: set[Key]) -> pa.Table:
        return rows.filter(pa.array([key in keys for key in values_of(rows, self._table.identity)], pa.bool_()))

    def _without(self, rows: pa.Table, keys: set[Key]) -> pa.Table:
        return rows.filter(pa.array([key not in keys for key in values_of(rows, self._table.identity)], pa.bool_()))


@dataclass(frozen=True, slots=True)
class State:
    """What a task knows of its documents, and what it did.

    `marks` are their watermarks, `moved` those of them that are new; `refused` and `settled` are captures by document,
    time and content. `unreadable` are the values of documents that are NULL in their rows.
    """

    tables: Sequence[TableRows]
    bodies: Mapping[Identity, StoredBody]
    marks: dict[str, Watermark]
    moved: dict[str, Watermark] = field(default_factory=dict)
    refused: dict[tuple[object, ...], tuple[StoredCapture, Rejected]] = field(default_factory=dict)
    settled: dict[tuple[object, ...], StoredCapture] = field(default_factory=dict)
    drifted: list[DriftedCapture] = field(default_factory=list)
    unreadable: dict[str, Sequence[Misfit]] = field(default_factory=dict)

    def settle(self, captures: Iterable[StoredCapture]) -> None:
        """Note that these captures need no decision any more."""
        for each in captures:
            self.refused.pop(_name(each), None)
            self.settled[_name(each)] = each

    def refuse(self, capture: StoredCapture, why: Rejected) -> int:
        """Note why a capture goes to quarantine; return its number among those."""
        self.settled.pop(_name(capture), None)
        self.refused[_name(capture)] = capture, why
        return list(self.refused).index(_name(capture))


def _name(capture: StoredCapture) -> tuple[object, ...]:
    return capture.document, capture.captured_at, capture.content_hash


class TaskStores(DeltaStores):
    """The stores of a task."""

    def __init__(self, lake: Lake, package: str, state: State) -> None:
        super().__init__(lake, package)
        self._state = state

    def raw(self, method: Method) -> "_Captures":
        return _Captures(self._lake, method, self._state)

    def tables(self, method: Method) -> "_Tables":
        return _Tables(self._lake, method, self._state)

    def quarantine(self, method: Method, fingerprint: str | None = None) -> "_Quarantine":
        return _Quarantine(self._lake, method, fingerprint, self._state)

    def drift(self, method: Method) -> "_Drift":
        return _Drift(self._lake, method.name, self._state)


class _Captures(DeltaRaw):
    def __init__(self, lake: Lake, method: Method, state: State) -> None:
        super().__init__(lake, method)
        self._state = state

    def _bodies(self, answers: Sequence[Identity]) -> dict[Identity, StoredBody]:
        return {each: self._state.bodies[each] for each in answers if each in self._state.bodies}


class _Quarantine(Quarantine):
    def __init__(self, lake: Lake, method: Method, fingerprint: str | None, state: State) -> None:
        super().__init__(lake, method.name, fingerprint)
        self._state = state

    def add(self, capture: StoredCapture, why: Rejected) -> int | None:
        return None if self._was_applied(capture) else self._state.refuse(capture, why)

    def leave(self, captures: Iterable[StoredCapture]) -> None:
        self._state.settle(captures)

    def _shown(self, document: str) -> Watermark | None:
        return self._state.marks.get(document)


class _Drift(Drift):
    def __init__(self, lake: Lake, method: str, state: State) -> None:
        super().__init__(lake, method)
        self._state = state

    def record(self, drifted: Sequence[DriftedCapture]) -> None:
        self._state.drifted.extend(drifted)


class _Tables(DeltaTables):
    def __init__(self, lake: Lake, method: Method, state: State) -> None:
        super().__init__(lake, method)
        self._state = state

    @contextmanager
    def unit(self) -> Iterator["_Unit"]:
        unit = _Unit(self._lake, self._method, self._marks, self._state)
        yield unit
        unit.commit()


class _Unit(DeltaUnit):
    """A unit that changes the rows in memory."""

    def __init__(self, lake: Lake, method: Method, marks: Marks, state: State) -> None:
        super().__init__(lake, method, marks)
        self._state = state
        self._new: Mapping[str, Watermark] = {}

    def lock(self, new: Mapping[str, Watermark]) -> Mapping[str, Watermark]:
        self._new = new
        return {name: self._state.marks[name] for name in new if name in self._state.marks}

    def commit(self) -> None:
        for change, rows in zip(self._changes, self._state.tables, strict=True):
            if change.is_any:
                rows.take(change)
        fresh = {name: mark for name, mark in self._new.items() if name not in self._state.marks}
        for moved in (fresh, self._moved):
            self._state.marks.update(moved)
            self._state.moved.update(moved)
        self._state.settle(self._settled)
        self._state.drifted.extend(self._drifted)
        self._state.unreadable.update(self._unreadable)

    def _old(
        self,
        change: TableChanges,
        documents: Sequence[Document],
        new: KeyedRows,  # noqa: ARG002 - other documents have no rows with these keys: their keys tell the document
        columns: Sequence[str],
    ) -> KeyedRows:
        rows = self._state.tables[self._changes.index(change)].now
        names = [key.name for key in self._method.document]
        wanted = list(dict.fromkeys((*names, *change.table.identity, *columns)))
        of_all = keyed_rows(rows, names, change.table.identity, documents)
        ours = rows.filter(pa.array([owner is not None for owner in of_all.owners], pa.bool_())).select(wanted)
        return keyed_rows(ours, names, change.table.identity, documents)
