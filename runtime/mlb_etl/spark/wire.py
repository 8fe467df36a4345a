"""What the driver and its tasks tell each other, as JSON: captures to apply, and what became of them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from mlb_contracts import Method
from mlb_contracts.change import Change
from mlb_contracts.misfit import Misfit
from mlb_etl.errors import Rejected
from mlb_etl.extract import request_keys
from mlb_etl.laws.counts import CheckWarning, Counts, DocumentCounts, Quarantined, TableCounts, UnreadableValue
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.interfaces.database import DriftedCapture


class Pending(msgspec.Struct, frozen=True):
    """The captures of a document to apply, oldest first; `mark` is what the tables show, as its claim found it."""

    captures: list[StoredCapture]
    mark: Watermark | None = None


class Refused(msgspec.Struct, frozen=True):
    """A capture that goes to quarantine, and why; `number` is its id there, if it has one."""

    document: str
    captured_at: datetime
    reason: str
    path: str
    value: str | None
    table: str | None
    number: int = 0

    @property
    def why(self) -> Rejected:
        """The reason as an error."""
        return Rejected(self.reason, path=self.path, value=self.value, table=self.table)


class PutAside(msgspec.Struct, frozen=True):
    """A capture for the quarantine of a lake, where it has no number yet."""

    capture: StoredCapture
    why: Refused


class Drifted(msgspec.Struct, frozen=True):
    """A capture that differs from the samples, and how."""

    capture: StoredCapture
    changes: list[Change]


class Counted(msgspec.Struct, frozen=True):
    """A difference from the samples, and the number of documents that have it."""

    change: Change
    documents: int


class Outcome(msgspec.Struct, frozen=True):
    """What became of some documents.

    `moved` are their watermarks, `settled` captures that need no decision any more, `nulls` the unreadable
    values that each applied document has now; `error` ends the run.
    """

    documents: DocumentCounts = DocumentCounts()
    tables: dict[str, TableCounts] = {}
    refused: list[Refused] = []
    put_aside: list[PutAside] = []
    warnings: list[CheckWarning] = []
    unreadable: list[UnreadableValue] = []
    counted: list[Counted] = []
    drift: list[Drifted] = []
    moved: dict[str, Watermark] = {}
    settled: list[StoredCapture] = []
    nulls: dict[str, list[Misfit]] = {}
    error: str | None = None

    def counts(self, quarantined: Iterable[Quarantined]) -> Counts:
        """The same for a report."""
        drift = {each.change: each.documents for each in self.counted}
        return Counts(
            self.documents, self.tables, tuple(quarantined), tuple(self.warnings), tuple(self.unreadable), drift
        )


def put_aside(capture: StoredCapture, why: Rejected) -> PutAside:
    """A capture for the quarantine, and why."""
    return PutAside(capture, refused(Quarantined(0, capture.document, capture.captured_at, why)))


def refused(of: Quarantined) -> Refused:
    """What is refused, and why."""
    why = of.why
    value = None if why.value is None else str(why.value)
    return Refused(of.document, of.captured_at, why.reason, why.path, value, why.table, of.number)


def drifted(of: DriftedCapture) -> Drifted:
    """A capture that differs from the samples."""
    return Drifted(of.capture, list(of.changes))


def told(counts: Counts, **more: Any) -> Outcome:
    """The outcome that a report is made of, with what `more` adds."""
    return Outcome(
        documents=counts.documents,
        tables=dict(counts.tables),
        warnings=list(counts.warnings),
        unreadable=list(counts.unreadable),
        counted=[Counted(change, number) for change, number in counts.drift.items()],
        **more,
    )


def encode(of: Pending | Outcome) -> bytes:
    """The JSON of what is told."""
    return msgspec.json.encode(of)


def decode_outcome(data: bytes) -> Outcome:
    """What a task told."""
    return _OUTCOME.decode(data)


def decode_pending(method: Method, data: bytes) -> Pending:
    """What the driver told, with the keys of the documents as their types have them."""
    found = _PENDING.decode(data)
    keys = _keys(method, found.captures)
    return Pending([each._replace(keys=keys) for each in found.captures], found.mark)


def _keys(method: Method, captures: Sequence[StoredCapture]) -> tuple[Any, ...]:
    named: Mapping[str, Any] = json.loads(captures[0].document)
    values = ((key, named[key.name]) for key in method.document)
    return tuple(request_keys.key_value(key, of, key.place) if isinstance(of, str) else of for key, of in values)


_OUTCOME, _PENDING = msgspec.json.Decoder(Outcome), msgspec.json.Decoder(Pending)
