"""The known shape of a method's responses: what the samples had, as generated code states it.

One line per place, indented below its object, list or map. `?` marks members that some sample lacks, `*` the items of
a list or the values of a map, whose keys are ids:

    $: object
      gamePk: integer
      weather?: object
        temp?: string | null
      players: map
        *: object
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from mlb_contracts import jsonpath
from mlb_contracts.jsonpath import Steps

ID_PATTERN = "^(ID)?[0-9]+$"
"""The keys of a map."""

ANYWHERE = "$."
"""Begins an ignored path that is one name anywhere: `$..link`, `$.['a b']`."""
_LINE = re.compile(r'( *)("(?:[^"\\]|\\.)*"|[^\W\d]\w*|[*$])(\?)?: (.*)')
_EACH = "*"


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """One place of the responses: its JSON types, with `map` for an object keyed by ids.

    `optional` names the members that some sample lacks; `each` is an item of the list or a value of the map.
    """

    types: frozenset[str]
    members: Mapping[str, "KnownPlace"] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    each: "KnownPlace | None" = None

    def at(self, steps: Steps) -> "KnownPlace | None":
        """The place that the steps lead to; None if no sample has it."""
        here: KnownPlace | None = self
        for step in steps:
            if here is None:
                return None
            here = here.members.get(step) if isinstance(step, str) else here.each
        return here


@dataclass(frozen=True, slots=True)
class KnownShape:
    """The shape as text, and the paths that the mapping ignores, below which new members are not reported."""

    text: str
    ignored: tuple[str, ...] = ()

    def ignores(self, steps: Steps) -> bool:
        """Whether the mapping ignores the place, or one above it."""
        return any(_covers(path, steps) for path in self.ignored)


def dump_known(place: KnownPlace) -> str:
    """The shape in the notation above."""
    return "\n".join(_lines("$", place, 0))


@cache
def parse_known(text: str) -> KnownPlace:
    """Read what `dump_known` wrote."""
    lines = [match for line in text.splitlines() if (match := _LINE.fullmatch(line))]
    return _place(lines, 0)[0]


def _lines(name: str, place: KnownPlace, depth: int) -> Iterator[str]:
    yield f"{'  ' * depth}{name}: {' | '.join(sorted(place.types))}".rstrip()
    for member, inner in place.members.items():
        shown = member if member.isascii() and jsonpath.NAME.fullmatch(member) else json.dumps(member)
        yield from _lines(f"{shown}{'?' if member in place.optional else ''}", inner, depth + 1)
    if place.each is not None:
        yield from _lines(_EACH, place.each, depth + 1)


def _place(lines: list[re.Match[str]], at: int) -> tuple[KnownPlace, int]:
    """The place that begins on that line, and the number of the line after it."""
    depth, types = len(lines[at][1]), frozenset(lines[at][4].split(" | "))
    members: dict[str, KnownPlace] = {}
    optional: set[str] = set()
    each: KnownPlace | None = None
    at += 1
    while at < len(lines) and len(lines[at][1]) > depth:
        name, is_optional = lines[at][2], lines[at][3]
        inner, at = _place(lines, at)
        if name == _EACH:
            each = inner
            continue
        member = json.loads(name) if name.startswith('"') else name
        members[member] = inner
        if is_optional:
            optional.add(member)
    return KnownPlace(types, members, frozenset(optional), each), at


def _covers(path: str, steps: Steps) -> bool:
    wanted = _steps(path)
    return wanted[0] in steps if _is_anywhere(path) else jsonpath.covers(wanted, steps[: len(wanted)])


def _is_anywhere(path: str) -> bool:
    return path.startswith((f"{ANYWHERE}.", f"{ANYWHERE}["))


@cache
def _steps(path: str) -> Steps:
    """The steps of a path, or the name in one like `$..link`."""
    found = jsonpath.parse(f"${path.removeprefix(ANYWHERE)}" if _is_anywhere(path) else path)
    if not found:
        raise ValueError(f"not a path that a mapping can ignore: {path}")
    return found
