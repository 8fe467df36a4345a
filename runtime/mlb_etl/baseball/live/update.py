"""What a follower reports: each update of a game, and a summary at the end."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from mlb_etl.baseball.live.patch import Tally
from mlb_etl.baseball.live.plan import Ask, Known
from mlb_etl.laws.counts import Counts, TableCounts
from mlb_etl.stores.interfaces.captures import Fate

Outcome: TypeAlias = Fate | Literal["listed", "unchanged", "failed"]

NOTHING = Counts()
_REMEMBERED = 100_000  # latencies, about a week's worth


@dataclass(frozen=True, slots=True)
class Update:
    """What happened to a game: news of the schedule, or an answer with what was done to the tables.

    latency: seconds from the bytes of an answer to committed rows; next: when it is to be asked for again.
    """

    at: datetime
    known: Known
    next: Ask | None
    outcome: Outcome
    latency: float | None = None
    counts: Counts = NOTHING
    error: str | None = None

    @property
    def rows(self) -> TableCounts:
        """Rows of all tables together."""
        return sum(self.counts.tables.values(), TableCounts())


@dataclass(slots=True)
class Summary:
    """What a run did: answers by what became of them, captures that were put aside, latencies in seconds.

    given_up: what it did not wait for any longer, and why.
    """

    games: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    quarantined: int = 0
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    patches: Tally | None = None
    given_up: str | None = None
