"""The state of a game in progress, shared by all modules that play it."""

from collections import Counter
from dataclasses import dataclass, field

from mlb_sim.draw import Draw
from mlb_sim.league import Team
from mlb_sim.people import Person
from mlb_sim.play.lineup import Lineup
from mlb_sim.play.log import Credit, Entry, Kind, Move
from mlb_sim.positions import Position
from mlb_sim.times import SECOND, Moment

AWAY, HOME = 0, 1
BASES = ("1B", "2B", "3B", "score")
OUTS = 3
BALLS = 4
STRIKES = 3


@dataclass(frozen=True, slots=True)
class Runner:
    """A runner, the pitcher responsible for him, and whether his run would be earned."""

    player: int
    responsible: int
    earned: bool = True


@dataclass(slots=True)
class State:
    """The state of a game in progress. `bases` are first, second and third."""

    draw: Draw
    season: int
    teams: tuple[Team, Team]
    people: dict[int, Person]
    managers: tuple[int, int]
    lineups: tuple[Lineup, Lineup]
    now: Moment
    form: tuple[float, float]
    batter: Person = field(init=False)
    pitcher: Person = field(init=False)
    log: list[Entry] = field(default_factory=list)
    inning: int = 1
    top: bool = True
    outs: int = 0
    phantom_outs: int = 0  # outs that errors prevented
    balls: int = 0
    strikes: int = 0
    bases: list[Runner | None] = field(default_factory=lambda: [None, None, None])
    score: list[int] = field(default_factory=lambda: [0, 0])
    next_slot: list[int] = field(default_factory=lambda: [0, 0])
    pitches: Counter[int] = field(default_factory=Counter)
    faced: Counter[int] = field(default_factory=Counter)
    allowed: Counter[int] = field(default_factory=Counter)
    challenges: list[int] = field(default_factory=lambda: [1, 1])
    abs_challenges: list[int] = field(default_factory=lambda: [2, 2])
    visits: list[int] = field(default_factory=lambda: [4, 4])
    moves: list[Move] = field(default_factory=list)
    disengagements: int = 0
    tension: bool = False
    hurt: int | None = None

    @property
    def offense(self) -> int:
        """The side at bat."""
        return AWAY if self.top else HOME

    @property
    def defense(self) -> int:
        """The side in the field."""
        return HOME if self.top else AWAY

    def face(self) -> None:
        """Start the turn of the next batter against the current pitcher."""
        offense, defense = (AWAY, HOME) if self.top else (HOME, AWAY)
        self.batter = self.people[self.lineups[offense].order[self.next_slot[offense]]]
        self.pitcher = self.people[self.lineups[defense].pitcher]

    @property
    def lead(self) -> int:
        """The lead of the side at bat, in runs."""
        return self.score[self.offense] - self.score[self.defense]

    @property
    def walked_off(self) -> bool:
        """Whether the home team has won in its last half inning."""
        return not self.top and self.inning >= 9 and self.score[HOME] > self.score[AWAY]  # noqa: PLR2004 -- innings

    @property
    def over_half(self) -> bool:
        """Whether the half inning is over."""
        return self.outs >= OUTS or self.walked_off

    def name(self, player: int) -> str:
        """The player's name."""
        return self.people[player].name

    def fielder(self, position: Position) -> int:
        """The fielder at this position."""
        return self.lineups[self.defense].field[position]

    def credit(self, position: Position, kind: str) -> Credit:
        """A credit for the fielder at this position."""
        return Credit(self.fielder(position), position, kind)

    def wait(self, low: int, high: int) -> Moment:
        """Advance the time by a number of seconds."""
        self.now += int(self.draw.between(low * SECOND, high * SECOND))
        return self.now

    def add(self, entry: Entry) -> None:
        """Add an entry to the log."""
        self.log.append(entry)

    def occupied(self) -> list[int]:
        """Indexes of the bases with runners, the lead runner's first."""
        return [base for base in (2, 1, 0) if self.bases[base] is not None]

    def take_moves(self) -> tuple[Move, ...]:
        """The moves since the last call."""
        taken = tuple(self.moves)
        self.moves.clear()
        return taken

    def advance(
        self,
        base: int,
        target: int,
        kind: Kind,
        reason: str | None,
        *,
        rbi: bool = False,
        credits_: tuple[Credit, ...] = (),
    ) -> None:
        """Move the runner on a base (0 to 2) to another; 3 is home."""
        runner = self.bases[base]
        if runner is None:
            raise ValueError(f"no runner on {BASES[base]}")
        self.bases[base] = None
        self._arrive(runner, BASES[base], target, kind, reason, rbi=rbi, credits_=credits_)

    def reach(
        self, target: int, kind: Kind, *, runner: Runner, rbi: bool = False, credits_: tuple[Credit, ...] = ()
    ) -> None:
        """Move the batter to a base; 3 is home."""
        self._arrive(runner, None, target, kind, None, rbi=rbi, credits_=credits_)

    def put_out(
        self, base: int | None, out_base: str, kind: Kind, reason: str | None, credits_: tuple[Credit, ...]
    ) -> Runner | None:
        """Put out the runner on a base, or the batter for None; return the runner."""
        runner = None if base is None else self.bases[base]
        player = self.batter.id if runner is None else runner.player
        responsible = self.pitcher.id if runner is None else runner.responsible
        self.outs += 1
        start = None
        if base is not None:
            self.bases[base] = None
            start = BASES[base]
        self.moves.append(
            Move(player, start, None, out_base, self.outs, kind, reason, start, responsible, credits=credits_)
        )
        return runner

    def _arrive(
        self,
        runner: Runner,
        start: str | None,
        target: int,
        kind: Kind,
        reason: str | None,
        *,
        rbi: bool,
        credits_: tuple[Credit, ...],
    ) -> None:
        home = target == len(self.bases)
        earned = home and runner.earned and self.outs + self.phantom_outs < OUTS
        self.moves.append(
            Move(
                runner.player, start, BASES[target], None, None, kind, reason, start, runner.responsible,
                rbi=home and rbi, earned=earned, credits=credits_,
            )
        )  # fmt: skip
        if home:
            self.score[self.offense] += 1
            self.allowed[runner.responsible] += 1
        else:
            if self.bases[target] is not None:
                raise ValueError(f"two runners on {BASES[target]}")
            self.bases[target] = runner
