"""The records that a scorebook keeps of half innings and plate appearances."""

from dataclasses import dataclass, field
from typing import Any

from mlb_sim.draw import Draw
from mlb_sim.play.log import Acted, Finished, Review
from mlb_sim.times import Moment


@dataclass(slots=True)
class Half:
    """A half inning."""

    runs: int = 0
    hits: int = 0
    errors: int = 0
    left: int = 0
    over: bool = False
    begun: bool = False


@dataclass(slots=True)
class Play:
    """A plate appearance up to now."""

    index: int
    inning: int
    top: bool
    slot: int
    batter: int
    pitcher: int
    start: Moment
    end: Moment
    men_on: str
    draw: Draw
    events: list[dict[str, Any]] = field(default_factory=list)
    pitches: list[int] = field(default_factory=list)
    actions: list[int] = field(default_factory=list)
    runners: list[dict[str, Any]] = field(default_factory=list)
    last_action: Acted | None = None
    finished: Finished | None = None
    review: Review | None = None
    scoring: bool = False
    out: bool = False
    count: tuple[int, int, int] = (0, 0, 0)
    score: tuple[int, int] = (0, 0)
    bases: tuple[int | None, int | None, int | None] = (None, None, None)
    hit: dict[str, Any] | None = None
    document: dict[str, Any] | None = None  # set once it never changes again
