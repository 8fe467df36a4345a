"""The tables of a method, as `apply` writes them."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mlb_contracts import Row
from mlb_contracts.misfit import Misfit
from mlb_etl.errors import CheckFailed, Rejected, RowTooLong
from mlb_etl.laws.counts import CheckWarning, RowChanges, TableCounts
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark


class Packed(Protocol):
    """Rows of a document in one table, in whatever form the store takes them fastest."""

    @property
    def number(self) -> int:
        """How many rows there are."""


@dataclass(frozen=True, slots=True)
class Document:
    """A capture and the rows it makes, by table in the method's order, as the store packed them.

    Without rows (None) it says that the capture has the content which the tables show already. `unreadable` are the
    values that could not be read, and so are NULL in the rows.
    """

    capture: StoredCapture
    rows: Sequence[Packed] | None
    unreadable: Sequence[Misfit] = ()

    @property
    def nulls(self) -> int:
        """How many values are NULL as they could not be read."""
        return sum(each.number for each in self.unreadable)


@dataclass(frozen=True, slots=True)
class Replaced:
    """What bringing documents to their rows did: the counts of each table, and of each document what changed in each.

    `changed` has every table by its name, parents before children, for each document by its name.
    """

    tables: Mapping[str, TableCounts]
    changed: Mapping[str, Mapping[str, RowChanges]]


class Unit(Protocol):
    """Work that becomes visible as a whole when its block ends without an exception, and else not at all."""

    def lock(self, new: Mapping[str, Watermark]) -> Mapping[str, Watermark]:
        """Keep others from these documents until the unit ends; return the watermarks of those that have one.

        The others get theirs from `new`.
        """

    def insert(self, documents: Sequence[Document]) -> Mapping[str, TableCounts]:
        """Add the rows of documents of which the tables have none; raises DuplicateKey where they have some."""

    def replace(self, documents: Sequence[Document], *, past_row_guard: bool) -> Replaced:
        """Bring documents to their rows: delete what vanished, write what is new or differs.

        Rows that are later than the capture stay and are counted, unless it is told to go past the row guard.
        """

    def conclude(
        self, watermarks: Mapping[str, Watermark], settled: Iterable[StoredCapture], applied: Sequence[Document]
    ) -> tuple[CheckWarning, ...]:
        """Move these watermarks, take settled captures out of quarantine, keep what of the applied was unreadable.

        Returns what the checks that only warn say of the applied documents.
        """


class TableStore(Protocol):
    """The tables of a method."""

    def moment(self, time: datetime) -> datetime:
        """The same time, in the form that `pack` takes fastest: each row of a document repeats that of its capture."""

    def pack(self, rows: Sequence[Sequence[Row]]) -> Sequence[Packed]:
        """The rows of a document, given by table in the method's order; raises Rejected for what can't be stored."""

    def prepare(self, documents: Sequence[Document]) -> None:
        """Make ready, before a unit begins, what the rows need, such as partitions."""

    def mend(self, why: CheckFailed | RowTooLong) -> bool:
        """Whether the documents were not to blame for it, and the store takes them now, such as longer rows."""

    def unit(self) -> AbstractContextManager[Unit]:
        """Begin a unit; one at a time."""

    def explain(self, why: Rejected, document: Document) -> Rejected:
        """The same refusal with the place and value it is about, where the store can tell; else as it was."""
