"""Unreadable values that become NULL."""

from dataclasses import dataclass


@dataclass(slots=True)
class Misfit:
    """The unreadable values at one path of a table: their number, and the exact place and value of the first."""

    table: str
    path: str
    place: str
    value: str
    reason: str
    number: int = 1
