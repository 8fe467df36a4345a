"""The timeline of a game: states before and after it, delays, suspension, and corrections.

The state of a game at a moment consists of the entries up to then, in the revision of that moment.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from mlb_sim.draw import Draw
from mlb_sim.fixtures import Calendar, Fixture
from mlb_sim.play import engine, kinds
from mlb_sim.play.log import (
    Acted,
    Began,
    Credit,
    Entry,
    Finished,
    HalfOver,
    Log,
    Move,
    Pitched,
    Review,
    Status,
    StatusSet,
)
from mlb_sim.positions import INFIELD
from mlb_sim.times import MINUTE, SECOND, Moment

_RAIN_DELAY = 0.025
_LATE_START = 0.03
_RECLASSIFIED = 0.6
_RESCORED = 0.12
_SAFE_INNINGS = range(4, 8)
_Insert = tuple[int, Log, Moment]  # position, entries to insert, and the delay of all later entries


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time."""

    start: Moment
    end: Moment


class Timeline:
    """A game from its schedule to its last correction."""

    def __init__(self, calendar: Calendar, fixture: Fixture) -> None:
        game = engine.play(calendar, fixture)
        draw = Draw(calendar.league.seed, "timeline", fixture.pk)
        self.fixture = fixture
        self.cards = game.cards
        self.score = game.score
        self.interruption: Interval | None = None
        log = self._interrupted(draw, game.log)
        before, delay = _before(draw, fixture, log)
        log = _shifted(log, delay)
        self.first_pitch = next(entry.start for entry in log if isinstance(entry, Pitched))
        self.over = log[-1].at + draw.whole(4, 12) * SECOND
        self.final = self.over + draw.whole(4, 14) * MINUTE
        after = (StatusSet(self.over, Status.GAME_OVER), StatusSet(self.final, Status.FINAL))
        self.original: Log = (*before, *log[1:], *after)
        self.reclassified_at = self.final + draw.whole(20, 1200) * MINUTE if draw.chance(_RECLASSIFIED) else None
        self.rescored_at = None
        if draw.chance(_RESCORED) and _rescorable(self.original):
            self.rescored_at = self.final + draw.whole(30, 2400) * MINUTE

    @cached_property
    def rescored(self) -> Log:
        """The log after the official scorer has changed a hit into an error."""
        return _rescore(self.original)

    @cached_property
    def _moments(self) -> list[Moment]:
        return [entry.at for entry in self.original]

    @cached_property
    def changes(self) -> tuple[Moment, ...]:
        """The moments at which the document changes without a new time code."""
        return tuple(sorted(at for at in (self.reclassified_at, self.rescored_at) if at is not None))

    def reach(self, at: Moment) -> int:
        """The number of entries visible at this moment: those of completed seconds, as time codes count seconds."""
        return bisect_right(self._moments, _settled(at))

    def revision(self, at: Moment) -> tuple[bool, bool]:
        """Whether pitches have been reclassified by then, and whether a play has been rescored."""
        return (
            self.reclassified_at is not None and self.reclassified_at <= at,
            self.rescored_at is not None and self.rescored_at <= at,
        )

    def status(self, at: Moment) -> tuple[Status, Review | None]:
        """The state at this moment, and the review in progress."""
        for entry in self._states:
            if entry.at <= _settled(at):
                return entry.status, entry.review
        return Status.SCHEDULED, None

    @cached_property
    def _states(self) -> list[StatusSet]:
        return [entry for entry in reversed(self.original) if isinstance(entry, StatusSet)]

    def moments(self) -> Sequence[Moment]:
        """The moment at which each entry becomes visible."""
        return self._moments

    def _interrupted(self, draw: Draw, log: Log) -> Log:
        """Interrupt a game by rain: a delay, or a suspension to another day; only in open ballparks."""
        suspended = self.fixture.fate == "suspended"
        if not suspended and (self.fixture.home.venue.roof != "Open" or not draw.chance(_RAIN_DELAY)):
            return log
        innings = _SAFE_INNINGS if suspended else range(2, 9)
        places = [n for n, entry in enumerate(log) if n and isinstance(entry, Began) and entry.inning in innings]
        place = draw.pick(places) + 1
        at = log[place - 1].at + 5 * SECOND
        entries = [*_advised(at, Status.DELAYED)]
        until = at + draw.whole(30, 85) * MINUTE
        if suspended:
            entries += _advised(until, Status.SUSPENDED)
            self.interruption = Interval(until, self.fixture.slots[1].start - 10 * MINUTE)
            until = self.interruption.end
        entries += _advised(until, Status.IN_PROGRESS)
        pause = until + 5 * MINUTE - log[place].at
        return _inserted(log, (place, tuple(entries), pause))


def _settled(at: Moment) -> Moment:
    """The last moment of the last whole second."""
    return (at + 1) // SECOND * SECOND - 1


def _inserted(log: Log, insert: _Insert) -> Log:
    place, entries, pause = insert
    return (*log[:place], *entries, *_shifted(log[place:], pause))


def _shifted(log: Log, by: Moment) -> Log:
    """The entries, delayed."""
    if not by:
        return log
    return tuple(
        replace(entry, at=entry.at + by, start=entry.start + by)
        if isinstance(entry, Pitched)
        else replace(entry, at=entry.at + by)
        for entry in log
    )


def _advised(at: Moment, status: Status) -> Iterator[Entry]:
    """A change of state, with the event that announces it."""
    yield StatusSet(at, status)
    yield Acted(at, kinds.ADVISORY, f"Status is now {status.value[2]}.")


def _before(draw: Draw, fixture: Fixture, log: Log) -> tuple[Log, Moment]:
    """The states before the first pitch, and the delay by rain."""
    first = log[0]
    start = fixture.played.start
    entries: list[Entry] = []
    if fixture.fate == "postponed":
        entries += [StatusSet(fixture.announced, Status.POSTPONED), StatusSet(fixture.rescheduled, Status.SCHEDULED)]
    opened = start - draw.whole(150, 210) * MINUTE
    entries.append(StatusSet(opened, Status.PRE_GAME))
    entries.append(replace(first, at=opened))
    entries.append(Acted(opened, kinds.ADVISORY, f"Status is now {Status.PRE_GAME.value[2]}."))
    delay = 0
    if fixture.home.venue.roof == "Open" and draw.chance(_LATE_START):
        delay = draw.whole(20, 70) * MINUTE
        entries += _advised(start - 25 * MINUTE, Status.DELAYED_START)
    entries += _advised(start + delay - 20 * MINUTE, Status.WARMUP)
    entries += _advised(first.at + delay - 10 * SECOND, Status.IN_PROGRESS)
    return tuple(entries), delay


def _rescorable(log: Log) -> list[int]:
    """Plays that can be rescored as errors without changing runs: bases-empty singles in scoreless half innings."""
    found: list[int] = []
    half: list[tuple[int, Finished]] = []
    scored = False
    for place, entry in enumerate(log):
        if isinstance(entry, Finished):
            half.append((place, entry))
        if isinstance(entry, Finished | Acted):
            scored |= any(move.scores for move in entry.moves)
        elif isinstance(entry, HalfOver):
            if not scored:
                found += [n for n, play in half if _may_be_error(log, n, play)]
            half, scored = [], False
    return found


def _may_be_error(log: Log, place: int, play: Finished) -> bool:
    pitch = log[place - 1]
    return play.kind == kinds.SINGLE and len(play.moves) == 1 and isinstance(pitch, Pitched)


def _rescore(log: Log) -> Log:
    place = _rescorable(log)[0]
    play, pitch = log[place], log[place - 1]
    if not isinstance(play, Finished) or not isinstance(pitch, Pitched):
        raise TypeError("a hit follows its pitch")
    move = play.moves[0]
    fielder = move.credits[0]
    charge = "f_fielding_error" if fielder.position not in INFIELD else "f_throwing_error"
    credits_ = (Credit(fielder.player, fielder.position, charge),)
    changed: Move = replace(move, kind=kinds.FIELD_ERROR, credits=credits_)
    text = play.description.replace(" singles ", " is safe on an error, hit as ").replace(" as on ", " on ")
    error = replace(play, kind=kinds.FIELD_ERROR, description=text, moves=(changed,))
    return (*log[:place], error, *log[place + 1 :])
