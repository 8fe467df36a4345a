"""The plain expert loader: what an experienced engineer writes by hand for the same tables without a framework.

`orjson.loads`, straight-line dict access with every shared object looked up once (`about = play.get("about") or {}`),
binary COPY into temporary tables, `INSERT ... SELECT ... ON CONFLICT DO UPDATE` of all columns, many games a
transaction. It keeps no write law: no watermarks, no deletes, no checks of types, no counts, no quarantine. A row that
vanished stays, an older capture overwrites a newer one, one bad game stops all.

592 columns are much to write by hand, so `source` writes the extraction from the mapping, as a person would. It knows
lists, maps and look-ups: tables with rows of other kinds are left out, and carried values stay NULL, so the plain
loader has less to do than ours.
"""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import Any

import orjson
import psycopg
from psycopg import sql

from mlb_contracts import Capture, Method, Row, Table, convert
from mlb_contracts.requests import normal_form
from mlb_contracts.response import Response
from mlb_contracts.rows import first_of_each, last_of_each
from mlb_contracts.sql_types import Decoding
from mlb_etl.extract import extract as engine
from mlb_etl.stores.encoding import StoredBody
from mlb_etl.stores.postgres.db import Connection
from mlbgen import ir
from mlbgen.ir import columns
from mlbgen.language.names import identifier
from mlbgen.project import generate
from mlbgen.python import conditions
from mlbgen.python.code import Names, quoted, quoted_around

BATCH = 50  # games a transaction
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
    "date": "date.fromisoformat(value)",
    "Timestamp": "datetime.fromisoformat(value)",
}

Extractor = Callable[[Any, datetime], list[Row]]


def source(method: ir.Method) -> str:
    """The extraction as Python: a function for each table, named after it, from a decoded response to rows."""
    return "\n\n".join(_Writer(table).function() for table in method.tables)


def loader(root: Path, method: Method, response: Response) -> Callable[[str, str, Sequence[int]], None]:
    """The loader for the tables of a method: a function of DSN, schema and numbers of games.

    Raises AssertionError where it makes other rows of the response than the method does.
    """
    mapped = _mapped(root, method)
    extract = extractors(mapped)
    capture = Capture(response.captured_at, response.parameters)
    expected = engine.extract(method, capture, response.data).rows
    rows = {table.name: its for table, its in zip(method.tables, expected, strict=True)}
    document = orjson.loads(response.data)
    for table, its in zip(mapped.tables, extract, strict=True):
        carried = [isinstance(column.value, ir.CarryValue) for column in table.columns]
        wanted = [
            tuple(None if no else cell for no, cell in zip(carried, row, strict=False)) for row in rows[table.name]
        ]
        if its(document, capture.captured_at) != wanted:
            raise AssertionError(f"the rows of {table.name} are others than the method's")
    names = {table.name for table in mapped.tables}
    plain = replace(method, tables=tuple(table for table in method.tables if table.name in names))
    return partial(_load, plain, extract)


def _load(method: Method, extract: Sequence[Extractor], dsn: str, schema: str, game_pks: Sequence[int]) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        Loader(connection, method, extract, schema).load(game_pks)


def _mapped(root: Path, method: Method) -> ir.Method:
    """The mapping that the method was generated from, with the tables that can be written plainly."""
    files = [each for each in generate.mappings(root) if method.name in generate.method_names(root, [each])]
    mapped = generate.read(root, files)[0].method
    return replace(mapped, tables=tuple(filter(_is_plain, mapped.tables)))


def _is_plain(table: ir.Table) -> bool:
    """Whether its rows come from one place, by lists and maps alone."""
    return not table.other_origins and all(isinstance(each.container, ir.ListOf | ir.MapOf) for each in table.levels)


def extractors(method: ir.Method) -> list[Extractor]:
    """The functions of `source`, in the order of the tables."""
    names: dict[str, Any] = {"convert": convert, "date": date, "datetime": datetime, "Decimal": Decimal}
    names |= {"first_of_each": first_of_each, "last_of_each": last_of_each}
    exec(compile(source(method), "<expert>", "exec"), names)  # noqa: S102 - the text is made above from our mapping
    return [names[table.name] for table in method.tables]


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


@dataclass(frozen=True, slots=True)
class _Target:
    copy: str
    types: list[str]
    extract: Extractor
    upsert: sql.Composed


class Loader:
    """Loads games from the raw table into the tables of a schema, on a connection."""

    def __init__(self, connection: Connection, method: Method, extract: Sequence[Extractor], schema: str) -> None:
        self._connection = connection
        for setting in ("temp_buffers = '64MB'", "jit = off", "plan_cache_mode = force_generic_plan"):
            self._connection.execute(sql.SQL("SET " + setting))
        self._targets = [self._target(*each, schema) for each in zip(method.tables, extract, strict=True)]
        raw = sql.Identifier(method.raw_schema, method.raw_table)
        self._read = sql.SQL("SELECT captured_at, encoding, body FROM {} WHERE request = ANY(%s)").format(raw)
        self._method = method.method

    def load(self, game_pks: Sequence[int]) -> None:
        """Load these games, many a transaction."""
        gc.disable()  # decoded JSON has no cycles, and looking for them takes 2 to 4 ms of 36 a game
        try:
            for start in range(0, len(game_pks), BATCH):
                self._batch(game_pks[start : start + BATCH])
        finally:
            gc.enable()

    def _batch(self, game_pks: Sequence[int]) -> None:
        rows: list[list[Row]] = [[] for _ in self._targets]
        with self._connection.transaction():
            requests = [normal_form(self._method, {"game_pk": str(game_pk)}) for game_pk in game_pks]
            for captured_at, *kept in self._connection.cursor(binary=True).execute(self._read, [requests]):
                document = orjson.loads(StoredBody(*kept).decoded())
                for target, its in zip(self._targets, rows, strict=True):
                    its.extend(target.extract(document, captured_at))
            for target, its in zip(self._targets, rows, strict=True):
                cursor = self._connection.cursor()
                with cursor.copy(target.copy.encode()) as copy:
                    copy.set_types(target.types)
                    for row in its:
                        copy.write_row(row)
                cursor.execute(target.upsert, prepare=True)

    def _target(self, table: Table, extract: Extractor, schema: str) -> _Target:
        """The table's statements; makes the temporary table."""
        stage, into = sql.Identifier(f"stage_{table.name}"), sql.Identifier(schema, table.name)
        create = sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS")
        self._connection.execute(create.format(stage, into))
        names = [sql.Identifier(column.name) for column in table.columns]
        key = {*table.primary_key}
        changed = [sql.Identifier(column.name) for column in table.columns if column.name not in key]
        listed = sql.SQL(", ").join(names)
        copy = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(stage, listed)
        upsert = sql.SQL(
            "INSERT INTO {into} ({listed}) SELECT {listed} FROM {stage} ON CONFLICT ({key}) DO UPDATE SET {changed}"
        ).format(
            into=into,
            listed=listed,
            stage=stage,
            key=sql.SQL(", ").join(map(sql.Identifier, table.primary_key)),
            changed=sql.SQL(", ").join(sql.SQL("{0} = EXCLUDED.{0}").format(name) for name in changed),
        )
        return _Target(copy.as_string(), [column.wire for column in table.columns], extract, upsert)
