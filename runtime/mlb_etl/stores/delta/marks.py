"""The watermarks of documents in a lake, and claims on documents: etl.watermark.

Delta has no transaction over several tables. So a unit first holds its documents here, in a commit that fails if any
other came first. When it has compared them and no guard stops it, it claims those that it is about to write; last, it
moves the watermarks and gives up the claims. A document with a claim can be half written. If its writer is gone, the
next one takes the claim over: it makes a new version of every table, so that whatever its predecessor may still do
fails, and applies the claimed capture, or a newer one, again.
"""

import logging
import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from mlb_contracts import Method
from mlb_etl.errors import DatabaseUnavailable
from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.arrow import TIME
from mlb_etl.stores.delta.lake import GONE, Lake, Overtaken
from mlb_etl.stores.delta.records import records
from mlb_etl.stores.delta.small_files import compact_many
from mlb_etl.stores.delta.writer import finished, may_be_at_work, new_writer

log = logging.getLogger(__name__)
TABLE = "watermark"
SCHEMA = pa.schema(
    [
        pa.field("method", pa.string(), nullable=False),
        pa.field("document", pa.string(), nullable=False),
        pa.field("as_of", TIME),
        pa.field("content_hash", pa.binary()),
        pa.field("fingerprint", pa.string()),
        pa.field("writer", pa.string()),
        pa.field("claimed_at", TIME),
        pa.field("claimed_as_of", TIME),
        pa.field("claimed_hash", pa.binary()),
    ]
)
_PATIENCE = 60.0  # seconds for others to finish with a document, and for a commit that others keep overtaking
_UNAPPLIED = ""  # the fingerprint of what may be half written, which no mapping has
_KEYS = ("method", "document")


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of a document: what the tables show (None before the first unit has ended), and any claim."""

    shown: Watermark | None
    writer: str | None = None
    claimed_at: datetime | None = None
    claimed: tuple[datetime, bytes] | None = None

    @property
    def watermark(self) -> Watermark | None:
        """What the tables show, or may show in part."""
        if self.claimed is None:
            return self.shown
        as_of, content_hash = self.claimed
        return Watermark(as_of, content_hash, _UNAPPLIED)

    @property
    def is_held(self) -> bool:
        """Whether a writer that may be at work has claimed the document."""
        return bool(self.writer) and self.claimed_at is not None and may_be_at_work(self.writer or "", self.claimed_at)


class Marks:
    """The watermarks and claims of a method's documents."""

    def __init__(self, lake: Lake, method: Method) -> None:
        self._lake = lake
        self._method = method

    def read(self, documents: Collection[str] | None = None) -> dict[str, Mark]:
        """The marks of these documents, or of all."""
        return self._read(self._open(), documents)

    def _open(self) -> Any:
        return self._lake.open(lakes.CONTROL, TABLE)

    def _read(self, table: Any, documents: Collection[str] | None) -> dict[str, Mark]:
        wanted = lakes.any_of("method", [self._method.name])
        if documents is not None:
            wanted = f"{wanted} AND {lakes.any_of('document', documents)}"
        return {row["document"]: _mark(row) for row in records(table, where=wanted)}

    def claim(self, new: Mapping[str, Watermark]) -> "Claim":
        """Hold these documents, when nobody else has them; raises DatabaseUnavailable if others keep them."""
        writer, until = new_writer(), time.monotonic() + _PATIENCE
        try:
            return self._claim(new, writer, until)
        except BaseException:
            finished(writer)  # it may have claimed them, if the answer was lost
            raise

    def _claim(self, new: Mapping[str, Watermark], writer: str, until: float) -> "Claim":
        while True:
            table = self._open()
            known = self._read(table, new.keys())
            held = [name for name, mark in known.items() if mark.is_held]
            if not held:
                rows = [self.held(name, known.get(name, Mark(None)), writer) for name in new]
                try:
                    lakes.change(table, lakes.changes(SCHEMA, rows), _KEYS)
                except Overtaken:
                    held = list(new)
                else:
                    return Claim(self, writer, new, known)
            if time.monotonic() > until:
                raise DatabaseUnavailable(f"{held[0]}: other writers keep this document busy")
            time.sleep(random.uniform(0.005, 0.05))  # noqa: S311 - so that writers don't meet again

    def held(self, document: str, mark: Mark, writer: str, new: Watermark | None = None) -> dict[str, Any]:
        """What the table says of a document that a writer holds, and is about to write if there is a new watermark."""
        as_of, content_hash = (mark.claimed or (None, None)) if new is None else _claimed(mark, new)
        return _fields(self._method.name, document, mark.shown) | {
            "writer": writer,
            "claimed_at": datetime.now(UTC),
            "claimed_as_of": as_of,
            "claimed_hash": content_hash,
        }

    def version(self) -> int:
        """The version of the table."""
        found: int = self._open().version()
        return found

    def is_ours(self, writer: str, documents: Collection[str]) -> bool:
        """Whether the unit still has all its claims."""
        known = self.read(documents)
        return all(name in known and known[name].writer == writer for name in documents)

    def settle(self, writer: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write these rows if the unit still has its claims; raises Overtaken if not."""
        wanted = list(rows)
        names = [row["document"] for row in wanted]
        again(lambda: self._settle(writer, wanted, names))

    def _settle(self, writer: str, rows: list[Mapping[str, Any]], names: list[str]) -> None:
        table = self._open()
        known = self._read(table, names)
        if not all(name in known and known[name].writer == writer for name in names):
            raise Lost(f"{names[0]}: another writer has taken this document over")
        lakes.change(table, lakes.changes(SCHEMA, rows), _KEYS)

    def tidy(self) -> None:
        """Keep the files of the table few, as each unit adds one; if others come first, the next unit does it."""
        with suppress(DatabaseUnavailable):
            compact_many(self._open())

    @property
    def method(self) -> str:
        """The method's name."""
        return self._method.name


class Lost(DatabaseUnavailable):
    """Another writer took the documents over, as it had reason to think that this one was gone."""


class Claim:
    """The documents that a unit has for itself, until it moves their watermarks or gives them back."""

    def __init__(self, marks: Marks, writer: str, new: Mapping[str, Watermark], before: Mapping[str, Mark]) -> None:
        self._marks = marks
        self.writer = writer
        self._new = new
        self._before = before
        self._seen: int | None = None  # the version of the marks that last had all claims

    @property
    def before(self) -> dict[str, Watermark]:
        """The watermarks of those documents that have one."""
        return {name: mark.watermark for name, mark in self._before.items() if mark.watermark is not None}

    @property
    def taken_over(self) -> bool:
        """Whether a document may be half written by a writer that may not even be gone."""
        return any(mark.claimed is not None for mark in self._before.values())

    def require(self) -> None:
        """Raise Lost unless all documents are still claimed."""
        if (version := self._marks.version()) != self._seen:
            if not self._marks.is_ours(self.writer, self._new):
                raise Lost("another writer has taken a document over")
            self._seen = version

    def narrow(self, new: Mapping[str, Watermark]) -> None:
        """Claim the documents in `new`, and give the others back, before anything is written.

        `new` has the captures that the documents are about to show. Raises Lost.
        """
        before = {name: self._before.get(name, Mark(None)) for name in self._new}
        rows = [self._marks.held(name, before[name], self.writer, mark) for name, mark in new.items()]
        rows += [self._settled(name, before[name].shown, before[name].claimed) for name in self._new if name not in new]
        self._marks.settle(self.writer, rows)
        self._new = dict(new)

    def begin(self, moved: Mapping[str, Watermark]) -> None:
        """Claim the documents that get a watermark, as `move` says; gives all back if that fails."""
        try:
            self.narrow(self._moving(moved))
        except DatabaseUnavailable:
            with suppress(DatabaseUnavailable):
                self.give_back()
            raise

    def _moving(self, moved: Mapping[str, Watermark]) -> dict[str, Watermark]:
        fresh = {name: mark for name, mark in self._new.items() if name not in self.before}
        return {**fresh, **moved}

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Abandon the documents if an error leaves them half written."""
        try:
            yield
        except Lost:
            raise
        except BaseException:
            with suppress(DatabaseUnavailable):
                self.abandon()
            raise

    def move(self, moved: Mapping[str, Watermark]) -> None:
        """Give all documents back as whole, with these watermarks; those that are new get theirs."""
        self._give_back(self._moving(moved))
        self._marks.tidy()

    def give_back(self) -> None:
        """Give all documents back as they were, as nothing was written."""
        self._give_back({})

    def abandon(self) -> None:
        """Leave all documents to whoever wants them next: they may be half written."""
        self._give_back({}, abandoned=True)

    def _give_back(self, moved: Mapping[str, Watermark], *, abandoned: bool = False) -> None:
        rows = []
        for name, new in self._new.items():
            before = self._before.get(name, Mark(None))
            shown, claimed = moved.get(name, before.shown), None if name in moved else before.claimed
            if abandoned:
                claimed = _claimed(before, new)
            rows.append(self._settled(name, shown, claimed))
        self._marks.settle(self.writer, rows)

    def _settled(self, name: str, shown: Watermark | None, claimed: tuple[datetime, bytes] | None) -> dict[str, Any]:
        """What the table says of a document that is given back."""
        as_of, content_hash = claimed or (None, None)
        row = _fields(self._marks.method, name, shown) | {"claimed_as_of": as_of, "claimed_hash": content_hash}
        return row | {GONE: shown is None and claimed is None}


def _claimed(mark: Mark, new: Watermark) -> tuple[datetime, bytes]:
    """The capture that makes a document whole again if its writer goes before it is: the latest that may be in it.

    At equal times it is the one that was there, as the other one is in conflict with it.
    """
    there = [each for each in (mark.claimed, mark.shown and mark.shown[:2]) if each is not None]
    return max((*there, new[:2]), key=lambda each: each[0])


def _fields(method: str, document: str, shown: Watermark | None) -> dict[str, Any]:
    """A row of the table for a document without a claim."""
    as_of, content_hash, fingerprint = shown or (None, None, None)
    return {
        "method": method,
        "document": document,
        "as_of": as_of,
        "content_hash": content_hash,
        "fingerprint": fingerprint,
        "writer": None,
        "claimed_at": None,
        "claimed_as_of": None,
        "claimed_hash": None,
    }


def again(work: Callable[[], None], patience: float = _PATIENCE) -> None:
    """Do some work, and repeat it while other writers come first."""
    until = time.monotonic() + patience
    while True:
        try:
            return work()
        except Overtaken:
            if time.monotonic() > until:
                raise
            time.sleep(random.uniform(0.005, 0.05))  # noqa: S311 - so that writers don't meet again


def _mark(row: Mapping[str, Any]) -> Mark:
    shown = None if row["as_of"] is None else Watermark(row["as_of"], row["content_hash"], row["fingerprint"])
    claimed = None if row["claimed_as_of"] is None else (row["claimed_as_of"], row["claimed_hash"])
    return Mark(shown, row["writer"], row["claimed_at"], claimed)
