"""What time it is, and waiting; tests have a clock of their own, which waits by moving the simulator's on."""

from datetime import UTC, datetime
from threading import Event
from typing import Protocol


class Clock(Protocol):
    """The clock that a follower goes by, also for the times of captures."""

    @property
    def stopped(self) -> bool:
        """Whether the work is to end."""

    def now(self) -> datetime:
        """The time, UTC."""

    def wait(self, until: datetime) -> None:
        """Return at that time, or as soon as the work is to end."""


class SystemClock:
    """The machine's clock; setting `stop` ends the work."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, until: datetime) -> None:
        self._stop.wait(max(0.0, (until - self.now()).total_seconds()))
