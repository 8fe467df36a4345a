"""What people see of captures that come one by one: how they get on, and what became of them."""

import time
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias

import click
import rich.progress
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from mlb_etl.capture import Captured, Failure
from mlb_etl.cli import report
from mlb_etl.errors import Rejected
from mlb_etl.ingest_worker import Ingested

_EVERY = 10.0  # seconds between plain lines


class Done(Protocol):
    """What became of some."""

    @property
    def done(self) -> int:
        """How many there are."""

    @property
    def skipped(self) -> int:
        """Those that took no time."""

    @property
    def failures(self) -> Sized:
        """Those that failed."""


Progress: TypeAlias = Callable[[Done, int], None]


@contextmanager
def capturing(*, quiet: bool) -> Iterator[Progress]:
    """Shows how the work gets on: as a bar on a terminal's standard error, elsewhere as a line now and then."""
    console = Console(stderr=True)
    if quiet:
        yield lambda _, __: None
    elif console.is_terminal:
        with _bar(console) as tell:
            yield tell
    else:
        yield _Lines()


class _Tally:
    """What was done so far, and how fast."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._skipped = 0
        self.done = 0
        self.failed = 0

    def add(self, more: Done) -> None:
        self.done += more.done
        self._skipped += more.skipped
        self.failed += len(more.failures)

    @property
    def rate(self) -> float:
        """How many a second."""
        return (self.done - self._skipped) / max(time.monotonic() - self._began, 0.001)

    def left(self, total: int) -> str:
        """The time left, as if what is left went on as what is done."""
        seconds = (time.monotonic() - self._began) / self.done * (total - self.done)
        minutes, seconds = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}"


class _Lines:
    """A line every few seconds, and one in the end."""

    def __init__(self) -> None:
        self._tally = _Tally()
        self._told = time.monotonic()

    def __call__(self, more: Done, total: int) -> None:
        tally = self._tally
        tally.add(more)
        now = time.monotonic()
        if tally.done == total or now - self._told >= _EVERY:
            self._told = now
            click.echo(
                f"{tally.done}/{total}, {tally.rate:.1f}/s, {tally.failed} failed, {tally.left(total)} left", err=True
            )


@contextmanager
def _bar(console: Console) -> Iterator[Progress]:
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.1f}/s, {task.fields[failed]} failed,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    tally = _Tally()
    with rich.progress.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, rate=0.0, failed=0)

        def tell(more: Done, total: int) -> None:
            tally.add(more)
            bar.update(task, completed=tally.done, total=total, rate=tally.rate, failed=tally.failed)

        yield tell


def failures(captured: Captured) -> None:
    """Print what became of the requests, and of each that failed why."""
    for failure in captured.failures:
        _failure(failure)
    click.echo(
        f"stored {captured.stored}, unchanged {captured.seen}, skipped {captured.skipped},"
        f" failed {len(captured.failures)}"
    )


def _failure(failure: Failure) -> None:
    title = f"failed {failure.target.name}"
    if isinstance(failure.why, Rejected):
        report.rejected(title, failure.why)
    else:
        click.echo(f"{title}: {failure.why}")


def plain(done: Ingested) -> dict[str, Any]:
    """The outcome, as JSON has it."""
    captured = done.captured
    numbers = {"stored": captured.stored, "unchanged": captured.seen, "skipped": captured.skipped}
    failed = [
        {"request": each.target.request.target, "error": type(each.why).__name__, "reason": str(each.why)}
        for each in captured.failures
    ]
    return {**numbers, "failures": failed, "transform": report.plain(done.counts) if done.counts else None}
