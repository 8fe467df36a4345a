"""Values and names that PostgreSQL can't hold: U+0000 in texts, too many digits, absurd times, long names.

Each function returns the reason why a value can't be stored, or None if it can.
"""

from datetime import datetime
from decimal import Decimal

from mlb_contracts import times

KEY_BYTES = 500
"""The longest text in a key of a document: an index entry has 2,700 bytes for all keys, a request takes up to 1,000."""

NAME_BYTES = 63
"""The longest name of a table or column; PostgreSQL silently truncates longer ones."""

SUFFIX_BYTES = 9
"""The bytes of a partition's name reserved for what follows the table's name and an underscore."""


def text_problem(value: object, _: tuple[int, ...]) -> str | None:
    """Reject U+0000 in a text."""
    return "PostgreSQL has no character U+0000" if isinstance(value, str) and "\0" in value else None


def time_problem(value: object, _: tuple[int, ...]) -> str | None:
    """Reject a time that some readers can't read back."""
    return times.ROW_RANGE if isinstance(value, datetime) and not times.fits_row(value) else None


def number_problem(value: object, size: tuple[int, ...]) -> str | None:
    """Reject a number that has too many digits before the point for numeric(*size), rounded as the database does."""
    if not size:
        return None
    precision, scale = (*size, 0)[:2]
    limit = Decimal(10) ** (precision - scale) - Decimal((0, (5,), -scale - 1))
    too_large = isinstance(value, Decimal) and abs(value) >= limit
    return f"numeric({precision},{scale}) has no room for its digits" if too_large else None


def key_problem(value: object) -> str | None:
    """Reject a document's key that the database can't hold, or whose text is too long for an index."""
    too_long = isinstance(value, str) and len(value.encode()) > KEY_BYTES
    return (
        f"a document's key has at most {KEY_BYTES} bytes"
        if too_long
        else text_problem(value, ()) or time_problem(value, ())
    )
