"""The body of `extract`: straight-line code for one table's rows, with one line per column.

A column that takes a member unchanged has its line in the row; one that is converted, or known outside the innermost
loop, has a statement before it. (A statement for each column would make the code half again as slow.)
"""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from mlbgen import ir
from mlbgen.ir import columns
from mlbgen.language import paths
from mlbgen.language.names import Identifier, identifier, python_name
from mlbgen.python import conditions, loops
from mlbgen.python.carrying import Carrying
from mlbgen.python.code import Code, Names, distinct_names, docstring, quoted, wrapped
from mlbgen.python.loops import Locals, Loop
from mlbgen.python.scope import CodeScope, Local, MemberPath, Value
from mlbgen.python.tree import Node, Tree
from mlbgen.python.values import column_expression, literal

_INDENT = "    "
# Names that extract and its module already use.
_TAKEN = (
    *("capture", "convert", "date", "datetime", "document", "each", "first_of_each", "last_of_each", "required"),
    *("rows", "unique"),
)
_ENDS = {
    "error": "unique(rows, KEY, {path})",
    "first": "first_of_each(rows, KEY)",
    "last": "last_of_each(rows, KEY)",
}
_KEY = Node("str")  # the type of a map's decoded key


@dataclass(frozen=True, slots=True)
class Function:
    """A function that makes the rows of one origin, where a table has several."""

    name: Identifier
    docstring: Code
    statements: Code


@dataclass(frozen=True, slots=True)
class Body:
    """The statements of `extract`, the functions that they call, and the constants of document.py that all use."""

    statements: Code
    constants: tuple[Identifier, ...]
    functions: tuple[Function, ...] = ()


def body(table: ir.Table, tree: Tree) -> Body:
    """The body of the table's `extract`."""
    path = wrapped(" or ".join(map(_rows_path, table.origins)))
    ending = Code(f"return {_ENDS[table.duplicates].format(path=path)}")
    if not table.other_origins:
        writer = _written(table.origins[0], tree, ending)
        return Body(writer.statements(), tuple(sorted(writer.scope.constants)))
    constants: set[Identifier] = set()
    functions = []
    for origin in table.origins:
        writer = _written(origin, tree, Code("return rows"))
        summary = f"Make the rows of the origin {origin.name}."
        name = python_name(f"_from_{origin.name}")
        functions.append(Function(name, docstring(summary, summary), writer.statements()))
        constants |= writer.scope.constants
    calls = "".join(f"{_INDENT}*{each.name}(document, capture),\n" for each in functions)
    return Body(Code(f"rows = [\n{calls}]\n{ending}"), tuple(sorted(constants)), tuple(functions))


def _rows_path(origin: ir.Origin) -> str:
    return columns.item_path(origin.levels[-1]) if origin.levels else "$"


def _written(origin: ir.Origin, tree: Tree, ending: Code) -> "_Writer":
    first = _Writer(origin, tree, {}, ending)
    first.statements()
    # Written twice: only now is it known which members of several objects have the same name.
    return _Writer(origin, tree, first.called(), ending)


class _Writer:
    def __init__(self, origin: ir.Origin, tree: Tree, called: Mapping[MemberPath, str], ending: Code) -> None:
        self.origin, self.ending = origin, ending
        names = Names(_TAKEN)
        self.depths = _depths(origin)
        self.locals = {
            column.name: names.take(identifier(column.name)) for column in origin.columns if not self._is_in_row(column)
        }
        self.row: dict[str, str] = {}
        carries = any(isinstance(column.value, ir.CarryValue) for column in origin.columns)
        # What is carried passes all items, so that the filter stands around the row.
        self.filter = origin.levels[-1].where if carries and origin.levels else None
        self.innermost = len(origin.levels) + (self.filter is not None)
        self.scope = CodeScope(names, Local(python_name("document"), tree.root, 0), self.innermost, called)
        self.levels = {level.name: names.take(identifier(level.name), f"{level.name}_item") for level in origin.levels}
        self.indexes: dict[str, tuple[str, int]] = {}  # by level: the local that counts its items, and its start
        self.keys: dict[str, str] = {}
        self.carrying = Carrying(origin, self.scope, self.locals, self.depths)

    def statements(self) -> Code:
        opened, filtered = [], []
        for depth in range(len(self.origin.levels) + 1):
            if depth:
                opened.append(self._level(self.origin.levels[depth - 1]))
            self.carrying.begin(depth)
            if depth == len(self.origin.levels) and self.filter is not None:
                filtered.append(self._within(self.filter))
            self._columns(depth)
        headers = [*map(self._header, opened), *filtered]
        if not headers:
            return Code("\n".join([*self.scope.blocks[0], f"return [{self._row()}]"]))
        is_single = isinstance(opened[-1].level.container, ir.Single)
        if is_single or self.carrying.columns or self.scope.blocks[self.innermost]:
            self.scope.say(self.innermost, f"rows.append({self._row()})")
        else:
            self.scope.say(self.innermost - 1, f"rows.extend({self._row()} {headers.pop().removesuffix(':')})")
        lines = ["rows: list[Row] = []", *self.scope.blocks[0]]
        for depth, header in enumerate(headers):
            lines.append(_INDENT * depth + header)
            lines += [textwrap.indent(each, _INDENT * (depth + 1)) for each in self.scope.blocks[depth + 1]]
        for depth in reversed(range(1, len(self.origin.levels) + 1)):
            lines += [textwrap.indent(each, _INDENT * depth) for each in self.carrying.after[depth]]
        lines.append(self.ending)
        return Code("\n".join(lines))

    def _columns(self, depth: int) -> None:
        """Say the look-ups and the columns that are known from that depth on."""
        for lookup in self.origin.lookups:
            if self.depths[lookup.name] == depth:
                self.scope.look_up(lookup)
        for column in self.origin.columns:
            if self._depth(column.value) == depth:
                self._column(column)

    def called(self) -> dict[MemberPath, str]:
        """Distinct names for the locals of all places, with preceding members where needed."""
        ways = {
            (root, members): (*([] if root == "$" else [identifier(root)]), *map(identifier, members))
            for root, members in self.scope.met
        }
        taken = {*_TAKEN, *self.locals.values(), *self.levels.values(), *map(identifier, self.depths)}
        taken.update(self.carrying.visits.values(), self.carrying.kept.values())
        return distinct_names(ways, taken)

    def _depth(self, value: ir.Value) -> int:
        """The number of loops in which the value becomes known."""
        match value:
            case ir.PathValue(references):
                return max(self.depths[each.root] for each in references)
            case ir.IndexValue(level) | ir.KeyValue(level) | ir.ItemValue(level):
                return self.depths[level]
            case ir.CarryValue():
                return len(self.origin.levels)
            case ir.ParameterValue() | ir.ConstantValue() | ir.NoValue() | ir.CapturedAt() | ir.IngestedAt():
                return 0
            case _:
                assert_never(value)

    def _is_in_row(self, column: ir.Column) -> bool:
        """Whether the column is read in the row itself, without a statement before it."""
        match column.value:
            case ir.ConstantValue() | ir.NoValue() | ir.CapturedAt() | ir.IngestedAt():
                return True
            case ir.PathValue(references):
                is_plain = len(references) == 1 and column.nullable and column.default is None and not column.null_if
            case ir.ItemValue():
                is_plain = True
            case ir.ParameterValue() | ir.IndexValue() | ir.KeyValue() | ir.CarryValue():
                is_plain = False
            case _:
                assert_never(column.value)
        is_innermost = self._depth(column.value) == len(self.origin.levels)
        return is_plain and is_innermost and columns.decodings(column)[0].convert is None

    def _level(self, level: ir.Level) -> Loop:
        """Declare the level's variable, and skip items that are missing or filtered out."""
        opened = loops.loop(self.scope, level)
        depth, name = self.depths[level.name], self.levels[level.name]
        self.scope.declare(level.name, Local(name, opened.node, depth))
        if opened.yields_null:
            self.scope.say(depth, f"if {self.scope.variable(level.name).name} is None:\n{_INDENT}continue")
        if level.where is not None and self.filter is None:
            fails = conditions.fails(level.where, lambda members: self.scope.compared(level.name, members))
            self.scope.say(depth, f"if {fails}:\n{_INDENT}continue")
        return opened

    def _within(self, condition: paths.Condition) -> str:
        """From now on what is read of an innermost item is known only where it passes; returns that block's header."""
        level = self.origin.levels[-1].name
        holds = conditions.holds(condition, lambda members: self.scope.compared(level, members))
        self.scope.declare(level, replace(self.scope.variable(level), depth=self.innermost))
        return f"if {holds}:"

    def _header(self, opened: Loop) -> Code:
        name = opened.level.name
        index, start = self.indexes.get(name, (None, 0))
        return loops.header(opened, Locals(self.scope.loop_variable(name), self.keys.get(name), index, start))

    def _row(self) -> str:
        lines = []
        for column in self.origin.columns:
            if isinstance(column.value, ir.IngestedAt):
                continue
            value = self.row.get(column.name) or self.locals[column.name]
            says_column = value.rpartition(".")[2] == column.name
            lines.append(f"{_INDENT}{value},{'' if says_column else f'  # {column.name}'}")
        return "\n".join(["(", *lines, ")"])

    def _column(self, column: ir.Column) -> None:
        paths = columns.paths(self.origin, column)
        match column.value:
            case ir.PathValue() | ir.ParameterValue():
                self._say(
                    column, _required(column, column_expression(column, self._values(column.value), paths), paths)
                )
            case ir.ItemValue(level):
                self._say(column, column_expression(column, [self.scope.value(level, ())], paths, can_lack=False))
            case ir.KeyValue(level):
                self._say(column, column_expression(column, [self._key(column, level)], paths, can_lack=False))
            case ir.IndexValue(level, start):
                first, first_start = self.indexes.setdefault(level, (self.locals[column.name], start))
                offset = start - first_start
                self._say(column, f"{first} + {offset}" if offset else first)
            case ir.CarryValue():
                self.row[column.name] = _required(column, self.locals[column.name], paths)
            case ir.ConstantValue(value):
                self._say(column, literal(column, value))
            case ir.NoValue():
                self._say(column, literal(column, column.default))
            case ir.CapturedAt():
                self._say(column, "capture.captured_at")
            case ir.IngestedAt():
                pass  # the database sets it
            case _:
                assert_never(column.value)

    def _key(self, column: ir.Column, level: str) -> Value:
        """The local for the key of the level's item; the first column that takes it as it is gives it its name."""
        if level not in self.keys:
            as_it_is = columns.converter(columns.decodings(column)[0], _KEY.annotation) is None
            self.keys[level] = self.locals[column.name] if as_it_is else self.scope.names.take(f"{level}_key")
        return Value(self.keys[level], _KEY, self.depths[level])

    def _values(self, source: ir.PathValue | ir.ParameterValue) -> list[Value]:
        if isinstance(source, ir.ParameterValue):
            return [self.scope.parameter(source.name)]
        return [self.scope.value(each.root, each.members) for each in source.references]

    def _say(self, column: ir.Column, expression: str) -> None:
        local = self.locals.get(column.name)
        if local is None:
            self.row[column.name] = expression
        elif expression != local:
            depth = self._depth(column.value)
            self.scope.say(self.innermost if depth == len(self.origin.levels) else depth, f"{local} = {expression}")


def _required(column: ir.Column, expression: str, paths: tuple[str, ...]) -> Code:
    """The expression, refusing a response without the value of a column that needs one."""
    if column.nullable or column.default is not None:
        return Code(expression)
    return Code(f"required({expression}, {quoted(paths[0])})")


def _depths(origin: ir.Origin) -> dict[str, int]:
    """The number of loops in which each variable becomes known."""
    depths = {"$": 0} | {level.name: depth for depth, level in enumerate(origin.levels, start=1)}
    for lookup in origin.lookups:
        depths[lookup.name] = max(depths[lookup.source.root], depths[lookup.by.level])
    depths |= {visit.name: depths[visit.within] for visit in origin.visits}
    return depths
