"""Facts about a column that follow from the source of its value."""

from typing import assert_never

from mlb_contracts import jsonpath, sql_types
from mlb_contracts.jsonpath import Names, Step
from mlb_contracts.sql_types import Decoding
from mlbgen import ir
from mlbgen.language.paths import looked_at

_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def decodings(column: ir.Column) -> tuple[Decoding, ...]:
    """How values become the column's: one decoding for each alternative path, or a single one for other sources."""
    return tuple(decoding_of(column, json_type) for json_type in _json_types(column.value))


def converter(decoding: Decoding, decoded: str) -> str | None:
    """The converter of a value that was decoded as `decoded`, or None: ours, or one of an installed package."""
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
        case ir.IndexValue() | ir.KeyValue() | ir.ItemValue() | ir.CarryValue():
            return True
        case ir.ParameterValue() | ir.ConstantValue() | ir.NoValue() | ir.CapturedAt() | ir.IngestedAt():
            return False
        case _:
            assert_never(column.value)


def readers(column: ir.Column) -> frozenset[str]:
    """The decoders and converters that can produce the column's value, by their names in sql_types.VERSIONS."""
    if isinstance(column.value, ir.IndexValue | ir.ConstantValue | ir.NoValue | ir.CapturedAt | ir.IngestedAt):
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


def paths(origin: ir.Origin, column: ir.Column) -> tuple[str, ...]:
    """The sources of the value in the response or its request; none for a constant or a time."""
    match column.value:
        case ir.PathValue(references):
            return tuple(reference.path for reference in references)
        case ir.ParameterValue(name):
            return (parameter(name),)
        case ir.ItemValue(path=path):
            return (path,)
        case ir.IndexValue(name) | ir.KeyValue(name):
            return tuple(item_path(level) for level in origin.levels if level.name == name)
        case ir.CarryValue():
            return carry_paths(origin, column.value)
        case ir.ConstantValue() | ir.NoValue() | ir.CapturedAt() | ir.IngestedAt():
            return ()
        case _:
            assert_never(column.value)


def carry_paths(origin: ir.Origin, value: ir.CarryValue) -> tuple[str, ...]:
    """All places that a carried value depends on, first those that it is taken from."""
    seen: list[ir.Level | ir.Visit] = [*origin.levels, *origin.visits]
    named = {each.name: each for each in seen}
    found = [each.path for each in (*value.references, *value.by)]
    for rule in value.rules:
        if isinstance(rule.guard, ir.Replaces):
            found.append(rule.guard.reference.path)
        tests = () if rule.where is None else looked_at(rule.where)
        found += [jsonpath.below(item_path(named[test.members[0]]), test.members[1:]) for test in tests]
        visit = named[rule.moment.name]
        for members, reference in visit.matches if isinstance(visit, ir.Visit) else ():
            found += [jsonpath.below(item_path(visit), members), reference.path]
    return tuple(dict.fromkeys(found))


def parameter(name: str) -> str:
    """How a request parameter is shown in place of a path of the response."""
    return f"parameter {name}"


def item_path(each: ir.Level | ir.LookUp | ir.Visit) -> str:
    """The path of the items of a level or a visited list, or of what a look-up finds."""
    match each:
        case ir.Level(container=found) | ir.LookUp(by=found):
            return _item_path(each.source.path, found)
        case ir.Visit():
            return f"{each.source.path}{Step.ITEM.value}"
        case _:
            assert_never(each)


def _item_path(source: str, found: ir.Container | ir.KeyOf | ir.MemberEquals | ir.AtIndex) -> str:
    match found:
        case ir.MapOf() | ir.KeyOf():
            return f"{source}{Step.VALUE.value}"
        case ir.ListOf() | ir.MemberEquals() | ir.AtIndex():
            return f"{source}{Step.ITEM.value}"
        case ir.MembersOf(names=names):
            return jsonpath.below(source, [Names(names)])
        case ir.Single():
            return source
        case _:
            assert_never(found)


def _json_types(value: ir.Value) -> tuple[str, ...]:
    match value:
        case ir.PathValue() | ir.CarryValue():
            return tuple(reference.type for reference in value.references)
        case ir.ItemValue(type=json_type):
            return (json_type,)
        case ir.IndexValue():
            return ("integer",)
        case ir.ConstantValue(constant):
            return (_JSON_TYPES[type(constant)],)
        case ir.KeyValue() | ir.ParameterValue() | ir.CapturedAt() | ir.IngestedAt():
            return ("string",)
        case ir.NoValue():
            return ()
        case _:
            assert_never(value)


def decoding_of(column: ir.Column, json_type: str) -> Decoding:
    """How a JSON value of that type becomes the column's."""
    decoding = sql_types.decoding(column.type, json_type, column.convert)
    if decoding is None:
        raise AssertionError(f"{column.name}: {json_type} can't fill {column.type}; lowering should have refused this")
    return decoding
