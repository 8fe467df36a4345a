"""Conversions that generated extractors call where the JSON type is not the column's.

Each takes the value and its path, passes None through, and raises errors.Rejected for what it can't convert.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar
from uuid import UUID

import msgspec

from mlb_etl.contracts.fields import Timestamp
from mlb_etl.errors import Rejected

T = TypeVar("T")

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_INNINGS = re.compile(r"([0-9]{1,4})(?:\.([012]))?")
_HEIGHT = re.compile(r"""([0-9])' ?([0-9]{1,2})(?:"|'')?""")
_BATTING_ORDER = re.compile(r"([1-9][0-9]?)([0-9]{2})")  # ten bat where exhibitions let them


def required(value: T | None, path: str) -> T:
    """The value of a key column, which can't be missing."""
    if value is None:
        raise Rejected("a key column needs a value", path=path)
    return value


def null_if(text: str | None, *placeholders: str) -> str | None:
    """None for a text that stands for no value, such as `.---`; any other as it is."""
    return None if text in placeholders else text


def smallint(text: str | None, path: str) -> int | None:
    """`"78"` -> 78, within 2 bytes."""
    return _integer(text, path, 15)


def integer(text: str | None, path: str) -> int | None:
    """`"78"` -> 78, within 4 bytes."""
    return _integer(text, path, 31)


def bigint(text: str | None, path: str) -> int | None:
    """`"78"` -> 78, within 8 bytes."""
    return _integer(text, path, 63)


def decimal(text: str | None, path: str) -> Decimal | None:
    """`".267"` -> 0.267"""
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise Rejected("a number is expected", path=path, value=text) from None
    if not value.is_finite():
        raise Rejected("a finite number is expected", path=path, value=text)
    return value


def number(text: str | None, path: str) -> float | None:
    """`"0.25"` -> 0.25"""
    value = decimal(text, path)
    return None if value is None else float(value)


def calendar_date(text: str | None, path: str) -> date | None:
    """`"2024-07-13"`"""
    try:
        return msgspec.convert(text, date | None)
    except msgspec.ValidationError:
        raise Rejected("a date is expected, such as 2024-07-13", path=path, value=text) from None


def timestamp(text: str | None, path: str) -> datetime | None:
    """`"2024-07-13T04:19:09Z"`, with its zone."""
    try:
        return msgspec.convert(text, Timestamp | None)
    except msgspec.ValidationError:
        raise Rejected(
            "a time with its zone is expected, such as 2024-07-13T04:19:09Z", path=path, value=text
        ) from None


def uuid(text: str | None, path: str) -> UUID | None:
    """`"0f4bf232-89dd-42bb-b9f3-17a0a1a2a3a4"`"""
    try:
        return msgspec.convert(text, UUID | None)
    except msgspec.ValidationError:
        raise Rejected("a UUID is expected", path=path, value=text) from None


def innings_to_outs(text: str | None, path: str) -> int | None:
    """`"7.2"` innings pitched, seven and two thirds, -> 23 outs."""
    if text is None:
        return None
    match = _INNINGS.fullmatch(text)
    if match is None:
        raise Rejected("innings are expected as full innings and thirds, such as 7.2", path=path, value=text)
    return int(match[1]) * 3 + int(match[2] or 0)


def timecode(text: str | None, path: str) -> datetime | None:
    """`"20240713_041909"` -> 2024-07-13 04:19:09 UTC."""
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise Rejected("a time code is expected, YYYYMMDD_HHMMSS", path=path, value=text) from None


def height_inches(text: str | None, path: str) -> int | None:
    """`6' 2"` -> 74 inches."""
    if text is None:
        return None
    match = _HEIGHT.fullmatch(text)
    if match is None:
        raise Rejected("a height is expected in feet and inches, such as 6' 2\"", path=path, value=text)
    return int(match[1]) * 12 + int(match[2])


def batting_slot(text: str | None, path: str) -> int | None:
    """`"903"`, the fourth man in slot 9, -> 9."""
    return None if text is None else int(_batting_order(text, path)[1])


def batting_sequence(text: str | None, path: str) -> int | None:
    """`"903"`, the fourth man in slot 9, -> 3; a starter's is 0."""
    return None if text is None else int(_batting_order(text, path)[2])


def _batting_order(text: str, path: str) -> re.Match[str]:
    match = _BATTING_ORDER.fullmatch(text)
    if match is None:
        raise Rejected("a batting order is expected, slot and sequence, such as 903", path=path, value=text)
    return match


def _integer(text: str | None, path: str, bits: int) -> int | None:
    if text is None:
        return None
    if _INTEGER.fullmatch(text) is None:
        raise Rejected("an integer is expected", path=path, value=text)
    value = int(text)
    if not -(2**bits) <= value < 2**bits:
        raise Rejected(f"the integer does not fit {(bits + 1) // 8} bytes", path=path, value=text)
    return value
