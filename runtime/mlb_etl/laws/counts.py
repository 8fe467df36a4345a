"""What a run did, from what the database did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from mlb_contracts.misfit import Misfit
from mlb_etl.errors import Rejected


@dataclass(frozen=True, slots=True)
class TableCounts:
    """Rows of one table; unchanged ones stood there already, deleted ones vanished from their documents."""

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


class Changed(NamedTuple):
    """Rows of one document in one table; those kept out are later than the capture, and stayed as they were."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    kept_out: int = 0


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """Captures of documents by what became of them.

    same: nothing new in it; stale: older than what was applied; quarantined: not applied, now or in a run before.
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
    """A capture that was not applied, now or in a run before, and why; `number` is its number in quarantine."""

    number: int
    document: str
    captured_at: datetime
    why: Rejected


@dataclass(frozen=True, slots=True)
class Warned:
    """Rows of a document that break a check which only warns."""

    document: str
    table: str
    check: str
    rows: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Values of a document that could not be read, and so are NULL in the table."""

    document: str
    what: Misfit


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run did: with captures, with the rows of each table by its name; what waits, what it warns of.

    `quarantined` has each capture in scope that waits for a decision, whichever run put it aside; `unreadable` what
    this run left out of the documents that it applied.
    """

    documents: DocumentCounts = DocumentCounts()
    tables: Mapping[str, TableCounts] = field(default_factory=dict)
    quarantined: tuple[Quarantined, ...] = ()
    warnings: tuple[Warned, ...] = ()
    unreadable: tuple[LeftOut, ...] = ()

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
        )
