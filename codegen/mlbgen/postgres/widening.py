"""Which change of a column's type keeps every value that it can have, decided here once."""

from mlbgen.ir import types
from mlbgen.ir.types import SqlType

_DIGITS = {"smallint": 5, "integer": 10, "bigint": 19}
# A double holds 53 bits: every integer, not every bigint. What a time or a double is as text depends on the session.
_WIDER = {
    "smallint": frozenset({"integer", "bigint", "numeric", "double precision", "text"}),
    "integer": frozenset({"bigint", "numeric", "double precision", "text"}),
    "bigint": frozenset({"numeric", "text"}),
    "numeric": frozenset({"numeric", "text"}),
    "boolean": frozenset({"text"}),
    "uuid": frozenset({"text"}),
}


def widens(old: str, new: str) -> bool:
    """Whether each value of the old type is one of the new, which ALTER TABLE makes of it without loss."""
    before, after = types.parse(old), types.parse(new)
    if before is None or after is None or after.name not in _WIDER.get(before.name, ()):
        return False
    return after.name != "numeric" or _fits(before, after)


def _fits(before: SqlType, after: SqlType) -> bool:
    """Whether a numeric has room for the digits before the point and behind it."""
    if not after.arguments:
        return True
    if before.name == "numeric" and not before.arguments:
        return False
    whole, behind = _room(before)
    room, room_behind = _room(after)
    return whole <= room and behind <= room_behind


def _room(of: SqlType) -> tuple[int, int]:
    """Digits before the point and behind it."""
    if of.name in _DIGITS:
        return _DIGITS[of.name], 0
    precision, scale = (*of.arguments, 0)[:2]
    return precision - scale, scale
