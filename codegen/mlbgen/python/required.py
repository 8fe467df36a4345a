"""Paths that must be readable: otherwise rows would be lost or get wrong keys, or a rule would not be tested."""

from collections.abc import Iterator

from mlb_contracts import jsonpath
from mlbgen import ir
from mlbgen.ir import columns
from mlbgen.language import paths


def required_paths(method: ir.Method) -> tuple[str, ...]:
    """The paths of keys, rules, levels, filters and look-ups, and of columns that may not be NULL."""
    found = [path for key in method.document for path in _paths(key.value)]
    found += [rule.path for rule in method.rules]
    for table in method.tables:
        for origin in table.origins:
            found += _of_origin(origin)
    return tuple(dict.fromkeys(found))


def _of_origin(origin: ir.Origin) -> Iterator[str]:
    for level in origin.levels:
        item = columns.item_path(level)
        yield item
        if level.where is not None:
            yield from (_behind(item, each.members) for each in paths.looked_at(level.where))
    for lookup in origin.lookups:
        item = columns.item_path(lookup)
        yield item
        if isinstance(lookup.by, ir.MemberEquals):
            yield _behind(item, lookup.by.members)
    for column in origin.columns:
        if columns.is_required(column):
            yield from (
                columns.paths(origin, column) if isinstance(column.value, ir.CarryValue) else _paths(column.value)
            )


def _paths(value: ir.Value) -> tuple[str, ...]:
    return tuple(each.path for each in value.references) if isinstance(value, ir.PathValue) else ()


def _behind(path: str, members: tuple[str, ...]) -> str:
    return jsonpath.below(path, members)
