"""`refers_to`: columns that have the values of a column of another table, of any mapping of the project."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from mlb_contracts import sql_types
from mlbgen import ir
from mlbgen.language.diagnostics import Diagnostic
from mlbgen.lower.report import Place, Report, did_you_mean

_Tables: TypeAlias = Mapping[str, ir.Table]
_PARTS = 3  # schema, table and column


def reference(report: Report, place: Place, text: str | None) -> ir.ColumnReference | None:
    """Parse `schema.table.column`; whether that column exists is known only with all mappings."""
    if text is None:
        return None
    if text.count(".") != _PARTS - 1 or not all(text.split(".")):
        help_ = "write schema.table.column, such as tracker.users.user_id"
        report.add("MG067", place, f'"{text}" is not the name of a column', help_)
        return None
    table, _, column = text.rpartition(".")
    return ir.ColumnReference(table, column, place.position())


def check(methods: Sequence[ir.Method]) -> list[Diagnostic]:
    """Report each `refers_to` without a column that fits it in these methods, which are all of a project."""
    tables = {f"{table.schema}.{table.name}": table for method in methods for table in method.tables}
    return [wrong for name, table in tables.items() for wrong in _check_table(name, table, tables)]


def _check_table(name: str, table: ir.Table, tables: _Tables) -> Iterator[Diagnostic]:
    for column in table.columns:
        yield from _check(name, column, tables)
    for derived in table.derived:
        yield from _check(name, derived, tables)


def _check(table: str, column: ir.Column | ir.DerivedColumn, tables: _Tables) -> Iterator[Diagnostic]:
    to = column.refers_to
    if to is None:
        return
    name = f"{to.table}.{to.column}"
    if to.table not in tables:
        help_ = did_you_mean(to.table, tables, "name a table of one of the mappings")
        yield Diagnostic(to.position, "MG067", f'unknown table "{to.table}"', help_)
        return
    target = tables[to.table]
    columns: dict[str, ir.Column] = {each.name: each for each in target.columns}
    if to.column not in columns:
        help_ = did_you_mean(to.column, target.identity, f"its key is ({', '.join(target.identity)})")
        yield Diagnostic(to.position, "MG067", f'{to.table} has no column "{to.column}"', help_)
    elif name == f"{table}.{column.name}":
        yield Diagnostic(to.position, "MG068", f"{name} refers to itself", "name a column of another table")
    elif to.column not in target.identity:
        help_ = f"refer to a column of its key, ({', '.join(target.identity)})"
        yield Diagnostic(to.position, "MG068", f"{name} is not part of its table's key", help_)
    elif not _can_be_equal(column, columns[to.column]):
        message = f"{column.name} is {column.type}, and {name} is {columns[to.column].type}"
        yield Diagnostic(to.position, "MG068", message, "give both the same type")


def _can_be_equal(one: ir.Column | ir.DerivedColumn, other: ir.Column) -> bool:
    """Whether values of the two types can be compared: integers of any size, or the same type."""
    return sql_types.type_facts(one.type).python == sql_types.type_facts(other.type).python
