"""The expression of a column's value: alternatives, placeholders, the default and the conversion."""

from mlb_contracts import sql_types
from mlb_contracts.sql_types import Decoding
from mlbgen import ir
from mlbgen.ir import columns
from mlbgen.python.code import Code, quoted
from mlbgen.python.scope import Value


def column_expression(column: ir.Column, values: list[Value], paths: tuple[str, ...], *, can_lack: bool = True) -> Code:
    """The first value that is present, converted; placeholders count as absent, and the default fills in.

    Without `can_lack` there is always a value.
    """
    *others, last = zip(values, columns.decodings(column), paths, strict=True)
    expression = _single(column, *last, has_default=can_lack and column.default is not None)
    for value, decoding, path in reversed(others):
        single = _single(column, value, decoding, path, has_default=False)
        shown = f"({single})" if column.null_if else single
        expression = f"{shown} if {value.or_none} is not None else {expression}"
    return Code(expression)


def converted(column: ir.Column, value: Value, reference: ir.Reference) -> Code:
    """The value at a place as the column has it, None where it is absent."""
    return Code(_single(column, value, columns.decoding_of(column, reference.type), reference.path, has_default=False))


def literal(column: ir.Column, value: ir.Scalar | None) -> Code:
    """A constant or a default as a value of the column: exact for numeric, like its other values."""
    exact = sql_types.type_facts(column.type).python == "Decimal" and value is not None
    return Code(f"Decimal({quoted(str(value))})") if exact else quoted(value)


def _single(column: ir.Column, value: Value, decoding: Decoding, path: str, *, has_default: bool) -> str:
    """The expression of one value; with `has_default`, the value can be absent."""
    none = (*([None] if has_default else []), *column.null_if)
    converter = columns.converter(decoding, value.node.annotation)
    refusing = columns.is_required(column) or isinstance(column.value, ir.ParameterValue)
    told = "" if refusing else ", capture.unreadable"
    called = _called(converter, column) if converter else ""
    converted = f"{called}({value.or_none}, {quoted(path)}{told})" if converter else value.or_none
    if not none:
        return converted
    test = f"in {quoted(none)}" if column.null_if else "is None"
    return f"{literal(column, column.default)} if {value.or_none} {test} else {converted}"


def _called(converter: str, column: ir.Column) -> str:
    """The converter's name in generated code: ours, or one of another package for the column's type."""
    if converter in sql_types.CONVERTERS or converter != column.convert:
        return f"convert.{converter}"
    return f"convert.own({quoted(converter)}, {quoted(column.type.name)})"
