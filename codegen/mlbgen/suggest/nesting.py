"""How the values of a document nest: each list of it is a level, whose items become rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from mlb_contracts import jsonpath
from mlbgen.language import spec
from mlbgen.samples.shape import Shape
from mlbgen.samples.values import value_at

Members: TypeAlias = tuple[str, ...]

LINK = "link"
_CONTAINERS = frozenset({"object", "map", "array"})


@dataclass(frozen=True, slots=True)
class Level:
    """The document itself, or a list or map in it with the `members` that lead there from an item of the level around.

    `shape` is that of the document, or of an item.
    `values` are the places of single values in an item with their shapes; `()` is that of an item that is one. `path`
    leads to an item from `$`.
    """

    members: Members
    shape: Shape
    path: str
    values: dict[Members, Shape] = field(default_factory=dict)
    inner: list["Level"] = field(default_factory=list)
    is_map: bool = False


class Item(NamedTuple):
    """An item of a level, with its key: its index in a list."""

    key: str | int
    value: object


def document(shape: Shape, path: str = "$") -> tuple[Level, list[spec.Ignore]]:
    """The levels of documents of this shape, and the paths that no column can take, with the reason."""
    root, ignored = Level((), shape, path), list[spec.Ignore]()
    _see(root, shape, (), path, ignored)
    return root, ignored


def rows(levels: tuple[Level, ...], start: object) -> Iterator[tuple[Item, ...]]:
    """The items of each level for each row that the levels give, outermost first; `start` is the document."""
    if not levels:
        yield ()
        return
    for key, value in jsonpath.children(value_at(start, levels[0].members)):
        for inner in rows(levels[1:], value):
            yield (Item(key, value), *inner)


def has_links(shape: Shape) -> bool:
    """Whether a link is anywhere in what has the shape."""
    inner = [*shape.members.values(), *([shape.items] if shape.items else [])]
    return LINK in shape.members or any(map(has_links, inner))


def _see(level: Level, shape: Shape, members: Members, path: str, ignored: list[spec.Ignore]) -> None:
    """Add to the level what is at this place of its items."""
    types = shape.types - {"null"}
    reason = _why_ignored(shape)
    if reason is not None:
        ignored.append(spec.Ignore(path=path, reason=reason))
    elif types == {"object"}:
        for name, member in shape.members.items():
            if name != LINK:
                _see(level, member, (*members, name), path + jsonpath.step_text(name), ignored)
    elif shape.items is not None:
        is_map = types == {"map"}
        inner = Level(members, shape.items, f"{path}{'.*' if is_map else '[*]'}", is_map=is_map)
        level.inner.append(inner)
        _see(inner, shape.items, (), inner.path, ignored)
    else:
        level.values[members] = shape


def _why_ignored(shape: Shape) -> str | None:
    types = shape.types - {"null"}
    if not types:
        return "null in every sample"
    if len(types) > 1:
        return f"of several types in the samples: {', '.join(sorted(types))}"
    if types <= _CONTAINERS and not shape.members and shape.items is None:
        return "empty in every sample"
    return None
