"""The locals of an extractor, and the statements that assign them, each in the outermost possible loop."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from mlbgen import ir
from mlbgen.language.names import Identifier, identifier
from mlbgen.python.code import Names, quoted, quoted_around
from mlbgen.python.tree import Node


@dataclass(frozen=True, slots=True)
class Local:
    """A local for a place of the document, known inside `depth` loops."""

    name: Identifier
    node: Node
    depth: int


@dataclass(frozen=True, slots=True)
class Value:
    """An expression for a value, known inside `depth` loops; `can_be_unset`: UNSET distinguishes absent from null."""

    expression: str
    node: Node
    depth: int
    can_be_unset: bool = False

    @property
    def or_none(self) -> str:
        """The expression, which gives None if the value is absent."""
        return f"convert.or_none({self.expression})" if self.can_be_unset else self.expression


MemberPath: TypeAlias = tuple[
    str, tuple[str, ...]
]  # a variable of the mapping ($, a level, a look-up), and members from it


class CodeScope:
    """Variables of the mapping and of places, and the statements of each depth."""

    def __init__(self, names: Names, root: Local, levels: int, called: Mapping[MemberPath, str] | None = None) -> None:
        """`called` gives the names of places' locals, as far as they are known."""
        self.names = names
        self.places: dict[MemberPath, Local] = {}
        self.met: dict[MemberPath, Identifier] = {}  # all names of places: in another block a place keeps its own
        self._called = called or {}
        self.blocks: list[list[str]] = [[] for _ in range(levels + 1)]
        self.constants: set[Identifier] = set()
        self.used: set[str] = set()
        self._variables = {"$": root}

    def say(self, depth: int, statement: str) -> None:
        """Add a statement to those of its depth."""
        self.blocks[depth].append(statement)

    def open_block(self) -> int:
        """Add a block for statements that stand in a loop or an `if` of their own; returns the depth of its locals."""
        self.blocks.append([])
        return len(self.blocks) - 1

    @contextmanager
    def present(self, root: str, member: str) -> Iterator[tuple[str, int]]:
        """Where the object is present: what heads its block, and the block, in which new locals of `root` stand."""
        outer, value, block = self.variable(root), self.value(root, (member,)), self.open_block()
        self.declare(root, replace(outer, depth=block))
        yield f"if {value.or_none} is not None:", block
        self.declare(root, outer)
        self.places = {place: each for place, each in self.places.items() if each.depth != block}

    def declare(self, name: str, variable: Local) -> None:
        """Add the variable of a level, a look-up or a visited list."""
        self._variables[name] = variable

    def forget(self, name: str) -> None:
        """Drop the places below a variable, whose names are valid in their block only."""
        self.places = {place: each for place, each in self.places.items() if place[0] != name}

    def variable(self, name: str) -> Local:
        """The variable of `$`, a level or a look-up."""
        self.used.add(name)
        return self._variables[name]

    def loop_variable(self, level: str) -> str:
        """The level's local as its loop declares it, with an underscore if nothing uses it."""
        name = self._variables[level].name
        return name if level in self.used else f"_{name}"

    def value(self, root: str, members: tuple[str, ...]) -> Value:
        """The value that the members lead to from a variable, or without members the variable itself."""
        if not members:
            variable = self.variable(root)
            return Value(variable.name, variable.node, variable.depth)
        parent = self.parent(root, members[:-1])
        member = parent.node.member(members[-1])
        return Value(f"{parent.name}.{member.attribute}", member.node, parent.depth, member.keeps_null)

    def compared(self, root: str, members: tuple[str, ...]) -> tuple[str, bool]:
        """What a condition looks at, and whether it can be UNSET."""
        value = self.value(root, members)
        return value.expression, value.can_be_unset

    @staticmethod
    def parameter(name: str) -> Value:
        """A parameter of the request."""
        return Value(f"capture.parameters.get({quoted(name)})", Node("str"), 0)

    def inline(self, start: str, node: Node, members: tuple[str, ...], depth: int = 0) -> Value:
        """The value that the members lead to from an object, as one expression without locals."""
        value = Value(start, node, depth)
        for name in members:
            before = value.expression if value.node is node else f"({value.expression} or {self._constant(value.node)})"
            member = value.node.member(name)
            value = Value(f"{before}.{member.attribute}", member.node, depth, member.keeps_null)
        return value

    def parent(self, root: str, members: tuple[str, ...]) -> Local:
        """A local for the object there; if it is absent, for an object without members."""
        if not members:
            return self.variable(root)
        value = self.value(root, members)
        return self._local(root, members, value, self._constant(value.node))

    def container(self, reference: ir.Reference) -> Local:
        """A local for the list or the map there, which is empty if it is absent."""
        value = self.value(reference.root, reference.members)
        if not reference.members:
            return self.variable(reference.root)
        return self._local(reference.root, reference.members, value, "{}" if value.node.is_map else "[]")

    def called(self, reference: ir.Reference) -> Identifier:
        """The name of the last member that leads there, or without members that of the variable."""
        return identifier(reference.members[-1]) if reference.members else self.variable(reference.root).name

    def look_up(self, lookup: ir.LookUp) -> None:
        """Declare a look-up's variable."""
        wanted = self.variable(lookup.by.level)
        match lookup.by:
            case ir.KeyOf(prefix, _, suffix):
                found = self.container(lookup.source)
                expression = f"{found.name}.get({quoted_around(prefix, wanted.name, suffix)})"
            case ir.MemberEquals(members):
                found = self._index(lookup.source, members)
                expression = f"{found.name}.get({wanted.name})"
            case ir.AtIndex():
                found = self.container(lookup.source)
                inside = f"0 <= {wanted.name} < len({found.name})"
                expression = f"({found.name}[{wanted.name}] if {inside} else None)"
            case _:
                assert_never(lookup.by)
        item = found.node.each
        variable = Local(
            self.names.take(identifier(lookup.name), f"found_{lookup.name}"), item, max(found.depth, wanted.depth)
        )
        otherwise = f" or {self._constant(item)}" if item.members else ""
        self.say(variable.depth, f"{variable.name} = {expression}{otherwise}")
        self.declare(lookup.name, variable)

    def _index(self, source: ir.Reference, members: tuple[str, ...]) -> Local:
        """A dict of the list's items by that member, created once before the loops that use it."""
        items = self.value(source.root, source.members)
        key = self.inline("each", items.node.each, members).expression
        name = self.names.take(f"{self.called(source)}_by_{identifier(members[-1])}")
        self.say(items.depth, "# Reversed, so that the first of several items wins.")
        self.say(items.depth, f"{name} = {{{key}: each for each in reversed({items.expression} or ())}}")
        return Local(name, items.node, items.depth)

    def _local(self, root: str, members: tuple[str, ...], value: Value, otherwise: str) -> Local:
        """A local for the object or container there; assigned once."""
        place = (root, members)
        if place not in self.places:
            name = self.met.get(place) or self.names.take(self._called.get(place, identifier(members[-1])))
            self.met[place] = name
            self.places[place] = Local(name, value.node, value.depth)
            self.say(value.depth, f"{name} = {value.expression} or {otherwise}")
        return self.places[place]

    def _constant(self, node: Node) -> str:
        self.constants.add(node.constant)
        return node.constant
