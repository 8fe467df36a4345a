"""What a JSON value becomes in a column, and which it refuses.

Generated code does the same by mlb_contracts, which the generator can't import; tests hold the two together.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

import msgspec

from mlbgen.ir import types
from mlbgen.ir.types import SqlType

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_INNINGS = re.compile(r"([0-9]{1,4})(?:\.([012]))?")
_HEIGHT = re.compile(r"""([0-9])' ?([0-9]{1,2})(?:"|'')?""")
_BATTING_ORDER = re.compile(r"([1-9][0-9]?)([0-9]{2})")
# What PostgreSQL's numeric holds: digits before the point, and behind it.
_WHOLE_DIGITS, _DECIMALS = 131_072, 16_383
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
    decoding = types.decoding(sql_type, found, convert)
    if decoding is None:
        raise Misfit(f"{found} can't fill {sql_type}{f' by {convert}' if convert else ''}")
    fitted = _READERS[decoding.convert or decoding.annotation](value)
    if sql_type.arguments and isinstance(fitted, float | Decimal):
        _check_digits(fitted, sql_type)
    return fitted


def json_type(value: object) -> str:
    """The JSON type of a value that is not null."""
    return _JSON_TYPES[type(value)]


def _check_digits(value: float | Decimal, sql_type: SqlType) -> None:
    """Refuse what numeric(precision, scale) would round, or could not hold."""
    precision, scale = (*sql_type.arguments, 0)[:2]
    exact = (value if isinstance(value, Decimal) else Decimal(repr(value))).normalize()
    if exact.is_zero():
        return
    decimals = max(0, -int(exact.as_tuple().exponent))
    if decimals > scale:
        raise Misfit(f"{sql_type} would round {decimals} decimals to {scale}")
    if exact.adjusted() >= precision - scale:
        raise Misfit(f"{sql_type} has no room for {exact.adjusted() + 1} digits before the point")


def _integer(bits: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, str) and not _INTEGER.fullmatch(value):
            raise Misfit("an integer is expected")
        number = int(str(value))
        if not -(2**bits) <= number < 2**bits:
            raise Misfit(f"the integer does not fit {(bits + 1) // 8} bytes")
        return number

    return read


def _float(value: object) -> float:
    number = float(str(value))
    if not math.isfinite(number) or (isinstance(value, int) and int(number) != value):
        raise Misfit("the number is too large to be held exactly")
    return number


def _text(value: object) -> str:
    text = str(value)
    if "\0" in text:
        raise Misfit("PostgreSQL has no character U+0000")
    return text


def _decimal(value: object) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Misfit("a number is expected") from None
    if not number.is_finite():
        raise Misfit("a finite number is expected")
    return number


def _numeric(value: object) -> Decimal:
    number = _decimal(value)
    if number.adjusted() >= _WHOLE_DIGITS or int(number.as_tuple().exponent) < -_DECIMALS:
        raise Misfit("a number is expected that numeric can hold")
    return number


def _decoded(python: type, form: str) -> Callable[[object], object]:
    """Read a text as generated decoders do."""

    def read(value: object) -> object:
        try:
            return msgspec.convert(value, python)
        except msgspec.ValidationError:
            raise Misfit(f"{form} is expected") from None

    return read


def _timestamp(value: object) -> datetime:
    moment = _decoded(datetime, "a time as 2024-07-13T04:19:09Z")(value)
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise Misfit("a time with its zone is expected, such as 2024-07-13T04:19:09Z")
    return moment


def _timecode(value: object) -> datetime:
    try:
        return datetime.strptime(str(value), "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise Misfit("a time code is expected, YYYYMMDD_HHMMSS") from None


def _innings_to_outs(value: object) -> int:
    whole, thirds = _groups(_INNINGS, value, "innings are expected as full innings and thirds, such as 7.2")
    return int(whole) * 3 + int(thirds)


def _height_inches(value: object) -> int:
    feet, inches = _groups(_HEIGHT, value, "a height is expected in feet and inches, such as 6' 2\"")
    return int(feet) * 12 + int(inches)


def _batting_order(part: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        return int(_groups(_BATTING_ORDER, value, "slot and sequence are expected, such as 903")[part])

    return read


def _groups(pattern: re.Pattern[str], value: object, otherwise: str) -> tuple[str, ...]:
    match = pattern.fullmatch(str(value))
    if match is None:
        raise Misfit(otherwise)
    return match.groups(default="0")


# By the decoder's annotation (JSON of the column's kind), or by the converter of a text.
_READERS: dict[str, Callable[[object], object]] = {
    "Int2": _integer(15),
    "Int4": _integer(31),
    "Int8": _integer(63),
    "Decimal": _numeric,
    "float": _float,
    "bool": bool,
    "str": _text,
    "date": _decoded(date, "a date as 2024-07-13"),
    "Timestamp": _timestamp,
    "UUID": _decoded(UUID, "a UUID"),
    "smallint": _integer(15),
    "integer": _integer(31),
    "bigint": _integer(63),
    "decimal": _numeric,
    "number": lambda value: _float(_decimal(value)),
    "innings_to_outs": _innings_to_outs,
    "timecode": _timecode,
    "height_inches": _height_inches,
    "batting_slot": _batting_order(0),
    "batting_sequence": _batting_order(1),
}
