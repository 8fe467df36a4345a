"""The paths of mappings, walked over plain JSON: only to explain what is wrong, so clarity goes before speed."""

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any


class Step(Enum):
    """A step to every item of a list or a map: `[*]` or `.*`."""

    EACH = "*"


Steps = tuple[str | int | Step, ...]

_STEP = re.compile(r"\.\*|\[(?:\*|\.\.\.)\]|\.(?P<name>[^.\[]+)|\['(?P<quoted>(?:[^'\\]|\\.)*)'\]|\[(?P<index>\d+)\]")
_NAME = re.compile(r"[^\W\d]\w*")


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
            steps.append(re.sub(r"\\(.)", r"\1", match["quoted"]))
        else:
            steps.append(int(match["index"]) if match["index"] else Step.EACH)
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


def text(key: str | int) -> str:
    """A step as RFC 9535 writes it."""
    if isinstance(key, int):
        return f"[{key}]"
    quoted = key.replace("\\", "\\\\").replace("'", "\\'")
    return f".{key}" if _NAME.fullmatch(key) else f"['{quoted}']"


def covers(steps: Steps, place: Steps) -> bool:
    """Whether the place is one that the steps lead to."""
    return len(steps) == len(place) and all(isinstance(s, Step) or s == p for s, p in zip(steps, place, strict=True))
