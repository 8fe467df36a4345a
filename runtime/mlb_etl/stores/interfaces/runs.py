"""The record of runs: which command ran when, how it ended, and what it counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

Outcome: TypeAlias = Literal["done", "incomplete", "failed", "interrupted"]
"""incomplete: the command reported failed requests, quarantined captures or the like; failed: an error ended it."""

RunState: TypeAlias = Literal["done", "incomplete", "failed", "interrupted", "running", "lost"]
"""lost: no end and no sign of life; it was killed, or its database was out of reach when it ended."""

SEEN_EVERY = timedelta(minutes=5)
LOST_AFTER = timedelta(minutes=15)
"""Time after which a run without a sign of life counts as lost."""

MOST = 200
"""Runs of a command that are kept, the newest ones."""


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A run at its start; `subject` is a job or a method, empty if the command has none."""

    id: UUID
    run_id: str
    command: str
    subject: str


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run as it is recorded; `counts` has numbers by what was counted and its kind, such as rows and inserted."""

    run_id: str
    command: str
    subject: str
    state: RunState
    started_at: datetime
    ended_at: datetime | None
    counts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def state_of(outcome: Outcome | None, seen_at: datetime, now: datetime) -> RunState:
    """The state of a run with this outcome, None if it has no end."""
    if outcome is not None:
        return outcome
    return "lost" if now - seen_at > LOST_AFTER else "running"


class RunStore(Protocol):
    """The runs recorded in a database. Methods raise DatabaseUnavailable, and EtlError if they may not write."""

    def start(self, run: StartedRun) -> None:
        """Record a start, and delete the oldest runs of the command; without the table, do nothing."""

    def see(self, run: StartedRun) -> None:
        """Record a sign of life."""

    def end(self, run: StartedRun, outcome: Outcome, counts: Mapping[str, Mapping[str, float]]) -> None:
        """Record the end."""

    def last(self) -> list[RecordedRun]:
        """The last run of each command and subject, the latest start first."""
