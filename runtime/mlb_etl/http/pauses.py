"""Pauses that the API asks for, limited so that no number from outside stops the work for more than minutes."""

import logging
import math
import threading

LONGEST = 300.0  # seconds; longer pauses are cut to this
_ABSURD = 86_400.0  # seconds; pauses above a day are ignored
_said: set[tuple[str, str]] = set()
_lock = threading.Lock()
log = logging.getLogger(__name__)


def bounded(seconds: float, name: str) -> float | None:
    """Seconds to pause, at most `LONGEST`; None for a number that is negative, absurd or not a number.

    `name` says where the API asks for it. A cut or ignored pause is logged once per name.
    """
    if 0 <= seconds <= LONGEST:
        return seconds
    if math.isnan(seconds) or not 0 <= seconds <= _ABSURD:
        _say(name, "ignored")
        return None
    _say(name, f"cut to {LONGEST:g} s")
    return LONGEST


def parse_number(text: str) -> float:
    """The number in a text, `nan` if it is not one."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _say(name: str, what: str) -> None:
    with _lock:
        if (name, what) in _said:
            return
        _said.add((name, what))
    log.warning("the API asks for a pause out of bounds by %s; this and further ones are %s", name, what)
