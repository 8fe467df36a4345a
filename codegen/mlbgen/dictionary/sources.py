"""Where the values of a column come from, for the dictionary."""

import json
from collections.abc import Mapping
from typing import assert_never

from mlbgen import ir
from mlbgen.dictionary.facts import Source, SourceKind
from mlbgen.ir import columns


def sources(table: ir.Table, name: str) -> tuple[Source, ...]:
    """The sources of a column, one for each origin of the table; a single one if all agree."""
    found = [_source(origin, column) for origin in table.origins for column in origin.columns if column.name == name]
    if len(set(found)) == 1:
        return (found[0],)
    named = zip(table.origins, found, strict=True)
    return tuple(Source(each.kind, each.paths, each.converters, each.text, origin.name) for origin, each in named)


def derived(column: ir.DerivedColumn) -> tuple[Source, ...]:
    """The source of a derived column."""
    return (Source("derived", text=column.expression.sql),)


def _source(origin: ir.Origin, column: ir.Column) -> Source:
    paths = columns.paths(origin, column)
    match column.value:
        case ir.PathValue() | ir.CarryValue() | ir.ItemValue() | ir.KeyValue():
            return Source(_KINDS[type(column.value)], paths, _converters(column))
        case ir.IndexValue(start=start):
            return Source("index", paths, text=str(start))
        case ir.ParameterValue(parameter):
            return Source("parameter", converters=_converters(column), text=parameter)
        case ir.ConstantValue(value):
            return Source("constant", text=json.dumps(value, ensure_ascii=False))
        case ir.NoValue() | ir.CapturedAt() | ir.IngestedAt():
            return Source(_KINDS[type(column.value)])
        case _:
            assert_never(column.value)


_KINDS: Mapping[type[ir.Value], SourceKind] = {
    ir.PathValue: "path",
    ir.CarryValue: "carried",
    ir.ItemValue: "item",
    ir.KeyValue: "key",
    ir.NoValue: "none",
    ir.CapturedAt: "captured_at",
    ir.IngestedAt: "ingested_at",
}


def _converters(column: ir.Column) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.convert for each in columns.decodings(column) if each.convert is not None))
