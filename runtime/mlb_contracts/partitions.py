"""Names and bounds of partitions."""

import hashlib
import re

from mlb_contracts import limits

_LAST_MONTH = 12
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_]*")  # the suffix made from a hash begins with an underscore


def value_partition(table: str, value: object) -> str:
    """The partition for a list value: `live_game_plays_2024`, or with a hash if the value doesn't fit into a name."""
    text = str(value).replace("-", "_") if isinstance(value, int) else str(value)
    plain = isinstance(value, int) or _PLAIN.fullmatch(text)
    if not plain or len(text) > limits.SUFFIX_BYTES:
        text = f"_{hashlib.sha256(text.encode()).hexdigest()[: limits.SUFFIX_BYTES - 1]}"
    return f"{table}_{text}"


def month_partition(table: str, year: int, month: int) -> str:
    """The partition for a calendar month: `live_game_v1_2024_07`."""
    return f"{table}_{year:04}_{month:02}"


def month_bounds(year: int, month: int, sql_type: str) -> tuple[str, str]:
    """The first value of a month and the first after it, for a column of that type; times are midnight UTC."""
    midnight = " 00:00:00+00" if sql_type == "timestamptz" else ""
    after = (year + 1, 1) if month == _LAST_MONTH else (year, month + 1)
    first, last = (f"{y:04}-{m:02}-01{midnight}" for y, m in ((year, month), after))
    return first, last
