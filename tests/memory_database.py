"""A database in memory, with everything that `apply` needs: tables, captures and quarantine of one method."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any, Literal, Self, TypeAlias

from laws import Key, Laws, Note, Places, Rows, Snapshot, kept
from memory_tables import MemoryTables

from mlb_contracts import Method
from mlb_contracts.response import Response
from mlb_etl.errors import Rejected
from mlb_etl.extract.answer import HeldDocument
from mlb_etl.http.bodies import TooLarge
from mlb_etl.laws.counts import Quarantined
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.encoding import StoredBody
from mlb_etl.stores.interfaces.captures import Answered, Fate

Name: TypeAlias = tuple[str, datetime, bytes]  # a capture: its document, time and content


@dataclass(frozen=True)
class Entry:
    """The quarantine entry of a capture."""

    number: int
    why: Rejected
    state: Literal["waiting", "dropped"] = "waiting"


@dataclass(frozen=True)
class Row:
    """A capture, and the last time that its content was seen."""

    keys: tuple[Any, ...]
    response: Response
    last_seen_at: datetime


class MemoryDatabase:
    """A database that is its own connection, for one user at a time."""

    def __init__(self, package: str, method: Method) -> None:
        self.package = package
        self.batches_a_unit = 1
        self.entries: dict[Name, Entry] = {}
        self.shown = MemoryTables(method, self.entries)
        self.captures = MemoryCaptures(method, self)

    def open(self) -> Self:
        return self

    def explained(self) -> AbstractContextManager[None]:
        return nullcontext()

    def require_migrated(self) -> None:
        """Do nothing, since it always is."""

    def raw(self, _: Method) -> "MemoryCaptures":
        return self.captures

    def tables(self, _: Method) -> MemoryTables:
        return self.shown

    def drift(self, _: Method) -> MemoryTables:
        return self.shown

    def quarantine(self, _: Method, fingerprint: str | None = None) -> "MemoryQuarantine":
        return MemoryQuarantine(self, fingerprint)

    def close(self) -> None:
        """Do nothing, so that the data stays."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class MemoryQuarantine:
    """Captures that were not applied."""

    def __init__(self, database: MemoryDatabase, fingerprint: str | None) -> None:
        self._database = database
        self._fingerprint = fingerprint
        self._numbers = count(1 + max((each.number for each in database.entries.values()), default=0))

    def add(self, capture: StoredCapture, why: Rejected) -> int | None:
        shown = self._database.shown.watermarks.get(capture.document)
        same = shown is not None and self._fingerprint and shown == capture.under(self._fingerprint)
        if shown is not None and (same or shown.as_of > capture.as_of):
            return None
        entry = self._database.entries.get(_name(capture))
        entry = Entry(next(self._numbers), why) if entry is None else replace(entry, why=why)
        self._database.entries[_name(capture)] = entry
        return entry.number

    def leave(self, captures: Iterable[StoredCapture]) -> None:
        for each in captures:
            self._database.entries.pop(_name(each), None)

    def waiting(self, numbers: Sequence[int]) -> Iterator[Quarantined]:
        for (document, captured_at, _), each in self._database.entries.items():
            if each.number in numbers and each.state == "waiting":
                yield Quarantined(each.number, document, captured_at, each.why)


class MemoryCaptures:
    """Captures with their bodies; none is ahead of the clock."""

    def __init__(self, method: Method, database: MemoryDatabase) -> None:
        self._method = method
        self._database = database
        self._rows: dict[Name, Row] = {}

    def store(self, response: Response, held: Sequence[HeldDocument]) -> Fate:
        [(keys, content_hash)] = [(each.keys, each.content_hash) for each in held]
        name = json.dumps(keys), response.captured_at, content_hash
        of = {key: row for key, row in self._rows.items() if key[0] == name[0] and row.response.as_of <= response.as_of}
        before = max(of, key=lambda key: (min(of[key].last_seen_at, response.as_of), key[2] != name[2]), default=None)
        if before is not None and before[2] == name[2]:
            later = of[before].last_seen_at < response.as_of
            self._rows[before] = replace(of[before], last_seen_at=max(of[before].last_seen_at, response.as_of))
            return "seen" if later else "known"
        if name in self._rows:
            return "known"
        self._rows[name] = Row(tuple(keys.values()), response, response.as_of)
        return "stored"

    @property
    def batch(self) -> int:
        return 1

    def store_all(self, answers: Sequence[Answered]) -> list[Fate | TooLarge]:
        return [self.store(*each) for each in answers]

    def captures(self, scope: Mapping[str, Sequence[Any]]) -> Iterator[StoredCapture]:
        places = {key.name: place for place, key in enumerate(self._method.document)}
        wanted = [
            each
            for name, row in self._rows.items()
            if all(row.keys[places[key]] in values for key, values in scope.items())
            for each in self._states(name, row)
        ]
        return iter(sorted(wanted, key=lambda each: (each.keys, each.as_of, each.captured_at, each.content_hash)))

    def quarantined(self, ids: Sequence[int]) -> list[StoredCapture]:
        return [each for each in self.captures({}) if each.note in ids]

    def read(self, capture: StoredCapture) -> bytes:
        return self._rows[_name(capture)].response.data

    def read_all(self, captures: Sequence[StoredCapture]) -> Iterator[tuple[StoredCapture, StoredBody]]:
        return ((each, StoredBody("identity", self.read(each))) for each in captures)

    def _states(self, name: Name, row: Row) -> Iterator[StoredCapture]:
        """The last state of the content, and also the first state of content that is new to the tables."""
        entry, applied = self._database.entries.get(name), self._database.shown.watermarks.get(name[0])
        yield self._stored(name, row, row.last_seen_at, entry, applied)
        first = row.response.as_of
        if entry is None and first < row.last_seen_at and (applied is None or first > applied.as_of):
            yield self._stored(name, row, first, entry, applied)

    def _stored(
        self, name: Name, row: Row, as_of: datetime, entry: Entry | None, applied: Watermark | None
    ) -> StoredCapture:
        document, captured_at, content_hash = name
        return StoredCapture(
            row.keys,
            document,
            captured_at,
            as_of,
            content_hash,
            dict(row.response.parameters),
            ahead=False,
            note=entry and entry.number,
            quarantine=entry and entry.state,
            applied=applied,
            request=document,
            answer_hash=content_hash,
        )


class MemoryLaws(Laws):
    """The tables of a method in memory."""

    def __init__(self, package: str, method: Method) -> None:
        self.method = method
        self.database = MemoryDatabase(package, method)
        self._raw = self.database.captures

    def arrive(self, *snapshots: Snapshot) -> None:
        self._store(snapshots)

    def rows(self, *games: int) -> Rows:
        of = ([tuple(row.values()) for _, row in self._select(each, games)] for each in self.method.tables)
        return kept(self.method, of)

    def places(self, *games: int) -> Places:
        return {
            table.qualified_name: {key: (str(id(row)),) for key, row in self._select(table, games)}
            for table in self.method.tables
        }

    def watermarks(self, *games: int) -> dict[int, Watermark]:
        marks = self.database.shown.watermarks.items()
        return {_game(document): mark for document, mark in marks if _game(document) in games}

    def drop(self, *snapshots: Any) -> None:
        for name, entry in self.database.entries.items():
            if (_game(name[0]), *name[1:]) in {each.note for each in snapshots}:
                self.database.entries[name] = replace(entry, state="dropped")

    def _select(self, table: Any, games: Sequence[int]) -> list[tuple[Key, Mapping[str, Any]]]:
        return [found for game in games for found in self.database.shown.of(table, (game,)).items()]

    def _notes(self) -> dict[Note, tuple[str, int]]:
        entries = self.database.entries.items()
        return {(_game(name[0]), *name[1:]): (entry.state, entry.number) for name, entry in entries}


def _name(capture: StoredCapture) -> Name:
    return capture.document, capture.captured_at, capture.content_hash


def _game(document: str) -> int:
    game: int = json.loads(document)["game_pk"]
    return game
