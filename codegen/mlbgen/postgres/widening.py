"""Decides which changes of a column's type keep every value."""

from mlb_contracts import sql_types
from mlb_contracts.sql_types import SqlType


def widens(old: str, new: str) -> bool:
    """Whether ALTER TABLE converts each value of the old type to the new one without loss."""
    before, after = sql_types.parse_type(old), sql_types.parse_type(new)
    if before is None or after is None or after.name not in sql_types.type_facts(before).widens_to:
        return False
    return after.name != "numeric" or _fits(before, after)


def _fits(before: SqlType, after: SqlType) -> bool:
    """Whether the new numeric has room for all digits before and after the point."""
    if not after.arguments:
        return True
    if before.name == "numeric" and not before.arguments:
        return False
    whole, behind = _room(before)
    room, room_behind = _room(after)
    return whole <= room and behind <= room_behind


def _room(of: SqlType) -> tuple[int, int]:
    """The numbers of digits before and after the point."""
    bits = sql_types.type_facts(of).bits
    if bits is not None:
        return len(str(2**bits)), 0
    precision, scale = (*of.arguments, 0)[:2]
    return precision - scale, scale
