"""The body of `extract`: straight-line code that makes one table's rows, one statement a column."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from mlbgen import ir
from mlbgen.emit import columns, conditions
from mlbgen.emit.python import Names, Source, quoted, told_apart
from mlbgen.emit.scope import Place, Scope, Value, Variable
from mlbgen.emit.tree import Node, Tree
from mlbgen.names import identifier
from mlbgen.types import Decoding

_INDENT = "    "
# What extract and its module call by these names.
_TAKEN = (
    *("capture", "convert", "date", "datetime", "document", "each", "first_of_each", "last_of_each", "null_if"),
    *("required", "rows", "unique"),
)
_ENDS = {
    "error": "unique(rows, KEY, {path})",
    "first": "first_of_each(rows, KEY)",
    "last": "last_of_each(rows, KEY)",
}


_KEY = Node("str")  # what a map's key is decoded as


@dataclass(frozen=True, slots=True)
class Body:
    """The statements of `extract`, and the constants of document.py that they use."""

    statements: Source
    constants: tuple[str, ...]


def body(table: ir.Table, tree: Tree) -> Body:
    """The body of the table's `extract`."""
    first = _Writer(table, tree, {})
    first.statements()
    # Only now it is known which members of several objects have the same name.
    writer = _Writer(table, tree, first.called())
    return Body(writer.statements(), tuple(sorted(writer.scope.constants)))


class _Writer:
    def __init__(self, table: ir.Table, tree: Tree, called: Mapping[Place, str]) -> None:
        self.table = table
        names = Names(_TAKEN)
        self.locals = {column.name: names.take(identifier(column.name)) for column in table.columns}
        self.scope = Scope(names, Variable("document", tree.root, 0), len(table.levels), called)
        self.levels = {level.name: names.take(identifier(level.name), f"{level.name}_item") for level in table.levels}
        self.depths = {"$": 0} | {level.name: depth for depth, level in enumerate(table.levels, start=1)}
        for lookup in table.lookups:
            self.depths[lookup.name] = max(self.depths[lookup.source.root], self.depths[lookup.by.level])
        self.indexes: dict[str, tuple[str, int]] = {}  # by level: the local that counts its items, and from where
        self.keys: dict[str, str] = {}

    def statements(self) -> Source:
        sources = []
        for depth in range(len(self.table.levels) + 1):
            if depth:
                sources.append(self._level(self.table.levels[depth - 1]))
            for lookup in self.table.lookups:
                if self.depths[lookup.name] == depth:
                    self.scope.look_up(lookup)
            for column in self.table.columns:
                if self._depth(column.value) == depth:
                    self._column(column)
        if not sources:
            return Source("\n".join([*self.scope.blocks[0], f"return [{self._row()}]"]))
        self.scope.say(len(sources), f"rows.append({self._row()})")
        lines = ["rows: list[Row] = []", *self.scope.blocks[0]]
        for depth, (level, source) in enumerate(zip(self.table.levels, sources, strict=True)):
            lines.append(_INDENT * depth + self._header(level, source))
            lines += [textwrap.indent(each, _INDENT * (depth + 1)) for each in self.scope.blocks[depth + 1]]
        path = quoted(columns.item_path(self.table.levels[-1]))
        lines.append(f"return {_ENDS[self.table.duplicates].format(path=path)}")
        return Source("\n".join(lines))

    def called(self) -> dict[Place, str]:
        """Names for the locals of all places that were met, told apart by the members before."""
        ways = {
            (root, members): (*([] if root == "$" else [identifier(root)]), *map(identifier, members))
            for root, members in self.scope.places
        }
        taken = {*_TAKEN, *self.locals.values(), *self.levels.values(), *map(identifier, self.depths)}
        return told_apart(ways, taken)

    def _depth(self, value: ir.Value) -> int:
        """In how many loops the value is known."""
        match value:
            case ir.PathValue(references):
                return max(self.depths[each.root] for each in references)
            case ir.IndexValue(level) | ir.KeyValue(level) | ir.ItemValue(level):
                return self.depths[level]
            case _:
                return 0

    def _level(self, level: ir.Level) -> str:
        """Declare the level's variable and filter its items; returns what it loops over."""
        source = self.scope.value(level.source.root, level.source.members)
        depth = self.depths[level.name]
        self.scope.declare(level.name, Variable(self.levels[level.name], source.node.each, depth))
        if level.where is not None:
            fails = conditions.fails(level.where, lambda members: self._read(level.name, members))
            self.scope.say(depth, f"if {fails}:\n{_INDENT}continue")
        return source.expression

    def _read(self, level: str, members: tuple[str, ...]) -> tuple[str, bool]:
        value = self.scope.value(level, members)
        return value.expression, value.can_be_unset

    def _header(self, level: ir.Level, source: str) -> str:
        local = self.scope.loop_variable(level.name)
        if level.name in self.keys:
            return f"for {self.keys[level.name]}, {local} in ({source} or {{}}).items():"
        items = f"({source} or {{}}).values()" if level.container == "map" else f"{source} or ()"
        if level.name not in self.indexes:
            return f"for {local} in {items}:"
        index, start = self.indexes[level.name]
        counted = f"enumerate({items}, start={start})" if start else f"enumerate({items})"
        return f"for {index}, {local} in {counted}:"

    def _row(self) -> str:
        values = [
            "capture.captured_at" if isinstance(column.value, ir.CapturedAt) else self.locals[column.name]
            for column in self.table.columns
            if not isinstance(column.value, ir.IngestedAt)
        ]
        return f"({', '.join(values)})"

    def _column(self, column: ir.Column) -> None:
        paths = columns.paths(self.table, column)
        match column.value:
            case ir.PathValue(references):
                values = [self.scope.value(each.root, each.members) for each in references]
                expression = _filled(column, values, paths)
                if not column.nullable and column.default is None:
                    expression = f"required({expression}, {quoted(paths[0])})"
                self._assign(column, expression)
            case ir.ItemValue(level):
                self._assign(column, _filled(column, [self.scope.value(level, ())], paths))
            case ir.KeyValue(level):
                if level not in self.keys:
                    as_it_is = columns.converter(columns.decodings(column)[0], _KEY.annotation) is None
                    local = self.locals[column.name] if as_it_is else self.scope.names.take(f"{level}_key")
                    self.keys[level] = local
                key = Value(self.keys[level], _KEY, self.depths[level])
                self._assign(column, _filled(column, [key], paths))
            case ir.IndexValue(level, start):
                first, first_start = self.indexes.setdefault(level, (self.locals[column.name], start))
                offset = start - first_start
                self._assign(column, f"{first} + {offset}" if offset else first)
            case ir.ConstantValue(value):
                self._assign(column, quoted(value))

    def _assign(self, column: ir.Column, expression: str) -> None:
        local = self.locals[column.name]
        if expression != local:
            self.scope.say(self._depth(column.value), f"{local} = {expression}")


def _filled(column: ir.Column, values: list[Value], paths: tuple[str, ...]) -> str:
    """The column's value from the first that is there; placeholders are no value, and the default stands for none."""
    *others, last = zip(values, columns.decodings(column), paths, strict=True)
    expression = _or_default(column, *last)
    for value, decoding, path in reversed(others):
        if column.null_if and column.default is not None:
            single = f"({_or_default(column, value, decoding, path)})"
        else:
            single = _single(column, value, decoding, path)
        expression = f"{single} if {value.or_none} is not None else {expression}"
    return expression


def _or_default(column: ir.Column, value: Value, decoding: Decoding, path: str) -> str:
    if column.default is None:
        return _single(column, value, decoding, path)
    test = f"in {quoted((None, *column.null_if))}" if column.null_if else "is None"
    return f"{quoted(column.default)} if {value.or_none} {test} else {_converted(value.or_none, value, decoding, path)}"


def _single(column: ir.Column, value: Value, decoding: Decoding, path: str) -> str:
    """One value, None where it is a placeholder, as the column has it."""
    read = value.or_none
    if column.null_if:
        read = f"null_if({read}, {', '.join(map(quoted, column.null_if))})"
    return _converted(read, value, decoding, path)


def _converted(read: str, value: Value, decoding: Decoding, path: str) -> str:
    converter = columns.converter(decoding, value.node.annotation)
    return f"convert.{converter}({read}, {quoted(path)})" if converter else read
