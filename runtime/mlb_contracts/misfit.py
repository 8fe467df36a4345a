"""Values of a response that can't be read and need not be."""

from dataclasses import dataclass


@dataclass(slots=True)
class Misfit:
    """Values of a table's column that can't be read: how many, and of the first where and what it is."""

    table: str
    path: str
    place: str
    value: str
    reason: str
    number: int = 1
