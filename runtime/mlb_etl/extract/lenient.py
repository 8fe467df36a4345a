"""Decodes leniently what strict decoding rejects, so that an unreadable value costs only itself.

An object, list or map that does not fit its type is decoded part by part with the same decoders, and a part that fits
is decoded in one step. Thousands of unreadable values are thus found in the time of a few strict decodings.
"""

import functools
import re
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from mlb_contracts import Body, Method, Table, jsonpath
from mlb_contracts.misfit import Misfit
from mlb_etl.errors import Rejected, shortened

_BUILDING = threading.Lock()  # msgspec crashes if a thread uses facts of a struct that another has half collected
_AT = re.compile(r" - at (?:`key` in )?`.*`\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class JsonPlace:
    """The place of a value: `path` as columns state it, `exact` with indexes and keys."""

    path: str = "$"
    exact: str = "$"

    def member(self, name: str) -> "JsonPlace":
        """The place of a member of the object here."""
        step = jsonpath.step_text(name)
        return JsonPlace(self.path + step, self.exact + step)

    def item(self, index: int) -> "JsonPlace":
        """The place of an item of the list here."""
        return JsonPlace(f"{self.path}[*]", f"{self.exact}[{index}]")

    def entry(self, key: str) -> "JsonPlace":
        """The place of an entry of the map here."""
        return JsonPlace(f"{self.path}.*", self.exact + jsonpath.step_text(key))


WHOLE = JsonPlace()
Note = Callable[[JsonPlace, object, str], None]


def decode(method: Method, data: Body, note: Note, at: JsonPlace = WHOLE) -> Any:
    """Decode a document without its unreadable optional values; `note` is called with each of these.

    `at` is the document's place in its answer. Raises Rejected for the first unreadable value that is required,
    msgspec.DecodeError for invalid JSON, and RecursionError.
    """
    try:
        return method.decode(data)
    except msgspec.ValidationError:
        return _read(method, bytes(data), note, at)


def _read(method: Method, data: bytes, note: Note, at: JsonPlace) -> Any:
    paths = (each for path in method.required for each in jsonpath.expanded(path))
    needed = frozenset(each for path in paths for each in jsonpath.beginnings(path))
    return _Reader(needed, note).read(data, method.document_type, at)


def explain_mismatch(kind: Any, data: bytes, at: JsonPlace = WHOLE) -> Rejected | None:
    """The first place that does not fit the type, with the value there; None if everything fits."""
    try:
        _Reader(None, ignore_misfit).read(data, kind, at)
    except Rejected as why:
        return why
    return None


def plain_json(data: bytes | msgspec.Raw) -> Any:
    """The value as plain JSON, or its text if that can't be decoded."""
    try:
        return _plain(data)
    except (msgspec.DecodeError, RecursionError):
        return bytes(data).decode(errors="replace")


def summarize(value: Any) -> object:
    """A scalar as it is, or a summary of an object or array, which may be the whole response."""
    if isinstance(value, dict):
        return f"object with {len(value)} members"
    return f"array of {len(value)} items" if isinstance(value, list) else value


class Misfits:
    """The unreadable values of one document, by table and path, so at most one entry per column."""

    def __init__(self, method: Method, at: JsonPlace = WHOLE) -> None:
        self._method = method
        self._at = at
        self._found: dict[tuple[str, str], Misfit] = {}
        self._tables: dict[str, tuple[str, ...]] = {}  # the tables that read a path, by path
        self.table = ""  # the table whose rows are being extracted

    def note(self, place: JsonPlace, value: object, reason: str) -> None:
        """Count a value that a decoder rejects, for each table with columns from there."""
        if place.path not in self._tables:
            self._tables[place.path] = self._reading(place.path)
        for table in self._tables[place.path]:
            self._add(table, place, value, reason)

    def converted(self, path: str, value: object, reason: str) -> None:
        """Count a value that a converter rejects."""
        self._add(self.table, JsonPlace(path, ""), value, reason)

    def _reading(self, path: str) -> tuple[str, ...]:
        below = (f"{path}.", f"{path}[")
        return tuple(
            table.qualified_name
            for table in self._method.tables
            if any(each == path or each.startswith(below) for each in _places(table))
        )

    def _add(self, table: str, place: JsonPlace, value: object, reason: str) -> None:
        known = self._found.get((table, place.path))
        if known is None:
            self._found[table, place.path] = Misfit(table, place.path, place.exact, _text(value), reason)
        else:
            known.number += 1

    def all(self, data: Body) -> tuple[Misfit, ...]:
        """All misfits of the document; looks up the first place of each value that a converter rejected."""
        if any(not each.place for each in self._found.values()):
            document = plain_json(bytes(data))
            for each in self._found.values():
                each.place = each.place or _first(document, each, self._at)
        return tuple(self._found.values())


def _places(table: Table) -> Iterator[str]:
    """The places that the table's columns take values from, those of several members one by one."""
    for column in table.columns:
        for path in column.paths:
            yield from jsonpath.expanded(path)


class _Reader:
    """Decodes values; those at `needed` paths must be readable, or all if `needed` is None."""

    def __init__(self, needed: Collection[str] | None, note: Note) -> None:
        self._needed = needed
        self._note = note

    def read(self, data: bytes | msgspec.Raw, kind: Any, at: JsonPlace) -> Any:
        """Decode a value; raises Rejected if it, or a required part of it, can't be read."""
        try:
            return decoder(kind)(data)
        except msgspec.ValidationError as error:
            return self._parts(data, kind, at, _AT.sub("", str(error)))

    def _parts(self, data: bytes | msgspec.Raw, kind: Any, at: JsonPlace, reason: str) -> Any:
        """Build the value from those of its parts that can be read."""
        inner = without_null(kind)
        match get_origin(inner) or inner:
            case type() as each if issubclass(each, msgspec.Struct):
                return self._struct(data, each, at, reason)
            case type() as each if each in {list, tuple}:
                items = enumerate(_opened(list[msgspec.Raw], data, at, reason))
                return each(self.read(item, get_args(inner)[0], at.item(index)) for index, item in items)
            case type() as each if each is dict:
                entries = _opened(dict[str, msgspec.Raw], data, at, reason).items()
                return {key: self.read(item, get_args(inner)[1], at.entry(key)) for key, item in entries}
        raise _misfit(data, at, reason)

    def _struct(self, data: bytes | msgspec.Raw, kind: type[msgspec.Struct], at: JsonPlace, reason: str) -> Any:
        members, values = _opened(dict[str, msgspec.Raw], data, at, reason), {}
        for field in _fields(kind):
            if field.encode_name in members:
                place = at.member(field.encode_name)
                try:
                    values[field.name] = self.read(members[field.encode_name], field.type, place)
                except Rejected as why:
                    if self._needed is None or place.path in self._needed:
                        raise
                    self._note(place, why.value, why.reason)
        if self._needed is None:  # each member fits, so the object itself does not: a member may be missing
            raise _misfit(data, at, reason)
        return kind(**values)


def _opened(kind: Any, data: bytes | msgspec.Raw, at: JsonPlace, reason: str) -> Any:
    """The members or items, undecoded; raises Rejected with `reason` if the value is not an object, map or list."""
    try:
        return decoder(kind)(data)
    except msgspec.ValidationError as error:
        raise _misfit(data, at, reason) from error


def _misfit(data: bytes | msgspec.Raw, at: JsonPlace, reason: str) -> Rejected:
    return Rejected(reason, path=at.exact, value=summarize(plain_json(data)))


def _text(value: object) -> str:
    return str(value) if isinstance(value, Decimal) else shortened(value)


def _first(document: Any, misfit: Misfit, at: JsonPlace) -> str:
    """The first place of the path with that value."""
    places = find_values(document, misfit.path, at)
    return next((place for place, value in places if _text(value) == misfit.value), misfit.path)


def find_values(document: Any, path: str, at: JsonPlace = WHOLE) -> Iterator[tuple[str, Any]]:
    """Yield the exact place and value of each match of a column's path in plain JSON, which is at `at` in its answer.

    Yields nothing for a path that leads out of it.
    """
    steps, before = jsonpath.parse(path), jsonpath.parse(at.path) or ()
    if steps and steps[: len(before)] == before:
        yield from jsonpath.walk(document, steps[len(before) :], at.exact)


def ignore_misfit(place: JsonPlace, value: object, reason: str) -> None:
    """A `note` for callers that ignore unreadable values."""


def without_null(kind: Any) -> Any:
    """The type of a member when it is neither missing nor null."""
    if get_origin(kind) not in {UnionType, Union}:
        return kind
    kinds = [each for each in get_args(kind) if each not in {type(None), msgspec.UnsetType}]
    return kinds[0] if len(kinds) == 1 else kind


@functools.cache
def decoder(kind: Any) -> Callable[[Body | msgspec.Raw], Any]:
    """The function that decodes values of a type."""
    with _BUILDING:
        return msgspec.json.Decoder(kind).decode


@functools.cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


_plain = msgspec.json.Decoder(float_hook=float).decode  # numbers beyond a double become infinite
