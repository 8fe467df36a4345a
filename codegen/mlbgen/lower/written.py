"""The declared columns of tables, before lowering: a table can take its partition column from another table."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from mlbgen.language import spec
from mlbgen.lower import expand
from mlbgen.lower.report import Place, Report, did_you_mean

_STEP = re.compile(r"[.\[]")

Tables: TypeAlias = Mapping[str, tuple[Place, spec.Table]]
Columns: TypeAlias = dict[str, tuple[Place, spec.Column]]


def declared_columns(report: Report, place: Place, declared: Sequence[spec.Column]) -> Columns:
    """The columns by name, with `for_each` expanded; `place` is the place of the list."""
    found: Columns = {}
    for number, written in enumerate(declared):
        for at, column in expand.expand(report, place.at(number), written):
            if column.name in found:
                report.add("MG023", at.at("name"), f'there is already a column "{column.name}"')
            found[column.name] = (at, column)
    return found


def partition_column(report: Report, place: Place, declared: spec.TablePartition, tables: Tables, root: str) -> Columns:
    """The partition column as declared in the table that `of` names; empty, with a report, if it can't be shared.

    `root` is the name that the document's paths start with.
    """
    if declared.of is None:
        return {}
    if declared.of not in tables:
        report.add("MG054", place.at("of"), f'unknown table "{declared.of}"', did_you_mean(declared.of, tables))
        return {}
    known = _of_table(tables, declared.of)
    if declared.column not in known:
        help_ = did_you_mean(declared.column, known)
        report.add("MG054", place.at("column"), f'{declared.of} has no column "{declared.column}"', help_)
        return {}
    _, column = known[declared.column]
    if not _is_of_document(column, root):
        message = (
            f"{declared.of}.{declared.column} can differ between the rows of a document, so other tables can't take it"
        )
        report.add("MG055", place.at("of"), message, f"take a column whose path starts with {root}")
        return {}
    return {declared.column: known[declared.column]}


def table_with(column: str, tables: Tables, root: str) -> str | None:
    """The first table whose column of this name other tables can take."""
    for name in tables:
        known = _of_table(tables, name)
        if column in known and _is_of_document(known[column][1], root):
            return name
    return None


def _of_table(tables: Tables, name: str) -> Columns:
    """A table's own columns; their mistakes are reported when the table itself is lowered."""
    place, table = tables[name]
    return declared_columns(Report(), place.at("columns"), table.columns)


def _is_of_document(column: spec.Column, root: str) -> bool:
    """Whether the value is the same in all rows of a document, and available to every table."""
    if column.parameter is not None:
        return True
    paths = [column.path] if isinstance(column.path, str) else column.path or []
    return bool(paths) and all(_STEP.split(path, maxsplit=1)[0] == root for path in paths)
