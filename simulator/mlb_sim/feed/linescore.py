"""The line score: innings, totals, and the players at bat, on base and in the field."""

from typing import Any, Final

from mlb_sim import people, positions
from mlb_sim.feed.plays import SIDES
from mlb_sim.feed.records import Half
from mlb_sim.feed.scorebook import Scorebook
from mlb_sim.league import team_reference
from mlb_sim.play.engine import INNINGS
from mlb_sim.play.state import AWAY, HOME, OUTS
from mlb_sim.words import ordinal

_NOTES: Final = (
    "No one out when the winning run scored.",
    "One out when the winning run scored.",
    "Two outs when the winning run scored.",
)


def document(book: Scorebook) -> dict[str, Any]:
    """The current line score."""
    if not book.started:
        return {
            "scheduledInnings": INNINGS,
            "innings": [],
            "teams": {"home": {}, "away": {}},
            "defense": {"team": team_reference(book.fixture.away)},
            "offense": {"team": team_reference(book.fixture.home)},
        }
    play = book.play
    half = "Top" if play.top else "Bottom"
    between = book.half_over and not book.status.is_over
    balls, strikes, outs = book.count
    return {
        **_note(book),
        "currentInning": play.inning,
        "currentInningOrdinal": ordinal(play.inning),
        "inningState": ("Middle" if play.top else "End") if between else half,
        "inningHalf": half,
        "isTopInning": play.top,
        "scheduledInnings": INNINGS,
        "innings": [_inning(n + 1, halves) for n, halves in enumerate(book.innings)],
        "teams": {name: _totals(book, side) for side, name in reversed(SIDES)},
        "defense": _defense(book),
        "offense": _offense(book),
        "balls": balls,
        "strikes": strikes,
        "outs": outs,
    }


def _note(book: Scorebook) -> dict[str, str]:
    walked_off = book.status.is_over and not book.play.top and book.count[2] < OUTS
    if not walked_off or book.winning_outs is None:
        return {}
    return {"note": _NOTES[book.winning_outs]}


def _inning(number: int, halves: tuple[Half, Half]) -> dict[str, Any]:
    return {
        "num": number,
        "ordinalNum": ordinal(number),
        "home": _turn(halves[HOME]),
        "away": _turn(halves[AWAY]),
    }


def _turn(half: Half) -> dict[str, int]:
    """One half inning; runs appear once there are any or the half inning is over."""
    runs = {"runs": half.runs} if half.over or half.runs else {}
    return {**runs, "hits": half.hits, "errors": half.errors, "leftOnBase": half.left}


def _totals(book: Scorebook, side: int) -> dict[str, int]:
    halves = [halves[side] for halves in book.innings]
    return {
        "runs": book.score[side],
        "hits": sum(half.hits for half in halves),
        "errors": sum(half.errors for half in halves),
        "leftOnBase": sum(half.left for half in halves),
    }


def _next_three(book: Scorebook, side: int, slot: int) -> dict[str, Any]:
    order, names = book.lineups[side].order, book.league.people
    return {
        name: people.reference(names[order[(slot + n) % len(order)]])
        for n, name in enumerate(("batter", "onDeck", "inHole"))
    }


def _offense(book: Scorebook) -> dict[str, Any]:
    play, names = book.play, book.league.people
    side = AWAY if play.top else HOME
    document = _next_three(book, side, play.slot)
    document["batter"] = people.reference(names[play.batter])
    for name, runner in zip(("first", "second", "third"), book.bases, strict=True):
        if runner is not None:
            document[name] = people.reference(names[runner[0]])
    document["pitcher"] = people.reference(names[book.lineups[side].pitcher])
    return document | {"battingOrder": play.slot + 1, "team": team_reference(book.fixture.teams[side])}


def _defense(book: Scorebook) -> dict[str, Any]:
    side = HOME if book.play.top else AWAY
    lineup, names = book.lineups[side], book.league.people
    document = {
        name: people.reference(names[lineup.field[place]])
        for place, name in positions.ON_DEFENSE.items()
        if place in lineup.field
    }
    slot = book.next_slot[side]
    document |= _next_three(book, side, slot)
    return {**document, "battingOrder": slot + 1, "team": team_reference(book.fixture.teams[side])}
