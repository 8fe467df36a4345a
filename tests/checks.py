"""Guards against assertions that never run."""

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def some(found: Iterable[T]) -> list[T]:
    """The items, of which there must be some: of an empty list, every assertion is true."""
    listed = list(found)
    assert listed, "nothing was found, so nothing is tested"
    return listed
