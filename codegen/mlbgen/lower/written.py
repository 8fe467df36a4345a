"""The columns of tables as they are written, before any is lowered: a table can take its partition's from another."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from mlbgen.language import spec
from mlbgen.lower import expand
from mlbgen.lower.report import Place, Report, did_you_mean

_STEP = re.compile(r"[.\[]")

Tables: TypeAlias = Mapping[str, tuple[Place, spec.Table]]
Columns: TypeAlias = dict[str, tuple[Place, spec.Column]]


def columns(report: Report, place: Place, declared: Sequence[spec.Column]) -> Columns:
    """The columns by name, `for_each` expanded; `place` is that of the list."""
    found: Columns = {}
    for number, written in enumerate(declared):
        for at, column in expand.expand(report, place.at(number), written):
            if column.name in found:
                report.add("MG023", at.at("name"), f'there is a column "{column.name}" already')
            found[column.name] = (at, column)
    return found


def partition_column(report: Report, place: Place, declared: spec.TablePartition, tables: Tables, root: str) -> Columns:
    """The partition's column as the table that `of` names has it; nothing, and a report, where it can't be shared.

    `root` is what paths of the document start with.
    """
    if declared.of is None:
        return {}
    if declared.of not in tables:
        report.add("MG054", place.at("of"), f'unknown table "{declared.of}"', did_you_mean(declared.of, tables))
        return {}
    known = _of_table(tables, declared.of)
    if declared.column not in known:
        help_ = did_you_mean(declared.column, known)
        report.add("MG054", place.at("column"), f'{declared.of} has no column "{declared.column}" to take', help_)
        return {}
    _, column = known[declared.column]
    if not _is_of_document(column, root):
        message = f"{declared.of}.{declared.column} can differ from row to row of a document, so others can't take it"
        report.add("MG055", place.at("of"), message, f"take a column whose path starts with {root}")
        return {}
    return {declared.column: known[declared.column]}


def table_with(column: str, tables: Tables, root: str) -> str | None:
    """The first table that has such a column to take."""
    for name in tables:
        known = _of_table(tables, name)
        if column in known and _is_of_document(known[column][1], root):
            return name
    return None


def _of_table(tables: Tables, name: str) -> Columns:
    """A table's own columns; what is wrong with them is reported where the table itself is lowered."""
    place, table = tables[name]
    return columns(Report(), place.at("columns"), table.columns)


def _is_of_document(column: spec.Column, root: str) -> bool:
    """Whether all rows of a document have the same value, and those of every table can have it."""
    if column.parameter is not None:
        return True
    paths = [column.path] if isinstance(column.path, str) else column.path or []
    return bool(paths) and all(_STEP.split(path, maxsplit=1)[0] == root for path in paths)
