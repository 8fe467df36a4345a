"""What happens in a history: steps, as the seed says. A step says all that it does, so that steps can be left out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeAlias

from soaking.content import FLAWS, REFUSED, Content, drawn

GAMES = (1, 2, 3, 4)
LIVE_GAMES = (20240001, 20240002)  # of the simulated season
DAYS = (0, 15, 30, 45, 60)  # of which the last ones are in another month
STORES = ("postgres", "delta", "both")
_FAULTS = ("404", "503", "cut", "no JSON", "html", "another game", "too large")
MIGRATED = 0.3  # of the histories
LIVE = 0.15
_WRONG_CLOCKS = (-2880, -180, -10, -2, 2, 4, 10, 180, 2880)
TOLERATED = 5  # minutes; with a clock further ahead nothing is captured
_MOST_CALLS, _MOST_CALLS_LIVE = 4_000, 60_000  # of the runtime's functions: few commands make more


@dataclass(frozen=True)
class Crash:
    """The process is killed, or the server is, at this call of one of the runtime's functions."""

    call: int
    server: bool


@dataclass(frozen=True)
class Fetch:
    """Games are captured from the API, which answers some requests wrongly first, by a clock that may be wrong.

    `changes`: what the API says of some of them from now on.
    """

    games: tuple[int, ...]
    changes: tuple[Content, ...]
    faults: tuple[tuple[int, str], ...]
    transform: bool
    clock: int  # minutes ahead of the right time
    crash: Crash | None


@dataclass(frozen=True)
class Arrive:
    """Captures of another machine come as files: of times past, of the same time, or of a clock that was ahead."""

    captures: tuple[tuple[int, Content], ...]  # days after a day long past, or after now if negative
    transform: bool
    crash: Crash | None


@dataclass(frozen=True)
class Transform:
    """Captures are applied, by one process or several at once."""

    games: tuple[int, ...]
    replay: bool
    processes: int
    crash: Crash | None


@dataclass(frozen=True)
class Decide:
    """An operator decides on some captures in quarantine."""

    decision: str
    which: tuple[int, ...]
    crash: Crash | None


@dataclass(frozen=True)
class Operate:
    """An operator does something that is to change no row."""

    command: str
    crash: Crash | None


@dataclass(frozen=True)
class Retain:
    """Captures of months before this one of 2024 are dropped, unless they are needed."""

    month: int
    crash: Crash | None


@dataclass(frozen=True)
class Migrate:
    """The tables become those of another mapping: columns are added, and a table is rebuilt."""

    crash: Crash | None


@dataclass(frozen=True)
class Follow:
    """Live games are followed for some polls, each of which finds them `pace` minutes further on."""

    games: tuple[int, ...]
    polls: int
    pace: int
    faults: tuple[tuple[int, str], ...]
    crash: Crash | None


Step: TypeAlias = Fetch | Arrive | Transform | Decide | Operate | Retain | Migrate | Follow


@dataclass(frozen=True)
class Plan:
    """A history: the store, and what happens; `live`: to games that are followed."""

    seed: str
    store: str
    steps: tuple[Step, ...]
    live: bool = False

    def only(self, numbers: Sequence[int]) -> "Plan":
        """The same without the other steps."""
        return replace(self, steps=tuple(self.steps[number] for number in numbers))


def plan(seed: str) -> Plan:
    """The history of a seed."""
    chance = Random(seed)  # noqa: S311 - no secret
    [store] = chance.choices(STORES, (2, 2, 1))
    if store != "both" and chance.random() < LIVE:
        return Plan(
            seed,
            store,
            tuple(_step(chance, _DRAWN_LIVE, Cast(LIVE_GAMES, (), ())) for _ in range(chance.randint(3, 8))),
            live=True,
        )
    cast = Cast(
        GAMES[: chance.choice((1, 2, 4))],
        chance.sample(range(40), chance.choice((2, 4, 8))),
        chance.sample(DAYS, chance.choice((1, 2, 5))),
    )
    steps = [_step(chance, _DRAWN, cast) for _ in range(chance.randint(5, 20))]
    if chance.random() < MIGRATED:
        steps.insert(chance.randint(0, len(steps)), Migrate(_crash(chance)))
    if store == "both":
        steps = [_undisturbed(each) for each in steps]
    return Plan(seed, store, tuple(steps))


def _undisturbed(step: Step) -> Step:
    """The step as it does the same in each store: nothing is killed, and no clock is too far ahead for one of them."""
    match step:
        case Transform():
            return replace(step, processes=1, crash=None)
        case Fetch():
            return replace(step, clock=min(step.clock, TOLERATED - 1), crash=None)
        case _:
            return replace(step, crash=None)


@dataclass(frozen=True)
class Cast:
    """Games, seeds of what is said of them, and days of files; the fewer of each, the more happens to it."""

    games: tuple[int, ...]
    seeds: Sequence[int]
    days: Sequence[int]


Shares: TypeAlias = Mapping[Callable[[Random, Cast], Step], int]


def _step(chance: Random, drawn_from: Shares, cast: Cast) -> Step:
    [draw] = chance.choices([*drawn_from], [*drawn_from.values()])
    return draw(chance, cast)


def _fetch(chance: Random, cast: Cast) -> Fetch:
    asked = _some(chance, cast)
    changes = tuple(drawn(chance, game, cast.seeds, FLAWS, flawed=0.15) for game in asked if chance.random() < 0.7)
    faults = tuple((game, chance.choice(_FAULTS)) for game in asked if chance.random() < 0.1)
    clock = 0 if chance.random() < 0.75 else chance.choice(_WRONG_CLOCKS)
    return Fetch(asked, changes, faults, chance.random() < 0.7, clock, _crash(chance))


def _arrive(chance: Random, cast: Cast) -> Arrive:
    flaws = FLAWS + REFUSED
    captures = [
        (_day(chance, cast), drawn(chance, game, cast.seeds, flaws, flawed=0.1)) for game in _some(chance, cast)
    ]
    return Arrive(tuple(captures), chance.random() < 0.7, _crash(chance))


def _transform(chance: Random, cast: Cast) -> Transform:
    return Transform(_some(chance, cast), chance.random() < 0.3, chance.choice((1, 1, 2, 3)), _crash(chance))


def _decide(chance: Random, _: Cast) -> Decide:
    which = tuple(chance.randrange(4) for _ in range(chance.randint(1, 3)))
    return Decide(chance.choice(("accept", "drop", "retry")), which, _crash(chance))


def _operate(chance: Random, _: Cast) -> Operate:
    return Operate(chance.choice(("repair --all", "schema init", "verify rows", "replay")), _crash(chance))


def _retain(chance: Random, _: Cast) -> Retain:
    return Retain(chance.choice((8, 9, 10)), _crash(chance))


def _follow(chance: Random, cast: Cast) -> Follow:
    faults = tuple((game, chance.choice(_FAULTS)) for game in cast.games if chance.random() < 0.2)
    crash = _crash(chance, _MOST_CALLS_LIVE)
    if crash is not None:
        crash = replace(crash, server=False)  # it would wait for the server, which starts when all processes have ended
    return Follow(cast.games, chance.randint(2, 8), chance.choice((1, 5, 20)), faults, crash)


_DRAWN: Shares = {_fetch: 6, _arrive: 8, _transform: 5, _decide: 3, _operate: 2, _retain: 1}
_DRAWN_LIVE: Shares = {_follow: 3, _transform: 1, _operate: 1}


def _some(chance: Random, cast: Cast) -> tuple[int, ...]:
    return tuple(game for game in cast.games if chance.random() < 0.7) or cast.games


def _day(chance: Random, cast: Cast) -> int:
    """Rarely ahead of the clock, by two days."""
    return -2 if chance.random() < 0.05 else chance.choice(cast.days)


def _crash(chance: Random, calls: int = _MOST_CALLS) -> Crash | None:
    if chance.random() < 0.75:
        return None
    return Crash(int(calls ** chance.random()), chance.random() < 0.25)
