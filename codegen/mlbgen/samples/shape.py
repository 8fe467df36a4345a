"""The shape of an API method's responses, as `mlbgen infer` inferred it from samples."""

from collections.abc import Mapping
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
