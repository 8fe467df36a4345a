"""RFC 9535 paths of places in a response: printing, parsing, and walking over plain JSON.

The generator and the runtime both use this module for member names, so that each can read the other's paths. Walking is
only used to explain errors, so it favors clarity over speed.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, assert_never


class Step(Enum):
    """A step to every item of a list, or to every value of a map. Walking treats the two alike."""

    ITEM = "[*]"
    VALUE = ".*"


@dataclass(frozen=True, slots=True)
class Names:
    """A step to the members of these names of an object: `['away','home']`."""

    names: tuple[str, ...]


Steps = tuple[str | int | Step | Names, ...]

_QUOTED = r"'(?:[^'\\]|\\.)*'"
_STEP = re.compile(
    rf"\.\*|\[(?:\*|\.\.\.)\]|\.(?P<name>[^.\[]+)|\[(?P<quoted>{_QUOTED}(?:,{_QUOTED})*)\]|\[(?P<index>\d+)\]"
)
_NAMED = re.compile(_QUOTED)
NAME = re.compile(r"[^\W\d]\w*")  # what can follow a dot
_ESCAPE_OR_QUOTE = re.compile(r"\\.|\"", re.DOTALL)
_IN_DOUBLE_QUOTES = {"\\'": "'", '"': '\\"'}


def parse(path: str) -> Steps | None:
    """The steps of `$.a.b[*].c`, `$['a b'].*`, `$['a','b']`, or msgspec's `$.a[3].b[...]`; None for any other text."""
    steps: list[str | int | Step | Names] = []
    at = 1
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            return None
        at = match.end()
        if match["name"] is not None:
            steps.append(match["name"])
        elif match["quoted"] is not None:
            try:
                names = tuple(unquoted(each[1:-1]) for each in _NAMED.findall(match["quoted"]))
            except ValueError:
                return None
            steps.append(names[0] if len(names) == 1 else Names(names))
        elif match["index"]:
            steps.append(int(match["index"]))
        else:
            steps.append(Step.VALUE if match[0] == ".*" else Step.ITEM)
    return tuple(steps) if path.startswith("$") else None


def beginnings(path: str) -> Iterator[str]:
    """The path and all its prefixes, from `$` on."""
    at = 1
    yield path[:at]
    while match := _STEP.match(path, at):
        at = match.end()
        yield path[:at]


def expanded(path: str) -> tuple[str, ...]:
    """The paths that name one member per step: `$.a.c` and `$.b.c` for `$['a','b'].c`, and any other path itself."""
    found = [path[:1]]
    for match in _STEP.finditer(path, 1):
        ends = [match[0]]
        if match["quoted"] is not None and len(names := _NAMED.findall(match["quoted"])) > 1:
            ends = [step_text(unquoted(each[1:-1])) for each in names]
        found = [f"{each}{end}" for each in found for end in ends]
    return tuple(found)


def walk(node: Any, steps: Steps, path: str = "$") -> Iterator[tuple[str, Any]]:
    """Yield the path and value of each place that the steps lead to; the value is None for a null or absent member."""
    if not steps:
        yield path, node
        return
    step, rest = steps[0], steps[1:]
    if isinstance(step, Step):
        for key, item in children(node):
            yield from walk(item, rest, path + step_text(key))
        return
    for each in step.names if isinstance(step, Names) else (step,):
        yield from walk(child(node, each), rest, path + step_text(each))


def children(node: Any) -> list[tuple[str | int, Any]]:
    """The items of a list or a map with their keys; empty for any other value."""
    if isinstance(node, dict):
        return list(node.items())
    return list(enumerate(node)) if isinstance(node, list) else []


def child(node: Any, key: str | int) -> Any:
    """The item with that key, or None."""
    return dict(children(node)).get(key)


def step_text(key: str | int | Step | Names) -> str:
    """A step as RFC 9535 writes it: `.about`, `['not a name']`, `[3]`, `[*]`, `['away','home']`."""
    match key:
        case Step():
            return key.value
        case int():
            return f"[{key}]"
        case str():
            return f".{key}" if NAME.fullmatch(key) else f"[{_in_quotes(key)}]"
        case Names(names):
            return f"[{','.join(map(_in_quotes, names))}]"
        case _:
            assert_never(key)


def _in_quotes(name: str) -> str:
    return "'{}'".format(json.dumps(name)[1:-1].replace("'", "\\'"))


def below(path: str, steps: Iterable[str | int | Step | Names]) -> str:
    """The path, extended by the steps."""
    return path + "".join(map(step_text, steps))


def unquoted(inner: str) -> str:
    """Decode the text between single quotes; raises ValueError for an escape that JSON does not know."""
    return decoded(_ESCAPE_OR_QUOTE.sub(lambda each: _IN_DOUBLE_QUOTES.get(each[0], each[0]), inner))


def decoded(inner: str) -> str:
    """Decode the text between double quotes; raises ValueError for an escape that JSON does not know."""
    return str(json.loads(f'"{inner}"'))


def covers(steps: Steps, place: Steps) -> bool:
    """Whether the steps lead to the place."""
    return len(steps) == len(place) and all(map(_covers, steps, place))


def _covers(step: str | int | Step | Names, key: str | int | Step | Names) -> bool:
    return isinstance(step, Step) or step == key or (isinstance(step, Names) and key in step.names)
