"""What time it is, and waiting; tests have a clock of their own, which waits by moving the simulator's on."""

import os
import select
from datetime import UTC, datetime
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
    """The machine's clock, until it is told to stop."""

    def __init__(self) -> None:
        self._woken, self._wake = os.pipe()
        self._stopped = False

    @property
    def stopped(self) -> bool:
        return self._stopped

    def stop(self) -> None:
        """End the work; a signal may do so at any moment, for which an Event and its lock are not made."""
        self._stopped = True
        os.write(self._wake, b"!")

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, until: datetime) -> None:
        select.select([self._woken], [], [], max(0.0, (until - self.now()).total_seconds()))
