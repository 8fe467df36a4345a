"""From captures in the raw table to rows in the tables: selects, extracts and writes documents in batches."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby, zip_longest
from typing import TypeAlias

from mlb_contracts import Body, Capture, Method
from mlb_etl import spans, tally
from mlb_etl.apply.write import RowsNeededError, write_documents
from mlb_etl.errors import Rejected, ValueRefused, printable
from mlb_etl.extract.answer import Answer
from mlb_etl.laws import drift
from mlb_etl.laws.counts import Counts, DocumentCounts, Quarantined, UnreadableValue
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Policy, Watermark, verdict
from mlb_etl.stores.interfaces.database import DriftedCapture, Stores
from mlb_etl.stores.interfaces.tables import Document

Task: TypeAlias = list[list[StoredCapture]]

BATCH = 25  # documents per transaction; larger batches save little
_FEW = 4  # documents, below which a transaction costs too much per document
log = logging.getLogger(__name__)


def tasks(captures: Iterable[StoredCapture], workers: int = 1, batches_a_unit: int = 1) -> Iterator[Task]:
    """Group the captures by document into tasks, which get smaller towards the end.

    Workers that take one task after another thus finish at about the same time. A task is a unit of the store, which
    may be as large as several batches.
    """
    documents = [list(its) for _, its in groupby(captures, lambda capture: capture.document)]
    start = 0
    while start < len(documents):
        share = -(-(len(documents) - start) // workers)
        size = min(BATCH * batches_a_unit, max(_FEW * batches_a_unit, share))
        yield documents[start : start + size]
        start += size


def batches(task: Task) -> Iterator[list[StoredCapture]]:
    """Batches of captures of different documents: the first of each document, then the second, and so on."""
    return ([capture for capture in each if capture is not None] for each in zip_longest(*task))


class Transformer:
    """Applies captures of a method, on stores of its own."""

    def __init__(self, stores: Stores, method: Method, policy: Policy = "new") -> None:
        self.stores = stores
        self.raw = stores.raw(method)
        once_more = policy in {"again", "repair"}
        self._quarantine = stores.quarantine(method, None if once_more else method.fingerprint)
        self._tables = stores.tables(method)
        self._drift = stores.drift(method)
        self._method = method
        self._policy = policy
        self._shown: dict[str, Watermark | None] = {}
        self._told: dict[str, set[tuple[str, str]]] = {}  # tables and paths with unreadable values, by document

    def apply(self, captures: Sequence[StoredCapture]) -> Counts:
        """Apply captures of different documents in one transaction; a failing one does not stop the others."""
        with spans.span("batch", method=self._method.name, captures=len(captures)):
            counts = self._apply(captures)
        if tally.is_on():
            count(self._method, counts)
        return counts

    def _apply(self, captures: Sequence[StoredCapture]) -> Counts:
        read: dict[str, Document] = {}
        refused = {each.document: _ahead(each) for each in captures if each.ahead}
        answers: dict[object, Answer] = {}
        for capture, kept in self.raw.read_all([each for each in captures if self._changes(each)]):
            try:
                answer = answers.get(capture.answer) or self._answer(capture, kept.decoded())
                if capture.places is not None:  # others may need it; of one document the body is freed at once
                    answers[capture.answer] = answer
                read[capture.document] = self._document(capture, answer)
            except Rejected as why:
                refused[capture.document] = why
        documents = [
            read.get(each.document) or Document(each, None) for each in captures if each.document not in refused
        ]
        put_aside = (self._put_aside(each, refused[each.document]) for each in captures if each.document in refused)
        counts = sum(put_aside, Counts())
        return counts + self._write(documents) if documents else counts

    def _write(self, documents: Sequence[Document]) -> Counts:
        """Write all documents at once, or one by one if the store rejects one of them."""
        try:
            written = write_documents(self._tables, self._method, documents, self._policy)
        except RowsNeededError as others:
            self._shown |= others.shown
            return self._apply([each.capture for each in documents])
        except Rejected as why:
            if len(documents) > 1:
                return sum((self._write([each]) for each in documents), Counts())
            return self._refused(documents[0], why)
        became: Counter[str] = Counter(written.verdicts)
        counts = Counts(DocumentCounts(became["applied"], became["same"], became["stale"]), written.tables)
        counts += Counts(warnings=written.warnings)
        now = datetime.now(UTC)
        for document, verdict_ in zip(documents, written.verdicts, strict=True):
            if verdict_ == "conflict":
                counts += self._put_aside(document.capture, _conflict(document.capture))
            elif verdict_ != "stale":
                self._shown[document.capture.document] = document.capture.under(self._method.fingerprint)
            if verdict_ == "applied":
                counts += self._left_out(document)
                self._tell_lag(document.capture, now)
        return counts

    def _refused(self, document: Document, why: Rejected) -> Counts:
        """Write the document again without the values that the database can't store, or put it into quarantine."""
        if document.rows is not None and isinstance(why, ValueRefused):
            answer = self._answer(document.capture, self.raw.read(document.capture))
            held = self._document(document.capture, answer, storable_only=True)
            if held.nulls > document.nulls:
                return self._write([held])
        return self._put_aside(document.capture, self._located(why, document))

    def _left_out(self, document: Document) -> Counts:
        """Count the unreadable values and the drift of an applied document; log the values once, until they change."""
        name = document.capture.document
        found = {(each.table, each.path) for each in document.unreadable}
        known, self._told[name] = self._told.get(name), found
        if found and found != known:
            first = document.unreadable[0]
            shown = map(printable, (first.table, first.place, first.value, first.reason))
            of = (self._method.name, name, document.nulls)
            log.warning("%s %s: %s unreadable values are NULL, such as %s: %s is %s: %s", *of, *shown)
        unreadable = tuple(UnreadableValue(name, each) for each in document.unreadable)
        return Counts(unreadable=unreadable, drift=dict.fromkeys(document.drift, 1))

    def _tell_lag(self, capture: StoredCapture, now: datetime) -> None:
        """Note how long after its request a capture was committed, unless it is only applied once more."""
        if capture.applied is None or capture.as_of > capture.applied.as_of:
            tally.observe("lag", self._method.name, seconds=(now - capture.captured_at).total_seconds())

    def _changes(self, capture: StoredCapture) -> bool:
        """Whether the content differs from what the tables show, so that its rows are needed."""
        if capture.ahead:
            return False
        shown = self._shown.get(capture.document, capture.applied)
        return verdict(capture.under(self._method.fingerprint), shown, self._policy) == "applied"

    def _answer(self, capture: StoredCapture, data: Body) -> Answer:
        return Answer(self._method, Capture(self._tables.moment(capture.as_of), capture.parameters), data)

    def _document(self, capture: StoredCapture, answer: Answer, *, storable_only: bool = False) -> Document:
        """The rows of a capture, without values that no column can store if `storable_only` or if packing fails."""
        keys = {key.name: value for key, value in zip(self._method.document, capture.keys, strict=True)}
        extracted = answer.extract(keys, capture.places, storable_only=storable_only)
        if extracted.keys != keys:
            path = self._method.document[0].place
            raise Rejected(f"the raw table lists it as {capture.document}", path=path, value=extracted.keys)
        if extracted.drift and drift.is_refused(self._method, capture, self._policy):
            self._drift.record([DriftedCapture(capture, extracted.drift)])  # no unit will
            raise drift.refusal(self._method, capture, extracted.drift)
        try:
            return Document(capture, self._tables.pack(extracted.rows), extracted.unreadable, extracted.drift)
        except Rejected:
            if storable_only:
                raise
        return self._document(capture, answer, storable_only=True)

    def _located(self, why: Rejected, document: Document) -> Rejected:
        explained = self._tables.explain(why, document)
        answer = self._answer(document.capture, self.raw.read(document.capture))
        return answer.locate(explained, document.capture.places)

    def _put_aside(self, capture: StoredCapture, why: Rejected) -> Counts:
        number = self._quarantine.add(capture, why)
        if number is None:
            self._quarantine.leave([capture])  # an earlier run may have put it there; now nothing is left to decide
            return Counts(DocumentCounts(stale=1))
        log.info("quarantined %s %s of %s: %s", self._method.name, capture.document, capture.captured_at, why)
        added = Quarantined(number, capture.document, capture.captured_at, why)
        return Counts(DocumentCounts(quarantined=1), quarantined=(added,))


def count(method: Method, counts: Counts) -> None:
    """Count what became of captures, and of the rows that they changed."""
    for name in ("applied", "same", "stale", "quarantined"):
        if number := getattr(counts.documents, name):
            tally.add("documents", method.name, name, number=number)
    for table, its in counts.tables.items():
        for kind in ("inserted", "updated", "unchanged", "deleted"):
            if number := getattr(its, kind):
                tally.add("rows", table, kind, number=number)
    for each in counts.unreadable:
        tally.add("unreadable", each.what.table, number=each.what.number)
    for change, number in counts.drift.items():
        tally.add("drift", method.name, change.kind, number=number)


def _ahead(capture: StoredCapture) -> Rejected:
    reason = (
        "it is ahead of the database's clock, and would hide all captures before that time; after it,"
        " `mlb-etl quarantine retry` applies this one"
    )
    return Rejected(reason, path="captured_at", value=capture.captured_at.isoformat())


def _conflict(capture: StoredCapture) -> Rejected:
    return Rejected("another response with the same time was applied", value=capture.content_hash.hex())
