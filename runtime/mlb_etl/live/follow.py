"""Follows games: looks at the schedule, asks for each game when its plan says so, and keeps what comes.

One loop does all of it, one thing after the other. A poll takes less time than the rate limit leaves between two, and
whoever is due longest comes first.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from mlb_etl.client import Source
from mlb_etl.counts import Counts, TableCounts
from mlb_etl.errors import DatabaseUnavailable, NotFound, Rejected, Unreachable
from mlb_etl.live import plan
from mlb_etl.live.clock import Clock
from mlb_etl.live.fetch import Feeds
from mlb_etl.live.keep import Keeper, Kept
from mlb_etl.live.listing import Listing, Scope
from mlb_etl.live.patch import Tally
from mlb_etl.live.plan import Ask, Known, Pace
from mlb_etl.raw import Fate
from mlb_etl.schedule import SETTLED, Game

T = TypeVar("T")
Outcome: TypeAlias = Fate | Literal["listed", "unchanged", "failed"]

_REMEMBERED = 100_000  # latencies, of about a week
_NOTHING = Counts()
_DATABASE = timedelta(seconds=2)  # between looks whether it is back
log = logging.getLogger(__name__)


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
    counts: Counts = _NOTHING
    error: str | None = None

    @property
    def rows(self) -> TableCounts:
        """Rows of all tables together."""
        return sum(self.counts.tables.values(), TableCounts())


@dataclass(slots=True)
class Summary:
    """What a run did: answers by what became of them, captures that were put aside, latencies in seconds."""

    games: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    quarantined: int = 0
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    patches: Tally | None = None


class _Due(NamedTuple):
    at: datetime
    do: Callable[[], None]


class Follower:
    """Follows the games of a scope; `tell` is told what happens to each."""

    def __init__(
        self,
        keeper: Keeper,
        source: Source,
        feeds: Feeds,
        scope: Scope,
        *,
        clock: Clock,
        tell: Callable[[Update], None],
        pace: Pace,
    ) -> None:
        self._keeper = keeper
        self._feeds = feeds
        self._scope = scope
        self._pace = pace
        self._clock = clock
        self._tell = tell
        self._listing = Listing(source, scope)
        self._known: dict[int, Known] = {}
        self._schedule_at = self._changes_at = self._resume_at = clock.now()
        self._listed = False
        self._unread = False  # the list of changes, which the API could not give yet
        self.summary = Summary()

    def run(self) -> Summary:
        """Follow until the clock is stopped, or nothing of a scope that ends is left.

        An API and a database that go away are waited for. Raises EtlError where there is no schedule to begin with.
        """
        try:
            while not self._clock.stopped and self._left():
                due = min(self._due(), key=lambda due: due.at)
                at = max(due.at, self._resume_at)
                if at > self._clock.now():
                    self._clock.wait(at)
                else:
                    due.do()
        except DatabaseUnavailable:
            if not self._clock.stopped:
                raise
        return self.summary

    def _due(self) -> Iterator[_Due]:
        yield _Due(self._schedule_at, self._look)
        if self._listed:
            yield _Due(self._changes_at, self._look_for_changes)
        for game_pk, known in self._known.items():
            if (ask := plan.plan(known, self._pace)) is not None:
                yield _Due(ask.at, partial(self._poll, game_pk, ask))

    def _left(self) -> bool:
        now = self._clock.now()
        if self._scope.lasts or not self._listed or self._unread or self._changes_at <= now:
            return True
        return any(plan.remains(known, self._pace, now) for known in self._known.values())

    def _look(self) -> None:
        """Take the schedule in."""
        now = self._clock.now()
        try:
            games = self._listing.schedule(now, self._known.values())
        except (NotFound, Rejected, Unreachable) as why:
            if not self._listed and not isinstance(why, Unreachable):
                raise
            self._schedule_at = self._missed("the schedule", why)
            return
        self._listed = True
        listed = {game.game_pk: game for game in games}
        for game_pk in self._known.keys() - listed.keys():
            if self._scope.lasts and plan.plan(self._known[game_pk], self._pace) is None:
                del self._known[game_pk]
        for game in games:
            self._list(game, now)
        self._schedule_at = plan.schedule((known.listed for known in self._known.values()), now, self._pace)

    def _list(self, game: Game, now: datetime) -> None:
        """Take in what the schedule says of a game."""
        before = self._known.get(game.game_pk)
        if before is None:
            before = self._first_met(game, now)
            self.summary.games += 1
        known = _noted(replace(before, listed=game, listed_at=now))
        self._known[game.game_pk] = known
        if known.status != before.status or before.listed_at == now:
            self._tell(Update(now, known, plan.plan(known, self._pace), "listed"))

    def _first_met(self, game: Game, now: datetime) -> Known:
        """With what the raw table has of it."""
        captured = self._waiting(lambda: self._keeper.catch_up({"game_pk": game.game_pk}))
        return Known(game, now, captured, captured.asked_at)

    def _look_for_changes(self) -> None:
        """Mark the games that changed after their end."""
        now = self._clock.now()
        try:
            rows = self._listing.changes(now, self._known.values())
        except (NotFound, Rejected, Unreachable) as why:
            self._changes_at = self._missed("the list of changes", why)
            self._unread = isinstance(why, Unreachable)
            return
        self._unread = False
        for game in rows:
            known = self._known.get(game.game_pk)
            if known is None and self._scope.lasts and game.state in plan.PLAYED:
                known = _noted(self._first_met(game, now))
            if known is not None and known.asked_at is not None:
                self._known[game.game_pk] = replace(known, changed_at=now)
        self._changes_at = now + self._pace.before

    def _poll(self, game_pk: int, ask: Ask) -> None:
        """Ask for a game, and keep what comes."""
        known = self._known[game_pk]
        try:
            found = self._feeds.fetch(game_pk, on=ask.why == "on")
            kept = self._waiting(partial(self._keeper.keep, found.response, found.keys)) if found else None
        except (NotFound, Rejected, Unreachable) as why:
            log.warning("game %d: nothing came: %s", game_pk, why)
            self._pause(why)
            known = replace(known, failures=known.failures + 1, failed_at=self._clock.now())
            self._done(game_pk, known, "failed", error=str(why))
            return
        known = replace(known, asked_at=self._clock.now(), failures=0, failed_at=None)
        if found is None or kept is None:
            self._done(game_pk, known, "unchanged")
        else:
            self._kept(game_pk, known, kept, found.arrived)

    def _kept(self, game_pk: int, known: Known, kept: Kept, arrived: float) -> None:
        """Take in what was captured."""
        if kept.counts.documents.quarantined:
            self._feeds.forget(game_pk)
            self.summary.quarantined += kept.counts.documents.quarantined
        for each in kept.counts.quarantined:
            log.warning("game %d: the capture of %s is in quarantine: %s", game_pk, each.captured_at, each.why)
        known = _noted(replace(known, captured=kept.captured, asked_at=kept.captured.asked_at))
        latency = kept.committed - arrived if kept.fate == "stored" else None
        if latency is not None:
            self.summary.latencies.append(latency)
        self._done(game_pk, known, kept.fate, latency=latency, counts=kept.counts)

    def _done(
        self,
        game_pk: int,
        known: Known,
        outcome: Outcome,
        *,
        latency: float | None = None,
        counts: Counts = _NOTHING,
        error: str | None = None,
    ) -> None:
        self._known[game_pk] = known
        self.summary.outcomes[outcome] = self.summary.outcomes.get(outcome, 0) + 1
        ask = plan.plan(known, self._pace)
        self._tell(Update(self._clock.now(), known, ask, outcome, latency, counts, error))

    def _missed(self, what: str, why: NotFound | Rejected | Unreachable) -> datetime:
        """When to ask again for something that did not come."""
        log.warning("%s did not come: %s", what, why)
        self._pause(why)
        return self._clock.now() + self._pace.slow

    def _pause(self, why: NotFound | Rejected | Unreachable) -> None:
        """Ask for nothing at all as long as the API wishes."""
        if isinstance(why, Unreachable) and why.retry_after is not None:
            self._resume_at = self._clock.now() + timedelta(seconds=why.retry_after)

    def _waiting(self, work: Callable[[], T]) -> T:
        """Do some work on the database, whenever it is back; raises DatabaseUnavailable where it is to end before."""
        while True:
            try:
                return work()
            except DatabaseUnavailable as error:
                log.warning("%s; waiting for it", error)
                if self._clock.stopped:
                    raise
                self._clock.wait(self._clock.now() + _DATABASE)


def _noted(known: Known) -> Known:
    """With when it was noticed that the game is settled."""
    if known.state not in SETTLED:
        return replace(known, settled_at=None)
    if known.settled_at is not None:
        return known
    feed_at = known.captured.feed_at
    return replace(known, settled_at=max(known.listed_at, feed_at) if feed_at else known.listed_at)
