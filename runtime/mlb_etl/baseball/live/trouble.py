"""Requests that fail, and since when."""

from datetime import datetime, timedelta
from typing import NamedTuple

from mlb_etl.baseball.live.asking import Key
from mlb_etl.errors import NotFound, Rejected, Unreachable, with_notes


class _Trouble(NamedTuple):
    since: datetime
    why: NotFound | Rejected | Unreachable


class Troubles:
    """Requests that have failed since their last answer."""

    def __init__(self, patience: timedelta) -> None:
        self._patience = patience
        self._troubles: dict[Key, _Trouble] = {}

    def failed(self, key: Key, at: datetime, why: NotFound | Rejected | Unreachable) -> None:
        """Note that a request failed."""
        known = self._troubles.get(key)
        self._troubles[key] = _Trouble(known.since if known else at, why)

    def answered(self, key: Key) -> None:
        """Note that a request was answered."""
        self._troubles.pop(key, None)

    def last(self, key: Key, now: datetime) -> bool:
        """Whether it has kept failing for longer than the patience."""
        known = self._troubles.get(key)
        return known is not None and now - known.since >= self._patience

    def report(self, now: datetime) -> str | None:
        """The requests that were given up, and why; None if there are none."""
        given_up = [
            f"{_named(key)}: {with_notes(each.why)}" for key, each in self._troubles.items() if self.last(key, now)
        ]
        if not given_up:
            return None
        return f"given up after {self._patience} without an answer:\n" + "\n".join(given_up)


def _named(key: Key) -> str:
    return f"game {key}" if isinstance(key, int) else f"the {key}"
