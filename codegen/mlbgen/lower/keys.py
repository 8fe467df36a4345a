"""Primary keys, partitions, indexes and checks of tables."""

from collections.abc import Collection, Mapping, Sequence
from typing import assert_never

from mlb_contracts import extensions, limits, sql_types
from mlb_contracts.errors import EtlError
from mlb_contracts.sql_types import SqlType
from mlbgen import ir
from mlbgen.language import spec
from mlbgen.language.names import SqlName
from mlbgen.lower import expressions, naming
from mlbgen.lower.columns import UNKNOWN
from mlbgen.lower.report import Place, Report, did_you_mean

Columns = Mapping[str, ir.Column | ir.DerivedColumn]

_AHEAD_LIMIT = 1000


def check_columns(
    report: Report, place: Place, names: Sequence[str], columns: Columns, derived: Collection[str] = ()
) -> bool:
    """Check that each name is a column of the table, is none of the `derived` ones, and is listed once."""
    good = True
    for index, name in enumerate(names):
        if name in derived:
            report_derived(report, place.at(index), name)
            good = False
        elif name not in columns:
            report.add("MG050", place.at(index), f'unknown column "{name}"', did_you_mean(name, columns))
            good = False
        elif name in names[:index]:
            report.add("MG023", place.at(index), f'the column "{name}" is listed twice')
            good = False
    return good


def report_derived(report: Report, place: Place, name: str) -> None:
    """Report a derived column in a key or as the column of a partition."""
    message = f'"{name}" is derived, so rows are sent without it'
    report.add("MG073", place, message, "keys and partitions take columns with values of their own")


def check_primary_key(
    report: Report,
    place: Place,
    declared: Sequence[str],
    columns: Columns,
    *,
    document: Sequence[str],
    derived: Collection[str],
) -> None:
    """Check that the key's columns exist, never change, and include the document's keys, which separate documents."""
    if not check_columns(report, place, declared, columns, derived):
        return
    for index, name in enumerate(declared):
        if name in {naming.CAPTURED_AT, naming.INGESTED_AT}:
            report.add("MG053", place.at(index), f'"{name}" changes with each capture, so it can\'t be in the key')
    for name in document:
        if name not in declared:
            help_ = "add it: each row belongs to one document"
            report.add("MG053", place, f'the primary key lacks "{name}", a key of the document', help_)


def widened(key: tuple[SqlName, ...], partition: ir.Partition | None) -> tuple[SqlName, ...]:
    """The key with the partition column appended, as PostgreSQL requires it in every unique key."""
    return key if partition is None or partition.column in key else (*key, partition.column)


def identity(key: tuple[SqlName, ...], partition: ir.Partition | None) -> tuple[SqlName, ...]:
    """The key that identifies a row across captures: not widened by a month column, as its value can change."""
    return key if isinstance(partition, ir.MonthPartition) else widened(key, partition)


def check_nullable(report: Report, place: Place, column: ir.Column, key: Collection[str]) -> None:
    """Check that exactly the key columns are NOT NULL."""
    if column.nullable and column.name in key:
        message = f'"{column.name}" is in the primary key, but may be NULL'
        report.add("MG051", place, message, "write nullable: false")
    if not column.nullable and column.name not in key:
        message = f'"{column.name}" may not be NULL, but is not in the primary key'
        report.add("MG052", place, message, "only key columns are NOT NULL: remove nullable: false")


def lower_partition(
    report: Report,
    place: Place,
    declared: spec.Partition,
    columns: Mapping[str, SqlType],
    *,
    elsewhere: str | None = None,
) -> ir.Partition | None:
    """Lower a partitioning, with the partitions to premake; `elsewhere` is another table that has its column."""
    if declared.column not in columns:
        help_ = (
            f"take it from the table that has it: of: {elsewhere}"
            if elsewhere
            else did_you_mean(declared.column, columns)
        )
        report.add("MG054", place.at("column"), f'unknown partition column "{declared.column}"', help_)
        return None
    column, sql_type = naming.sql_name(report, declared.column), columns[declared.column]
    possible = {each.name for each in sql_types.TYPES.values() if each.partition == declared.kind}
    if sql_type is not UNKNOWN and sql_type.name not in possible:
        message = f"a column of type {sql_type} can't be partitioned by {declared.kind}"
        report.add("MG055", place.at("kind"), message, f"possible types: {', '.join(sorted(possible))}")
        return None
    match declared.kind:
        case "list":
            values = _values(report, place, declared)
            if values and sql_type.name == "text":
                report.add(
                    "MG055", place.at("from"), "partitions by text can't be created in advance", "remove from and to"
                )
                return None
            return None if values is None else ir.ListPartition(column, values)
        case "month":
            months = _months(report, place, declared)
            return None if months is None else ir.MonthPartition(column, months)
        case _:
            assert_never(declared.kind)


def _values(report: Report, place: Place, declared: spec.Partition) -> tuple[int, ...] | None:
    """The values to premake partitions for, from the first to the last; none if the mapping names none."""
    match declared.from_, declared.to:
        case None, None:
            return ()
        case int(first), int(last):
            values = _range(report, place, declared, first, last)
        case _:
            report.add("MG055", place, "give both from and to, as integers: from: 2020, to: 2026")
            return None
    if values and max(len(str(first)), len(str(last))) > limits.SUFFIX_BYTES:
        message = f"the value is part of the partition's name, and can have at most {limits.SUFFIX_BYTES} characters"
        report.add("MG055", place.at("from"), message, "remove from and to")
        return None
    return None if values is None else tuple(values)


def _months(report: Report, place: Place, declared: spec.Partition) -> tuple[str, ...] | None:
    """The months to premake partitions for, as `_values`."""
    match declared.from_, declared.to:
        case None, None:
            return ()
        case str(first), str(last):
            numbers = _range(report, place, declared, _number(first), _number(last))
        case _:
            report.add("MG055", place, "give both from and to, as months: from: 2024-01, to: 2026-12")
            return None
    return None if numbers is None else tuple(f"{each // 12:04}-{each % 12 + 1:02}" for each in numbers)


def _range(report: Report, place: Place, declared: spec.Partition, first: int, last: int) -> range | None:
    if first <= last < first + _AHEAD_LIMIT:
        return range(first, last + 1)
    message = f"from {declared.from_} to {declared.to} must span 1 to {_AHEAD_LIMIT} partitions"
    report.add("MG055", place.at("to"), message)
    return None


def _number(month: str) -> int:
    """Months since year 0."""
    year, number = month.split("-")
    return int(year) * 12 + int(number) - 1


def lower_index(
    report: Report, place: Place, declared: spec.Index, columns: Columns, *, table: str, by: ir.Partition | None
) -> ir.Index | None:
    """Lower an index and name it after its columns; `by` is the table's partitioning, which widens a unique index."""
    types = {name: column.type for name, column in columns.items()}
    where = expression = None
    if declared.where is not None:
        where = expressions.condition(report, place.at("where"), declared.where, types)
    if declared.expression is not None:
        expression = expressions.expression(report, place.at("expression"), declared.expression, types)
    good = declared.columns is None or check_columns(report, place.at("columns"), declared.columns, columns)
    refused = (where is None) != (declared.where is None) or (expression is None) != (declared.expression is None)
    if refused or not good:
        return None
    if declared.unique and expression is not None and by is not None:
        report.add("MG055", place.at("unique"), "a partitioned table can't have a unique index over an expression")
        return None
    if declared.unique and declared.using != "btree":
        report.add(
            "MG044", place.at("using"), f"an index using {declared.using} can't be unique", "remove one of the two"
        )
        return None
    suffix = "key" if declared.unique else "idx"
    if expression is not None:
        name = naming.derived_name(table, *expression.columns, _mark(expression, where), suffix=suffix)
        return ir.ExpressionIndex(name, expression, where, declared.unique, declared.using)
    names = tuple(columns[each].name for each in declared.columns or ())
    name = naming.derived_name(table, *names, *([_mark(None, where)] if where else []), suffix=suffix)
    over = widened(names, by) if declared.unique else names
    return ir.ColumnIndex(name, over, where, declared.unique, declared.using)


def _mark(expression: ir.Expression | None, where: ir.Expression | None) -> str:
    """A hash that distinguishes indexes over the same columns."""
    of, condition = (None if each is None else each.sql for each in (expression, where))
    return naming.short_hash(f"{of} WHERE {condition}")


def _used(report: Report, place: Place, declared: spec.Check, columns: Columns) -> str | None:
    """The condition that a check of an installed package states over columns of the table."""
    name, known = declared.use or "", extensions.names(extensions.CHECKS)
    if name not in known:
        report.add("MG041", place.at("use"), f'unknown check "{name}"', did_you_mean(name, known))
        return None
    if not check_columns(report, place.at("columns"), declared.columns, columns):
        return None
    try:
        return extensions.condition(name, [f'"{each}"' for each in declared.columns])
    except EtlError as error:
        report.add("MG041", place.at("use"), str(error))
        return None


def lower_check(report: Report, place: Place, declared: spec.Check, columns: Columns, *, table: str) -> ir.Check | None:
    """Lower a check; its name gets the table's name as a prefix."""
    good = naming.check_name(report, place.at("name"), declared.name, "check")
    types = {name: column.type for name, column in columns.items()}
    at, text = place.at("expression"), declared.expression
    if declared.use is not None:
        at, text = place.at("use"), _used(report, place, declared, columns)
    condition = None if text is None else expressions.condition(report, at, text, types)
    if condition is None or not good:
        return None
    return ir.Check(naming.derived_name(table, declared.name, suffix="check"), condition, declared.severity)
