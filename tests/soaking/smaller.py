"""Leaves steps out of a history that goes wrong, as long as it still does."""

import time
from collections.abc import Callable, Sequence


def smaller(size: int, goes_wrong: Callable[[Sequence[int]], bool], seconds: float) -> Sequence[int]:
    """The numbers of steps that go wrong without any other, and of which each is needed, if the time suffices."""
    kept, part, end = [*range(size)], size // 2, time.monotonic() + seconds
    while part:
        for start in range(0, len(kept), part):
            if time.monotonic() > end:
                return kept
            if goes_wrong(fewer := kept[:start] + kept[start + part :]):
                kept = fewer
                break
        else:
            part //= 2
    return kept
