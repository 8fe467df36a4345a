"""Restores the tables of documents from their captures, after rows were edited, lost or given later times by hand.

A document's rows are written again from the capture that its watermark names, past the row guard. If that capture is
gone, or its time is in the future, the newest applicable capture takes its place. Captures that were not applied yet
are then applied as usual, under all write laws.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from mlb_contracts import Method, times
from mlb_etl.apply.pipeline import Pipeline, Session
from mlb_etl.laws.counts import Counts, TableCounts
from mlb_etl.laws.standing import StoredCapture, choose_for_repair
from mlb_etl.stores.interfaces.captures import RawStore
from mlb_etl.stores.interfaces.database import Database

_TRIES = 5  # for a document whose captures others keep applying
_NONE = "none of its captures can be applied: each is in quarantine, or its time is in the future"
_BUSY = "other processes kept applying captures of it: try again"


@dataclass(frozen=True, slots=True)
class Unrepaired:
    """A document that could not be repaired, and why."""

    document: dict[str, Any]
    why: str


@dataclass(frozen=True, slots=True)
class Repaired:
    """The outcome: documents examined, documents whose rows changed, watermarks reset from a time in the future.

    `counts` covers the rows of these documents, and the captures that were then applied as usual.
    """

    documents: int
    changed: int
    reset: int
    counts: Counts
    left: tuple[Unrepaired, ...]


def repair(database: Database, method: Method, scope: Mapping[str, Sequence[Any]]) -> Repaired:
    """Repair the documents in `scope`, which maps document keys to the wanted values, each in its own transaction."""
    documents = changed = reset = 0
    counts = Counts(tables={table.qualified_name: TableCounts() for table in method.tables})
    left: list[Unrepaired] = []
    with database.open() as stores, Session(database, method, "repair") as session:
        stores.require_migrated()
        work = _Repair(stores.raw(method), method, session)
        for captures in work.documents(scope):
            documents += 1
            done = work.repair(captures)
            if isinstance(done, Unrepaired):
                left.append(done)
                continue
            counts += done
            changed += any(each.inserted or each.updated or each.deleted for each in done.tables.values())
            reset += work.is_ahead(captures[0])
    counts += Pipeline(method, database).run(scope)
    return Repaired(documents, changed, reset, counts, tuple(left))


class _Repair:
    """Chooses captures on one connection, and applies them in a session with its own."""

    def __init__(self, raw: RawStore, method: Method, session: Session) -> None:
        self._raw = raw
        self._method = method
        self._session = session
        self._latest = self._raw.now() + times.TOLERANCE

    def documents(self, scope: Mapping[str, Sequence[Any]]) -> Iterator[list[StoredCapture]]:
        """The captures of each document, oldest first."""
        for _, captures in groupby(self._raw.captures(scope), lambda capture: capture.document):
            yield list(captures)

    def is_ahead(self, capture: StoredCapture) -> bool:
        """Whether the document's watermark is in the future."""
        return capture.applied is not None and capture.applied.as_of > self._latest

    def repair(self, captures: Sequence[StoredCapture]) -> Counts | Unrepaired:
        """Apply the capture that the document has to show; retry if others applied one since it was listed."""
        document = json.loads(captures[0].document)
        keys = list(zip(self._method.document, captures[0].keys, strict=True))
        overtaken = 0
        while overtaken < _TRIES:
            capture = choose_for_repair(captures)
            if capture is None:
                return Unrepaired(document, _NONE)
            became = self._session.apply([capture])
            if became.documents.applied:
                return became
            overtaken += became.documents.stale  # if not stale, it went to quarantine, and another one is tried
            [captures] = self.documents({key.name: [value] for key, value in keys})
        return Unrepaired(document, _BUSY)
