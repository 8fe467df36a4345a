"""The part of a JSON document around a place: the way to it from the top, and its neighbours, few and short."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from mlb_contracts import jsonpath
from mlb_etl.errors import printable

_NEIGHBOURS = 6  # on each side of a place
_WITHIN = 12  # members of the value itself
_LONGEST = 160  # characters of a text
_DEEPEST = 40  # containers around a place that are shown one in another


class Line(NamedTuple):
    """A line, how deep it is indented, and whether it is the place."""

    depth: int
    text: str
    marked: bool = False


def around(document: Any, path: str) -> list[Line]:
    """The lines around the place that a path such as `$.a.b[3]` names, or as much of the way as there is.

    A path that names several places, or none in a document, ends at what contains them.
    """
    return list(_way(document, tuple(islice(_single(path), _DEEPEST)), "", 0))


def _single(path: str) -> Iterator[str | int]:
    """The steps of a path up to the first one that leads to several places."""
    for step in jsonpath.parse(path) or ():
        if not isinstance(step, str | int):
            return
        yield step


def _way(node: Any, steps: tuple[str | int, ...], label: str, depth: int) -> Iterator[Line]:
    """The lines of a value on the way; `label` is its name within its object, with a colon."""
    if not steps:
        yield from _marked(node, label, depth)
        return
    members = dict(jsonpath.children(node))
    if not isinstance(node, dict | list):
        yield Line(depth, f"{label}{_short(node)}", marked=True)
        return
    opening, closing = ("{", "}") if isinstance(node, dict) else ("[", "]")
    yield Line(depth, f"{label}{opening}")
    yield from _members(members, steps, depth + 1, named=isinstance(node, dict))
    yield Line(depth, closing)


def _members(members: dict[str | int, Any], steps: tuple[str | int, ...], depth: int, *, named: bool) -> Iterator[Line]:
    step, rest = steps[0], steps[1:]
    if step not in members:
        yield from _listed(list(members.items())[:_NEIGHBOURS], depth, named=named)
        yield from _left_out(len(members) - _NEIGHBOURS, depth)
        yield Line(depth, f"{_label(step, named=named)}(missing)", marked=True)
        return
    keys = list(members)
    at = keys.index(step)
    near = _NEIGHBOURS if not rest else 0
    first, last = max(0, at - near), min(len(keys), at + 1 + near)
    yield from _left_out(first, depth)
    yield from _listed([(key, members[key]) for key in keys[first:at]], depth, named=named)
    yield from _way(members[step], rest, _label(step, named=named), depth)
    yield from _listed([(key, members[key]) for key in keys[at + 1 : last]], depth, named=named)
    yield from _left_out(len(keys) - last, depth)


def _marked(node: Any, label: str, depth: int) -> Iterator[Line]:
    """The value at the place: a container with its first members."""
    children = jsonpath.children(node)
    if not children:
        yield Line(depth, f"{label}{_short(node)}", marked=True)
        return
    named = isinstance(node, dict)
    yield Line(depth, f"{label}{'{' if named else '['}", marked=True)
    yield from _listed(children[:_WITHIN], depth + 1, named=named)
    yield from _left_out(len(children) - _WITHIN, depth + 1)
    yield Line(depth, "}" if named else "]", marked=True)


def _listed(members: list[tuple[str | int, Any]], depth: int, *, named: bool) -> Iterator[Line]:
    for key, value in members:
        yield Line(depth, f"{_label(key, named=named)}{_short(value)}")


def _left_out(number: int, depth: int) -> Iterator[Line]:
    if number > 0:
        yield Line(depth, f"… {number:,} more")


def _label(key: str | int, *, named: bool) -> str:
    return f"{_text(str(key))}: " if named else ""


def _short(value: Any) -> str:
    """A value in one line: containers as how much they hold."""
    match value:
        case dict():
            return f"{{ {len(value):,} members }}" if value else "{}"
        case list():
            return f"[ {len(value):,} items ]" if value else "[]"
        case str():
            return _text(value)
        case _:
            return printable(json.dumps(value, default=str), _LONGEST)


def _text(value: str) -> str:
    """A text in quotes, as JSON has it; characters that could disturb a line are escaped."""
    cut = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    return printable(json.dumps(cut, ensure_ascii=False), 3 * _LONGEST)
