"""The tables of a method, as `apply` writes them."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mlb_contracts import Row, Table
from mlb_contracts.change import Change
from mlb_contracts.misfit import Misfit
from mlb_etl.errors import CheckFailed, Rejected, RowTooLong
from mlb_etl.laws.counts import CheckWarning, RowChanges, TableCounts
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark


class Packed(Protocol):
    """Rows of a document in one table, in the form that the store takes fastest."""

    @property
    def number(self) -> int:
        """The number of rows."""


@dataclass(frozen=True, slots=True)
class Document:
    """A capture and its packed rows, by table in the method's order.

    `rows` is None if the tables already show the content of the capture. `unreadable` are the values that could not be
    read and are NULL in the rows; `drift` is how the capture differs from what is known.
    """

    capture: StoredCapture
    rows: Sequence[Packed] | None
    unreadable: Sequence[Misfit] = ()
    drift: Sequence[Change] = ()

    @property
    def nulls(self) -> int:
        """The number of values that are NULL because they could not be read."""
        return sum(each.number for each in self.unreadable)


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a `replace` did: counts by table, and changes by document and table.

    `changed` lists every table for each document, parents before children.
    """

    tables: Mapping[str, TableCounts]
    changed: Mapping[str, Mapping[str, RowChanges]]


class Unit(Protocol):
    """Work that becomes visible as a whole when its block ends, or not at all if the block raises."""

    def lock(self, new: Mapping[str, Watermark]) -> Mapping[str, Watermark]:
        """Lock these documents until the unit ends; return the existing watermarks.

        Documents without a watermark get theirs from `new`.
        """

    def insert(self, documents: Sequence[Document]) -> Mapping[str, TableCounts]:
        """Add the rows of documents that have none in the tables; raises DuplicateKey if they have some."""

    def replace(self, documents: Sequence[Document], *, past_row_guard: bool) -> Replaced:
        """Replace the rows of documents: delete what vanished, write what is new or differs.

        Rows later than the capture stay and are counted, unless `past_row_guard`.
        """

    def conclude(
        self, watermarks: Mapping[str, Watermark], settled: Iterable[StoredCapture], applied: Sequence[Document]
    ) -> tuple[CheckWarning, ...]:
        """Move the watermarks, remove settled captures from quarantine, and record unreadable values and drift.

        Returns the warnings of checks that only warn, for the applied documents.
        """


class TableStore(Protocol):
    """The tables of a method."""

    def moment(self, time: datetime) -> datetime:
        """The same time in the form that `pack` takes fastest, as every row repeats the time of its capture."""

    def pack(self, rows: Sequence[Sequence[Row]]) -> Sequence[Packed]:
        """Pack the rows of a document, by table in the method's order; raises Rejected for an impossible value."""

    def prepare(self, documents: Sequence[Document]) -> None:
        """Create what the rows need, such as partitions, before a unit begins."""

    def mend(self, why: CheckFailed | RowTooLong) -> bool:
        """Remove the cause if it lies in the store, not in the documents; return whether to apply them again."""

    def unit(self) -> AbstractContextManager[Unit]:
        """Begin a unit; one at a time."""

    def explain(self, why: Rejected, document: Document) -> Rejected:
        """The same refusal with its path and value, if the store can find them; otherwise unchanged."""


def path_of(table: Table, column: str) -> str:
    """Where a column's value comes from; of a derived one, that of the first column that it is derived from."""
    source = next((each.columns[0] for each in table.derived if each.name == column), column)
    return next((each.paths[0] for each in table.columns if each.name == source and each.paths), "$")
