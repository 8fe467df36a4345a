"""Conversions that generated extractors call where the JSON type is not the column's.

Each takes a text and its path, and passes None through. For a text that it can't convert it tells `unreadable` and
returns None, or raises errors.Rejected where there is none to tell. The same texts come again and again (heights,
rates, years), so each remembers what it made of the latest ones.

A change of what one of them makes of a text needs a new number in mlb_contracts.sql_types.VERSIONS, which applies
responses anew.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import isinf
from typing import Protocol, TypeVar, overload
from uuid import UUID

import msgspec

from mlb_contracts import Unreadable
from mlb_contracts.errors import Rejected
from mlb_contracts.fields import Timestamp

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_INNINGS = re.compile(r"([0-9]{1,4})(?:\.([012]))?")
_HEIGHT = re.compile(r"""([0-9])' ?([0-9]{1,2})(?:"|'')?""")
_BATTING_ORDER = re.compile(r"([1-9][0-9]?)([0-9]{2})")  # ten bat where exhibitions let them
_REMEMBERED = 4096  # texts
# What PostgreSQL's numeric holds: digits before the point, and behind it.
_WHOLE_DIGITS, _DECIMALS = 131_072, 16_383


class Converter(Protocol[T_co]):
    """Makes the value of a column of a text."""

    @overload
    def __call__(self, text: str, path: str, /) -> T_co: ...
    @overload
    def __call__(self, text: str | None, path: str, unreadable: Unreadable | None = None, /) -> T_co | None: ...


def required(value: T | None, path: str) -> T:
    """The value of a key column, which can't be missing."""
    if value is None:
        raise Rejected("a key column needs a value", path=path)
    return value


def or_none(value: T | msgspec.UnsetType) -> T | None:
    """None for a member that is absent, where UNSET tells that from null."""
    return None if value is msgspec.UNSET else value


@overload
def numeric(value: Decimal, path: str) -> Decimal: ...
@overload
def numeric(value: Decimal | None, path: str, unreadable: Unreadable | None = None) -> Decimal | None: ...
def numeric(value: Decimal | None, path: str, unreadable: Unreadable | None = None) -> Decimal | None:
    """A number as it was decoded, if the database can hold it."""
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
    """A number that was decoded as an integer, as a column beside it has it."""
    return None if value is None else Decimal(value)


@overload
def double(value: Decimal, path: str) -> float: ...
@overload
def double(value: Decimal | None, path: str, unreadable: Unreadable | None = None) -> float | None: ...
def double(value: Decimal | None, path: str, unreadable: Unreadable | None = None) -> float | None:
    """A number that was decoded exactly, as a column beside it has it, if a double can hold it."""
    return None if value is None else number(str(value), path, unreadable)


def _refuse(error: ValueError, value: object, path: str, unreadable: Unreadable | None) -> None:
    if unreadable is None:
        raise Rejected(str(error), path=path, value=value) from None
    unreadable(path, value, str(error))


def _converter(read: Callable[[str], T]) -> Converter[T]:
    """The converter for a function that makes the value, or raises a ValueError that tells what is expected."""
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
        raise ValueError("a number is expected that a double can hold")
    return value


@_converter
def calendar_date(text: str) -> date:
    """`"2024-07-13"`"""
    return _decoded(text, date, "a date is expected, such as 2024-07-13")


@_converter
def timestamp(text: str) -> datetime:
    """`"2024-07-13T04:19:09Z"`, with its zone."""
    return _decoded(text, Timestamp, "a time with its zone is expected, such as 2024-07-13T04:19:09Z")


@_converter
def uuid(text: str) -> UUID:
    """`"0f4bf232-89dd-42bb-b9f3-17a0a1a2a3a4"`"""
    return _decoded(text, UUID, "a UUID is expected")


@_converter
def innings_to_outs(text: str) -> int:
    """`"7.2"` innings pitched, seven and two thirds, -> 23 outs."""
    innings, thirds = _groups(_INNINGS, text, "innings are expected as full innings and thirds, such as 7.2")
    return int(innings) * 3 + int(thirds)


@_converter
def timecode(text: str) -> datetime:
    """`"20240713_041909"` -> 2024-07-13 04:19:09 UTC."""
    try:
        return datetime.strptime(text, "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError("a time code is expected, YYYYMMDD_HHMMSS") from None


@_converter
def height_inches(text: str) -> int:
    """`6' 2"` -> 74 inches."""
    feet, inches = _groups(_HEIGHT, text, "a height is expected in feet and inches, such as 6' 2\"")
    return int(feet) * 12 + int(inches)


@_converter
def batting_slot(text: str) -> int:
    """`"903"`, the fourth man in slot 9, -> 9."""
    return int(_batting_order(text)[0])


@_converter
def batting_sequence(text: str) -> int:
    """`"903"`, the fourth man in slot 9, -> 3; a starter's is 0."""
    return int(_batting_order(text)[1])


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
    """The number, within what the database can hold, which is also what packing it can take."""
    if not value.is_finite():
        raise ValueError("a finite number is expected")
    if value.adjusted() >= _WHOLE_DIGITS or int(value.as_tuple().exponent) < -_DECIMALS:
        raise ValueError("a number is expected that numeric can hold")
    return value


def _decoded(text: str, python: type[T], expected: str) -> T:
    """Read as the decoder reads a value of that annotation."""
    try:
        return msgspec.convert(text, python)
    except msgspec.ValidationError:
        raise ValueError(expected) from None


def _batting_order(text: str) -> tuple[str, ...]:
    return _groups(_BATTING_ORDER, text, "a batting order is expected, slot and sequence, such as 903")


def _groups(pattern: re.Pattern[str], text: str, expected: str) -> tuple[str, ...]:
    match = pattern.fullmatch(text)
    if match is None:
        raise ValueError(expected)
    return match.groups(default="0")
