"""What time it is, and waiting; tests have a clock of their own, which waits by moving the simulator's on."""

import os
import select
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The clock that a follower goes by, also for the times of captures."""

    @property
    def stopped(self) -> bool:
        """Whether the work is to end."""

    def now(self) -> datetime:
        """The time, UTC."""

    def wait(self, until: datetime, *, asking: bool = False) -> None:
        """Return at that time, when woken, or as soon as the work is to end.

        `asking`: answers are awaited, of which each wakes it. A clock that is moved on by waiting stands still then.
        """

    def wake(self) -> None:
        """End a wait, or the next one; any thread may."""


class SystemClock:
    """The machine's clock, until it is told to stop."""

    def __init__(self) -> None:
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._stopped = False

    @property
    def stopped(self) -> bool:
        return self._stopped

    def stop(self) -> None:
        """End the work; a signal may do so at any moment, for which an Event and its lock are not made."""
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
