"""Rows of a table as Python values."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.arrow import TIME

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def records(table: DeltaTable, columns: Sequence[str] | None = None, where: str | None = None) -> list[dict[str, Any]]:
    """The rows of a table that meet a condition, as `lakes.rows` finds them; a table without rows is not scanned."""
    if not lakes.has_rows(table):
        return []
    found = lakes.rows(table, columns, where)
    names, values = found.column_names, map(_values, found.columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def _values(column: pa.ChunkedArray) -> list[Any]:
    """The values of a column; times are made from their microseconds, as Arrow takes eight times as long for each."""
    if column.type != TIME:
        found: list[Any] = column.to_pylist()
        return found
    return [
        None if each is None else _EPOCH + timedelta(microseconds=each) for each in column.cast(pa.int64()).to_pylist()
    ]
