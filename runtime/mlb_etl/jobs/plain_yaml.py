"""The subset of YAML that settings need: mappings, lists and strings, each with its place in the file.

All scalars are strings, to avoid YAML's surprising conversions; the models convert them. Only `null` and an empty value
are None.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from mlb_etl.errors import EtlError

Location: TypeAlias = tuple[str | int, ...]
Place: TypeAlias = tuple[int, int]  # line and column, from 1

BYTES = 65_536  # far more than any job needs, and parsed within a second
_DEPTH = 20
_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # YAML's line breaks


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A parsed file: its data, and the place of each location in the data."""

    file: str
    data: object
    places: Mapping[Location, Place]

    def at(self, location: Sequence[str | int]) -> Location:
        """The location without parts that the file does not have, such as those that a model adds."""
        found: Location = ()
        for part in location:
            if (*found, part) in self.places:
                found = (*found, part)
        return found

    def error(self, location: Sequence[str | int], message: str) -> str:
        """The message with the place of the location, or of its nearest parent in the file."""
        return _error(self.file, self.places.get(self.at(location)), message)


def read_yaml(file: Path) -> YamlFile:
    """Read the only document in a file; raises EtlError with the place of an error."""
    try:
        with file.open("rb") as stream:
            content = stream.read(BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: the path contains NUL
        raise EtlError(f"{file}: can't be read: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > BYTES:
        raise EtlError(f"{file}: larger than {BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EtlError(_error(str(file), _place(content[: error.start].decode(), -1), "is not UTF-8")) from error
    return parse_yaml(text, str(file))


def parse_yaml(text: str, file: str) -> YamlFile:
    """Parse the only document in a text; raises EtlError with the place of an error."""
    reader = _Reader(file, text)
    try:
        return YamlFile(file, reader.document(), reader.places)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise EtlError(
            _error(file, _of(mark) if mark else None, f"is not YAML: {error.problem or error.context}")
        ) from error
    except yaml.reader.ReaderError as error:
        character = f"U+{ord(text[error.position]):04X}"
        raise EtlError(_error(file, _place(text, error.position), f"{character} is not allowed in YAML")) from error
    except (ValueError, OverflowError) as error:  # raised by PyYAML for "\UFFFFFFFF"
        raise EtlError(f"{file}: is not YAML: {error}") from error


class _Reader:
    """Builds data from the parser's events."""

    def __init__(self, file: str, text: str) -> None:
        self.places: dict[Location, Place] = {(): (1, 1)}
        self._file = file
        # Any: the stubs of PyYAML lack the attributes of events and marks
        self._events: Iterator[Any] = yaml.parse(text, Loader=yaml.BaseLoader)

    def document(self) -> object:
        """The data of the only document; None if the file is empty."""
        next(self._events)  # the stream's start
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        data = self._value(next(self._events), ())
        next(self._events)  # the document's end
        if not isinstance(after := next(self._events), yaml.StreamEndEvent):
            raise self._refused(after, "a second document begins here; only one is allowed")
        return data

    def _value(self, event: Any, location: Location) -> object:
        self.places[location] = _of(event.start_mark)
        if event.anchor is not None:
            raise self._refused(event, "anchors and aliases are not supported: write out the value")
        if event.tag is not None and event.tag != "!":
            raise self._refused(event, "tags are not supported: leave the tag out")
        if isinstance(event, yaml.ScalarEvent):
            return None if event.style is None and event.value in {"", "null"} else self._text(event)
        if len(location) > _DEPTH:
            raise self._refused(event, f"nested more than {_DEPTH} levels deep")
        return self._list(location) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(location)

    def _list(self, location: Location) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*location, len(items))))
        return items

    def _mapping(self, location: Location) -> dict[str, object]:
        members: dict[str, object] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor is not None:
                raise self._refused(event, "a key must be plain text")
            key = self._text(event)
            if key in members:
                raise self._refused(event, f"the key {key} appears twice")
            members[key] = self._value(next(self._events), (*location, key))
        return members

    def _text(self, event: Any) -> str:
        text: str = event.value
        for character in text:
            if not character.isprintable() and character != "\n":
                raise self._refused(event, f"the text contains the invisible character U+{ord(character):04X}")
        return text

    def _refused(self, event: Any, message: str) -> EtlError:
        return EtlError(_error(self._file, _of(event.start_mark), message))


def _error(file: str, place: Place | None, message: str) -> str:
    where = f":{place[0]}:{place[1]}" if place else ""
    return f"{file}{where}: {message}"


def _of(mark: Any) -> Place:
    return mark.line + 1, mark.column + 1


def _place(text: str, position: int) -> Place:
    """The line and column of a character; position -1 is the end of the text."""
    before = _LINE_BREAK.split(text if position < 0 else text[:position])
    return len(before), len(before[-1]) + 1
