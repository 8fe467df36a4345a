"""The counts that a run reports: captures, rows, quarantined documents, warnings."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, fields
from datetime import datetime
from typing import NamedTuple

from mlb_contracts.change import Change
from mlb_contracts.misfit import Misfit
from mlb_etl.displays import as_html, as_text
from mlb_etl.errors import Rejected


@dataclass(frozen=True, slots=True)
class TableCounts:
    """Rows of one table: written, already there unchanged, or deleted because they vanished from their document."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0

    def __add__(self, other: "TableCounts") -> "TableCounts":
        return TableCounts(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.deleted + other.deleted,
        )


_HEADERS = ("table", *(each.name for each in fields(TableCounts)))


class RowChanges(NamedTuple):
    """Rows of one document in one table; `kept_out` rows are later than the capture and were left as they were."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    kept_out: int = 0


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """Captures of documents, by outcome.

    same: no new content; stale: older than the state that the tables show; quarantined: not applied, in this run or an
    earlier one.
    """

    applied: int = 0
    same: int = 0
    stale: int = 0
    quarantined: int = 0

    def __add__(self, other: "DocumentCounts") -> "DocumentCounts":
        return DocumentCounts(
            self.applied + other.applied,
            self.same + other.same,
            self.stale + other.stale,
            self.quarantined + other.quarantined,
        )


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A capture that was not applied, in this run or an earlier one; `number` is its id in quarantine."""

    number: int
    document: str
    captured_at: datetime
    why: Rejected


@dataclass(frozen=True, slots=True)
class CheckWarning:
    """The number of a document's rows that break a check of severity `warn`."""

    document: str
    table: str
    check: str
    rows: int


@dataclass(frozen=True, slots=True)
class UnreadableValue:
    """Unreadable values of a document, which are NULL in the table."""

    document: str
    what: Misfit


@dataclass(frozen=True, slots=True, repr=False)
class Counts:
    """What a run did to captures, and to rows by the name of their table.

    `quarantined` lists each capture in scope that waits for a decision, whichever run quarantined it; `unreadable`
    lists the unreadable values of the documents that this run applied, and `drift` how they differ from what is known,
    with the number of documents.
    """

    documents: DocumentCounts = DocumentCounts()
    tables: Mapping[str, TableCounts] = field(default_factory=dict)
    quarantined: tuple[Quarantined, ...] = ()
    warnings: tuple[CheckWarning, ...] = ()
    unreadable: tuple[UnreadableValue, ...] = ()
    drift: Mapping[Change, int] = field(default_factory=dict)

    def __add__(self, other: "Counts") -> "Counts":
        tables = dict(self.tables)
        for name, counts in other.tables.items():
            tables[name] = tables.get(name, TableCounts()) + counts
        return Counts(
            self.documents + other.documents,
            tables,
            self.quarantined + other.quarantined,
            self.warnings + other.warnings,
            self.unreadable + other.unreadable,
            Counter(self.drift) + Counter(other.drift) if self.drift or other.drift else {},
        )

    @property
    def _title(self) -> str:
        """Captures by outcome, then what asks for attention, as far as there is any."""
        others = {"warnings": self.warnings, "unreadable": self.unreadable, "drift": self.drift}
        captures = [f"{each.name} {getattr(self.documents, each.name):,}" for each in fields(self.documents)]
        return ", ".join((*captures, *(f"{name} {len(found):,}" for name, found in others.items() if found)))

    @property
    def _rows(self) -> list[tuple[str | int, ...]]:
        """The tables that the run changed, with their numbers."""
        changed = ((name, each) for name, each in self.tables.items() if each.inserted or each.updated or each.deleted)
        return [(name, *astuple(each)) for name, each in changed]

    def __repr__(self) -> str:
        return f"{self._title}\n{as_text(_HEADERS, self._rows)}" if self._rows else self._title

    def _repr_html_(self) -> str:
        return as_html(self._title, _HEADERS, self._rows)
