"""What PostgreSQL can't hold, and why: U+0000 in texts, too many digits, absurd times, long names."""

from datetime import datetime
from decimal import Decimal

from mlb_contracts import times

NAME_BYTES = 63
"""The longest name of a table or column; PostgreSQL cuts longer ones silently."""

SUFFIX_BYTES = 9
"""Of these, what a partition's name has left behind its table's name and an underscore."""


def text(value: object, _: tuple[int, ...]) -> str | None:
    """A text without U+0000."""
    return "PostgreSQL has no character U+0000" if isinstance(value, str) and "\0" in value else None


def time(value: object, _: tuple[int, ...]) -> str | None:
    """A time that every reader can read back."""
    return times.ROW_RANGE if isinstance(value, datetime) and not times.in_row(value) else None


def number(value: object, size: tuple[int, ...]) -> str | None:
    """A number with no more digits before the point than numeric(*size) has room for, rounded as the database does."""
    if not size:
        return None
    precision, scale = (*size, 0)[:2]
    limit = Decimal(10) ** (precision - scale) - Decimal((0, (5,), -scale - 1))
    too_large = isinstance(value, Decimal) and abs(value) >= limit
    return f"numeric({precision},{scale}) has no room for its digits" if too_large else None
