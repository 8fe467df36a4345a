"""TOML with the places of its keys, which the standard library's parser does not tell."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from mlb_etl.errors import EtlError

Keys: TypeAlias = tuple[str, ...]
_LINES = 200  # that one statement may take, so that a file is never parsed again and again for long
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True)
class Document:
    """A file's data, and where each of its keys stands."""

    name: str
    text: str
    data: Mapping[str, Any]

    def line(self, keys: Keys) -> int:
        """The line of a key, or of the nearest table around it; 1 if neither is found."""
        return self._place(keys)[0]

    def place(self, keys: Keys) -> str:
        """The place of a key, as file:line:column."""
        line, column = self._place(keys)
        return f"{self.name}:{line}:{column}"

    def _place(self, keys: Keys) -> tuple[int, int]:
        return next((self._places[keys[:end]] for end in range(len(keys), 0, -1) if keys[:end] in self._places), (1, 1))

    @cached_property
    def _places(self) -> dict[Keys, tuple[int, int]]:
        """The line and column of each key's statement: one is as many lines as parse by themselves."""
        found: dict[Keys, tuple[int, int]] = {}
        table: Keys = ()
        lines = self.text.split("\n")
        at = 0
        while at < len(lines):
            parsed, after = _statement(lines, at)
            indent = len(lines[at]) - len(lines[at].lstrip())
            keys = _nested(parsed)
            if lines[at].lstrip().startswith("["):
                table = max(keys, key=len, default=())
                keys = [table[:end] for end in range(1, len(table) + 1)]
            else:
                keys = [(*table, *each) for each in keys]
            for each in keys:
                found.setdefault(each, (at + 1, indent + 1))
            at = after
        return found


def parse(name: str, content: bytes) -> Document:
    """Parse a file; raises EtlError with the place of a mistake."""
    try:
        text = content.decode().removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise EtlError(f"{name}:{line}:1: is not UTF-8: save the file as UTF-8") from None
    try:
        return Document(name, text, tomllib.loads(text))
    except (ValueError, RecursionError) as error:  # a number of too many digits is a ValueError of int
        found = _PLACE.search(str(error))
        place = ":".join(found.groups()) if found and found[1] else f"{text.count(chr(10)) + 1 if found else 1}:1"
        said = _PLACE.sub("", str(error)) if isinstance(error, ValueError) else "is nested too deep"
        raise EtlError(f"{name}:{place}: is not TOML: {said}") from None


def _statement(lines: list[str], at: int) -> tuple[dict[str, Any], int]:
    """The data of the statement that begins at a line, and the line after it; none if it is too long to look for."""
    for after in range(at + 1, min(at + _LINES, len(lines)) + 1):
        try:
            return tomllib.loads("\n".join(lines[at:after])), after
        except ValueError:
            continue
    return {}, at + 1


def _nested(data: Mapping[str, Any]) -> list[Keys]:
    """All keys in the data of a statement, and of the first table of a list."""
    found: list[Keys] = []
    for name, value in data.items():
        found.append((name,))
        below = value[0] if isinstance(value, list) and value else value
        if isinstance(below, dict):
            found.extend((name, *each) for each in _nested(below))
    return found
