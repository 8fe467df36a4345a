"""The shape of an API method's responses, as `mlbgen infer` inferred it from samples."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

JsonType = Literal["string", "integer", "number", "boolean", "null", "object", "map", "array"]


@dataclass(frozen=True, slots=True)
class Shape:
    """One place in a response.

    `types` are the JSON types seen there. "map" is an object keyed by id; all its values have the shape `items`, like
    those of a list. Integers and floats at one place merge to "number". `members` are in the usual order of the
    responses. `seen` counts how often the place occurred.
    """

    types: frozenset[JsonType]
    seen: int = 0
    members: Mapping[str, "Shape"] = field(default_factory=dict)
    items: "Shape | None" = None

    @property
    def type(self) -> JsonType | None:
        """The type besides null, or None if only null or nothing was seen."""
        return next(iter(sorted(self.types - {"null"})), None)


def merged(shapes: Iterable[Shape]) -> Shape:
    """One shape for places that are alike, as if all of them had been seen at one place."""
    found = list(shapes)
    types = frozenset[JsonType]().union(*(each.types for each in found))
    names = dict.fromkeys(name for each in found for name in each.members)
    items = [each.items for each in found if each.items is not None]
    return Shape(
        types - {"integer"} if "number" in types else types,
        sum(each.seen for each in found),
        {name: merged(each.members[name] for each in found if name in each.members) for name in names},
        merged(items) if items else None,
    )
