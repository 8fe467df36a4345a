"""The facts around a game: earlier games and records, umpires, weather, attendance."""

from dataclasses import dataclass
from typing import Final

from mlb_sim.draw import Draw
from mlb_sim.fixtures import Calendar, Fixture
from mlb_sim.people import Person

_SKIES: Final = (("Clear", 0.25), ("Partly Cloudy", 0.35), ("Sunny", 0.2), ("Cloudy", 0.15), ("Overcast", 0.05))
_WINDS: Final = (
    "In From LF",
    "In From CF",
    "In From RF",
    "L To R",
    "R To L",
    "Out To LF",
    "Out To CF",
    "Out To RF",
    "Varies",
)
_CREW: Final = 4
_HOT: Final = 95


@dataclass(frozen=True, slots=True)
class Standing:
    """The facts of a game that are fixed before it; pairs are away and home."""

    played: tuple[int, int]
    umpires: tuple[Person, ...]
    scorer: Person
    datacaster: Person
    sky: str
    degrees: int
    wind: str
    attendance: int


def standing(calendar: Calendar, fixture: Fixture) -> Standing:
    """The facts of this game."""
    league = calendar.league
    draw = Draw(league.seed, "standing", fixture.pk)
    crew = [(fixture.series * 15 + fixture.home.index) * _CREW + n for n in range(_CREW)]
    umpires = [league.umpires[n % len(league.umpires)] for n in crew]
    turn = fixture.series_game % _CREW
    closed = fixture.home.venue.roof == "Dome" or (fixture.home.venue.roof == "Retractable" and draw.chance(0.5))
    month = fixture.played.day.month
    capacity = fixture.home.venue.facts["fieldInfo"]["capacity"]
    return Standing(
        played=(calendar.number(fixture.away, fixture), calendar.number(fixture.home, fixture)),
        umpires=(*umpires[turn:], *umpires[:turn]),
        scorer=league.scorer(fixture.home, 0),
        datacaster=league.scorer(fixture.home, 1),
        sky="Roof Closed" if closed else draw.weighted(_SKIES),
        degrees=72 if closed else min(_HOT, draw.whole(44, 62) + 5 * (month - 3)),
        wind="0 mph, None" if closed else f"{draw.whole(2, 16)} mph, {draw.pick(_WINDS)}",
        attendance=int(capacity * draw.between(0.35, 0.99)),
    )
