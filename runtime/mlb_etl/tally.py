"""What a process counts while it works, for metrics and for the record of the run; nothing until `begin` is called.

Rooms add numbers where something happens, and know nothing of who reads them. A worker process sends its numbers with
the result of each task to the first process, which adds them to its own. Label values are names of mappings and words
of ours, never text from outside, so their number is bounded.
"""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from typing import Final, TypeAlias

Numbers: TypeAlias = dict[tuple[str, ...], float]
"""Numbers by name and label values. A histogram has one for each bucket, whose last label is the bucket's upper bound,
and one for the sum."""

BOUNDS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 3600.0, 21600.0, 86400.0)
"""The upper bounds of the buckets of a histogram, in seconds; the last bucket has none."""

_numbers: Counter[tuple[str, ...]] | None = None
_lock = threading.Lock()


def begin() -> None:
    """Count from now on, from zero."""
    global _numbers  # noqa: PLW0603 - as logging has one state for each process
    _numbers = Counter()


def end() -> None:
    """Stop counting, and forget what was counted."""
    global _numbers  # noqa: PLW0603 - as above
    _numbers = None


def is_on() -> bool:
    """Whether anything is counted."""
    return _numbers is not None


def add(name: str, *labels: str, number: float = 1) -> None:
    """Add to a number, which starts at zero; adding zero makes it appear."""
    if _numbers is not None:
        with _lock:
            _numbers[name, *labels] += number  # type: ignore[assignment] # a Counter also counts seconds


def observe(name: str, *labels: str, seconds: float) -> None:
    """Add a duration to a histogram."""
    if _numbers is not None:
        place = bisect_left(BOUNDS, seconds)
        add(name, *labels, "+Inf" if place == len(BOUNDS) else str(BOUNDS[place]))
        add(f"{name}_sum", *labels, number=max(0.0, seconds))


def take() -> Numbers:
    """The numbers so far, which start again from zero; of a worker process, for the first one."""
    if _numbers is None:
        return {}
    with _lock:
        taken = dict(_numbers)
        _numbers.clear()
    return dict(taken)


def merge(numbers: Mapping[tuple[str, ...], float]) -> None:
    """Add the numbers that a worker process took."""
    for (name, *labels), number in numbers.items():
        add(name, *labels, number=number)


def numbers() -> Numbers:
    """A copy of the numbers so far."""
    if _numbers is None:
        return {}
    with _lock:
        return dict(_numbers)
