"""When to poll a game next, and why: decided only from what is known of the game.

This knowledge comes from the schedule and the raw table, so a restarted process decides as if it had never stopped.
An unknown state counts as in progress.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Self, TypeAlias

from mlb_etl.baseball.feed import Feed, Status
from mlb_etl.baseball.schedule import Game
from mlb_etl.baseball.states import PLAYED, SETTLED, SUSPENDED, State

CORRECTIONS = (timedelta(hours=1), timedelta(hours=24), timedelta(hours=72))  # after a game was final
LEAD = timedelta(minutes=30)  # before a start, from which the schedule is polled often
FIRST_PITCH = timedelta(minutes=5)  # before a start, from which the game is polled as if in progress
_LONGEST = 12  # times the interval, after failures: 2 minutes for 10 seconds

Why: TypeAlias = Literal["before", "on", "delayed", "over", "suspended", "late", "correction", "changed"]


class Ask(NamedTuple):
    """When, and why: `late` for a feed that does not yet show what the schedule says of the game's end."""

    at: datetime
    why: Why


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to poll.

    interval: games in progress, unless their feeds want more time; slow: delays, games that are over but not final, and
    the schedule; before: games before they begin, and the list of changes; rare: suspended games, and a schedule in
    which nothing is on; patience: for how long a feed may lag behind the schedule.
    """

    interval: timedelta
    slow: timedelta
    before: timedelta
    rare: timedelta
    patience: timedelta

    @classmethod
    def of(cls, interval: timedelta) -> Self:
        """With 10 seconds: a minute, 5 minutes, 15 minutes, 10 minutes."""
        return cls(interval, 6 * interval, 30 * interval, 90 * interval, 60 * interval)


@dataclass(frozen=True, slots=True)
class Captured:
    """What the raw table has of a game.

    asked_at: when it was last asked for; feed: its last capture that is not in quarantine, last seen at `feed_at`;
    final_since: since when all captures say that the game is settled.
    """

    asked_at: datetime | None = None
    feed: Feed | None = None
    feed_at: datetime | None = None
    final_since: datetime | None = None

    @property
    def sound(self) -> bool:
        """Whether the last response is not in quarantine."""
        return self.feed_at == self.asked_at


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a game.

    listed: as the schedule had it at `listed_at`; settled_at: when it was noticed that the game is settled, None while
    it is not; changed_at: when the list of changes last named it; asked_at: when it was last asked for with success;
    failures: without, one after the other, the last at `failed_at`.
    """

    listed: Game
    listed_at: datetime
    captured: Captured = Captured()
    asked_at: datetime | None = None
    settled_at: datetime | None = None
    changed_at: datetime | None = None
    failures: int = 0
    failed_at: datetime | None = None

    @property
    def status(self) -> Status:
        """The newer of what the schedule and the feed say, unless the schedule says that the game is settled.

        So it is of a postponed game, whose feed is about its new date already.
        """
        feed, at = self.captured.feed, self.captured.feed_at
        newer = feed is not None and at is not None and at >= self.listed_at
        return feed.status if feed and newer and self.listed.state not in SETTLED else self.listed.status

    @property
    def state(self) -> str:
        return self.status.coded_game_state

    @property
    def told(self) -> bool:
        """Whether the last capture shows what the schedule says; of a game that was moved, it is about the new date."""
        feed = self.captured.feed
        return feed is not None and (self.listed.told_by(feed) or self.listed.reschedule_date is not None)


def plan(known: Known, pace: Pace) -> Ask | None:
    """When to poll a game next, possibly in the past; None if only the schedule can bring news."""
    ask = _after(known, pace) if known.state in SETTLED else _until(known, pace)
    if ask is None or known.failed_at is None or not known.failures:
        return ask
    again = known.failed_at + min(2 ** (known.failures - 1), _LONGEST) * _least(known, pace)
    return Ask(max(ask.at, again), ask.why)


def _least(known: Known, pace: Pace) -> timedelta:
    """The least time between two polls of a game, whatever its state."""
    feed = known.captured.feed
    return max(pace.interval, timedelta(seconds=feed.wait)) if feed else pace.interval


def _until(known: Known, pace: Pace) -> Ask | None:
    """The next poll of a game that is not settled."""
    if known.state == State.SCHEDULED:
        return None
    last = known.asked_at
    why, delay = _delay(known, pace)
    if last is None:
        return Ask(known.listed_at, why)
    at = last + max(delay, _least(known, pace))
    start = known.listed.start
    if why == "before" and start is not None and at > start - FIRST_PITCH:
        at = max(start - FIRST_PITCH, last + _least(known, pace))
    return Ask(at, why)


def _delay(known: Known, pace: Pace) -> tuple[Why, timedelta]:
    if known.state in SUSPENDED:
        return "suspended", pace.rare
    if known.status.delayed:
        return "delayed", pace.slow
    if known.state == State.PREGAME:
        return "before", pace.before
    if known.state == State.OVER:
        return "over", pace.slow
    return "on", pace.interval


def _after(known: Known, pace: Pace) -> Ask | None:
    """The next poll of a settled game: until its feed says so too, then for corrections."""
    last, since = known.asked_at, known.settled_at or known.listed_at
    if not known.told:
        if last is None or last < since:
            return Ask(since, "late")
        if last - since < pace.patience:
            return Ask(last + max(pace.slow, _least(known, pace), (last - since) / 2), "late")
    asks = []
    if known.changed_at is not None and (last is None or last < known.changed_at):
        asks.append(Ask(known.changed_at, "changed"))
    final = known.captured.final_since
    if final is not None and last is not None and known.listed.state in PLAYED:
        asks += [Ask(final + delay, "correction") for delay in CORRECTIONS if last < final + delay]
    return min(asks, default=None)


def remains(known: Known, pace: Pace, now: datetime) -> bool:
    """Whether who follows a single day has to wait for the game: not for corrections that are due later.

    Nor for what is suspended, which goes on another day, once it is captured.
    """
    if known.state in SUSPENDED:
        return not known.told
    if known.state not in SETTLED:
        return True
    ask = plan(known, pace)
    return ask is not None and (ask.why != "correction" or ask.at <= now)


def schedule(games: Iterable[Game], asked_at: datetime, pace: Pace) -> datetime:
    """When to poll the schedule again: often while one of its games is in progress or about to begin."""
    at = asked_at + pace.rare
    for game in games:
        if game.state == State.SCHEDULED:
            at = min(at, max(game.start - LEAD, asked_at + pace.slow)) if game.start else at
        elif game.state not in SETTLED | SUSPENDED:
            at = asked_at + pace.slow
    return at
