"""Shape files: JSON Schema 2020-12, laid out so that a new sample gives a small diff.

The counts come after the structure, since each sample changes most of them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlb_contracts import jsonpath
from mlb_contracts.known import ID_PATTERN
from mlbgen.language import paths
from mlbgen.language.errors import MlbgenError
from mlbgen.samples.shape import JsonType, Shape

_FLAT = 90  # JSON of fewer characters stays on one line
_NOTE = "Inferred by mlbgen from sample responses. DO NOT EDIT. Regenerate: mlbgen infer --stubs DIR"


def dump_shape(shape: Shape, *, title: str) -> str:
    """Write a shape as JSON Schema.

    A map is an object with additionalProperties; a member is required if each occurrence of its object had it.
    `x-seen` counts how often each place occurred; the count of `$` is the number of sample responses.
    """
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": _NOTE,
        "title": title,
        **_schema(shape),
        "x-seen": {path: place.seen for path, place in places(shape)},
    }
    return f"{_layout(schema, '')}\n"


def load_shape(path: Path) -> Shape:
    """Load a shape file. Raises MlbgenError for any other file."""
    try:
        schema = json.loads(path.read_bytes())
        return _shape(schema, "$", schema["x-seen"])
    except OSError as error:
        raise MlbgenError(f"{path}: can't be read: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MlbgenError(f"{path}: is not a shape file of mlbgen infer: {error!r}") from error


def _schema(shape: Shape) -> dict[str, Any]:
    types = sorted({"object" if each == "map" else each for each in shape.types})
    schema: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
    if "object" in shape.types:
        schema["properties"] = {name: _schema(member) for name, member in shape.members.items()}
        # If null or a list was seen too, this omits members that each object has: still correct, only weaker.
        if required := sorted(name for name, member in shape.members.items() if member.seen == shape.seen):
            schema["required"] = required
    if shape.items is not None and "map" in shape.types:
        schema["additionalProperties"] = _schema(shape.items)
        if "object" not in shape.types:
            schema["propertyNames"] = {"pattern": ID_PATTERN}
    if shape.items is not None and "array" in shape.types:
        schema["items"] = _schema(shape.items)
    return schema


def _shape(schema: Mapping[str, Any], path: str, seen: Mapping[str, int]) -> Shape:
    listed = schema["type"]
    types: set[JsonType] = set(listed if isinstance(listed, list) else [listed])
    if "additionalProperties" in schema:
        types.add("map")
        if "properties" not in schema:
            types.discard("object")
    items = schema.get("additionalProperties", schema.get("items"))
    return Shape(
        frozenset(types),
        seen[path],
        {
            name: _shape(member, path + jsonpath.step_text(name), seen)
            for name, member in schema.get("properties", {}).items()
        },
        None if items is None else _shape(items, path + _item_step(types), seen),
    )


def places(shape: Shape, path: str = "$") -> Iterator[tuple[str, Shape]]:
    """Yield each place of the shape with its path: `$.dates[*].games`, and `.*` for the values of a map."""
    yield path, shape
    for name, member in shape.members.items():
        yield from places(member, path + jsonpath.step_text(name))
    if shape.items is not None:
        yield from places(shape.items, path + _item_step(shape.types))


@dataclass(frozen=True, slots=True)
class Leaf:
    """A place without members or items: its path, also as segments from `$`."""

    path: str
    segments: tuple[str | paths.Each, ...]
    place: Shape


def leaves(shape: Shape) -> Iterator[Leaf]:
    """Yield each place of the shape that has no members and no items."""
    for path, place in places(shape):
        if not place.members and place.items is None:
            yield Leaf(path, paths.parse(path).segments, place)


def _item_step(types: frozenset[JsonType] | set[JsonType]) -> str:
    return ".*" if "map" in types else "[*]"


def _layout(value: object, indent: str) -> str:
    """JSON on one line if it is short and contains no object, and otherwise with one line for each member or item."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or (len(flat) < _FLAT and "{" not in flat[1:]):
        return flat
    inner = f"{indent}  "
    if isinstance(value, list):
        lines, brackets = [_layout(item, inner) for item in value], "[]"
    else:
        lines = [f"{json.dumps(name, ensure_ascii=False)}: {_layout(member, inner)}" for name, member in value.items()]
        brackets = "{}"
    body = ",\n".join(inner + line for line in lines)
    return f"{brackets[0]}\n{body}\n{indent}{brackets[1]}"
