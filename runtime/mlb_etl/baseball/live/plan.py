"""Decides when to poll a game next, and why, from what is known of the game alone.

This knowledge comes from the schedule and the raw table, so a restarted process decides as if it had never stopped.
An unknown state counts as in progress.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Self, TypeAlias

from mlb_etl.baseball.feed import Feed, GameStatus
from mlb_etl.baseball.schedule import Game
from mlb_etl.baseball.states import PLAYED, SETTLED, SUSPENDED, State

CORRECTIONS = (timedelta(hours=1), timedelta(hours=24), timedelta(hours=72))  # after a game was final
LEAD = timedelta(minutes=30)  # before a start, from which the schedule is polled often
FIRST_PITCH = timedelta(minutes=5)  # before a start, from which the game is polled as if in progress
_LONGEST = 12  # times the interval, after failures: 2 minutes for 10 seconds

Why: TypeAlias = Literal["before", "on", "delayed", "over", "suspended", "late", "correction", "changed"]


class Poll(NamedTuple):
    """When to poll, and why. `late`: the feed does not yet show the end of the game that the schedule lists."""

    at: datetime
    why: Why


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to poll.

    interval: games in progress, unless their feeds ask for more time; slow: delays, games that are over but not final,
    and the schedule; before: games about to begin, and the list of changes; rare: suspended games, and a schedule with
    no game in progress; patience: how long a feed may lag behind the schedule.
    """

    interval: timedelta
    slow: timedelta
    before: timedelta
    rare: timedelta
    patience: timedelta

    @classmethod
    def of(cls, interval: timedelta) -> Self:
        """The pace for an interval; with 10 seconds the others are 1, 5, 15 and 10 minutes."""
        return cls(interval, 6 * interval, 30 * interval, 90 * interval, 60 * interval)


@dataclass(frozen=True, slots=True)
class CapturedGame:
    """What the raw table has of a game.

    asked_at: time of the last response; feed: the last one that is not in quarantine, last seen at `feed_at`;
    final_since: time from which all captures show the game as settled.
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
class KnownGame:
    """What is known of a game.

    listed: its entry in the schedule at `listed_at`; settled_at: when it was found settled, None if it is not;
    changed_at: when the list of changes last named it; asked_at: time of the last successful request; failures: number
    of failed requests since then, the last at `failed_at`.
    """

    listed: Game
    listed_at: datetime
    captured: CapturedGame = CapturedGame()
    asked_at: datetime | None = None
    settled_at: datetime | None = None
    changed_at: datetime | None = None
    failures: int = 0
    failed_at: datetime | None = None

    @property
    def status(self) -> GameStatus:
        """The newer status of the schedule's and the feed's; but the schedule's if that is settled.

        The latter matters for a postponed game, whose feed already shows its new date.
        """
        feed, at = self.captured.feed, self.captured.feed_at
        newer = feed is not None and at is not None and at >= self.listed_at
        return feed.status if feed and newer and self.listed.state not in SETTLED else self.listed.status

    @property
    def state(self) -> str:
        return self.status.coded_game_state

    @property
    def confirmed(self) -> bool:
        """Whether the feed shows what the schedule says; a rescheduled game's counts, as it shows the new date."""
        feed = self.captured.feed
        return feed is not None and (self.listed.matches(feed) or self.listed.reschedule_date is not None)


def next_poll(known: KnownGame, pace: Pace) -> Poll | None:
    """When to poll a game next, possibly in the past; None if only the schedule can bring news."""
    ask = _after(known, pace) if known.state in SETTLED else _until(known, pace)
    if ask is None or known.failed_at is None or not known.failures:
        return ask
    again = known.failed_at + min(2 ** (known.failures - 1), _LONGEST) * _least(known, pace)
    return Poll(max(ask.at, again), ask.why)


def _least(known: KnownGame, pace: Pace) -> timedelta:
    """The least time between two polls of a game, whatever its state."""
    feed = known.captured.feed
    return max(pace.interval, timedelta(seconds=feed.wait)) if feed else pace.interval


def _until(known: KnownGame, pace: Pace) -> Poll | None:
    """The next poll of a game that is not settled."""
    if known.state == State.SCHEDULED:
        return None
    last = known.asked_at
    why, delay = _delay(known, pace)
    if last is None:
        return Poll(known.listed_at, why)
    at = last + max(delay, _least(known, pace))
    start = known.listed.start
    if why == "before" and start is not None and at > start - FIRST_PITCH:
        at = max(start - FIRST_PITCH, last + _least(known, pace))
    return Poll(at, why)


def _delay(known: KnownGame, pace: Pace) -> tuple[Why, timedelta]:
    if known.state in SUSPENDED:
        return "suspended", pace.rare
    if known.status.delayed:
        return "delayed", pace.slow
    if known.state == State.PREGAME:
        return "before", pace.before
    if known.state == State.OVER:
        return "over", pace.slow
    return "on", pace.interval


def _after(known: KnownGame, pace: Pace) -> Poll | None:
    """The next poll of a settled game: until its feed says so too, then for corrections."""
    last, since = known.asked_at, known.settled_at or known.listed_at
    if not known.confirmed:
        if last is None or last < since:
            return Poll(since, "late")
        if last - since < pace.patience:
            return Poll(last + max(pace.slow, _least(known, pace), (last - since) / 2), "late")
    asks = []
    if known.changed_at is not None and (last is None or last < known.changed_at):
        asks.append(Poll(known.changed_at, "changed"))
    final = known.captured.final_since
    if final is not None and last is not None and known.listed.state in PLAYED:
        asks += [Poll(final + delay, "correction") for delay in CORRECTIONS if last < final + delay]
    return min(asks, default=None)


def remains(known: KnownGame, pace: Pace, now: datetime) -> bool:
    """Whether a follower of a single day has to wait for the game.

    It waits neither for later corrections nor for a captured suspended game, which continues on another day.
    """
    if known.state in SUSPENDED:
        return not known.confirmed
    if known.state not in SETTLED:
        return True
    ask = next_poll(known, pace)
    return ask is not None and (ask.why != "correction" or ask.at <= now)


def next_schedule_poll(games: Iterable[Game], asked_at: datetime, pace: Pace) -> datetime:
    """When to poll the schedule again: often while one of its games is in progress or about to begin."""
    at = asked_at + pace.rare
    for game in games:
        if game.state == State.SCHEDULED:
            at = min(at, max(game.start - LEAD, asked_at + pace.slow)) if game.start else at
        elif game.state not in SETTLED | SUSPENDED:
            at = asked_at + pace.slow
    return at
