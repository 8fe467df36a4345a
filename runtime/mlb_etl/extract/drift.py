"""What a response has that no sample had, and lacks that every sample has.

This is the slow path: it runs only for a response that the strict types refuse, opens only the places that they refuse,
and so takes a few decodings. Hostile responses can't make it long: the number of changes and their texts are bounded.
"""

import re
from dataclasses import dataclass, field
from itertools import islice

import msgspec

from mlb_contracts import Body, KnownShape, jsonpath
from mlb_contracts.change import Change, ChangeKind
from mlb_contracts.jsonpath import Step, Steps
from mlb_contracts.known import ID_PATTERN
from mlb_etl.errors import printable
from mlb_etl.extract.lenient import decoder
from mlb_etl.extract.strict import StrictPlace

MOST = 100
"""How many changes of one document are listed."""
MOST_NAMES = 20
"""How many new members of one object are listed one by one."""
LONGEST = 400
"""The number of characters of a path."""
CUT = "…"
"""Stands for all changes that are not listed."""
_PLACES = 100_000
_ID = re.compile(ID_PATTERN)
_BY_FIRST_BYTE = {b"{": "object", b"[": "array", b'"': "string", b"t": "boolean", b"f": "boolean", b"n": "null"}


def compare(place: StrictPlace, shape: KnownShape, data: Body, steps: Steps = ()) -> tuple[Change, ...]:
    """The changes of the value at the place, which `steps` lead to, without duplicates and in order.

    The value is JSON that was decoded before.
    """
    found = _Changes(shape)
    found.compare(place, bytes(data), steps)
    return tuple(sorted({Change(_path(steps), kind, seen) for steps, kind, seen in found.changes} | found.cut))


@dataclass(slots=True)
class _Changes:
    """Collects the changes of a document; `left` is the number of places that may still be looked at."""

    shape: KnownShape
    changes: set[tuple[Steps, ChangeKind, str]] = field(default_factory=set)
    cut: set[Change] = field(default_factory=set)
    left: int = _PLACES

    def compare(self, place: StrictPlace, data: bytes | msgspec.Raw, steps: Steps) -> None:
        self.left -= 1
        if self.left < 0:
            self.cut.add(Change(CUT, "type", f"more than {_PLACES} places differ"))
        if self.cut or _fits(place, data):
            return
        seen = _type(data)
        if not _is_known(seen, place.known.types):
            self._add(steps, "type", seen)
        elif place.is_open:
            return
        elif seen == "object" and "map" in place.known.types:
            self._map(place, data, steps)
        elif seen == "object":
            self._object(place, data, steps)
        elif seen == "array":
            self._list(place, data, steps)

    def _object(self, place: StrictPlace, data: bytes | msgspec.Raw, steps: Steps) -> None:
        members = decoder(dict[str, msgspec.Raw])(data)
        for name in place.members:
            if name in members:
                self.compare(place.members[name], members[name], (*steps, name))
            elif name not in place.known.optional:
                self._add((*steps, name), "vanished", "")
        self._new({name: value for name, value in members.items() if name not in place.members}, steps)

    def _new(self, members: dict[str, msgspec.Raw], steps: Steps) -> None:
        """Add new members, as one if they are ids or many."""
        as_ids = len(members) > 1 and all(map(_ID.search, members))
        if as_ids or len(members) > MOST_NAMES:
            for seen in {_type_of_new(each) for each in islice(members.values(), MOST)}:
                self._add((*steps, Step.VALUE), "new", seen)
            return
        for name, each in members.items():
            self._add((*steps, name), "new", _type_of_new(each))

    def _map(self, place: StrictPlace, data: bytes | msgspec.Raw, steps: Steps) -> None:
        entries = decoder(dict[str, msgspec.Raw])(data)
        self._new({name: each for name, each in entries.items() if not _ID.search(name)}, steps)
        if place.each is not None:
            for name, each in entries.items():
                if _ID.search(name):
                    self.compare(place.each, each, (*steps, Step.VALUE))

    def _list(self, place: StrictPlace, data: bytes | msgspec.Raw, steps: Steps) -> None:
        for each in decoder(list[msgspec.Raw])(data):
            if place.each is None:
                self._add((*steps, Step.ITEM), "new", _type_of_new(each))
            else:
                self.compare(place.each, each, (*steps, Step.ITEM))

    def _add(self, steps: Steps, kind: ChangeKind, seen: str) -> None:
        """Add a change; beyond the limit, only that there are more."""
        change = (steps, kind, seen)
        if change in self.changes or (kind == "new" and self.shape.ignores(steps)):
            return
        if len(self.changes) < MOST:
            self.changes.add(change)
        else:
            self.cut.add(Change(CUT, kind, f"more than {MOST} changes"))


def _path(steps: Steps) -> str:
    """The path as text, safe to print and of bounded length."""
    return printable(jsonpath.below("$", steps), LONGEST)


def _fits(place: StrictPlace, data: bytes | msgspec.Raw) -> bool:
    try:
        place.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _type(data: bytes | msgspec.Raw) -> str:
    """The JSON type of a value."""
    text = bytes(data).lstrip()
    named = _BY_FIRST_BYTE.get(text[:1])
    return named or ("number" if any(each in text for each in b".eE") else "integer")


def _type_of_new(data: msgspec.Raw) -> str:
    """The type of a value that nothing is known of: "map" for an object keyed by ids."""
    seen = _type(data)
    members = decoder(dict[str, msgspec.Raw])(data) if seen == "object" else {}
    return "map" if members and all(map(_ID.search, members)) else seen


def _is_known(seen: str, types: frozenset[str]) -> bool:
    return seen in types or (seen == "object" and "map" in types) or (seen == "integer" and "number" in types)
