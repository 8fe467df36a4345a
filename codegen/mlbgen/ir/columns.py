"""Facts about a column that follow from the source of its value."""

from typing import assert_never

from mlb_contracts import jsonpath, sql_types
from mlb_contracts.jsonpath import Names, Step
from mlb_contracts.sql_types import Decoding
from mlbgen import ir

_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def decodings(column: ir.Column) -> tuple[Decoding, ...]:
    """How values become the column's: one decoding for each alternative path, or a single one for other sources."""
    return tuple(_decoding(column, json_type) for json_type in _json_types(column.value))


def converter(decoding: Decoding, decoded: str) -> str | None:
    """The function of mlb_contracts.convert to apply to a value that was decoded as `decoded`, or None."""
    if decoding.convert or decoded == decoding.annotation:
        return decoding.convert or sql_types.CHECKED.get(decoded)
    if (decoded, decoding.annotation) in sql_types.SHARED:
        return sql_types.SHARED[decoded, decoding.annotation]
    return sql_types.FROM_TEXT.get(decoding.annotation) if decoded == "str" else None


def wire(column: ir.Column) -> str:
    """The type in which COPY sends the column."""
    return sql_types.type_facts(column.type).wire


def varies(column: ir.Column) -> bool:
    """Whether the column can differ between the rows of a document."""
    match column.value:
        case ir.PathValue(references):
            return any(each.root != "$" for each in references)
        case ir.IndexValue() | ir.KeyValue() | ir.ItemValue():
            return True
        case ir.ParameterValue() | ir.ConstantValue() | ir.CapturedAt() | ir.IngestedAt():
            return False
        case _:
            assert_never(column.value)


def readers(column: ir.Column) -> frozenset[str]:
    """The decoders and converters that can produce the column's value, by their names in sql_types.VERSIONS."""
    if isinstance(column.value, ir.IndexValue | ir.ConstantValue | ir.CapturedAt | ir.IngestedAt):
        return frozenset()
    return frozenset(name for each in decodings(column) for name in (each.annotation, each.convert) if name is not None)


def is_required(column: ir.Column) -> bool:
    """Whether an unreadable value rejects the document, instead of becoming NULL.

    It also does for a column with a default, which would otherwise replace the unreadable value.
    """
    return column.unreadable == "reject" or not column.nullable or column.default is not None


def annotation(column: ir.Column) -> str:
    """The column's type annotation in its row model."""
    python = sql_types.type_facts(column.type).python
    return f"{python} | None" if column.nullable else python


def paths(table: ir.Table, column: ir.Column) -> tuple[str, ...]:
    """The sources of the value in the response or its request; none for a constant or a time."""
    match column.value:
        case ir.PathValue(references):
            return tuple(reference.path for reference in references)
        case ir.ParameterValue(name):
            return (parameter(name),)
        case ir.ItemValue(path=path):
            return (path,)
        case ir.IndexValue(name) | ir.KeyValue(name):
            return tuple(item_path(level) for level in table.levels if level.name == name)
        case ir.ConstantValue() | ir.CapturedAt() | ir.IngestedAt():
            return ()
        case _:
            assert_never(column.value)


def parameter(name: str) -> str:
    """How a request parameter is shown in place of a path of the response."""
    return f"parameter {name}"


def item_path(each: ir.Level | ir.LookUp) -> str:
    """The path of a level's items or of what a look-up finds."""
    found = each.container if isinstance(each, ir.Level) else each.by
    match found:
        case ir.MapOf() | ir.KeyOf():
            return f"{each.source.path}{Step.VALUE.value}"
        case ir.ListOf() | ir.MemberEquals() | ir.AtIndex():
            return f"{each.source.path}{Step.ITEM.value}"
        case ir.MembersOf(names=names):
            return jsonpath.below(each.source.path, [Names(names)])
        case ir.Single():
            return each.source.path
        case _:
            assert_never(found)


def _json_types(value: ir.Value) -> tuple[str, ...]:
    match value:
        case ir.PathValue(references):
            return tuple(reference.type for reference in references)
        case ir.ItemValue(type=json_type):
            return (json_type,)
        case ir.IndexValue():
            return ("integer",)
        case ir.ConstantValue(constant):
            return (_JSON_TYPES[type(constant)],)
        case ir.KeyValue() | ir.ParameterValue() | ir.CapturedAt() | ir.IngestedAt():
            return ("string",)
        case _:
            assert_never(value)


def _decoding(column: ir.Column, json_type: str) -> Decoding:
    decoding = sql_types.decoding(column.type, json_type, column.convert)
    if decoding is None:
        raise AssertionError(f"{column.name}: {json_type} can't fill {column.type}; lowering should have refused this")
    return decoding
