"""What a JSON value becomes in a column, and which it refuses: by the decoders and converters of generated code."""

import math
from decimal import Decimal

import msgspec

from mlb_contracts import Rejected, sql_types
from mlb_contracts import convert as converters
from mlb_contracts.sql_types import SqlType

_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", dict: "object", list: "array"}


class Misfit(ValueError):
    """A value that a column can't hold; the message says what would fit."""


def fit(value: object, sql_type: SqlType, convert: str | None, expected: str | None = None) -> object:
    """The column's value for a JSON value that is not null; raises Misfit where there is none.

    expected: the JSON type that the column's decoder is made for; the value's own unless given.
    """
    found = json_type(value)
    if expected not in {None, found} and (expected, found) != ("number", "integer"):
        raise Misfit(f"{expected} is expected, not {found}")
    decoding = sql_types.decoding(sql_type, found, convert)
    if decoding is None:
        raise Misfit(f"{found} can't fill {sql_type}{f' by {convert}' if convert else ''}")
    fitted = _decoded(value, sql_type) if decoding.convert is None else _converted(value, decoding.convert)
    _check_held(value, fitted, sql_type)
    return fitted


def json_type(value: object) -> str:
    """The JSON type of a value that is not null."""
    return _JSON_TYPES[type(value)]


def _decoded(value: object, sql_type: SqlType) -> object:
    """As the type's decoder reads it. Why it refuses a value is best said by the type's converter of texts."""
    facts = sql_types.type_facts(sql_type)
    try:
        decoded: object = msgspec.convert(value, facts.decoder)
    except (msgspec.ValidationError, OverflowError) as error:
        if facts.from_text:
            _converted(str(value), facts.from_text)
        raise Misfit(str(error)) from None
    return _converted(decoded, facts.checked) if facts.checked else decoded


def _converted(value: object, converter: str) -> object:
    try:
        return getattr(converters, converter)(value, "$")
    except Rejected as error:
        raise Misfit(error.reason) from None


def _check_held(value: object, fitted: object, sql_type: SqlType) -> None:
    """Raise Misfit for what only the database would refuse or round, and for an integer that a double would round."""
    storage_problem = sql_types.storage_problem(sql_type)
    if isinstance(fitted, float) and not (math.isfinite(fitted) and (isinstance(value, str) or fitted == value)):
        raise Misfit("the number is too large to be held exactly")
    if sql_type.arguments and isinstance(fitted, Decimal):
        _check_digits(fitted, sql_type)
    if storage_problem is not None and (reason := storage_problem(fitted)) is not None:
        raise Misfit(reason)


def _check_digits(value: Decimal, sql_type: SqlType) -> None:
    """Refuse what numeric(precision, scale) would round, or could not hold."""
    precision, scale = (*sql_type.arguments, 0)[:2]
    exact = value.normalize()
    if exact.is_zero():
        return
    decimals = max(0, -int(exact.as_tuple().exponent))
    if decimals > scale:
        raise Misfit(f"{sql_type} would round {decimals} decimals to {scale}")
    if exact.adjusted() >= precision - scale:
        raise Misfit(f"{sql_type} has no room for {exact.adjusted() + 1} digits before the point")
