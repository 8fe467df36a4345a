"""Rows of a table as Arrow: the types of columns, and columns of extracted rows."""

import functools
from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from mlb_contracts import Row, Table, sql_types, times
from mlb_contracts.sql_types import SqlType
from mlb_etl.errors import ValueRefused

TIME = pa.timestamp("us", tz="UTC")
_FIRST, _LAST = (pa.scalar(each, TIME) for each in (times.FIRST, times.LAST))
_MOST_DIGITS = 38
_FREE_SCALE = 20  # digits after the point of a numeric column without arguments
_SIMPLE = {
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double precision": pa.float64(),
    "boolean": pa.bool_(),
    "text": pa.string(),
    "date": pa.date32(),
    "timestamptz": TIME,
    "uuid": pa.string(),
}
INGESTED_AT = "ingested_at"
MONTH = "partition_month"


@functools.cache
def arrow_type(spelled: str) -> pa.DataType:
    """The Arrow type of a column."""
    of = sql_types.parse_type(spelled)
    if of is None:
        raise AssertionError(f"{spelled} is no type of a column")
    if of.name == "numeric":
        return _decimal(of)
    return _SIMPLE[of.name]


def _decimal(of: SqlType) -> pa.DataType:
    if not of.arguments:
        return pa.decimal128(_MOST_DIGITS, _FREE_SCALE)
    precision, *scale = of.arguments
    return pa.decimal128(min(precision, _MOST_DIGITS), *(scale or (0,)))


def schema(table: Table) -> pa.Schema:
    """The columns of a table in the lake."""
    required = {*table.primary_key, "captured_at"}
    fields = [pa.field(each.name, arrow_type(each.type), nullable=each.name not in required) for each in table.columns]
    fields += [pa.field(each.name, arrow_type(each.type)) for each in table.derived]
    fields.append(pa.field(INGESTED_AT, TIME, nullable=False))
    if table.partition is not None and table.partition.kind == "month":
        fields.append(pa.field(MONTH, pa.string()))
    return pa.schema(fields)


def partition_columns(table: Table) -> list[str]:
    """The columns by which the lake keeps rows apart."""
    if table.partition is None:
        return []
    return [MONTH if table.partition.kind == "month" else table.partition.column]


def columns(table: Table, rows: Sequence[Row]) -> pa.Table:
    """The extracted rows, with values as their columns keep them; raises ValueRefused for one that its column can't."""
    values = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    arrays = []
    for column, of in zip(table.columns, values, strict=True):
        try:
            arrays.append(_array(arrow_type(column.type), of))
        except (pa.ArrowException, OverflowError, ValueError, TypeError) as error:
            path = next(iter(column.paths), "$")
            raise ValueRefused(
                f"{column.type} can't hold a value: {error}", path=path, table=table.qualified_name
            ) from error
    return pa.table(arrays, names=[column.name for column in table.columns])


def _array(of: pa.DataType, values: Sequence[object]) -> pa.Array:
    if pa.types.is_decimal(of):
        found = pa.array(values)  # with as many digits as the values have
        if pa.types.is_null(found.type):
            return found.cast(of)
        if not pa.types.is_decimal(found.type):
            found = found.cast(pa.decimal128(_MOST_DIGITS, 0) if pa.types.is_integer(found.type) else of)
        if found.type.scale > of.scale:
            found = pc.round(found, of.scale, round_mode="half_towards_infinity")
        return found.cast(of)
    if pa.types.is_string(of):
        found = _texts(values)
        if pc.any(pc.match_substring(found, "\0")).as_py():
            raise ValueError("it has a NUL character")
        return found
    found = pa.array(values, of)
    if pa.types.is_timestamp(of) and pc.any(pc.or_(pc.less(found, _FIRST), pc.greater_equal(found, _LAST))).as_py():
        raise ValueError(times.ROW_RANGE)
    return found


def _texts(values: Sequence[object]) -> pa.Array:
    """The values as texts, which UUIDs are not."""
    try:
        return pa.array(values, pa.string())
    except pa.ArrowTypeError:
        return pa.array([None if each is None else str(each) for each in values], pa.string())


def finished(table: Table, rows: pa.Table) -> pa.Table:
    """Rows with the columns that the store adds but for derived ones."""
    now = pa.scalar(datetime.now(UTC), TIME)
    rows = rows.append_column(INGESTED_AT, pa.repeat(now, rows.num_rows))
    if table.partition is not None and table.partition.kind == "month":
        rows = rows.append_column(MONTH, pc.strftime(rows[table.partition.column], format="%Y-%m"))
    return rows
