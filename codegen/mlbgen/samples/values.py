"""Fit JSON values to columns, with the decoders and converters that generated code uses."""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from mlb_contracts import Rejected, sql_types
from mlb_contracts import convert as converters
from mlb_contracts.sql_types import SqlType

_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", dict: "object", list: "array"}


class Misfit(ValueError):
    """A value that a column can't hold; the message says why."""


def fit(value: object, sql_type: SqlType, convert: str | None, expected: str | None = None) -> object:
    """Convert a JSON value other than null to the column's value. Raises Misfit if the column can't hold it.

    expected: the JSON type that the column's decoder expects; by default, the value's own.
    """
    found = json_type(value)
    if expected not in {None, found} and (expected, found) != ("number", "integer"):
        raise Misfit(f"expected {expected}, not {found}")
    decoding = sql_types.decoding(sql_type, found, convert)
    if decoding is None:
        raise Misfit(f"{found} can't fill {sql_type}{f' by {convert}' if convert else ''}")
    if decoding.convert is None:
        fitted = _decoded(value, sql_type)
    elif convert is None or convert in sql_types.CONVERTERS:
        fitted = _converted(value, getattr(converters, decoding.convert))
    else:
        fitted = _converted(value, converters.own(convert, sql_type.name))
    _check_held(value, fitted, sql_type)
    return fitted


def value_at(start: object, members: Sequence[str], otherwise: object = None) -> object:
    """The value that the members lead to, or `otherwise` if it is missing."""
    for member in members:
        if not isinstance(start, dict):
            return otherwise
        start = start.get(member, otherwise)
    return start


def json_type(value: object) -> str:
    """The JSON type of a value other than null."""
    return _JSON_TYPES[type(value)]


def _decoded(value: object, sql_type: SqlType) -> object:
    """Decode with the type's decoder. If it fails, the type's converter for strings gives the better message."""
    facts = sql_types.type_facts(sql_type)
    try:
        decoded: object = msgspec.convert(value, facts.decoder)
    except (msgspec.ValidationError, OverflowError) as error:
        if facts.from_text:
            _converted(str(value), getattr(converters, facts.from_text))
        raise Misfit(str(error)) from None
    return _converted(decoded, getattr(converters, facts.checked)) if facts.checked else decoded


def _converted(value: object, convert: Callable[[Any, str], object]) -> object:
    try:
        return convert(value, "$")
    except Rejected as error:
        raise Misfit(error.reason) from None


def _check_held(value: object, fitted: object, sql_type: SqlType) -> None:
    """Raise Misfit for a value that only the database would refuse or round, or an integer that a double rounds."""
    storage_problem = sql_types.storage_problem(sql_type)
    if isinstance(fitted, float) and not (math.isfinite(fitted) and (isinstance(value, str) or fitted == value)):
        raise Misfit("the number is too large to be held exactly")
    if sql_type.arguments and isinstance(fitted, Decimal):
        _check_digits(fitted, sql_type)
    if storage_problem is not None and (reason := storage_problem(fitted)) is not None:
        raise Misfit(reason)


def _check_digits(value: Decimal, sql_type: SqlType) -> None:
    """Raise Misfit for a value that numeric(precision, scale) would round or can't hold."""
    precision, scale = (*sql_type.arguments, 0)[:2]
    exact = value.normalize()
    if exact.is_zero():
        return
    decimals = max(0, -int(exact.as_tuple().exponent))
    if decimals > scale:
        raise Misfit(f"{sql_type} would round {decimals} decimals to {scale}")
    if exact.adjusted() >= precision - scale:
        raise Misfit(f"{sql_type} has no room for {exact.adjusted() + 1} digits before the point")
