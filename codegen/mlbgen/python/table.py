"""The module of a table: its row model, `extract` and its facts."""

import textwrap
from dataclasses import dataclass

from mlbgen import ir
from mlbgen.ir import columns
from mlbgen.language.names import Identifier, pascal, python_name
from mlbgen.python import extract
from mlbgen.python.code import WIDTH, Code, Names, docstring, python_header, quoted, wrapped
from mlbgen.python.extract import Function
from mlbgen.python.facts import Paths, only_for_fact, partition_fact
from mlbgen.python.tree import ROOT, Tree
from mlbgen.rendering import render

_TAKEN_CLASSES = (
    "BaseModel",
    "Capture",
    "Check",
    "Column",
    "ColumnReference",
    "Decimal",
    "DerivedColumn",
    "Field",
    "OnlyFor",
    "Partition",
    "Row",
    "Table",
    "UUID",
    ROOT,
)


@dataclass(frozen=True, slots=True)
class _Context:
    header: Code
    docstring: Code
    constants: tuple[Identifier, ...]
    model: Identifier
    description: Code
    fields: tuple[Code, ...]
    row: Code
    key: Code
    extract: Code
    functions: tuple[Function, ...]
    checks: tuple[Code, ...]
    guarded: bool
    schema: Code
    name: Code
    paths: tuple[Code, ...]
    columns: tuple[Code, ...]
    primary_key: Code
    identity: Code
    partition: Code
    derived: tuple[Code, ...]
    only_for: Code | None


def render_table(method: ir.Method, table: ir.Table, tree: Tree) -> str:
    """The module's text; its imports are pruned by the formatter."""
    name = f"{table.schema}.{table.name}"
    sent = [column for column in table.columns if not isinstance(column.value, ir.IngestedAt)]
    body = extract.body(table, tree)
    paths = Paths(table, body.constants)
    return render(
        "table.py.jinja",
        _Context(
            header=python_header(method.mapping_file),
            docstring=Code(f'"""The table {name}."""'),
            constants=(ROOT, *body.constants),
            model=Names(_TAKEN_CLASSES).take(pascal(table.name), f"{pascal(table.name)}Row"),
            description=docstring(table.description, f"A row of {name}."),
            fields=tuple(map(_field, sent)),
            row=_row(sent),
            key=_key(table, sent),
            extract=body.statements,
            functions=body.functions,
            checks=tuple(map(_check, table.checks)),
            guarded=table.guarded,
            schema=quoted(table.schema),
            name=quoted(table.name),
            columns=tuple(_column(table, column, paths) for column in sent),
            paths=paths.definitions(),
            primary_key=quoted(table.primary_key),
            identity=quoted(table.identity),
            partition=partition_fact(table.partition),
            derived=tuple(map(_derived, table.derived)),
            only_for=None if table.only_for is None else only_for_fact(table.only_for),
        ),
    )


def _field(column: ir.Column) -> Code:
    default = "default=None, " if column.nullable else ""
    name, annotation = python_name(column.name), columns.annotation(column)
    return Code(f"{name}: {annotation} = Field({default}description={wrapped(column.description)})")


def _row(sent: list[ir.Column]) -> Code:
    """The type of a row, as many columns on a line as fit."""
    types = ", ".join(map(columns.annotation, sent))
    if len(types) < WIDTH - len("Row: TypeAlias = tuple[]"):
        return Code(f"tuple[{types}]")
    # Keeps `| None` on the line of its type.
    lines = textwrap.wrap(types.replace(" | ", "\0|\0"), WIDTH - 4)
    return Code("\n".join(("tuple[", *(f"    {each}" for each in lines), "]  # fmt: skip")).replace("\0", " "))


def _key(table: ir.Table, sent: list[ir.Column]) -> Code:
    """The getter of the key columns that differ between the rows of a document; empty if there is only one row."""
    if not table.levels and not table.other_origins:
        return Code("")
    in_key = {position: column for position, column in enumerate(sent) if column.name in table.primary_key}
    varying = [position for position in in_key if _varies(table, position)] or list(in_key)
    named = ", ".join(sent[position].name for position in varying)
    return Code(f"KEY = itemgetter({', '.join(map(str, varying))})  # {named}")


def _varies(table: ir.Table, position: int) -> bool:
    """Whether the column can differ between the rows of a document: within an origin, or from one to another."""
    found = [origin.columns[position] for origin in table.origins]
    return any(map(columns.varies, found)) or len({each.value for each in found}) > 1


def _column(table: ir.Table, column: ir.Column, paths: Paths) -> Code:
    position = table.columns.index(column)
    found = [path for origin in table.origins for path in columns.paths(origin, origin.columns[position])]
    sources = [paths.shown(each) for each in dict.fromkeys(found)]
    facts = ", ".join(map(quoted, (column.name, str(column.type), columns.wire(column))))
    listed = f"({', '.join(sources)}{',' if len(sources) == 1 else ''})"
    return Code(f"Column({facts}, {listed}{_refers_to(column.refers_to)})")


def _derived(column: ir.DerivedColumn) -> Code:
    facts = (column.name, str(column.type), column.expression.columns, column.expression.sql)
    return Code(f"DerivedColumn({', '.join(map(quoted, facts))}{_refers_to(column.refers_to)})")


def _refers_to(reference: ir.ColumnReference | None) -> Code:
    if reference is None:
        return Code("")
    return Code(f", ColumnReference({quoted(reference.table)}, {quoted(reference.column)})")


def _check(check: ir.Check) -> Code:
    facts = (check.name, check.condition.columns, check.condition.sql, check.severity)
    return Code(f"Check({', '.join(map(quoted, facts))})")
