"""YAML with positions: plain data, and where in the file each key and value of it stands.

It reads only what can't surprise: mappings, lists and scalars, but no tags, anchors or merge keys. `true`, `false`,
`null` and JSON numbers mean what they mean in JSON; everything else, such as `no`, `012` or `2024-01-01`, is a string.
"""

import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from mlbgen.language.diagnostics import Diagnostic, MappingErrors, Position

Location: TypeAlias = tuple[str | int, ...]

_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # as YAML counts lines
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS = {"": None, "null": None, "true": True, "false": False}
_NUMBER_LENGTH = 40
_DEPTH = 20


@dataclass(frozen=True, slots=True)
class MappingSource:
    """A parsed YAML file: its `data`, and the position of each location in it."""

    file: str
    text: str
    data: object
    values: Mapping[Location, Position]
    keys: Mapping[Location, Position]

    def position(self, location: Location, offset: int = 0) -> Position:
        """Where the value at that location starts, or else its nearest existing parent.

        offset: characters into a string; ignored if the YAML spells the string differently (escapes).
        """
        if location not in self.values:
            return self.position(location[:-1])
        start = self.values[location]
        text = self.at(location)
        if offset and isinstance(text, str):
            line = self.line(start.line)[start.column - 1 :]
            for quote in ("", '"', "'"):
                if line.startswith(quote + text[:offset]):
                    return Position(self.file, start.line, start.column + len(quote) + offset)
        return start

    def key_position(self, location: Location) -> Position:
        """Where the key of that location starts; an item of a list has no key and gives its own position."""
        return self.keys.get(location) or self.position(location)

    def at(self, location: Location) -> object:
        """The data at that location; raises KeyError or IndexError if there is none."""
        data = self.data
        for part in location:
            data = data[part]  # type: ignore[index]  # a location's parts are the keys and indexes of the data
        return data

    def line(self, number: int) -> str:
        """The text of a line, counted from 1."""
        return _line(self.text, number)

    def diagnostic(self, position: Position, code: str, message: str, help_: str = "") -> Diagnostic:
        """A diagnostic that shows the line it is about."""
        return Diagnostic(position, code, message, help_, _shown(self.line(position.line)))


def load(path: Path, *, root: Path) -> MappingSource:
    """Read a YAML file; positions name it relative to `root`. Raises MappingErrors."""
    file = Path(os.path.relpath(path, root)).as_posix()
    if path.exists() and not path.is_file():
        raise MappingErrors([_unread(file, "the file can't be read: it is not a regular file")])
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise MappingErrors([_unread(file, f"the file can't be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise MappingErrors([_unread(file, f"the file is not UTF-8: {error.reason}")]) from error
    return parse(text, file)


def parse(text: str, file: str) -> MappingSource:
    """Read YAML from a text. Raises MappingErrors with all that is refused.

    libyaml takes a tenth of the time. What is refused is read again by PyYAML's own parser, whose messages say more. So
    is a text without its last line break, where libyaml counts a line too many.
    """
    fast = getattr(yaml, "CSafeLoader", None) if text.endswith("\n") else None
    if fast is not None and (found := _accepted(_Reader(text, file, fast))) is not None:
        return found
    reader = _Reader(text, file, yaml.SafeLoader)
    try:
        data = reader.document()
    except yaml.MarkedYAMLError as error:
        at = _position(file, error.problem_mark or error.context_mark)
        reader.refuse(at, "MG001", f"the file is not YAML: {error.problem or error.context}")
    except yaml.reader.ReaderError as error:
        before = _LINE_BREAK.split(text[: error.position])
        at = Position(file, len(before), len(before[-1]) + 1)
        reader.refuse(at, "MG001", f"the character U+{ord(text[error.position]):04X} is not allowed in YAML")
    except _TooDeepError:
        pass
    if reader.found:
        raise MappingErrors(reader.found)
    return replace(reader.source, data=data)


def _accepted(reader: "_Reader") -> MappingSource | None:
    """What was read, or None if something is refused."""
    try:
        data = reader.document()
    except (yaml.YAMLError, _TooDeepError):
        return None
    return None if reader.found else replace(reader.source, data=data)


def with_lines(diagnostics: Iterable[Diagnostic], *, root: Path) -> list[Diagnostic]:
    """The diagnostics, each with its source line added if it has only a position."""
    found = list(diagnostics)
    texts = {file: (root / file).read_text("utf-8") for file in sorted({each.position.file for each in found})}
    return [replace(each, source_line=_shown(_line(texts[each.position.file], each.position.line))) for each in found]


class _TooDeepError(Exception):
    """The rest of the file is not read."""


class _Reader:
    """Builds data from the parser's events, and collects mistakes."""

    def __init__(self, text: str, file: str, loader: type[yaml.SafeLoader]) -> None:
        self.found: list[Diagnostic] = []
        self.values: dict[Location, Position] = {(): Position(file, 1, 1)}
        self.keys: dict[Location, Position] = {}
        self.source = MappingSource(file, text, None, self.values, self.keys)
        # Any: which attributes PyYAML's events and marks have is not in their stubs
        self.events: Iterator[Any] = yaml.parse(text, Loader=loader)

    def refuse(self, at: Position, code: str, message: str, help_: str = "") -> None:
        self.found.append(self.source.diagnostic(at, code, message, help_))

    def document(self) -> object:
        """The data of the one document; None for an empty file."""
        next(self.events)  # the stream's start
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        data = self._value(next(self.events), ())
        next(self.events)  # the document's end
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            self.refuse(self._position(after), "MG003", "a second document begins here", "move it to a file of its own")
        return data

    def _value(self, event: Any, location: Location) -> object:
        self.values[location] = self._position(event)
        if event.anchor is not None:
            self.refuse(
                self._position(event),
                "MG003",
                "anchors and aliases are not supported",
                "write the value out, or use for_each",
            )
        if isinstance(event, yaml.AliasEvent):
            return None
        if event.tag is not None:
            self.refuse(self._position(event), "MG003", f'the tag "{event.tag}" is not supported', "remove it")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if len(location) > _DEPTH:
            self.refuse(self._position(event), "MG003", f"nested more than {_DEPTH} levels deep")
            raise _TooDeepError
        return self._list(location) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(location)

    def _list(self, location: Location) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*location, len(items))))
        return items

    def _mapping(self, location: Location) -> dict[str, object]:
        members: dict[str, object] = {}
        pieces: list[Any] = []  # an unquoted string, and the keys without a colon after it
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event, location)
            at = (*location, key)
            if key in members:
                first = self.keys[at].line
                self.refuse(
                    self._position(event), "MG002", f'the key "{key}" occurs twice', f"the first is in line {first}"
                )
                at = (*location, f"{key} (again)")
            else:
                self.keys[at] = self._position(event)
            value_event = next(self.events)
            if pieces and self._is_without_colon(event, value_event):
                pieces.append(event)
            else:
                self._refuse_commas(pieces)
                pieces = [value_event] if _is_plain(value_event) else []
            value = self._value(value_event, at)
            members.setdefault(key, value)
        self._refuse_commas(pieces)
        return members

    def _is_without_colon(self, key: Any, value: Any) -> bool:
        between = self.source.text[key.end_mark.index : value.start_mark.index]
        return _is_plain(key) and not _is_plain(value) and not between.strip()

    def _refuse_commas(self, pieces: list[Any]) -> None:
        """Refuse a string such as numeric(4,3), which YAML takes for a string and keys."""
        if len(pieces) > 1:
            meant = _shown(self.source.text[pieces[0].start_mark.index : pieces[-1].end_mark.index])
            help_ = f"if the comma belongs to the string, quote it: {json.dumps(meant, ensure_ascii=False)}"
            message = f'the comma ends the string "{_shown(pieces[0].value)}", and no key is expected here'
            self.refuse(self._position(pieces[1]), "MG005", message, help_)

    def _key(self, event: Any, location: Location) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self.refuse(self._position(event), "MG003", "a key must be a plain string")
            self._value(event, (*location, "?"))
            return "?"
        if event.value == "<<" and not event.style:
            self.refuse(
                self._position(event), "MG003", "merge keys are not supported", "write the members out, or use for_each"
            )
        self._value(event, (*location, event.value))
        return str(event.value)

    def _scalar(self, event: Any) -> object:
        text: str = event.value
        if not event.style and text in _WORDS:
            return _WORDS[text]
        if not event.style and _NUMBER.fullmatch(text):
            return self._number(event)
        for character in text:
            if not character.isprintable() and character != "\n":
                name = f"U+{ord(character):04X}"
                self.refuse(
                    self._position(event),
                    "MG004",
                    f"the string contains the invisible character {name}",
                    "leave it out",
                )
                break
        return text

    def _number(self, event: Any) -> int | float | None:
        """A JSON number; refused if it would lose precision."""
        if len(event.value) <= _NUMBER_LENGTH:
            number: int | float = json.loads(event.value)
            if math.isfinite(number):
                return number
        self.refuse(self._position(event), "MG004", "the number is too large", "quote it if it is a string")
        return None

    def _position(self, event: Any) -> Position:
        return _position(self.source.file, event.start_mark)


def _is_plain(event: Any) -> bool:
    return isinstance(event, yaml.ScalarEvent) and not event.style and bool(event.value)


def _position(file: str, mark: Any) -> Position:
    return Position(file, mark.line + 1, mark.column + 1)


def _line(text: str, number: int) -> str:
    return _LINE_BREAK.split(text)[number - 1]


def _shown(line: str) -> str:
    """The line without control characters, with each character in its column."""
    return "".join(each if each.isprintable() else " " for each in line)


def _unread(file: str, message: str) -> Diagnostic:
    return Diagnostic(Position(file, 1, 1), "MG001", message)
