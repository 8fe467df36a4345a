"""Plays a whole game, the same for the same seed and game number."""

from dataclasses import dataclass

from mlb_sim.draw import Draw
from mlb_sim.fixtures import Calendar, Fixture
from mlb_sim.play import atbat
from mlb_sim.play.lineup import Card, Lineup, card
from mlb_sim.play.log import HalfOver, Log
from mlb_sim.play.state import AWAY, HOME, State
from mlb_sim.times import Moment

INNINGS = 9
PLACED_RUNNER_SINCE = 2020
_FORM = 1.4


@dataclass(frozen=True, slots=True)
class Game:
    """A played game: the line-up cards of away and home, the log, and the score."""

    fixture: Fixture
    cards: tuple[Card, Card]
    log: Log
    score: tuple[int, int]


def play(calendar: Calendar, fixture: Fixture) -> Game:
    """Play the game, with new draws until the winner in the calendar wins; its form makes that likely."""
    attempt = 0
    while True:
        game = _attempt(calendar, fixture, attempt)
        if (game.score[HOME] > game.score[AWAY]) == fixture.home_wins:
            return game
        attempt += 1


def cards(calendar: Calendar, fixture: Fixture) -> tuple[Card, Card]:
    """The line-up cards of away and home."""
    seed = calendar.league.seed
    away, home = (
        card(Draw(seed, "card", fixture.pk, team.index), team, calendar.number(team, fixture)) for team in fixture.teams
    )
    return away, home


def _attempt(calendar: Calendar, fixture: Fixture, attempt: int) -> Game:
    league = calendar.league
    both = cards(calendar, fixture)
    form = _FORM if fixture.home_wins else -_FORM
    state = State(
        draw=Draw(league.seed, "game", fixture.pk, attempt),
        season=league.season,
        teams=fixture.teams,
        people=league.people,
        managers=(league.manager(fixture.away), league.manager(fixture.home)),
        lineups=(Lineup.of(fixture.away, both[AWAY]), Lineup.of(fixture.home, both[HOME])),
        now=_first_pitch(fixture, league.seed),
        form=(-form, form),
    )
    while not _half_inning(state):
        _change_sides(state)
    return Game(fixture, both, tuple(state.log), (state.score[AWAY], state.score[HOME]))


def _first_pitch(fixture: Fixture, seed: int) -> Moment:
    return fixture.played.start + Draw(seed, "first pitch", fixture.pk).whole(20_000, 240_000)


def _half_inning(state: State) -> bool:
    """Play a half inning; return whether the game is over."""
    state.outs = state.phantom_outs = 0
    state.bases = [None, None, None]
    first = True
    while not state.over_half:
        places = first and state.inning > INNINGS and state.season >= PLACED_RUNNER_SINCE
        atbat.play(state, first_of_half=first, places_runner=places)
        first = False
    state.wait(2, 6)
    state.add(HalfOver(state.now, len(state.occupied())))
    away, home = state.score
    return state.inning >= INNINGS and (home > away if state.top else home != away)


def _change_sides(state: State) -> None:
    state.wait(110, 140)
    state.inning += not state.top
    state.top = not state.top
