"""What happens in a history: steps, as the seed says. A step says all that it does, so that steps can be left out."""

from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from soaking.content import FLAWS, REFUSED, Content, drawn

GAMES = (1, 2, 3, 4)
STORES = ("postgres", "delta")
_FAULTS = ("404", "503", "cut", "no JSON", "html", "another game", "too large")
_MOST_CALLS = 4_000  # of the runtime's functions: few commands make more


@dataclass(frozen=True)
class Change:
    """The API says something else of a game from now on."""

    content: Content


@dataclass(frozen=True)
class Crash:
    """The process is killed, or the server is, at this call of one of the runtime's functions."""

    call: int
    server: bool


@dataclass(frozen=True)
class Fetch:
    """Games are captured from the API, which answers some requests wrongly first."""

    games: tuple[int, ...]
    faults: tuple[tuple[int, str], ...]
    transform: bool
    crash: Crash | None


@dataclass(frozen=True)
class Arrive:
    """Captures of another machine come as files: of times past, of the same time, or of a clock that was ahead."""

    captures: tuple[tuple[int, Content], ...]  # minutes after a moment long past, or before now if negative
    crash: Crash | None


@dataclass(frozen=True)
class Transform:
    """Captures are applied, by one process or two at once."""

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


Step: TypeAlias = Change | Fetch | Arrive | Transform | Decide | Operate


@dataclass(frozen=True)
class Plan:
    """A history: the store, and what happens."""

    seed: str
    store: str
    steps: tuple[Step, ...]


def plan(seed: str) -> Plan:
    """The history of a seed."""
    chance = Random(seed)  # noqa: S311 - no secret
    store = chance.choice(STORES)
    made = [*(Change(drawn(chance, game, (), flawed=0)) for game in GAMES)]
    return Plan(seed, store, (*made, *(_step(chance) for _ in range(chance.randint(5, 25)))))


def _step(chance: Random) -> Step:
    crash = _crash(chance)
    match chance.choices(range(6), (4, 4, 3, 4, 2, 2))[0]:
        case 0:
            return Change(drawn(chance, chance.choice(GAMES), FLAWS, flawed=0.15))
        case 1:
            faults = tuple((game, chance.choice(_FAULTS)) for game in GAMES if chance.random() < 0.1)
            return Fetch(_some(chance), faults, chance.random() < 0.5, crash)
        case 2:
            captures = [(_minute(chance), drawn(chance, game, FLAWS + REFUSED, flawed=0.1)) for game in _some(chance)]
            return Arrive(tuple(captures), crash)
        case 3:
            return Transform(_some(chance), chance.random() < 0.15, chance.choice((1, 1, 2)), crash)
        case 4:
            which = tuple(chance.randrange(6) for _ in range(chance.randint(1, 3)))
            return Decide(chance.choice(("accept", "drop", "retry")), which, crash)
        case _:
            return Operate(chance.choice(("repair --all", "schema init", "verify rows", "replay")), crash)


def _some(chance: Random) -> tuple[int, ...]:
    return tuple(game for game in GAMES if chance.random() < 0.6) or GAMES


def _minute(chance: Random) -> int:
    """Rarely ahead of the clock, by two days."""
    return -2 * 24 * 60 if chance.random() < 0.05 else chance.randrange(8)


def _crash(chance: Random) -> Crash | None:
    if chance.random() < 0.75:
        return None
    return Crash(int(_MOST_CALLS ** chance.random()), chance.random() < 0.25)
