"""Makes the dictionary from what the mappings mean, the shapes of their responses, views, and rows of samples."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median_low
from typing import assert_never

from mlbgen import ir
from mlbgen.dictionary import lineage, names
from mlbgen.dictionary.conditions import condition_text
from mlbgen.dictionary.examples import example
from mlbgen.dictionary.facts import (
    VERSION,
    CheckFacts,
    ColumnFacts,
    Dictionary,
    KeyFacts,
    Link,
    Measured,
    PartitionFacts,
    PlaceFacts,
    ResponseFacts,
    RowSource,
    Source,
    Subject,
    TableFacts,
    ViewColumnFacts,
    ViewFacts,
)
from mlbgen.dictionary.sources import derived, sources
from mlbgen.ir import columns
from mlbgen.postgres.view import View
from mlbgen.samples import coverage
from mlbgen.samples.measured import Counts
from mlbgen.samples.shape import Shape


def dictionary(methods: Sequence[tuple[ir.Method, Shape]], views: Sequence[View], counts: Counts) -> Dictionary:
    """The dictionary of a project, whose methods come with the shapes of their responses.

    `counts` has the rows of each table in each document of its samples.
    """
    tables = [_table(method, table, counts) for method, _ in methods for table in method.tables]
    by_name = {each.name: each for each in tables}
    subjects: dict[str, list[TableFacts]] = {}
    for each in tables:
        subjects.setdefault(names.subject_page(each.subject), []).append(each)
    return Dictionary(
        version=VERSION,
        subjects=tuple(
            Subject(found[0].subject, tuple(each.name for each in found)) for _, found in sorted(subjects.items())
        ),
        tables=tuple(by_name[name] for name in sorted(by_name)),
        views=tuple(_views(views, by_name)),
        responses=tuple(sorted((_response(*each) for each in methods), key=lambda each: each.name)),
    )


def _table(method: ir.Method, table: ir.Table, counts: Counts) -> TableFacts:
    found = tuple(_columns(table))
    only = table.only_for
    return TableFacts(
        name=table.qualified_name,
        subject=table.subject,
        description=table.description,
        response=f"{method.endpoint}.{method.method}",
        document=_plain(key.name for key in method.document),
        primary_key=_plain(table.primary_key),
        columns=found,
        links=tuple(_links(table)),
        rows=tuple(map(_rows, table.origins)),
        example=example(table.qualified_name, table.primary_key, (each.name for each in found)),
        measured=_measured(counts.get(table.qualified_name, ())),
        partition=_partition(table.partition),
        checks=tuple(CheckFacts(str(each.name), each.condition.sql, each.severity) for each in table.checks),
        hydration=table.hydration,
        only_for=None if only is None else (str(only.key), only.among),
    )


def _columns(table: ir.Table) -> Iterator[ColumnFacts]:
    """The columns in the mapping's order: derived ones before the two that every table ends with."""
    for column in table.columns[:-2]:
        yield _column(table, column)
    for each in table.derived:
        yield ColumnFacts(
            name=str(each.name),
            type=str(each.type),
            unit=each.unit,
            nullable=True,
            key=False,
            description=each.description,
            sources=derived(each),
            refers_to=_reference(each.refers_to),
        )
    for column in table.columns[-2:]:
        yield _column(table, column)


def _column(table: ir.Table, column: ir.Column) -> ColumnFacts:
    return ColumnFacts(
        name=str(column.name),
        type=str(column.type),
        unit=column.unit,
        nullable=column.nullable,
        key=column.name in table.primary_key,
        description=column.description,
        sources=sources(table, column.name),
        default=column.default,
        null_if=column.null_if,
        unreadable="reject" if columns.is_required(column) else "null",
        refers_to=_reference(column.refers_to),
    )


def _plain(names: Iterable[str]) -> tuple[str, ...]:
    """Names as plain texts, which writers of other formats expect."""
    return tuple(map(str, names))


def _reference(reference: ir.ColumnReference | None) -> str | None:
    return None if reference is None else f"{reference.table}.{reference.column}"


def _links(table: ir.Table) -> Iterator[Link]:
    for key in table.foreign_keys:
        yield Link(_plain(key.columns), f"{key.schema}.{key.table}", _plain(key.references), enforced=True)
    declared = [(str(column.name), column.refers_to) for column in table.columns]
    for name, to in (*declared, *((str(column.name), column.refers_to) for column in table.derived)):
        if to is not None:
            yield Link((name,), to.table, (to.column,), enforced=False)


def _rows(origin: ir.Origin) -> RowSource:
    where = tuple(_conditions(origin.levels))
    path = columns.item_path(origin.levels[-1]) if origin.levels else None
    return RowSource(path, where, origin.name)


def _conditions(levels: Sequence[ir.Level]) -> Iterator[str]:
    for level in levels:
        if level.where is not None:
            text = condition_text(level.where)
            yield text if level is levels[-1] else f"{columns.item_path(level)}: {text}"


def _measured(counts: Sequence[int]) -> Measured | None:
    return Measured(len(counts), min(counts), median_low(counts), max(counts)) if counts else None


def _partition(partition: ir.Partition | None) -> PartitionFacts | None:
    match partition:
        case None:
            return None
        case ir.ListPartition(column=column):
            return PartitionFacts(str(column), "list")
        case ir.MonthPartition(column=column):
            return PartitionFacts(str(column), "month")
        case _:
            assert_never(partition)


def _views(views: Sequence[View], tables: Mapping[str, TableFacts]) -> Iterator[ViewFacts]:
    """The views by name. A materialized view states its key; of another one the first columns serve as an example."""
    computed = lineage.of_views(views, {name: [each.name for each in of.columns] for name, of in tables.items()})
    types = lineage.types_of_views(
        views, {name: {each.name: each.type for each in of.columns} for name, of in tables.items()}
    )
    paths = {
        f"{name}.{column.name}": {path for source in column.sources for path in _places(source)}
        for name, table in tables.items()
        for column in table.columns
    }
    for view in sorted(views, key=lambda each: each.qualified_name):
        found = computed[view.qualified_name]
        yield ViewFacts(
            name=view.qualified_name,
            description=view.description,
            materialized=view.materialized,
            key=_plain(view.key),
            columns=tuple(
                ViewColumnFacts(
                    str(each.name),
                    each.description,
                    found[each.name],
                    tuple(sorted({path for name in found[each.name] for path in paths[name]})),
                    types[view.qualified_name][each.name],
                )
                for each in view.columns
            ),
            reads=view.reads,
            example=example(view.qualified_name, view.key, (each.name for each in view.columns)),
        )


def _places(source: Source) -> tuple[str, ...]:
    """The places of a source in the response, or the parameter of the request."""
    return (columns.parameter(source.text),) if source.kind == "parameter" else source.paths


def _response(method: ir.Method, shape: Shape) -> ResponseFacts:
    report = coverage.report(method, shape)
    return ResponseFacts(
        name=f"{method.endpoint}.{method.method}",
        description=method.description,
        urls=tuple(dict.fromkeys(each.url for each in method.forms)),
        mapping=method.mapping_file,
        raw_table=f"{method.raw_table.schema}.{method.raw_table.name}",
        document=tuple(_keys(method.document)),
        documents=None if method.items is None else method.items.path,
        tables=tuple(table.qualified_name for table in method.tables),
        places=tuple(PlaceFacts(each.path, each.count, each.columns, each.reason) for each in report.leaves),
    )


def _keys(document: Iterable[ir.DocumentKey]) -> Iterator[KeyFacts]:
    for key in document:
        match key.value:
            case ir.PathValue(references):
                source = references[0].path
            case ir.ParameterValue(name):
                source = columns.parameter(name)
            case _:
                assert_never(key.value)
        yield KeyFacts(str(key.name), str(key.type), key.description, source)
