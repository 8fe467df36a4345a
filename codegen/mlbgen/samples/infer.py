"""Infer the shape of each API method's responses from samples: `schemas/api/<endpoint>/<method>.json`."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

from mlb_contracts.known import ID_PATTERN
from mlbgen.language.errors import MlbgenError
from mlbgen.language.names import snake
from mlbgen.samples import shape_file, stubs
from mlbgen.samples.shape import JsonType, Shape
from mlbgen.samples.stubs import Stub

_ID = re.compile(ID_PATTERN)
_NONE: Mapping[str, str] = MappingProxyType({})
_SCALARS: dict[type, JsonType] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    type(None): "null",
}


def shape_files(
    directories: Sequence[Path], methods: Collection[str], aliases: Mapping[str, str] = _NONE
) -> dict[str, str]:
    """The shape files of these methods (`game.liveGameV1`), by path in the repository.

    `aliases` maps further names of samples to the method that they are a form of. Raises MlbgenError for a broken stub,
    or if a method has no stub.
    """
    shapes = of_samples(directories, methods, aliases)
    if missing := sorted(set(methods) - shapes.keys()):
        raise MlbgenError(f"{', '.join(map(str, directories))}: no stub of {', '.join(missing)}")
    return {path(name): shape_file.dump_shape(shape, title=f"Responses of {name}") for name, shape in shapes.items()}


def of_samples(
    directories: Sequence[Path], methods: Collection[str], aliases: Mapping[str, str] = _NONE
) -> dict[str, Shape]:
    """The shapes, by name, of those methods that have samples in the directories.

    Raises MlbgenError for a broken stub.
    """
    named = (replace(stub, name=aliases.get(stub.name, stub.name)) for stub in stubs.find_stubs(*directories))
    return infer(stub for stub in named if stub.name in methods and stub.is_answer)


def path(name: str) -> str:
    """The path of a method's shape file: `game.liveGameV1` -> `schemas/api/game/live_game_v1.json`."""
    endpoint, method = name.split(".")
    return f"schemas/api/{snake(endpoint)}/{snake(method)}.json"


def infer(samples: Iterable[Stub]) -> dict[str, Shape]:
    """Infer the shape of each method in the samples, by name; the order of the samples does not matter."""
    places: dict[str, _Place] = defaultdict(_Place)
    for stub in samples:
        places[stub.name].see(stub.document)
    return {name: places[name].shape() for name in sorted(places)}


class _Place:
    """What the samples so far have at one place of the responses."""

    __slots__ = ("empty", "items", "members", "places", "seen", "types")

    def __init__(self) -> None:
        self.seen = 0
        self.places = 0  # the sum of its positions among the members of its objects
        self.types: set[JsonType] = set()
        self.empty = False  # an empty object was seen, which may be a map
        self.members: dict[str, _Place] = {}
        self.items: _Place | None = None

    def see(self, value: object) -> None:
        self.seen += 1
        match value:
            case dict():
                self._see_object(value)
            case list():
                self.types.add("array")
                self._see_items(value)
            case _:
                self.types.add(_SCALARS[type(value)])

    def _see_object(self, value: dict[str, object]) -> None:
        if not value:
            self.empty = True
        elif all(map(_ID.search, value)):
            self.types.add("map")
            self._see_items(value.values())
        else:
            self.types.add("object")
            for place, (name, item) in enumerate(value.items()):
                if (member := self.members.get(name)) is None:
                    member = self.members[name] = _Place()
                member.places += place
                member.see(item)

    def _see_items(self, values: Collection[object]) -> None:
        for value in values:
            if self.items is None:
                self.items = _Place()
            self.items.see(value)

    def shape(self) -> Shape:
        types = set(self.types)
        if "number" in types:
            types.discard("integer")
        if self.empty and "map" not in types:
            types.add("object")
        # In the order of the responses: decoders are fastest if members come in the expected order.
        ordered = sorted(self.members.items(), key=lambda each: (Fraction(each[1].places, each[1].seen), each[0]))
        members = {name: member.shape() for name, member in ordered}
        return Shape(frozenset(types), self.seen, members, None if self.items is None else self.items.shape())
