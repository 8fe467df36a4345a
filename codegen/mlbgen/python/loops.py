"""The statements that open an extractor's levels: `for` over lists, maps and members, `if` for a single object."""

from dataclasses import dataclass
from typing import assert_never

from mlbgen import ir
from mlbgen.python.code import Code, quoted
from mlbgen.python.scope import CodeScope
from mlbgen.python.tree import Node


@dataclass(frozen=True, slots=True)
class Loop:
    """A level with the expressions that it takes its items from, one for each member that it names, and their node."""

    level: ir.Level
    sources: tuple[str, ...]
    node: Node

    @property
    def yields_null(self) -> bool:
        """Whether an item can be None, which makes no row."""
        return isinstance(self.level.container, ir.MembersOf)


@dataclass(frozen=True, slots=True)
class Locals:
    """What a loop assigns to: the item, its key, and its ordinal that starts with `start`."""

    item: str
    key: str | None = None
    index: str | None = None
    start: int = 0


def loop(scope: CodeScope, level: ir.Level) -> Loop:
    """The level's loop; locals for what leads to its source are declared in the scope."""
    root, members = level.source.root, level.source.members
    match level.container:
        case ir.ListOf() | ir.MapOf():
            value = scope.value(root, members)
            return Loop(level, (value.expression,), value.node.each)
        case ir.MembersOf(names=names):
            values = [scope.value(root, (*members, name)) for name in names]
            return Loop(level, tuple(value.or_none for value in values), values[0].node)
        case ir.Single():
            value = scope.value(root, members)
            return Loop(level, (value.or_none,), value.node)
        case _:
            assert_never(level.container)


def header(loop: Loop, to: Locals) -> Code:
    """The statement that opens the level."""
    source = loop.sources[0]
    match loop.level.container:
        case ir.ListOf():
            items = source if loop.level.source.path == "$" else f"{source} or ()"  # the whole response is there
            return Code(f"for {to.item} in {items}:") if to.index is None else _counted(items, to.index, to)
        case ir.MapOf():
            members = f"({source} or {{}})"
            return Code(f"for {to.item} in {members}.values():" if to.key is None else _keyed(f"{members}.items()", to))
        case ir.MembersOf(names=names):
            listed = loop.sources
            if to.key is not None:
                listed = tuple(f"({quoted(name)}, {each})" for name, each in zip(names, loop.sources, strict=True))
            members = f"({', '.join(listed)}{',' if len(listed) == 1 else ''})"
            return Code(f"for {to.item} in {members}:" if to.key is None else _keyed(members, to))
        case ir.Single():
            return Code(f"if ({to.item} := {source}) is not None:")
        case _:
            assert_never(loop.level.container)


def _counted(items: str, index: str, to: Locals) -> Code:
    counted = f"enumerate({items}, start={to.start})" if to.start else f"enumerate({items})"
    return Code(f"for {index}, {to.item} in {counted}:")


def _keyed(pairs: str, to: Locals) -> str:
    return f"for {to.key}, {to.item} in {pairs}:"
