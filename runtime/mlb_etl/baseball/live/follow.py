"""Follows games: polls the schedule, polls each game when its plan says so, and keeps the responses.

One loop decides and writes to the database; threads send requests under one rate limit. The most overdue request goes
first, and none waits for the answer to another.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, NamedTuple, TypeVar

from mlb_etl import tally
from mlb_etl.baseball.live import plan
from mlb_etl.baseball.live.asking import Asking, Key
from mlb_etl.baseball.live.clock import Clock
from mlb_etl.baseball.live.fetch import Feeds, FetchedFeed
from mlb_etl.baseball.live.keep import Keeping, KeepResult
from mlb_etl.baseball.live.listing import GameListing, GameScope
from mlb_etl.baseball.live.noted import RecordingFetcher
from mlb_etl.baseball.live.plan import KnownGame, Pace, Poll
from mlb_etl.baseball.live.trouble import Troubles
from mlb_etl.baseball.live.update import NOTHING, Outcome, Summary, Update
from mlb_etl.baseball.schedule import Game
from mlb_etl.baseball.states import PLAYED, SETTLED, SUSPENDED
from mlb_etl.errors import DatabaseUnavailable, NotFound, Rejected, StoreUnavailable, Unreachable, with_notes
from mlb_etl.laws.counts import Counts

T = TypeVar("T")
_AWAY = (DatabaseUnavailable, StoreUnavailable)
_BACK = timedelta(seconds=2)  # between two attempts to reach it again
log = logging.getLogger(__name__)


class _Due(NamedTuple):
    at: datetime
    key: Key
    ask: Callable[[], None]


class Follower:
    """Follows the games of a scope; calls `tell` for each update."""

    def __init__(
        self,
        keeper: Keeping,
        source: RecordingFetcher,
        feeds: Feeds,
        asking: Asking,
        scope: GameScope,
        *,
        clock: Clock,
        tell: Callable[[Update], None],
        pace: Pace,
        patience: timedelta,
    ) -> None:
        """`patience`: how long a scope with an end continues without an answer."""
        self._keeper = keeper
        self._source = source
        self._feeds = feeds
        self._asking = asking
        self._scope = scope
        self._pace = pace
        self._clock = clock
        self._tell = tell
        self._listing = GameListing(source, scope)
        self._known: dict[int, KnownGame] = {}
        self._schedule_at = self._changes_at = self._resume_at = clock.now()
        self._listed = False
        self._unread = False  # the list of changes could not be read yet
        self._not_before: dict[Key, datetime] = {}
        self._troubles = Troubles(patience)
        self.summary = Summary()

    def run(self) -> Summary:
        """Follow until the clock is stopped, or nothing is left of a scope with an end.

        Waits for an API or a database that goes away. Raises EtlError if there is no schedule at the start.
        """
        try:
            while not self._clock.stopped and (self._asking or self._left()):
                if not self._asking.settle():
                    self._ask_or_wait()
                self._source.keep()
        except _AWAY:
            if not self._clock.stopped:
                raise
        if not self._clock.stopped:
            self.summary.given_up = self._troubles.report(self._clock.now())
        return self.summary

    def _ask_or_wait(self) -> None:
        """Send the most overdue request, or wait until one is due or answered."""
        now = self._clock.now()
        due = min((due for due in self._due() if due.key not in self._asking), key=self._at, default=None)
        at = now + self._pace.rare if due is None or self._asking.full else self._at(due)
        if due is not None and at <= now:
            due.ask()
        else:
            self._clock.wait(at, asking=bool(self._asking))

    def _at(self, due: _Due) -> datetime:
        """The earliest time for the request."""
        return max(due.at, self._resume_at, self._not_before.get(due.key, due.at))

    def _due(self) -> Iterator[_Due]:
        yield _Due(self._schedule_at, "schedule", self._look)
        if self._listed:
            yield _Due(self._changes_at, "changes", self._look_for_changes)
        for game_pk, known in self._known.items():
            if (ask := plan.next_poll(known, self._pace)) is not None:
                yield _Due(ask.at, game_pk, partial(self._poll, game_pk, ask))

    def _left(self) -> bool:
        """Whether anything in the scope is still to come and not given up."""
        now = self._clock.now()
        if self._scope.lasts:
            return True
        if not self._listed:
            return not self._troubles.last("schedule", now)
        if (self._unread or self._changes_at <= now) and not self._troubles.last("changes", now):
            return True
        remaining = (known for known in self._known.values() if plan.remains(known, self._pace, now))
        return not all(self._given_up(known, now) for known in remaining)

    def _given_up(self, known: KnownGame, now: datetime) -> bool:
        """Whether the game's feed keeps failing, and the schedule fails too or says that the game is over.

        Without a next poll only the schedule can bring news, so then its failure alone decides.
        """
        unlisted = self._troubles.last("schedule", now)
        if plan.next_poll(known, self._pace) is None:
            return unlisted
        over = known.state in SETTLED or known.state in SUSPENDED
        return self._troubles.last(known.listed.game_pk, now) and (unlisted or over)

    def _look(self) -> None:
        """Request the schedule."""
        now, known = self._clock.now(), list(self._known.values())
        self._asking.begin("schedule", lambda: self._listing.schedule(now, known), partial(self._looked, now))

    def _looked(self, now: datetime, answer: Future[tuple[Game, ...]]) -> None:
        """Process the schedule."""
        try:
            games = answer.result()
        except (NotFound, Rejected, Unreachable) as why:
            if not self._listed and not isinstance(why, Unreachable):
                raise
            self._schedule_at = self._missed("schedule", why)
            return
        self._listed = True
        self._troubles.answered("schedule")
        listed = {game.game_pk: game for game in games}
        for game_pk in self._known.keys() - listed.keys():
            done = plan.next_poll(self._known[game_pk], self._pace) is None and game_pk not in self._asking
            if self._scope.lasts and done:
                del self._known[game_pk]
                self._troubles.answered(game_pk)
                self._not_before.pop(game_pk, None)
        for game in games:
            self._list(game, now)
        self._schedule_at = plan.next_schedule_poll((known.listed for known in self._known.values()), now, self._pace)

    def _list(self, game: Game, now: datetime) -> None:
        """Process a game of the schedule."""
        before = self._known.get(game.game_pk)
        if before is None:
            before = self._first_met(game, now)
            self.summary.games += 1
        known = _noted(replace(before, listed=game, listed_at=now))
        self._known[game.game_pk] = known
        if known.status != before.status or before.listed_at == now:
            self._tell(Update(now, known, plan.next_poll(known, self._pace), "listed"))

    def _first_met(self, game: Game, now: datetime) -> KnownGame:
        """A game seen for the first time, with what the raw table has of it."""
        captured = self._waiting(lambda: self._keeper.catch_up({"game_pk": game.game_pk}))
        return KnownGame(game, now, captured, captured.asked_at)

    def _look_for_changes(self) -> None:
        """Request the games that changed after their end."""
        now, known = self._clock.now(), list(self._known.values())
        self._asking.begin("changes", lambda: self._listing.changes(now, known), partial(self._looked_for_changes, now))

    def _looked_for_changes(self, now: datetime, answer: Future[list[Game]]) -> None:
        """Mark the games that changed."""
        try:
            rows = answer.result()
        except (NotFound, Rejected, Unreachable) as why:
            self._changes_at = self._missed("changes", why)
            self._unread = isinstance(why, Unreachable)
            return
        self._unread = False
        self._troubles.answered("changes")
        for game in rows:
            known = self._known.get(game.game_pk)
            if known is None and self._scope.lasts and game.state in PLAYED:
                known = _noted(self._first_met(game, now))
            if known is not None and known.asked_at is not None:
                self._known[game.game_pk] = replace(known, changed_at=now)
        self._changes_at = now + self._pace.before

    def _poll(self, game_pk: int, ask: Poll) -> None:
        """Request the feed of a game."""
        self._asking.begin(
            game_pk, lambda: self._feeds.fetch(game_pk, on=ask.why == "on"), partial(self._polled, game_pk)
        )

    def _polled(self, game_pk: int, answer: Future[FetchedFeed | None]) -> None:
        """Keep the response."""
        known = self._known[game_pk]
        try:
            found = answer.result()
            kept = self._waiting(partial(self._keeper.keep, found)) if found else None
        except (NotFound, Rejected, Unreachable) as why:
            now = self._clock.now()
            log.warning("game %d: %s failed: %s", game_pk, self._feeds.target(game_pk), why)
            self._pause(game_pk, why)
            self._troubles.failed(game_pk, now, why)
            known = replace(known, failures=known.failures + 1, failed_at=now)
            self._done(game_pk, known, "failed", error=str(why))
            return
        self._troubles.answered(game_pk)
        known = replace(known, asked_at=self._clock.now(), failures=0, failed_at=None)
        if found is None or kept is None:
            self._done(game_pk, known, "unchanged")
        else:
            self._kept(game_pk, known, kept, found.arrived)

    def _kept(self, game_pk: int, known: KnownGame, kept: KeepResult, arrived: float) -> None:
        """Process a kept response."""
        if not kept.captured.sound:  # an earlier run may have put aside the content that was seen again now
            self._feeds.forget(game_pk)
        self.summary.quarantined += kept.counts.documents.quarantined
        self.summary.drift |= kept.counts.drift.keys()
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
        known: KnownGame,
        outcome: Outcome,
        *,
        latency: float | None = None,
        counts: Counts = NOTHING,
        error: str | None = None,
    ) -> None:
        self._known[game_pk] = known
        tally.add("captures", self._keeper.method, "unchanged" if outcome == "seen" else outcome)
        self.summary.outcomes[outcome] = self.summary.outcomes.get(outcome, 0) + 1
        ask = plan.next_poll(known, self._pace)
        self._tell(Update(self._clock.now(), known, ask, outcome, latency, counts, error))

    def _missed(self, key: Literal["schedule", "changes"], why: NotFound | Rejected | Unreachable) -> datetime:
        """Record a failed request; return when to repeat it."""
        now = self._clock.now()
        log.warning("the request for the %s failed: %s", key, with_notes(why))
        self._pause(key, why)
        self._troubles.failed(key, now, why)
        return now + self._pace.slow

    def _pause(self, key: Key, why: NotFound | Rejected | Unreachable) -> None:
        """Pause as long as the API asks: all requests, or only this one."""
        if isinstance(why, Unreachable) and why.retry_after is not None:
            until = self._clock.now() + timedelta(seconds=why.retry_after)
            if why.overall:
                self._resume_at = until
            else:
                self._not_before[key] = until

    def _waiting(self, work: Callable[[], T]) -> T:
        """Run work on the database and store, retrying while they are away; raises the error once the clock stops."""
        while True:
            try:
                return work()
            except _AWAY as error:
                log.warning("%s; trying again", error)
                if self._clock.stopped:
                    raise
                self._clock.wait(self._clock.now() + _BACK)


def _noted(known: KnownGame) -> KnownGame:
    """Set `settled_at` when the game is first known to be settled, and clear it when it no longer is."""
    if known.state not in SETTLED:
        return replace(known, settled_at=None)
    if known.settled_at is not None:
        return known
    feed_at = known.captured.feed_at
    return replace(known, settled_at=max(known.listed_at, feed_at) if feed_at else known.listed_at)
