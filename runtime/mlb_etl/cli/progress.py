"""Progress: a bar on standard error if that is a terminal, otherwise a log line now and then."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table

from mlb_etl.cli import running
from mlb_etl.cli.console import moves, moving
from mlb_etl.jobs.ingest import Progress, ProgressCounts

_EVERY = 10.0  # seconds between lines of the log
_REDRAWN = 0.1  # seconds between two drawings of the bar
_WIDEST = 40  # columns of the bar
log = logging.getLogger(__name__)
log.setLevel(logging.INFO)  # --quiet turns progress off


@contextmanager
def capturing(*, quiet: bool) -> Iterator[Progress]:
    """Yields a function that shows the progress of captures."""
    console = Console(stderr=True)
    if quiet:
        yield lambda _, __: running.beat()
    elif moves(console):
        tally = Tally()
        with _bar(console) as draw:

            def tell(more: ProgressCounts, total: int) -> None:
                running.beat()
                tally.add(more)
                draw(tally.done, total, tally.said(total))

            yield tell
    else:
        yield _Lines()


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yields a function that shows how many are done of how many, on a terminal only."""
    console = Console(stderr=True)
    if not moves(console):
        yield lambda _, __: running.beat()
        return
    with _bar(console) as draw:

        def tell(done: int, total: int) -> None:
            running.beat()
            draw(done, total, what)

        yield tell


class Tally:
    """What is done so far, and how fast; the clock starts with the first addition."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: float | None = None
        self._skipped = 0
        self.done = 0
        self.failed = 0

    def add(self, more: ProgressCounts) -> None:
        """Count some more; the first call, when the work begins, adds nothing."""
        if self._began is None:
            self._began = self._clock()
        self.done += more.done
        self._skipped += more.skipped
        self.failed += more.failed

    def said(self, total: int) -> str:
        """The rate, the failures and the time left, assuming that the rest takes as long as what was not skipped."""
        spent = self._clock() - (self._began or 0.0)
        worked = self.done - self._skipped
        rate = worked / spent if self._began is not None and spent > 0 else 0.0
        said = f"{rate:.1f}/s, {self.failed} failed"
        return f"{said}, {_duration((total - self.done) / rate)} left" if rate and self.done < total else said


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


class _Lines:
    """A line every few seconds, and one at the end."""

    def __init__(self) -> None:
        self._tally = Tally()
        self._told = time.monotonic()

    def __call__(self, more: ProgressCounts, total: int) -> None:
        running.beat()
        tally = self._tally
        tally.add(more)
        now = time.monotonic()
        if tally.done and (tally.done == total or now - self._told >= _EVERY):
            self._told = now
            log.info("%d/%d, %s", tally.done, total, tally.said(total))


@contextmanager
def _bar(console: Console) -> Iterator[Callable[[int, int, str], None]]:
    """One line: a bar, how many of how many, and a text."""
    with moving(console, transient=True) as draw:
        drawn = -_REDRAWN

        def redraw(done: int, total: int, said: str) -> None:
            nonlocal drawn
            now = time.monotonic()
            if now - drawn < _REDRAWN and done < total:
                return
            drawn = now
            line = Table.grid(padding=(0, 1))
            line.add_column(no_wrap=True)
            line.add_column(no_wrap=True)
            line.add_column(no_wrap=True, overflow="ellipsis")
            room = console.width - len(f" {done}/{total} {said}") - 1
            bar = ProgressBar(total=max(total, 1), completed=done, width=max(0, min(_WIDEST, room)))
            line.add_row(bar, f"{done}/{total}", said)
            draw(line)

        yield redraw
