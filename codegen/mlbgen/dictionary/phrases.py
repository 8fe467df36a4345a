"""Facts of the dictionary in words, as Markdown."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from mlbgen.dictionary.facts import (
    ColumnFacts,
    Link,
    Measured,
    PartitionFacts,
    RowSource,
    Source,
    SourceKind,
    TableFacts,
)
from mlbgen.dictionary.markdown import Markdown, code, joined, link, text

_MANY = 4  # paths that are named; more are counted


def source(each: Source) -> Markdown:
    """Where a value comes from, such as a path and its converter."""
    found = joined(list(_parts(each)))
    return found if not each.origin else Markdown(f"{text(each.origin)}: {found}")


def _parts(each: Source) -> Iterator[Markdown]:
    match each.kind:
        case "path" | "item":
            yield joined([*map(code, each.paths)], " or ")
        case "carried":
            yield Markdown(f"carried along the list, from {_some(each.paths)}")
        case "key":
            yield Markdown(f"key of {_some(each.paths)}")
        case "index":
            yield Markdown(f"position in {_some(each.paths)}, from {text(each.text)}")
        case "parameter":
            yield Markdown(f"parameter {code(each.text)} of the request")
        case "constant" | "derived":
            yield Markdown(f"{_FIXED[each.kind]} {code(each.text)}")
        case "none" | "captured_at" | "ingested_at":
            yield Markdown(_FIXED[each.kind])
        case _:
            assert_never(each.kind)
    for converter in each.converters:
        yield Markdown(f"read by {code(converter)}")


_FIXED: Mapping[SourceKind, str] = {
    "constant": "always",
    "derived": "computed:",
    "none": "not in these rows",
    "captured_at": "time of the request",
    "ingested_at": "time of writing",
}


def _some(paths: tuple[str, ...]) -> Markdown:
    shown = joined([*map(code, paths[:_MANY])])
    return shown if len(paths) <= _MANY else Markdown(f"{shown} and {len(paths) - _MANY} more")


def value(column: ColumnFacts) -> Markdown:
    """Where a column's value comes from, in all origins, and what stands for a missing one."""
    several = joined([*map(source, column.sources)], "<br>")
    parts = [several]
    if column.null_if:
        parts.append(Markdown(f"NULL if {joined([*map(code, column.null_if)], ' or ')}"))
    if column.default is not None:
        parts.append(Markdown(f"default {code(str(column.default))}"))
    return joined(parts, "; ")


def meaning(column: ColumnFacts) -> Markdown:
    """What a column means, and the column that it refers to."""
    described = text(column.description)
    if column.refers_to is None:
        return described
    table, _, name = column.refers_to.rpartition(".")
    return Markdown(f"{described} Refers to {link(table, table)}.{text(name)}.")


def column_type(column: ColumnFacts) -> Markdown:
    """The type, and whether it is NOT NULL."""
    return text(column.type if column.nullable else f"{column.type} NOT NULL")


def rows(table: TableFacts) -> Markdown:
    """Where the rows come from."""
    found = joined([*map(_rows, table.rows)], "<br>")
    if table.hydration is not None:
        found = Markdown(f"{found}; only if the request asks for {code(f'hydrate={table.hydration}')}")
    if table.only_for is not None:
        key, among = table.only_for
        found = Markdown(f"{found}; only where {code(key)} is {joined([*map(code, among)], ' or ')}")
    return found


def _rows(origin: RowSource) -> Markdown:
    found = Markdown("one for each document") if origin.path is None else Markdown(f"each of {code(origin.path)}")
    if origin.where:
        found = Markdown(f"{found} where {joined([*map(code, origin.where)], ' and ')}")
    return found if not origin.origin else Markdown(f"{text(origin.origin)}: {found}")


def measured(found: Measured | None) -> Markdown:
    """How many rows a document has in the samples."""
    if found is None:
        return Markdown("not measured: the project has no sample of it")
    if found.least == found.most:
        return Markdown(f"{found.most} in {_documents(found.documents)}")
    return Markdown(f"{found.least} to {found.most}, median {found.median}, in {_documents(found.documents)}")


def _documents(count: int) -> str:
    return "the sample" if count == 1 else f"each of {count} documents of the samples"


def partition(found: PartitionFacts | None) -> Markdown:
    """How the table is partitioned."""
    if found is None:
        return Markdown("none")
    what = {"list": "one for each value of", "month": "one for each month of"}[found.kind]
    return Markdown(f"{what} {code(found.column)}")


def reference(each: Link) -> Markdown:
    """A reference, from columns to a table's."""
    own, others = joined([*map(code, each.columns)]), joined([*map(code, each.references)])
    how = "foreign key" if each.enforced else "not enforced"
    return Markdown(f"{own} → {link(each.table, each.table)} ({others}), {how}")


def referrer(name: str, each: Link) -> Markdown:
    """A reference, seen from the table that it leads to."""
    how = "" if each.enforced else ", not enforced"
    return Markdown(f"{link(name, name)} ({joined([*map(code, each.columns)])}){how}")
