"""The current time, and waiting; the clock of tests waits by advancing the simulator's clock."""

import os
import select
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The clock of a follower, also used for the times of captures."""

    @property
    def stopped(self) -> bool:
        """Whether the work should end."""

    def now(self) -> datetime:
        """The time, UTC."""

    def wait(self, until: datetime, *, asking: bool = False) -> None:
        """Return at that time, when woken, or as soon as the work should end.

        `asking`: requests are under way, and each answer wakes it. A clock that advances by waiting then stands still.
        """

    def wake(self) -> None:
        """End a wait, or the next one; any thread may."""


class SystemClock:
    """The machine's clock, until it is stopped."""

    def __init__(self) -> None:
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._stopped = False

    @property
    def stopped(self) -> bool:
        return self._stopped

    def stop(self) -> None:
        """End the work. A signal handler may call this at any moment, so it can't use an Event, which takes a lock."""
        self._stopped = True
        self.wake()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, until: datetime, *, asking: bool = False) -> None:  # noqa: ARG002 - time goes on by itself
        woken, _, _ = select.select([self._woken], [], [], max(0.0, (until - self.now()).total_seconds()))
        if woken and not self._stopped:
            os.read(self._woken, 4096)

    def wake(self) -> None:
        with suppress(BlockingIOError):  # woken many times already
            os.write(self._wake, b"!")
