"""The captures of a method in a lake: the raw table, to which rows are only ever added.

A row is a response with the documents that it holds, so that no capture lacks them. That a later response had the same
content is a row of a second table.
"""

import json
import logging
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

import msgspec
import pyarrow as pa

from mlb_contracts import Method, requests, times
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.extract import request_keys
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.arrow import TIME
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.delta.marks import Marks
from mlb_etl.stores.delta.quarantine import Name, Quarantine, State
from mlb_etl.stores.delta.records import records
from mlb_etl.stores.encoding import StoredBody
from mlb_etl.stores.interfaces.captures import Past

log = logging.getLogger(__name__)
Identity: TypeAlias = tuple[str, datetime, bytes]  # a capture: its request, time and content
SCHEMA = pa.schema(
    [
        pa.field("request", pa.string(), nullable=False),
        pa.field("captured_at", TIME, nullable=False),
        pa.field("content_hash", pa.binary(), nullable=False),
        pa.field("as_of", TIME, nullable=False),
        pa.field("endpoint", pa.string(), nullable=False),
        pa.field("method", pa.string(), nullable=False),
        pa.field("path_params", pa.string(), nullable=False),
        pa.field("query_params", pa.string(), nullable=False),
        pa.field("hydrations", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("status_code", pa.int32(), nullable=False),
        pa.field("documents", pa.string(), nullable=False),
        pa.field("encoding", pa.string(), nullable=False),
        pa.field("ingested_at", TIME, nullable=False),
        pa.field("size", pa.int64(), nullable=False),
        pa.field("stored", pa.int64(), nullable=False),
        pa.field("body", pa.binary(), nullable=False),
    ]
)
SEEN_SCHEMA = pa.schema(
    [
        pa.field("request", pa.string(), nullable=False),
        pa.field("captured_at", TIME, nullable=False),
        pa.field("content_hash", pa.binary(), nullable=False),
        pa.field("seen_at", TIME, nullable=False),
    ]
)
# Bodies have no statistics, and files of captures are found by these.
CONFIGURATION = {"delta.dataSkippingStatsColumns": "request,captured_at,as_of"}
_FACTS = [name for name in SCHEMA.names if name != "body"]
# What a `StoredCapture` is made of.
_LISTED = (
    *("request", "captured_at", "content_hash", "as_of", "path_params", "query_params", "hydrations", "documents"),
)


class _Held(msgspec.Struct):
    """A document in the column `documents`; the text of its keys is its name."""

    keys: msgspec.Raw
    hash: str
    places: tuple[int, ...] | None


_HELD = msgspec.json.Decoder(list[_Held])


def seen_table(method: Method) -> str:
    """The table that says when the content of a capture was seen again."""
    return f"{method.raw_table}_seen"


@dataclass(frozen=True, slots=True)
class Kept:
    """A capture in the raw table without its body; `last_seen_at` is when its content was last seen."""

    row: Mapping[str, Any]
    last_seen_at: datetime
    seen: int

    @property
    def identity(self) -> Identity:
        """What identifies it."""
        return identity(self.row)

    @property
    def is_timely(self) -> bool:
        """Whether its time was not ahead of the clock when it was stored."""
        return bool(self.row["captured_at"] <= self.row["ingested_at"] + times.TOLERANCE)


class DeltaCaptures:
    """The captures of a method, for reading."""

    def __init__(self, lake: Lake, method: Method) -> None:
        self._lake = lake
        self._method = method

    def now(self) -> datetime:
        """The time on this machine's clock: a lake has none of its own."""
        return datetime.now(UTC)

    def captures(self, scope: Mapping[str, Sequence[Any]]) -> Iterator[StoredCapture]:
        """As `RawStore` says."""
        return iter(self._listed(scope))

    def quarantined(self, ids: Sequence[int]) -> list[StoredCapture]:
        """As `RawStore` says."""
        return [each for each in self._listed({}) if each.note in ids]

    def newer(self, keys: Mapping[str, Any]) -> list[StoredCapture]:
        """As `RawStore` says."""
        found = self._listed({name: [value] for name, value in keys.items()})
        return [each for each in found if each.applied is None or each.as_of >= each.applied.as_of]

    def history(self, keys: Mapping[str, Any]) -> Generator[Past, None, None]:
        """As `RawStore` says."""
        kept = self.kept()
        of = {each.answer: each for each in self._stored(kept, {name: [value] for name, value in keys.items()})}
        timely = [each for each in kept if each.identity in of and each.is_timely]
        for each in sorted(timely, key=lambda each: (each.last_seen_at, each.row["captured_at"]), reverse=True):
            data = self._whole(each)
            sound = of[each.identity].quarantine is None and data is not None
            yield Past(each.row["as_of"], each.last_seen_at, sound, data)

    def read(self, capture: StoredCapture) -> bytes:
        """As `RawStore` says."""
        [(_, kept)] = self.read_all([capture])
        return bytes(kept.decoded())

    def read_all(self, captures: Sequence[StoredCapture]) -> Iterator[tuple[StoredCapture, StoredBody]]:
        """As `RawStore` says."""
        bodies = self._bodies([each.answer for each in captures])
        for capture in captures:
            kept = bodies.get(capture.answer)
            if kept is None:
                raise EtlError(f"{capture.document}: the raw table lost the capture of {capture.captured_at}")
            yield capture, kept

    def newest(self, request: str) -> bytes | None:
        """As `RawStore` says."""
        timely = [each for each in self.kept(lakes.any_of("request", [request])) if each.is_timely]
        last = max(timely, key=lambda each: (each.last_seen_at, each.row["captured_at"]), default=None)
        return None if last is None else self._whole(last)

    def kept(self, wanted: str | None = None, facts: Sequence[str] = _FACTS) -> list[Kept]:
        """The captures in the raw table that meet a condition, each once, with these facts."""
        rows = self._rows(self._method.raw_table, wanted, facts)
        last: dict[Identity, list[datetime]] = {}
        for row in self._rows(seen_table(self._method), wanted):
            last.setdefault(identity(row), []).append(row["seen_at"])
        found = {}
        for row in rows:
            name = identity(row)
            seen = last.get(name, ())
            found[name] = Kept(row, max((row["as_of"], *seen)), 1 + len(seen))
        return list(found.values())

    def number(self) -> int:
        """How many captures can be applied: those with what the mapping needs."""
        return sum(map(self._is_hydrated, self.kept()))

    def _is_hydrated(self, kept: Kept) -> bool:
        """Whether the response has the members that the mapping's hydration adds."""
        if self._method.hydration is None:
            return True
        return {*requests.required_hydrations(self._method.hydration)} <= {*json.loads(kept.row["hydrations"])}

    def keys(self, document: str) -> dict[str, Any]:
        """The values of a document's keys, which is its name as JSON."""
        return self._keys(json.loads(document))

    def _keys(self, held: Mapping[str, Any]) -> dict[str, Any]:
        return {key.name: _key(key, held[key.name]) for key in self._method.document}

    def _rows(self, table: str, wanted: str | None, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
        opened = self._lake.open(self._method.raw_schema, table)
        return records(opened, columns, wanted)

    def _listed(self, scope: Mapping[str, Sequence[Any]]) -> list[StoredCapture]:
        return self._stored(self.kept(facts=_LISTED), scope)

    def _stored(self, kept: Iterable[Kept], scope: Mapping[str, Sequence[Any]]) -> list[StoredCapture]:
        """The documents of captures with what stands in the control tables of them, by document and time."""
        marks = {name: mark.watermark for name, mark in Marks(self._lake, self._method).read().items()}
        notes = Quarantine(self._lake, self._method.name).entries()
        latest = self.now() + times.TOLERANCE
        found: list[StoredCapture] = []
        for each in kept:
            if not self._is_hydrated(each):
                continue
            for held in _HELD.decode(each.row["documents"]):
                of = self._keys(msgspec.json.decode(held.keys))
                if all(of[name] in values for name, values in scope.items()):
                    found += _states(each, held, tuple(of.values()), latest, marks=marks, notes=notes)
        return sorted(
            found, key=lambda each: (each.keys, each.as_of, each.captured_at, each.content_hash, each.request)
        )

    def _bodies(self, answers: Sequence[Identity]) -> dict[Identity, StoredBody]:
        wanted = {*answers}
        if not wanted:
            return {}
        filtered = lakes.any_of("request", {each[0] for each in wanted})
        columns = ["request", "captured_at", "content_hash", "encoding", "body"]
        found = {}
        for row in self._rows(self._method.raw_table, filtered, columns):
            if identity(row) in wanted:
                found[identity(row)] = StoredBody(row["encoding"], row["body"])
        return found

    def body(self, kept: Kept) -> StoredBody:
        """The body of a capture."""
        return self._bodies([kept.identity])[kept.identity]

    def _whole(self, kept: Kept) -> bytes | None:
        """The decoded body, or None with a warning if it is damaged."""
        try:
            return bytes(self.body(kept).decoded())
        except Rejected as why:
            log.warning("%s %s: %s", self._method.name, kept.row["request"], why)
            return None


def _states(
    kept: Kept,
    held: _Held,
    keys: tuple[Any, ...],
    latest: datetime,
    *,
    marks: Mapping[str, Watermark | None],
    notes: Mapping[Name, tuple[int, State]],
) -> Iterator[StoredCapture]:
    """The last state of the content, and also the first state of content that is new to the tables."""
    document, content_hash = bytes(held.keys).decode(), bytes.fromhex(held.hash)
    applied, note = marks.get(document), notes.get((document, kept.row["captured_at"], content_hash))
    first = kept.row["as_of"]
    states = [kept.last_seen_at]
    if note is None and first < kept.last_seen_at and (applied is None or first > applied.as_of):
        states.append(first)
    parameters = msgspec.json.decode(kept.row["query_params"]) | msgspec.json.decode(kept.row["path_params"])
    for as_of in states:
        yield StoredCapture(
            keys,
            document,
            kept.row["captured_at"],
            as_of,
            content_hash,
            parameters,
            ahead=max(kept.row["captured_at"], as_of) > latest,
            note=note and note[0],
            quarantine=note and note[1],
            applied=applied,
            request=kept.row["request"],
            answer_hash=kept.row["content_hash"],
            places=held.places,
        )


def _key(key: Any, value: Any) -> Any:
    return request_keys.key_value(key, value, key.place) if isinstance(value, str) else value


def identity(row: Mapping[str, Any]) -> Identity:
    """What identifies the capture of a row."""
    return row["request"], row["captured_at"], row["content_hash"]
