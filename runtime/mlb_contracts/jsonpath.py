"""RFC 9535 paths of places in a response: printing, parsing, and walking over plain JSON.

The generator and the runtime both use this module for member names, so that each can read the other's paths. Walking is
only used to explain errors, so it favors clarity over speed.
"""

import json
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, assert_never


class Step(Enum):
    """A step to every item of a list, or to every value of a map. Walking treats the two alike."""

    ITEM = "[*]"
    VALUE = ".*"


Steps = tuple[str | int | Step, ...]

_STEP = re.compile(r"\.\*|\[(?:\*|\.\.\.)\]|\.(?P<name>[^.\[]+)|\['(?P<quoted>(?:[^'\\]|\\.)*)'\]|\[(?P<index>\d+)\]")
NAME = re.compile(r"[^\W\d]\w*")  # what can follow a dot
_ESCAPE_OR_QUOTE = re.compile(r"\\.|\"", re.DOTALL)
_IN_DOUBLE_QUOTES = {"\\'": "'", '"': '\\"'}


def parse(path: str) -> Steps | None:
    """The steps of `$.a.b[*].c`, `$['a b'].*`, or msgspec's `$.a[3].b[...]`; None for any other text."""
    steps: list[str | int | Step] = []
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
                steps.append(unquoted(match["quoted"]))
            except ValueError:
                return None
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


def walk(node: Any, steps: Steps, path: str = "$") -> Iterator[tuple[str, Any]]:
    """Yield the path and value of each place that the steps lead to; the value is None for a null or absent member."""
    if not steps:
        yield path, node
        return
    step, rest = steps[0], steps[1:]
    if isinstance(step, Step):
        for key, item in children(node):
            yield from walk(item, rest, path + step_text(key))
    else:
        yield from walk(child(node, step), rest, path + step_text(step))


def children(node: Any) -> list[tuple[str | int, Any]]:
    """The items of a list or a map with their keys; empty for any other value."""
    if isinstance(node, dict):
        return list(node.items())
    return list(enumerate(node)) if isinstance(node, list) else []


def child(node: Any, key: str | int) -> Any:
    """The item with that key, or None."""
    return dict(children(node)).get(key)


def step_text(key: str | int | Step) -> str:
    """A step as RFC 9535 writes it: `.about`, `['not a name']`, `[3]`, `[*]`."""
    match key:
        case Step():
            return key.value
        case int():
            return f"[{key}]"
        case str():
            return f".{key}" if NAME.fullmatch(key) else "['{}']".format(json.dumps(key)[1:-1].replace("'", "\\'"))
        case _:
            assert_never(key)


def below(path: str, steps: Iterable[str | int | Step]) -> str:
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
    return len(steps) == len(place) and all(isinstance(s, Step) or s == p for s, p in zip(steps, place, strict=True))
