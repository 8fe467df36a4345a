"""The plain expert loader: what an experienced engineer writes by hand for the same tables without a framework.

`orjson.loads`, straight-line dict access with every shared object looked up once (`about = play.get("about") or {}`),
binary COPY into temporary tables, `INSERT ... SELECT ... ON CONFLICT DO UPDATE` of all columns, many games a
transaction. It keeps no write law: no watermarks, no deletes, no checks of types, no counts, no quarantine. A row that
vanished stays, an older capture overwrites a newer one, one bad game stops all.

592 columns are much to write by hand, so `source` writes the extraction from the mapping, as a person would. It knows
lists, maps and look-ups: tables with rows of other kinds are left out, and carried values stay NULL, so the plain
loaders have less to do than ours.
"""

from collections.abc import Sequence
from dataclasses import replace
from textwrap import indent
from typing import Any

import orjson
from plain import functions

from mlb_contracts import Capture, Method
from mlb_contracts.response import Response
from mlb_contracts.sql_types import Decoding
from mlb_etl.extract.extract import extract
from mlbgen import ir
from mlbgen.ir import columns
from mlbgen.language.names import identifier
from mlbgen.python import conditions
from mlbgen.python.code import Names, quoted, quoted_around

_INDENT = "    "
_TAKEN = ("Decimal", "captured_at", "convert", "date", "datetime", "document", "each", "index", "key", "rows", "value")
# How the text or number `value` is made the column's value, by converter or by the decoder's annotation.
_PLAIN = {
    "smallint": "int(value)",
    "integer": "int(value)",
    "bigint": "int(value)",
    "number": "float(value)",
    "decimal": "Decimal(value)",
    "Decimal": "Decimal(str(value))",
    "batting_sequence": "int(value[-2:])",
    "batting_slot": "int(value[:-2])",
    "date": "date.fromisoformat(value)",
    "innings_to_outs": "sum(int(each) * outs for each, outs in zip(value.split('.'), (3, 1)))",
    "timecode": "datetime.strptime(f'{value}+0000', '%Y%m%d_%H%M%S%z')",
    "Timestamp": "datetime.fromisoformat(value)",
}


def plan(mapped: ir.Method, method: Method, responses: Sequence[Response]) -> dict[str, Any]:
    """What plain loaders do, as JSON: the raw table, the tables that can be written plainly, and the text of a module.

    The module has a function for each table, from a decoded response and its time to rows. Raises AssertionError where
    they make other rows of the responses than the method does.
    """
    mapped = replace(mapped, tables=tuple(filter(_is_plain, mapped.tables)))
    text = source(mapped)
    _compare(mapped, method, text, responses)
    facts = {table.name: table for table in method.tables}
    return {
        "raw": f"{method.raw_schema}.{method.raw_table}",
        "source": text,
        "tables": [
            {
                "name": table.name,
                "columns": {column.name: column.type for column in facts[table.name].columns},
                "key": [*facts[table.name].primary_key],
            }
            for table in mapped.tables
        ],
    }


def source(method: ir.Method) -> str:
    """The extraction as Python: a function for each table, named after it, from a decoded response to rows."""
    return "\n\n".join(_Writer(table).function() for table in method.tables)


def carried(table: ir.Table) -> list[str]:
    """The columns whose values come from other captures, which plain loaders leave NULL."""
    return [column.name for column in table.columns if isinstance(column.value, ir.CarryValue)]


def _compare(mapped: ir.Method, method: Method, text: str, responses: Sequence[Response]) -> None:
    makers = functions(text, [table.name for table in mapped.tables])
    for response in responses:
        capture, document = Capture(response.captured_at, response.parameters), orjson.loads(response.data)
        expected = extract(method, capture, response.data).rows
        rows = {table.name: its for table, its in zip(method.tables, expected, strict=True)}
        for table, make in zip(mapped.tables, makers, strict=True):
            no = [column.name in carried(table) for column in table.columns]
            wanted = [
                tuple(None if left_out else cell for left_out, cell in zip(no, row, strict=False))
                for row in rows[table.name]
            ]
            if make(document, capture.captured_at) != wanted:
                raise AssertionError(f"the rows of {table.name} are others than the method's")


def _is_plain(table: ir.Table) -> bool:
    """Whether its rows come from one place, by lists and maps alone."""
    return not table.other_origins and all(isinstance(each.container, ir.ListOf | ir.MapOf) for each in table.levels)


class _Writer:
    """Writes the function of one table; each statement stands in the outermost loop in which it can."""

    def __init__(self, table: ir.Table) -> None:
        self._table = table
        self._names = Names(_TAKEN)
        self._blocks: list[list[str]] = [[] for _ in range(len(table.levels) + 1)]
        self._depths = {"$": 0} | {level.name: depth for depth, level in enumerate(table.levels, start=1)}
        self._locals: dict[tuple[str, tuple[str, ...]], str] = {("$", ()): "document"}

    def function(self) -> str:
        headers = []
        for depth in range(len(self._table.levels) + 1):
            if depth:
                headers.append(self._loop(self._table.levels[depth - 1], depth))
            for lookup in self._table.lookups:
                if max(self._depths[lookup.source.root], self._depths[lookup.by.level]) == depth:
                    self._look_up(lookup, depth)
        row = f"rows.append(({', '.join(map(self._column, self._sent()))},))"
        self._blocks[-1].append(row)
        lines = ["rows = []", *self._blocks[0]]
        for depth, header in enumerate(headers):
            lines.append(_INDENT * depth + header)
            lines += [indent(each, _INDENT * (depth + 1)) for each in self._blocks[depth + 1]]
        lines.append(f"return {self._end()}")
        return f"def {self._table.name}(document, captured_at):\n{indent(chr(10).join(lines), _INDENT)}\n"

    def _sent(self) -> list[ir.Column]:
        return [column for column in self._table.columns if not isinstance(column.value, ir.IngestedAt)]

    def _end(self) -> str:
        if self._table.duplicates == "error":  # the server will say so
            return "rows"
        names = [column.name for column in self._sent()]
        key = ", ".join(f"row[{names.index(name)}]" for name in self._table.identity)
        return f"{self._table.duplicates}_of_each(rows, lambda row: ({key},))"

    def _loop(self, level: ir.Level, depth: int) -> str:
        container = self._get(level.source.root, level.source.members)
        item: str = self._names.take(identifier(level.name))
        self._locals[level.name, ()] = item
        if level.where is not None:
            fails = conditions.fails(level.where, lambda members: (self._get(level.name, members), False))
            self._blocks[depth].append(f"if {fails}:\n{_INDENT}continue")
        values = [column.value for column in self._table.columns]
        index = self._names.take(f"{level.name}_index")
        key = self._names.take(f"{level.name}_key")
        self._locals[f"{level.name} index", ()], self._locals[f"{level.name} key", ()] = index, key
        items = f"{container} or ()"
        if isinstance(level.container, ir.MapOf):
            keyed = any(isinstance(each, ir.KeyValue) and each.level == level.name for each in values)
            items = f"({container} or {{}}).{'items' if keyed else 'values'}()"
            item = f"{key}, {item}" if keyed else item
        if any(isinstance(each, ir.IndexValue) and each.level == level.name for each in values):
            return f"for {index}, {f'({item})' if ',' in item else item} in enumerate({items}):"
        return f"for {item} in {items}:"

    def _look_up(self, lookup: ir.LookUp, depth: int) -> None:
        wanted = self._locals[lookup.by.level, ()]
        container = self._get(lookup.source.root, lookup.source.members)
        at = self._depths[lookup.source.root]
        match lookup.by:
            case ir.KeyOf(prefix, _, suffix):
                found = self._local(at, lookup.source.members[-1], f"{container} or {{}}")
                value = f"{found}.get({quoted_around(prefix, wanted, suffix)}) or {{}}"
            case ir.MemberEquals(members):
                *outer, last = members
                walk = "".join(f".get({each!r}, {{}})" for each in outer)
                made = f"{{each{walk}.get({last!r}): each for each in reversed({container} or ())}}"
                value = f"{self._local(at, f'by_{last}', made)}.get({wanted}) or {{}}"
            case ir.AtIndex():
                found = self._local(at, lookup.source.members[-1], f"{container} or []")
                value = f"({found}[{wanted}] if 0 <= {wanted} < len({found}) else {{}})"
        self._depths[lookup.name] = depth
        self._locals[lookup.name, ()] = self._local(depth, lookup.name, value)

    def _local(self, depth: int, name: str, expression: str) -> str:
        local = self._names.take(identifier(name))
        self._blocks[depth].append(f"{local} = {expression}")
        return local

    def _get(self, root: str, members: tuple[str, ...]) -> str:
        """The expression for what the members lead to; objects on the way become locals."""
        if not members:
            return self._locals[root, ()]
        *_, last = members
        return f"{self._object(root, members[:-1])}.get({last!r})"

    def _object(self, root: str, members: tuple[str, ...]) -> str:
        if (root, members) not in self._locals:
            expression = f"{self._get(root, members)} or {{}}"
            self._locals[root, members] = self._local(self._depths[root], members[-1], expression)
        return self._locals[root, members]

    def _column(self, column: ir.Column) -> str:
        """What stands in the row: what is known outside of the innermost loop is made there."""
        expression, depth = self._value(column)
        if depth < len(self._table.levels) and not expression.isidentifier():
            return self._local(depth, column.name, expression)
        return expression

    def _value(self, column: ir.Column) -> tuple[str, int]:
        decodings = columns.decodings(column)
        match column.value:
            case ir.PathValue(references):
                got = [self._get(each.root, each.members) for each in references]
                values = [_converted(column, *each) for each in zip(got, decodings, strict=True)]
                expression = values[-1]
                for reference, value in reversed(list(zip(got[:-1], values[:-1], strict=True))):
                    expression = f"({value}) if {reference} is not None else ({expression})"
                return expression, max(self._depths[each.root] for each in references)
            case ir.IndexValue(level, start):
                index = self._locals[f"{level} index", ()]
                return f"{index} + {start}" if start else index, self._depths[level]
            case ir.KeyValue(level):
                return _converted(column, self._locals[f"{level} key", ()], decodings[0]), self._depths[level]
            case ir.ItemValue(level):
                return _converted(column, self._locals[level, ()], decodings[0]), self._depths[level]
            case ir.ConstantValue(constant):
                return quoted(constant), 0
            case _:
                return ("None" if isinstance(column.value, ir.CarryValue) else "captured_at"), 0


def _converted(column: ir.Column, got: str, decoding: Decoding) -> str:
    """The value, converted where it is there; a placeholder stands for none."""
    name = decoding.convert or decoding.annotation
    made = _PLAIN.get(name) or (f"convert.{name}(value, '')" if decoding.convert else None)
    none = [None, *column.null_if] if made or column.null_if else []
    default = quoted(column.default)
    if column.default is not None:
        none = [None, *column.null_if]
    if not none:
        return got
    test = f"(value := {got}) {f'in {quoted(tuple(none))}' if len(none) > 1 else 'is None'}"
    return f"{default} if {test} else {made or 'value'}"
