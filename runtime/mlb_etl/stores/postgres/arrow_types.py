"""PostgreSQL's types as Arrow has them, and the driver's columns as these."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from mlb_etl.errors import EtlError
from mlb_etl.stores.interfaces.reading import ReadColumn

_SIMPLE = {
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "real": pa.float32(),
    "double precision": pa.float64(),
    "numeric": pa.float64(),
    "boolean": pa.bool_(),
    "text": pa.string(),
    "date": pa.date32(),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
}
_LISTED = ("smallint", "integer", "bigint", "double precision", "boolean", "text")
_ARRAYS = {f"{each}[]": pa.list_(_SIMPLE[each]) for each in _LISTED}
_DECIMAL = re.compile(r"numeric\((\d+),(\d+)\)")
_MOST_DIGITS = 38
_EPOCH_DAYS, _EPOCH_US = 10_957, 946_684_800_000_000  # PostgreSQL counts from 2000-01-01, Arrow from 1970-01-01
_INT32, _INT64 = 2**31, 2**63


def arrow_type(spelled: str) -> pa.DataType:
    """The Arrow type of a column, given its type as the server spells it: text for all that has no counterpart."""
    if digits := _DECIMAL.fullmatch(spelled):
        precision, scale = int(digits[1]), int(digits[2])
        return pa.decimal128(precision, scale) if precision <= _MOST_DIGITS else pa.float64()
    return _SIMPLE.get(spelled) or _ARRAYS.get(spelled) or pa.string()


def read_as_text(spelled: str) -> bool:
    """Whether the server is to print values of this type."""
    return spelled != "text" and pa.types.is_string(arrow_type(spelled))


def column(of: ReadColumn, found: pa.Array) -> pa.Array:
    """A column as the driver gives it, in its own type; raises EtlError for a NaN among decimals.

    The driver gives numeric as text, and adds the distance of the epochs to infinite times too, which then wrap round.
    In Arrow they are the greatest value and its negative, as in DuckDB.
    """
    wanted = arrow_type(of.type)
    if isinstance(found, pa.ExtensionArray):
        found = found.storage
    if pa.types.is_date32(wanted):
        return _infinite(found, pa.int32(), _INT32, _EPOCH_DAYS).view(wanted)
    if pa.types.is_timestamp(wanted):
        return _infinite(found, pa.int64(), _INT64, _EPOCH_US).view(wanted)
    try:
        return found.cast(wanted)
    except pa.ArrowInvalid as error:
        raise EtlError(f"column {of.name} has a value that {of.type} of other databases can't hold: {error}") from error


def _infinite(found: pa.Array, plain: pa.DataType, size: int, epoch: int) -> pa.Array:
    """Times as numbers, with the infinite ones as the greatest number and its negative."""
    numbers = found.view(plain)
    late, early = (pc.equal(numbers, pa.scalar(each - size + epoch, plain)) for each in (-1, 0))
    if not pc.any(pc.or_(late, early)).as_py():
        return numbers
    numbers = pc.if_else(late, pa.scalar(size - 1, plain), numbers)
    return pc.if_else(early, pa.scalar(1 - size, plain), numbers)
