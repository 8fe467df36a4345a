"""What a follower reports: each update of a game, and a summary at the end."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from mlb_contracts.change import Change
from mlb_etl.baseball.live.patch import PatchCounts
from mlb_etl.baseball.live.plan import KnownGame, Poll
from mlb_etl.laws.counts import Counts, TableCounts
from mlb_etl.stores.interfaces.captures import Fate

Outcome: TypeAlias = Fate | Literal["listed", "unchanged", "failed"]

NOTHING = Counts()
_REMEMBERED = 100_000  # latencies, about a week's worth


@dataclass(frozen=True, slots=True)
class Update:
    """What happened to a game: an entry in the schedule, or a response with its effect on the tables.

    latency: seconds from the bytes of a response to committed rows; next: the next poll.
    """

    at: datetime
    known: KnownGame
    next: Poll | None
    outcome: Outcome
    latency: float | None = None
    counts: Counts = NOTHING
    error: str | None = None

    @property
    def rows(self) -> TableCounts:
        """The counts of all tables together."""
        return sum(self.counts.tables.values(), TableCounts())


@dataclass(slots=True)
class Summary:
    """What a run did: responses by outcome, captures put in quarantine, latencies in seconds.

    drift: how responses differ from the samples; given_up: the requests that it gave up, and why.
    """

    games: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    quarantined: int = 0
    drift: set[Change] = field(default_factory=set)
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    patches: PatchCounts | None = None
    given_up: str | None = None
