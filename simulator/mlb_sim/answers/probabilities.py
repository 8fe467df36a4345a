"""Win probability after each plate appearance, and what a game's state means. They follow from the score alone."""

from typing import Any, Final

from mlb_sim.answers import schedule
from mlb_sim.answers.errors import not_found
from mlb_sim.answers.games import find, moment
from mlb_sim.answers.queries import Query
from mlb_sim.simulator import Simulator
from mlb_sim.times import Moment

_EVEN: Final = 50.0
_CERTAIN: Final = 100.0
_INNINGS: Final = 9
_FLAGS: Final = {
    "sac_fly": ("b_sac_fly",),
    "grounded_into_double_play": ("t_double_play", "b_gnd_into_dp"),
    "double": ("b_gnd_rule_double",),  # as all doubles of this league are
}
_RUN: Final = 5.0  # percentage points of a run in the first inning


def win_probability(simulator: Simulator, key: str, query: Query, now: Moment) -> list[dict[str, Any]]:
    """The plays of the feed with the probability after each; raises Refused before the game."""
    feed = simulator.feed(find(simulator, key), moment(query, now), now)
    plays = [play for play in feed["liveData"]["plays"]["allPlays"] if play["about"]["isComplete"]]
    if not plays:
        raise not_found()
    found, before = [], _EVEN
    for number, play in enumerate(plays):
        home = _home(play)
        leverage = {"leverageIndex": round(abs(home - before) / _RUN, 2)} if number else {}
        found.append(_play(play, home, home - before) | leverage)
        before = home
    return found


def context_metrics(simulator: Simulator, key: str, query: Query, now: Moment) -> dict[str, Any]:
    """The probabilities of the game's state; raises Refused before the game."""
    at = moment(query, now)
    home = win_probability(simulator, key, query, now)[-1]["homeTeamWinProbability"]
    fixture = find(simulator, key)
    game = schedule.game(simulator, fixture, simulator.slot(fixture, at), at)
    if game["status"]["abstractGameState"] == "Final":
        home = _CERTAIN if game["teams"]["home"].get("isWinner") else 0.0
    sides = ("left", "center", "right")
    probabilities = {"awayWinProbability": _CERTAIN - home, "homeWinProbability": home}
    return {"game": game, **{f"{side}FieldSacFlyProbability": {} for side in sides}, **probabilities}


def _home(play: dict[str, Any]) -> float:
    result, inning = play["result"], min(play["about"]["inning"], _INNINGS)
    lead = result.get("homeScore", 0) - result.get("awayScore", 0)
    home: float = _EVEN + lead * _RUN * (1 + inning / _INNINGS)
    return round(min(_CERTAIN, max(0.0, home)), 1)


def _play(play: dict[str, Any], home: float, added: float) -> dict[str, Any]:
    matchup = play["matchup"]
    credits_ = [
        {"player": {name: matchup[who][name] for name in ("id", "link")}, "credit": f"{letter}_pa"}
        for who, letter in (("batter", "b"), ("pitcher", "p"))
    ]
    return {
        **play,
        "credits": credits_,
        "flags": [{"credit": flag} for flag in _FLAGS.get(play["result"].get("eventType"), ())],
        "homeTeamWinProbability": home,
        "awayTeamWinProbability": _CERTAIN - home,
        "homeTeamWinProbabilityAdded": added,
        "contextMetrics": {},
        "playEvents": [_event(event, home) for event in play["playEvents"]],
    }


def _event(event: dict[str, Any], home: float) -> dict[str, Any]:
    if not event["details"].get("eventType", "").startswith("stolen_base"):
        return event
    return {
        **event,
        "homeTeamWinProbability": home,
        "awayTeamWinProbability": _CERTAIN - home,
        "homeTeamWinProbabilityAdded": 0.0,
        "leverageIndex": 1.0,
    }
