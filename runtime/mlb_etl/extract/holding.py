"""What decoders and converters let through and a column can't hold: U+0000 in texts, too many digits, absurd times.

Looked for only where rows could not be packed or the database refused them, as it is almost never there.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial

from mlb_contracts import Column, Method, Row, times
from mlb_etl.extract.lenient import Misfits

_NUMERIC = re.compile(r"numeric\((\d+)(?:,(\d+))?\)")

Refusal = Callable[[object], str | None]  # why a value can't be held, None where it can


def held(method: Method, rows: Sequence[list[Row]], misfits: Misfits) -> list[list[Row]]:
    """The rows without the values of optional columns that can't be held, which are noted."""
    made = []
    for table, its in zip(method.tables, rows, strict=True):
        misfits.table = table.qualified_name
        optional = [
            (place, column.paths[0], refusal)
            for place, column in enumerate(table.columns)
            if column.paths and not {*column.paths} & {*method.required} and (refusal := _refusal(column))
        ]
        made.append([_row(row, optional, misfits) for row in its])
    return made


def _row(row: Row, optional: Sequence[tuple[int, str, Refusal]], misfits: Misfits) -> Row:
    values = list(row)
    for place, path, refusal in optional:
        if (reason := refusal(values[place])) is not None:
            misfits.converted(path, values[place], reason)
            values[place] = None
    return tuple(values)


def _refusal(column: Column) -> Refusal | None:
    if column.type == "text":
        return _text
    if column.type == "timestamptz":
        return _time
    sizes = _NUMERIC.fullmatch(column.type)
    return partial(_number, int(sizes[1]), int(sizes[2] or 0)) if sizes else None


def _text(value: object) -> str | None:
    return "PostgreSQL has no character U+0000" if isinstance(value, str) and "\0" in value else None


def _time(value: object) -> str | None:
    return times.ROW_RANGE if isinstance(value, datetime) and not times.in_row(value) else None


def _number(precision: int, scale: int, value: object) -> str | None:
    """More digits before the point than there is room for, after rounding as the database does."""
    limit = Decimal(10) ** (precision - scale) - Decimal((0, (5,), -scale - 1))
    too_large = isinstance(value, Decimal) and abs(value) >= limit
    return f"numeric({precision},{scale}) has no room for its digits" if too_large else None
