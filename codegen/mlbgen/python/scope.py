"""The locals of an extractor, and the statements that make them, each in the outermost loop in which it can stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from mlbgen import ir
from mlbgen.language.names import Identifier, identifier
from mlbgen.python.code import Names, quoted, quoted_around
from mlbgen.python.tree import Node


@dataclass(frozen=True, slots=True)
class Variable:
    """A local that stands for a place of the document, known from `depth` loops on."""

    name: Identifier
    node: Node
    depth: int


@dataclass(frozen=True, slots=True)
class Value:
    """An expression for a value, known from `depth` loops on; `can_be_unset` where UNSET tells absent from null."""

    expression: str
    node: Node
    depth: int
    can_be_unset: bool = False

    @property
    def or_none(self) -> str:
        """The expression, None where the value is absent."""
        return f"convert.or_none({self.expression})" if self.can_be_unset else self.expression


Place: TypeAlias = tuple[str, tuple[str, ...]]  # a variable of the mapping ($, a level, a look-up), and members from it


class Scope:
    """Variables of the mapping and of places, and the statements of each depth."""

    def __init__(self, names: Names, root: Variable, levels: int, called: Mapping[Place, str] | None = None) -> None:
        """`called` are the names of places' locals, as far as they are decided."""
        self.names = names
        self.places: dict[Place, Variable] = {}
        self._called = called or {}
        self.blocks: list[list[str]] = [[] for _ in range(levels + 1)]
        self.constants: set[Identifier] = set()
        self.used: set[str] = set()
        self._variables = {"$": root}

    def say(self, depth: int, statement: str) -> None:
        """Add a statement to those of its depth."""
        self.blocks[depth].append(statement)

    def declare(self, name: str, variable: Variable) -> None:
        """Make a level's or a look-up's variable known."""
        self._variables[name] = variable

    def variable(self, name: str) -> Variable:
        """The variable of `$`, a level or a look-up."""
        self.used.add(name)
        return self._variables[name]

    def loop_variable(self, level: str) -> str:
        """The level's local as its loop declares it, by an underscore where nothing uses it."""
        name = self._variables[level].name
        return name if level in self.used else f"_{name}"

    def value(self, root: str, members: tuple[str, ...]) -> Value:
        """What the members lead to from a variable, or the variable itself where there are none."""
        if not members:
            variable = self.variable(root)
            return Value(variable.name, variable.node, variable.depth)
        parent = self.parent(root, members[:-1])
        member = parent.node.member(members[-1])
        return Value(f"{parent.name}.{member.attribute}", member.node, parent.depth, member.keeps_null)

    @staticmethod
    def parameter(name: str) -> Value:
        """A parameter of the request."""
        return Value(f"capture.parameters.get({quoted(name)})", Node("str"), 0)

    def inline(self, start: str, node: Node, members: tuple[str, ...], depth: int = 0) -> Value:
        """What the members lead to from an object, as one expression without locals."""
        value = Value(start, node, depth)
        for name in members:
            before = value.expression if value.node is node else f"({value.expression} or {self._constant(value.node)})"
            member = value.node.member(name)
            value = Value(f"{before}.{member.attribute}", member.node, depth, member.keeps_null)
        return value

    def parent(self, root: str, members: tuple[str, ...]) -> Variable:
        """The object there; what stands for it where it is absent has no members."""
        if not members:
            return self.variable(root)
        value = self.value(root, members)
        return self._local(root, members, value, self._constant(value.node))

    def container(self, reference: ir.Reference) -> Variable:
        """The list or the map there, empty where it is absent."""
        value = self.value(reference.root, reference.members)
        return self._local(reference.root, reference.members, value, "{}" if value.node.is_map else "[]")

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
        variable = Variable(
            self.names.take(identifier(lookup.name), f"found_{lookup.name}"), item, max(found.depth, wanted.depth)
        )
        otherwise = f" or {self._constant(item)}" if item.members else ""
        self.say(variable.depth, f"{variable.name} = {expression}{otherwise}")
        self.declare(lookup.name, variable)

    def _index(self, source: ir.Reference, members: tuple[str, ...]) -> Variable:
        """A dict of the list's items by that member, made once before the loops that look into it."""
        items = self.value(source.root, source.members)
        key = self.inline("each", items.node.each, members).expression
        name = self.names.take(f"{identifier(source.members[-1])}_by_{identifier(members[-1])}")
        self.say(items.depth, "# Reversed, so that of several the first remains.")
        self.say(items.depth, f"{name} = {{{key}: each for each in reversed({items.expression} or ())}}")
        return Variable(name, items.node, items.depth)

    def _local(self, root: str, members: tuple[str, ...], value: Value, otherwise: str) -> Variable:
        """A local for the object or container there; made once."""
        place = (root, members)
        if place not in self.places:
            name = self.names.take(self._called.get(place, identifier(members[-1])))
            self.places[place] = Variable(name, value.node, value.depth)
            self.say(value.depth, f"{name} = {value.expression} or {otherwise}")
        return self.places[place]

    def _constant(self, node: Node) -> str:
        self.constants.add(node.constant)
        return node.constant
