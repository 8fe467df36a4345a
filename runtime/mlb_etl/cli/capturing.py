"""What people see of a job that captures: how it gets on, and what became of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import rich.progress
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from mlb_etl.capture import Captured, Failure
from mlb_etl.cli import report
from mlb_etl.errors import Rejected
from mlb_etl.ingest_job import Ingested, Progress

_EVERY = 10.0  # seconds between plain lines


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
        self.so_far = Captured()

    def add(self, more: Captured) -> None:
        self.so_far += more

    @property
    def rate(self) -> float:
        """Requests a second."""
        asked = self.so_far.done - self.so_far.skipped
        return asked / max(time.monotonic() - self._began, 0.001)

    def left(self, total: int) -> str:
        """The time left, as if what is left went on as what is done."""
        seconds = (time.monotonic() - self._began) / self.so_far.done * (total - self.so_far.done)
        minutes, seconds = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}"


class _Lines:
    """A line every few seconds, and one in the end."""

    def __init__(self) -> None:
        self._tally = _Tally()
        self._told = time.monotonic()

    def __call__(self, more: Captured, total: int) -> None:
        self._tally.add(more)
        done, now = self._tally.so_far.done, time.monotonic()
        if done == total or now - self._told >= _EVERY:
            self._told = now
            failed = len(self._tally.so_far.failures)
            click.echo(
                f"{done}/{total}, {self._tally.rate:.1f}/s, {failed} failed, {self._tally.left(total)} left", err=True
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

        def tell(more: Captured, total: int) -> None:
            tally.add(more)
            so_far = tally.so_far
            bar.update(task, completed=so_far.done, total=total, rate=tally.rate, failed=len(so_far.failures))

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
