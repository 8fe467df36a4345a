"""Places in a response, as RFC 9535 writes them: printed, read, and walked over plain JSON.

Generator and runtime both print and read member names by this module, so that each finds what the other wrote.
Walking serves to explain what is wrong: clarity goes before speed.
"""

import json
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, assert_never


class Step(Enum):
    """A step to every item of a list, or to every value of a map. Walking takes either for both."""

    ITEM = "[*]"
    VALUE = ".*"


Steps = tuple[str | int | Step, ...]

_STEP = re.compile(r"\.\*|\[(?:\*|\.\.\.)\]|\.(?P<name>[^.\[]+)|\['(?P<quoted>(?:[^'\\]|\\.)*)'\]|\[(?P<index>\d+)\]")
NAME = re.compile(r"[^\W\d]\w*")  # what can follow a dot
_ESCAPE_OR_QUOTE = re.compile(r"\\.|\"", re.DOTALL)
_IN_DOUBLE_QUOTES = {"\\'": "'", '"': '\\"'}


def parse(path: str) -> Steps | None:
    """The steps of `$.a.b[*].c`, `$['a b'].*`, or of msgspec's `$.a[3].b[...]`; None for what is none of these."""
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
    """The paths of all that the path's place is in, from `$` on, and the path itself."""
    at = 1
    yield path[:at]
    while match := _STEP.match(path, at):
        at = match.end()
        yield path[:at]


def walk(node: Any, steps: Steps, path: str = "$") -> Iterator[tuple[str, Any]]:
    """Each place that the steps lead to, and the value there; None where a member is null or absent."""
    if not steps:
        yield path, node
        return
    step, rest = steps[0], steps[1:]
    if isinstance(step, Step):
        for key, item in items(node):
            yield from walk(item, rest, path + text(key))
    else:
        yield from walk(child(node, step), rest, path + text(step))


def items(node: Any) -> list[tuple[str | int, Any]]:
    """The items of a list or a map with their keys; none of anything else."""
    if isinstance(node, dict):
        return list(node.items())
    return list(enumerate(node)) if isinstance(node, list) else []


def child(node: Any, key: str | int) -> Any:
    """The item of that key, or None."""
    return dict(items(node)).get(key)


def text(key: str | int | Step) -> str:
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
    """The path of what the steps lead to from there."""
    return path + "".join(map(text, steps))


def unquoted(inner: str) -> str:
    """The text that stands in single quotes; raises ValueError for an escape that JSON does not know."""
    return decoded(_ESCAPE_OR_QUOTE.sub(lambda each: _IN_DOUBLE_QUOTES.get(each[0], each[0]), inner))


def decoded(inner: str) -> str:
    """The text that stands in double quotes; raises ValueError for an escape that JSON does not know."""
    return str(json.loads(f'"{inner}"'))


def covers(steps: Steps, place: Steps) -> bool:
    """Whether the place is one that the steps lead to."""
    return len(steps) == len(place) and all(isinstance(s, Step) or s == p for s, p in zip(steps, place, strict=True))
