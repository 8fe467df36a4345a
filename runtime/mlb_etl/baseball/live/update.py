"""What a follower reports: each update of a game, and a summary at the end."""

from collections import deque
from collections.abc import Mapping
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


def latencies() -> deque[float]:
    """A place for the newest latencies, in seconds."""
    return deque(maxlen=_REMEMBERED)


@dataclass(slots=True)
class TargetSummary:
    """What a run did in one of several targets: responses by fate, captures put in quarantine, latencies in seconds.

    missed: responses that it did not get because it was away, too slow, or its clock behind; error: why it got no more.
    """

    fates: dict[Fate, int] = field(default_factory=dict)
    quarantined: int = 0
    missed: int = 0
    latencies: deque[float] = field(default_factory=latencies)
    error: str | None = None


@dataclass(slots=True)
class Summary:
    """What a run did: responses by outcome, captures put in quarantine, latencies in seconds.

    drift: how responses differ from the samples; given_up: the requests that it gave up, and why; targets: what it did
    in each of several targets, while the other facts are those of the target that was done first with each response.
    """

    games: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    quarantined: int = 0
    drift: set[Change] = field(default_factory=set)
    latencies: deque[float] = field(default_factory=latencies)
    patches: PatchCounts | None = None
    given_up: str | None = None
    targets: Mapping[str, TargetSummary] = field(default_factory=dict)

    @property
    def is_incomplete(self) -> bool:
        """Whether a capture went to quarantine."""
        return bool(self.quarantined or any(each.quarantined for each in self.targets.values()))
