"""Converters that generated extractors call where the JSON type differs from the column's.

Each takes a text and its path, and passes None through. For a text that can't be converted it calls `unreadable` and
returns None; without `unreadable` it raises Rejected. The same texts recur often (heights, rates, years), so each
converter caches its latest results.

Whoever changes what a converter returns for a text must raise its number in mlb_contracts.sql_types.VERSIONS, so that
stored responses are applied again.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import isfinite, isinf
from typing import Any, Protocol, TypeVar, overload
from uuid import UUID

import msgspec

from mlb_contracts import extensions, sql_types
from mlb_contracts.captures import Unreadable
from mlb_contracts.errors import Rejected, shortened
from mlb_contracts.fields import Timestamp

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_HEIGHT = re.compile(r"""([0-9])' ?([0-9]{1,2})(?:"|'')?""")
_REMEMBERED = 4096  # texts
_CLASSES = {each.__name__: each for each in (int, Decimal, float, bool, str, date, datetime, UUID)}
# The digits that PostgreSQL's numeric can hold before and after the decimal point.
_WHOLE_DIGITS, _DECIMALS = 131_072, 16_383


class Converter(Protocol[T_co]):
    """Converts a text to a column's value."""

    @overload
    def __call__(self, text: str, path: str, /) -> T_co: ...
    @overload
    def __call__(self, text: str | None, path: str, unreadable: Unreadable | None = None, /) -> T_co | None: ...


def required(value: T | None, path: str) -> T:
    """The value of a key column; raises Rejected if it is missing."""
    if value is None:
        raise Rejected("a key column needs a value", path=path)
    return value


def or_none(value: T | msgspec.UnsetType) -> T | None:
    """The value, or None for UNSET, which stands for an absent member."""
    return None if value is msgspec.UNSET else value


@overload
def numeric(value: Decimal, path: str) -> Decimal: ...
@overload
def numeric(value: Decimal | None, path: str, unreadable: Unreadable | None = None) -> Decimal | None: ...
def numeric(value: Decimal | None, path: str, unreadable: Unreadable | None = None) -> Decimal | None:
    """A decoded number, if the database can hold it."""
    if value is None:
        return None
    try:
        return _finite(value)
    except ValueError as error:
        _refuse(error, value, path, unreadable)
        return None


@overload
def whole(value: int, path: str) -> Decimal: ...
@overload
def whole(value: int | None, path: str, unreadable: Unreadable | None = None) -> Decimal | None: ...
def whole(value: int | None, path: str, unreadable: Unreadable | None = None) -> Decimal | None:  # noqa: ARG001
    """A number for a numeric column that was decoded as an integer for another column."""
    return None if value is None else Decimal(value)


@overload
def double(value: Decimal, path: str) -> float: ...
@overload
def double(value: Decimal | None, path: str, unreadable: Unreadable | None = None) -> float | None: ...
def double(value: Decimal | None, path: str, unreadable: Unreadable | None = None) -> float | None:
    """A number for a double column that was decoded exactly for another column, if a double can hold it."""
    return None if value is None else number(str(value), path, unreadable)


def _refuse(error: ValueError, value: object, path: str, unreadable: Unreadable | None) -> None:
    if unreadable is None:
        raise Rejected(str(error), path=path, value=value) from None
    unreadable(path, value, str(error))


def _converter(read: Callable[[str], T]) -> Converter[T]:
    """Make a converter from a function that returns the value or raises ValueError with what is expected."""
    remembering = lru_cache(_REMEMBERED)(read)

    @overload
    def convert(text: str, path: str, /) -> T: ...
    @overload
    def convert(text: str | None, path: str, unreadable: Unreadable | None = None, /) -> T | None: ...
    def convert(text: str | None, path: str, unreadable: Unreadable | None = None, /) -> T | None:
        if text is None:
            return None
        try:
            return remembering(text)
        except ValueError as error:
            _refuse(error, text, path, unreadable)
            return None

    convert.__doc__ = read.__doc__
    return convert


@_converter
def smallint(text: str) -> int:
    """`"78"` -> 78, within 2 bytes."""
    return _integer(text, 15)


@_converter
def integer(text: str) -> int:
    """`"78"` -> 78, within 4 bytes."""
    return _integer(text, 31)


@_converter
def bigint(text: str) -> int:
    """`"78"` -> 78, within 8 bytes."""
    return _integer(text, 63)


@_converter
def decimal(text: str) -> Decimal:
    """`".267"` -> 0.267"""
    return _finite(_decimal(text))


@_converter
def number(text: str) -> float:
    """`"0.25"` -> 0.25, within what a double can hold."""
    value = float(_decimal(text))
    if isinf(value):
        raise ValueError("a number that a double can hold is expected")
    return value


@_converter
def calendar_date(text: str) -> date:
    """`"2024-07-13"`"""
    return _decoded(text, date, "a date is expected, such as 2024-07-13")


@_converter
def timestamp(text: str) -> datetime:
    """`"2024-07-13T04:19:09Z"`, with its time zone."""
    return _decoded(text, Timestamp, "a time with its zone is expected, such as 2024-07-13T04:19:09Z")


@_converter
def uuid(text: str) -> UUID:
    """`"0f4bf232-89dd-42bb-b9f3-17a0a1a2a3a4"`"""
    return _decoded(text, UUID, "a UUID is expected")


@_converter
def height_inches(text: str) -> int:
    """`6' 2"` -> 74 inches."""
    match = _HEIGHT.fullmatch(text)
    if match is None:
        raise ValueError("a height is expected in feet and inches, such as 6' 2\"")
    return int(match[1]) * 12 + int(match[2])


@lru_cache(_REMEMBERED)
def own(name: str, column_type: str) -> Converter[Any]:
    """The converter of that name of an installed package, for columns of a type. Raises EtlError if there is none.

    A text for which it fails, or returns what the type can't hold, is unreadable.
    """
    found = extensions.installed_converter(name)
    facts = sql_types.TYPES[column_type]

    def read(text: str) -> Any:
        try:
            value = found.read(text)
        except ValueError as error:
            raise ValueError(shortened(str(error), 200).strip("'\"") or f"{name} refuses it") from None
        except Exception as error:  # noqa: BLE001 - of a function that is not ours: it costs this value only
            raise ValueError(f"the converter {name} failed: {type(error).__name__}: {shortened(str(error))}") from None
        return _held(name, value, facts)

    return _converter(read)


def _held(name: str, value: object, facts: sql_types.TypeFacts) -> object:
    """The value, if a column of the type can hold it; raises ValueError."""
    expected = _CLASSES[facts.python]
    if type(value) is not expected:
        raise ValueError(f"the converter {name} returned a {type(value).__name__}: {facts.python} is expected")
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"the converter {name} returned {value}: a finite number is expected")
    if facts.bits is not None and isinstance(value, int) and not -(2**facts.bits) <= value < 2**facts.bits:
        raise ValueError(f"the converter {name} returned a number that does not fit {(facts.bits + 1) // 8} bytes")
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(f"the converter {name} returned a time without its zone")
    problem = None if facts.storage_problem is None else facts.storage_problem(value, ())
    if problem is not None:
        raise ValueError(f"the converter {name} returned what can't be stored: {problem}")
    return _finite(value) if isinstance(value, Decimal) else value


def _integer(text: str, bits: int) -> int:
    if _INTEGER.fullmatch(text) is None:
        raise ValueError("an integer is expected")
    value = int(text)
    if not -(2**bits) <= value < 2**bits:
        raise ValueError(f"the integer does not fit {(bits + 1) // 8} bytes")
    return value


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError("a number is expected") from None
    if not value.is_finite():
        raise ValueError("a finite number is expected")
    return value


def _finite(value: Decimal) -> Decimal:
    """The number, if it is finite and the database can hold it, which also keeps packing it bounded."""
    if not value.is_finite():
        raise ValueError("a finite number is expected")
    if value.adjusted() >= _WHOLE_DIGITS or int(value.as_tuple().exponent) < -_DECIMALS:
        raise ValueError("a number that numeric can hold is expected")
    return value


def _decoded(text: str, python: type[T], expected: str) -> T:
    """Convert a text as the decoder does for that annotation."""
    try:
        return msgspec.convert(text, python)
    except msgspec.ValidationError:
        raise ValueError(expected) from None
