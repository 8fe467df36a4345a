"""Drafts: in each of the five rounds every team picks one player, who is invented for it."""

from typing import Any, Final

from mlb_sim import people, positions, words
from mlb_sim.answers.errors import not_found
from mlb_sim.answers.queries import number
from mlb_sim.draw import Draw
from mlb_sim.feed.document import COPYRIGHT
from mlb_sim.league import Team, team_in_box_score
from mlb_sim.simulator import Simulator
from mlb_sim.times import Moment, to_datetime

FIRST_SEASON: Final = 1965
_FIRST_PERSON: Final = 9_500_001
_PER_YEAR: Final = 1000
_ROUNDS: Final = 5
_RANKED: Final = 100
_CLASSES: Final = ("4YR JR", "4YR SR", "JC J2", "HS SR")


def draft(simulator: Simulator, key: str, now: Moment) -> dict[str, Any]:
    """The draft of a year."""
    year = number(key)
    if not FIRST_SEASON <= year <= simulator.season:
        raise not_found()
    order = Draw(simulator.seed, "draft", year).shuffled(simulator.league.teams)
    picks = [
        _pick(simulator, year, pick, order[(pick - 1) % len(order)], now) for pick in range(1, _ROUNDS * len(order) + 1)
    ]
    rounds = [
        {"round": picks[first]["pickRound"], "picks": picks[first : first + len(order)]}
        for first in range(0, len(picks), len(order))
    ]
    return {"copyright": COPYRIGHT, "drafts": {"draftYear": year, "rounds": rounds}}


def _pick(simulator: Simulator, year: int, pick: int, team: Team, now: Moment) -> dict[str, Any]:
    round_, place = divmod(pick - 1, len(simulator.league.teams))
    draw = Draw(simulator.seed, "pick", year, pick)
    city, _, state = draw.pick(words.CITIES)
    key = _FIRST_PERSON + (year - FIRST_SEASON) * _PER_YEAR + pick
    person = people.make(draw, key, "", draw.pick(positions.FIELD), year)
    value = 8_000_000 * 30 // (30 + pick)
    ranked = {"rank": pick, "blurb": f"{person.name} is invented."} if pick <= _RANKED else {}
    return {
        "bisPlayerId": key,
        "pickRound": str(round_ + 1),
        "pickNumber": pick,
        "displayPickNumber": pick,
        "roundPickNumber": place + 1,
        **ranked,
        "pickValue": str(value),
        "signingBonus": str(int(value * draw.between(0.6, 1.1)) // 100 * 100),
        "home": {"city": city, "state": state, "country": "USA"},
        "scoutingReport": f"https://example.invalid/prospects/{key}",
        "school": {
            "name": f"{city} {draw.pick(('State', 'University', 'HS'))}",
            "schoolClass": draw.pick(_CLASSES),
            **({"city": city} if draw.chance(0.1) else {}),
            "country": "USA",
            "state": state,
        },
        "headshotLink": f"https://example.invalid/{key}.png",
        "person": people.document(person, to_datetime(now).date()),
        "team": team_in_box_score(team),
        "draftType": {"code": "JR", "description": "June Amateur Draft"},
        "isDrafted": True,
        "isPass": False,
        "year": str(year),
    }
