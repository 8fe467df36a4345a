"""What makes sure that an assertion meets something."""

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def some(found: Iterable[T]) -> list[T]:
    """What was found, which has to be something: of nothing, everything can be said."""
    listed = list(found)
    assert listed, "nothing was found, so nothing is tested"
    return listed
