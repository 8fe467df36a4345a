"""The run of a command that writes: recorded in its databases, with what it counted."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import click

from mlb_etl import logs, settings, tally
from mlb_etl.errors import EtlError, with_notes
from mlb_etl.observe import watching
from mlb_etl.observe.flow import Flows
from mlb_etl.stores.interfaces.database import Database
from mlb_etl.stores.interfaces.runs import SEEN_EVERY, Outcome, RunStore, StartedRun

LATE = 120.0  # seconds after which a turn that is due counts as stuck
log = logging.getLogger(__name__)
_KINDS = ("captures", "failures", "retries", "documents", "rows")  # counted by a last label
_current: "_Run | None" = None


@contextmanager
def recorded(
    command: str, subject: str, databases: Sequence[Database], flows: Flows, *, turns: bool = False
) -> Iterator[None]:
    """Record the block as a run of the command, in each of the databases, and have it watched where that is wanted.

    Both are for operators: what can't be recorded or sent is logged, and does not stop the run. `flows` are for its
    lineage. With `turns`, the run calls `beat` in each turn of a loop. Raises EtlError, before the block, for an
    invalid MLB_ETL_METRICS.
    """
    global _current  # noqa: PLW0603 - progress reports have no other way to it
    chosen = logs.current_settings()
    run_id = chosen.run_id if chosen is not None and chosen.run_id else settings.run_id()
    tally.begin()
    pace = _Pace(time.monotonic() if turns else None)
    started = StartedRun(uuid4(), run_id, command, subject)
    watches = watching.begin(started, databases, flows, pace.stuck)
    _current = run = _Run(started, databases, pace)
    outcome: Outcome = "failed"
    try:
        with watching.traced(started):
            yield
        outcome = "done"
    except click.exceptions.Exit as ended:
        outcome = "incomplete" if ended.exit_code else "done"
        raise
    except KeyboardInterrupt:
        outcome = "interrupted"
        raise
    finally:
        _current = None
        run.end(outcome)
        for watch in watches:
            watch.end(outcome)
        tally.end()


def beat(until: datetime | None = None) -> None:
    """Tell that the run goes on, and until when it waits; every few minutes this is recorded."""
    if _current is not None:
        _current.beat(until)


class _Pace:
    """By when the run has to show its next turn, on the monotonic clock; None if it has no turns."""

    def __init__(self, due: float | None) -> None:
        self._due = due

    def turn(self, until: datetime) -> None:
        """Note that it waits until that time."""
        self._due = time.monotonic() + max(0.0, (until - datetime.now(UTC)).total_seconds())

    def stuck(self) -> str | None:
        """Why it seems stuck; None if it goes on."""
        late = 0.0 if self._due is None else time.monotonic() - self._due
        return f"the last turn was due {late:.0f} s ago" if late > LATE else None


class _Run:
    """A run, and the databases in which it is recorded."""

    def __init__(self, run: StartedRun, databases: Sequence[Database], pace: _Pace) -> None:
        self._run = run
        self._pace = pace
        self._databases = databases
        self._seen = time.monotonic()
        self._missing = self._each(lambda runs: runs.start(run))

    def beat(self, until: datetime | None) -> None:
        """Note the turn, and record a sign of life, if it is time."""
        if until is not None:
            self._pace.turn(until)
        if time.monotonic() - self._seen >= SEEN_EVERY.total_seconds():
            self._seen = time.monotonic()
            self._each(lambda runs: runs.see(self._run))

    def end(self, outcome: Outcome) -> None:
        """Record the end. If the run failed, its error says more than that its end could not be recorded."""
        missing = self._missing + self._each(lambda runs: runs.end(self._run, outcome, _summed(tally.numbers())))
        if missing and outcome != "failed":
            log.warning("the run could not be recorded: %s", missing[0])

    def _each(self, work: Callable[[RunStore], None]) -> list[str]:
        """Do it in each database; return the reasons of those that did not take it."""
        missing = []
        for database in self._databases:
            try:
                with database.explained(), database.open() as stores:
                    work(stores.runs())
            except EtlError as error:
                log.info("the run is not recorded: %s", with_notes(error))
                missing.append(with_notes(error))
        return missing


def _summed(numbers: Mapping[tuple[str, ...], float]) -> dict[str, dict[str, float]]:
    """The numbers by kind, of all methods and tables together."""
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for (name, *labels), number in sorted(numbers.items()):
        if name in _KINDS:
            found[name][labels[-1]] = found[name].get(labels[-1], 0) + number
        elif name == "unreadable":
            found[name]["values"] = found[name].get("values", 0) + number
    return dict(found)
