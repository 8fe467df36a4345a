"""The log of a game: each entry becomes visible at its moment, and only entries change the game."""

from dataclasses import dataclass, field
from enum import Enum

from mlb_sim.positions import Position
from mlb_sim.times import Moment


class Status(Enum):
    """The API's states of a game: abstract, coded, detailed, status code, abstract code."""

    SCHEDULED = ("Preview", "S", "Scheduled", "S", "P")
    PRE_GAME = ("Preview", "P", "Pre-Game", "P", "P")
    DELAYED_START = ("Preview", "P", "Delayed Start: Rain", "PR", "P")
    WARMUP = ("Live", "P", "Warmup", "PW", "L")
    IN_PROGRESS = ("Live", "I", "In Progress", "I", "L")
    DELAYED = ("Live", "I", "Delayed: Rain", "IR", "L")
    CHALLENGE = ("Live", "M", "Manager challenge", "M", "L")
    UMPIRE_REVIEW = ("Live", "N", "Umpire review", "N", "L")
    SUSPENDED = ("Live", "T", "Suspended: Rain", "TR", "L")
    GAME_OVER = ("Final", "O", "Game Over", "O", "F")
    FINAL = ("Final", "F", "Final", "F", "F")
    POSTPONED = ("Final", "D", "Postponed", "DI", "F")

    @property
    def is_over(self) -> bool:
        """Whether the game was played to its end."""
        return self in {Status.GAME_OVER, Status.FINAL}

    @property
    def coded(self) -> str:
        """The codedGameState, by which clients decide."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Kind:
    """The name and code of a kind of event."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Credit:
    """A fielder's credit or charge."""

    player: int
    position: Position
    kind: str


@dataclass(frozen=True, slots=True)
class Move:
    """A runner's way from a base, the batter's from None, to a base or `score`; or to None, being out at `out_base`."""

    runner: int
    start: str | None
    end: str | None
    out_base: str | None
    out_number: int | None
    kind: Kind
    reason: str | None
    origin: str | None
    responsible: int
    rbi: bool = False
    earned: bool = False
    credits: tuple[Credit, ...] = ()

    @property
    def scores(self) -> bool:
        """Whether he scored."""
        return self.end == "score"

    @property
    def is_out(self) -> bool:
        """Whether he was put out."""
        return self.out_base is not None


@dataclass(frozen=True, slots=True)
class Review:
    """A review of a call: its type, who asked (a team's id, None for the umpires), which player, and the outcome.

    `again` are further reviews of the same call.
    """

    kind: str
    team: int | None
    player: int | None
    overturned: bool
    again: tuple["Review", ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A batted ball, without tracking data."""

    trajectory: str
    hardness: str
    location: Position
    gone: bool = False  # over the wall


@dataclass(frozen=True, slots=True)
class Substitution:
    """A substitution; `order` is slot and sequence such as 901, empty for a pitcher who doesn't bat."""

    side: int
    player: int
    replaced: int | None
    position: Position
    order: str
    base: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that becomes visible at a moment."""

    at: Moment


@dataclass(frozen=True, slots=True)
class StatusSet(Entry):
    """The game's state changes."""

    status: Status
    review: Review | None = None


@dataclass(frozen=True, slots=True)
class Began(Entry):
    """A plate appearance begins."""

    inning: int
    top: bool
    slot: int
    batter: int
    pitcher: int


@dataclass(frozen=True, slots=True)
class Pitched(Entry):
    """A pitch, or a ball or strike without one (`thrown` is False), with the count after it."""

    start: Moment
    code: str
    balls: int
    strikes: int
    outs: int
    number: int
    thrown: bool = True
    hit: Hit | None = None
    ends_in_out: bool = False
    review: Review | None = None
    going: bool = False
    disengagements: int = 0
    violator: int | None = None


@dataclass(frozen=True, slots=True)
class Checked(Entry):
    """The pitcher throws to a base or steps off."""

    code: str
    disengagements: int


@dataclass(frozen=True, slots=True)
class Acted(Entry):
    """Any other event within a plate appearance: substitutions, steals, time-outs, the game's state."""

    kind: Kind
    description: str
    player: int | None = None
    moves: tuple[Move, ...] = ()
    substitution: Substitution | None = None
    running: bool = False
    review: Review | None = None
    base: int | None = None
    injury: str | None = None


@dataclass(frozen=True, slots=True)
class Finished(Entry):
    """The plate appearance is over."""

    kind: Kind
    description: str
    rbi: int
    batter_out: bool
    moves: tuple[Move, ...] = field(default=())
    review: Review | None = None


@dataclass(frozen=True, slots=True)
class HalfOver(Entry):
    """The half inning ends with this number of runners left on base."""

    left: int


Log = tuple[Entry, ...]
