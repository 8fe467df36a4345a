"""Places in a mapping's YAML, and the report that collects its mistakes."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from mlbgen.language.diagnostics import Diagnostic, MappingErrors, Position
from mlbgen.language.source import Location, MappingSource

_MANY = 12  # at most so many names are listed in a help


@dataclass(frozen=True, slots=True)
class Place:
    """A location in the YAML: of a value, or of its key.

    replaced: pairs of variable and value that `for_each` put into the text there.
    """

    source: MappingSource
    location: Location = ()
    replaced: tuple[tuple[str, str], ...] = ()
    is_key: bool = False

    def at(self, *parts: str | int) -> "Place":
        """The place of a member or an item below this one."""
        return replace(self, location=(*self.location, *parts))

    @property
    def key(self) -> "Place":
        """The place of the key whose value is here."""
        return replace(self, is_key=True)

    def replacing(self, name: str, value: str) -> "Place":
        """This place with one more `for_each` variable replaced."""
        return replace(self, replaced=(*self.replaced, (name, value)))

    def position(self, offset: int = 0) -> Position:
        """The position of this place, or of the character at `offset` of the value's text after replacement."""
        if self.is_key:
            return self.source.key_position(self.location)
        if offset and self.replaced and self.location in self.source.values:
            texts = [str(self.source.at(self.location))]
            for name, value in self.replaced:
                texts.append(texts[-1].replace(f"{{{name}}}", value))
            for (name, value), text in zip(reversed(self.replaced), reversed(texts[:-1]), strict=True):
                offset = _before_replacing(text, f"{{{name}}}", value, offset)
        return self.source.position(self.location, offset)


class Report:
    """Collects mistakes; `finish` raises them all."""

    def __init__(self) -> None:
        self._found: dict[tuple[Position, str, str], Diagnostic] = {}
        self.count = 0  # of calls of `add`, including repeated ones

    def add(self, code: str, place: Place, message: str, help_: str = "", *, offset: int = 0) -> None:
        """Add a mistake; for a place that `for_each` repeats, only the first of each code is kept."""
        self.count += 1
        position = place.position(offset)
        key = (position, code, "" if place.replaced else message)
        self._found.setdefault(key, place.source.diagnostic(position, code, message, help_))

    def finish(self) -> None:
        """Raise MappingErrors if there are any mistakes."""
        if self._found:
            raise MappingErrors(self._found.values())


def did_you_mean(wrong: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """Suggest the nearest known name, or else give `otherwise`, or list the known names if they are few."""
    names = sorted(known)
    near = difflib.get_close_matches(wrong, names, n=1, cutoff=0.6)
    if near:
        return f'did you mean "{near[0]}"?'
    if otherwise is None and 0 < len(names) <= _MANY:
        return f"available: {', '.join(names)}"
    return otherwise or ""


def _before_replacing(text: str, token: str, value: str, offset: int) -> int:
    """Map an offset in the replaced text to the offset in `text`, which still has the tokens."""
    at = done = 0
    while (found := text.find(token, at)) >= 0:
        if offset <= done + found - at:
            break
        done += found - at + len(value)
        if offset < done:
            return found
        at = found + len(token)
    return at + offset - done
