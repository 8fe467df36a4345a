"""What an answer says of a person only if `hydrate` asks for it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Final

from mlb_sim import people, positions, words
from mlb_sim.draw import Draw
from mlb_sim.league import League, Team, team_document, team_reference
from mlb_sim.people import Person

_CLASSES: Final = {"HS": "HS SR", "college": "4YR JR"}
_PICKS: Final = 30
_VALUED_ROUNDS: Final = 10


def document(league: League, person: Person, today: date, hydrations: Iterable[str]) -> dict[str, Any]:
    """The biography, with the members that these hydrations add."""
    asked = [_HYDRATIONS[name](league, person) for name in hydrations if name in _HYDRATIONS]
    return {**people.document(person, today), **{name: value for each in asked for name, value in each.items()}}


def _team(league: League, person: Person) -> Team | None:
    return next((team for team in league.teams if person in team.active or person in team.depth), None)


def _current_team(league: League, person: Person) -> dict[str, Any]:
    team = _team(league, person)
    return {} if team is None else {"currentTeam": team_reference(team)}


def _drafts(league: League, person: Person) -> dict[str, Any]:
    """Up to two drafts: out of high school without signing, and out of college."""
    rng = Draw(league.seed, "drafts", person.id)
    year = person.debut.year - rng.whole(2, 4)
    drafts = [_draft(league, person, rng, year, "college")] if rng.chance(0.7) else []
    if drafts and rng.chance(0.3):
        drafts.insert(0, _draft(league, person, rng, year - 3, "HS"))
    return {"drafts": drafts} if drafts else {}


def _draft(league: League, person: Person, rng: Draw, year: int, school: str) -> dict[str, Any]:
    team = team_document(rng.pick(league.teams), league.season)
    round_, place = rng.whole(1, 20), rng.whole(1, _PICKS)
    pick = (round_ - 1) * _PICKS + place
    city, state, _ = rng.pick(words.CITIES)
    home = {"city": city, "state": state, "country": "USA"} if round_ <= _VALUED_ROUNDS else {}
    valued = {
        "rank": pick + rng.whole(0, 9),
        "pickValue": str(9_000_000 - 29_000 * pick),
        "signingBonus": str(8_500_000 - 28_000 * pick),
        "scoutingReport": f"http://example.com/video/{person.id}",
        "blurb": f"{person.name} has played since he could walk.",
    }
    return {
        "bisPlayerId": 700_000 + person.id % 100_000,
        "pickRound": str(round_),
        "pickNumber": pick,
        "displayPickNumber": pick,
        "roundPickNumber": place,
        **(valued if round_ <= _VALUED_ROUNDS else {}),
        "home": home,
        "school": {"name": _school(rng, school), "schoolClass": _CLASSES[school], **home},
        "headshotLink": f"https://example.com/people/{person.id}/headshot/draft",
        "person": {
            "id": person.id,
            "link": person.link,
            "birthDate": person.born.isoformat(),
            "currentAge": league.season - person.born.year,
            "primaryPosition": positions.DOCUMENTS[person.position],
            "nameFirstLast": person.name,
        },
        "team": {name: team[name] for name in ("id", "name", "link", "league")},
        "draftType": {"code": "JR", "description": "Rule 4 / June Amateur Draft"},
        "isDrafted": True,
        "isPass": False,
        "year": str(year),
    }


def _school(rng: Draw, kind: str) -> str:
    city, _, _ = rng.pick(words.CITIES)
    return f"{city} {'HS' if kind == 'HS' else 'State'}"


def _roster_entries(league: League, person: Person) -> dict[str, Any]:
    """The stay on the team's roster, before it those in the minor leagues and perhaps with another team."""
    team = _team(league, person)
    if team is None:
        return {"rosterEntries": []}
    rng = Draw(league.seed, "roster entries", person.id)
    start = date(league.season, 3, rng.whole(1, 20))
    active = person in team.active
    entries = [_entry(person, team, start, None, ("A", "Active") if active else ("MIN", "Minor League Contract"))]
    if rng.chance(0.5):
        entries.append(_entry(person, team, person.debut, start, ("A", "Active")))
    if rng.chance(0.3):
        before = date(person.debut.year - 1, 7, rng.whole(1, 28))
        entries.append(_entry(person, rng.pick(league.teams), before, person.debut, ("TR", "Traded")))
    return {"rosterEntries": entries}


def _entry(person: Person, team: Team, start: date, end: date | None, status: tuple[str, str]) -> dict[str, Any]:
    code, description = status
    return {
        "jerseyNumber": person.number,
        "position": positions.DOCUMENTS[person.position],
        "status": {"code": code, "description": description},
        "team": team_reference(team),
        "isActive": end is None and code == "A",
        "startDate": start.isoformat(),
        **({} if end is None else {"endDate": end.isoformat()}),
        "statusDate": (start if end is None else end).isoformat(),
        "isActiveFortyMan": end is None and code == "A",
    }


def _education(league: League, person: Person) -> dict[str, Any]:
    """Schools; of some people none are known."""
    rng = Draw(league.seed, "education", person.id)
    city, _, state = rng.pick(words.CITIES)
    found: dict[str, Any] = {}
    if rng.chance(0.8):
        found["highschools"] = [{"name": _school(rng, "HS"), "city": city, "state": state}]
    if rng.chance(0.6):
        found["colleges"] = [{"name": _school(rng, "college")} for _ in range(rng.whole(1, 2))]
    return {"education": found}


_HYDRATIONS: Final[Mapping[str, Callable[[League, Person], dict[str, Any]]]] = {
    "currentTeam": _current_team,
    "draft": _drafts,
    "rosterEntries": _roster_entries,
    "education": _education,
}
