"""The simulator: documents of any game at any moment, and a clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from threading import Event, RLock
from typing import Any, Final

from mlb_sim import patch, times
from mlb_sim.cache import Cache
from mlb_sim.draw import Draw
from mlb_sim.feed import document
from mlb_sim.feed.scorebook import Scorebook
from mlb_sim.feed.standing import Standing, standing
from mlb_sim.fixtures import Calendar, Fixture, Slot
from mlb_sim.league import League
from mlb_sim.play.log import Review, Status
from mlb_sim.timeline import Interval, Timeline
from mlb_sim.times import DAY, HOUR, Moment

Revision = tuple[bool, bool]
Patch = list[dict[str, Any]]

_OPENS: Final = 4 * HOUR  # until this long before the start, only a game's entry in the calendar is known
_CLOSES: Final = 14 * HOUR  # after the start; by then every game is over that was not suspended
_MADE_KNOWN: Final = 30 * DAY  # before opening day, when the calendar is published
_DOCUMENTS: Final = 3  # states of a game to cache, because polls for patches start from earlier ones
_PAUSE: Final = 0.02  # seconds between games played in advance
_MOST_PATCHES: Final = 4
_WHOLE: Final = 0.035  # share of polls for patches that get the whole document


class Clock:
    """Simulated time, which runs `speed` times as fast as real time; with 0 it stands still until set or advanced."""

    def __init__(self, now: Moment, speed: float, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._elapsed = elapsed
        self._set = now
        self._since = elapsed()
        self.speed = speed

    @property
    def now(self) -> Moment:
        """The current moment."""
        return self._set + int((self._elapsed() - self._since) * self.speed * times.SECOND)

    def set(self, now: Moment) -> None:
        """Set the time."""
        self._set, self._since = now, self._elapsed()

    def advance(self, seconds: float) -> None:
        """Advance the time."""
        self.set(self.now + int(seconds * times.SECOND))


@dataclass(frozen=True, slots=True)
class Outline:
    """The facts that are cached of each played game."""

    score: tuple[int, int]
    over: Moment
    final: Moment
    changes: tuple[Moment, ...]
    interruption: Interval | None


class Simulator:
    """A league and its season. Every answer depends only on the seed, the season and the requested moment."""

    def __init__(
        self,
        seed: int = 1,
        season: int = 2024,
        *,
        now: Moment | None = None,
        speed: float = 0.0,
        first_game_pk: int | None = None,
        wait: int = document.WAIT,
    ) -> None:
        self.seed = seed
        self.wait = wait
        self.season = season
        self.league = League(seed, season)
        self.calendar = Calendar(self.league, first_game_pk or season * 10_000 + 1)
        self.opened = times.at(self.calendar.first_day, 12) - _MADE_KNOWN
        self.clock = Clock(times.at(self.calendar.first_day, 12) if now is None else now, speed)
        self._lock = RLock()
        self._timelines: Cache[int, Timeline] = Cache(64)
        self._books: Cache[tuple[int, Revision], _Progress] = Cache(32)
        self._standings: Cache[int, Standing] = Cache(256)
        self._outlines: dict[int, Outline] = {}

    @property
    def now(self) -> Moment:
        """The time of the clock."""
        return self.clock.now

    def fixture(self, pk: int) -> Fixture | None:
        """The game with this number."""
        return self.calendar.by_pk.get(pk)

    def timeline(self, fixture: Fixture) -> Timeline:
        """The timeline of a game."""
        with self._lock:
            timeline = self._timelines.get(fixture.pk, lambda: Timeline(self.calendar, fixture))
            if fixture.pk not in self._outlines:
                self._outlines[fixture.pk] = Outline(
                    timeline.score, timeline.over, timeline.final, timeline.changes, timeline.interruption
                )
            return timeline

    def outline(self, fixture: Fixture) -> Outline:
        """The score and end of a game."""
        with self._lock:
            if fixture.pk not in self._outlines:
                self.timeline(fixture)
            return self._outlines[fixture.pk]

    def slot(self, fixture: Fixture, at: Moment) -> Slot:
        """The slot of a game in the calendar at this moment."""
        return fixture.slots[1] if fixture.fate == "postponed" and at >= fixture.rescheduled else fixture.slots[0]

    def status(self, fixture: Fixture, at: Moment) -> tuple[Status, Review | None]:
        """The game's state at this moment."""
        if fixture.fate == "postponed" and fixture.announced <= at < fixture.rescheduled:
            return Status.POSTPONED, None
        if at < fixture.played.start - _OPENS:
            return Status.SCHEDULED, None
        if at > fixture.slots[-1].start + _CLOSES:
            return Status.FINAL, None
        return self.timeline(fixture).status(at)

    def prepare(self, stopped: Event) -> None:
        """Play all games that are over by now, so that requests about the whole season need no computation.

        It pauses between games, so that requests don't have to wait.
        """
        for fixture in self.calendar.fixtures:
            if fixture.played.start + _CLOSES > self.now or stopped.wait(_PAUSE):
                return
            self.outline(fixture)

    def score(self, fixture: Fixture, at: Moment) -> tuple[int, int]:
        """The score at this moment, away and home."""
        with self._lock:
            timeline = self.timeline(fixture)
            away, home = self._progress(timeline, at).book(timeline.reach(at)).score
            return away, home

    def feed(self, fixture: Fixture, at: Moment, known: Moment | None = None) -> dict[str, Any]:
        """The live feed as of a moment, with the corrections known at another moment, by default the same.

        The document shares parts with others, so it must not be changed.
        """
        with self._lock:
            timeline = self.timeline(fixture)
            reached = timeline.reach(at)
            progress = self._progress(timeline, at if known is None else known)

            def make() -> dict[str, Any]:
                last = timeline.moments()[reached - 1] if reached else self.opened
                slot = self.slot(fixture, last)
                book, fixed = progress.book(reached), self.standing(fixture)
                return document.feed(self.calendar, book, fixed, slot, last, wait=self.wait)

            return progress.documents.get(reached, make)

    def _progress(self, timeline: Timeline, known: Moment) -> "_Progress":
        revision = timeline.revision(known)
        return self._books.get((timeline.fixture.pk, revision), lambda: _Progress(self, timeline, revision))

    def standing(self, fixture: Fixture) -> Standing:
        """The facts that are fixed before a game."""
        return self._standings.get(fixture.pk, lambda: standing(self.calendar, fixture))

    def timecodes(self, fixture: Fixture, at: Moment) -> list[str]:
        """The time codes of all states of a game up to this moment."""
        timeline = self.timeline(fixture)
        codes = (times.timecode(moment) for moment in timeline.moments()[: timeline.reach(at)])
        return [times.timecode(self.opened), *dict.fromkeys(codes)]

    def patches(self, fixture: Fixture, start: Moment, at: Moment) -> Patch | dict[str, Any]:
        """The changes since a moment: patches, or if they are many, and sometimes at random, the whole document."""
        with self._lock:
            moments = self.timeline(fixture).moments()
            first, last = self.timeline(fixture).reach(start), self.timeline(fixture).reach(at)
            ends = dict.fromkeys(moment // times.SECOND for moment in moments[first:last])
            steps = [min(at, (second + 1) * times.SECOND - 1) for second in ends]
            if len(steps) > _MOST_PATCHES or (steps and self._sends_whole(fixture, steps[-1])):
                return self.feed(fixture, at)
            documents = [self.feed(fixture, moment, at) for moment in (start, *steps)]
            return [{"diff": patch.diff(old, new)} for old, new in pairwise(documents)]

    def _sends_whole(self, fixture: Fixture, at: Moment) -> bool:
        return Draw(self.seed, "whole", fixture.pk, at // times.SECOND).chance(_WHOLE)


class _Progress:
    """A scorebook that continues from its last state, or restarts for an earlier one."""

    def __init__(self, simulator: Simulator, timeline: Timeline, revision: Revision) -> None:
        reclassified, rescored = revision
        self._simulator = simulator
        self._timeline = timeline
        self._reclassified = reclassified
        self._log = timeline.rescored if rescored else timeline.original
        self.documents: Cache[int, dict[str, Any]] = Cache(_DOCUMENTS)
        self._begin()

    def _begin(self) -> None:
        timeline = self._timeline
        self._reached = 0
        self._book = Scorebook(
            self._simulator.league, timeline.fixture, timeline.cards, reclassified=self._reclassified
        )

    def book(self, reached: int) -> Scorebook:
        """The scorebook after a number of entries."""
        if reached < self._reached:
            self._begin()
        self._book.apply(self._log[self._reached : reached])
        self._reached = reached
        return self._book
