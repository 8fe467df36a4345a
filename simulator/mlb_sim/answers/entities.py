"""People, teams, rosters, venues and seasons."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any, Final

from mlb_sim import people, positions, times
from mlb_sim.answers import biography
from mlb_sim.answers.errors import not_found
from mlb_sim.answers.queries import Query, hydrations, number, numbers
from mlb_sim.feed import game_data
from mlb_sim.feed.document import COPYRIGHT
from mlb_sim.fixtures import opening_day
from mlb_sim.league import Team, Venue, team_document, venue_reference
from mlb_sim.simulator import Simulator
from mlb_sim.times import Moment

FIRST_SEASON: Final = 1961
_WILD_CARDS_SINCE: Final = 1995
_TRACKED_SINCE: Final = 2008
_JOBS: Final = (
    ("Manager", "MNGR"),
    ("Bench Coach", "COAB"),
    ("Hitting Coach", "COAT"),
    ("Assistant Hitting Coach", "COAA"),
    ("Pitching Coach", "COAP"),
    ("Assistant Pitching Coach", "COPA"),
    ("First Base Coach", "COA1"),
    ("Third Base Coach", "COA3"),
    ("Bullpen Coach", "COAU"),
    ("Coach", "COAC"),
)
_STATUSES: Final = {
    "A": {"code": "A", "description": "Active"},
    "40M": {"code": "40M", "description": "Forty Man"},
    "MIN": {"code": "MIN", "description": "Minor League Contract"},
}
_PARTS: Final = {"location": "location", "fieldInfo": "fieldInfo", "timezone": "timeZone"}


def persons(simulator: Simulator, query: Query, now: Moment) -> dict[str, Any]:
    """The people of `personIds`; unknown ids are omitted."""
    wanted = numbers(query, "personIds")
    if not wanted:
        raise not_found()
    league, today = simulator.league, times.to_datetime(now).date()
    hydrate = hydrations(query)
    found = [league.people[key] for key in sorted(wanted) if key in league.people]
    return {"people": [biography.document(league, each, today, hydrate) for each in found]}


def person(simulator: Simulator, key: str, query: Query, now: Moment) -> dict[str, Any]:
    """One person."""
    if number(key) not in simulator.league.people:
        raise not_found()
    return persons(simulator, {**query, "personIds": key}, now)


def teams(simulator: Simulator, query: Query) -> dict[str, Any]:
    """All teams, or those of `teamId`."""
    wanted = numbers(query, "teamIds", "teamId")
    if query.get("sportId", "1") != "1" or query.get("season", str(simulator.season)) != str(simulator.season):
        return {"teams": []}
    found = [each for each in simulator.league.teams if wanted is None or each.id in wanted]
    return {"teams": [team_document(each, simulator.season) for each in found]}


def team(simulator: Simulator, key: str) -> dict[str, Any]:
    """One team."""
    return {"teams": [team_document(_team(simulator, key), simulator.season)]}


def _team(simulator: Simulator, key: str) -> Team:
    found = simulator.league.teams_by_id.get(number(key))
    if found is None:
        raise not_found()
    return found


def roster(simulator: Simulator, key: str, kind: str) -> dict[str, Any]:
    """The players under contract, or on the active roster."""
    found = _team(simulator, key)
    members = [(person_, "A") for person_ in found.active]
    if kind != "active":
        members += [(person_, "40M" if n % 2 else "MIN") for n, person_ in enumerate(found.depth)]
    rows = [
        {
            "person": people.reference(person_),
            "jerseyNumber": person_.number,
            "position": positions.DOCUMENTS[person_.position],
            "status": _STATUSES[status],
            "parentTeamId": found.id,
        }
        for person_, status in members
    ]
    return {"roster": rows, "link": f"{found.link}/roster", "teamId": found.id, "rosterType": kind}


def coaches(simulator: Simulator, key: str) -> dict[str, Any]:
    """Manager and coaches."""
    found = _team(simulator, key)
    rows = [
        {"person": people.reference(coach), "jerseyNumber": coach.number, "job": job, "jobId": code, "title": job}
        for coach, (job, code) in zip(simulator.league.coaches(found), _JOBS, strict=True)
    ]
    return {"roster": rows, "link": f"{found.link}/coaches", "teamId": found.id, "rosterType": "coach"}


def venues(simulator: Simulator, query: Query) -> dict[str, Any]:
    """All venues, or those of `venueIds`; only names unless `hydrate` asks for more."""
    wanted = numbers(query, "venueIds", "venueId")
    hydrate = hydrations(query)
    season = query.get("season", str(simulator.season))
    known = simulator.league.venues_by_id
    found = [place for key, place in known.items() if wanted is None or key in wanted]
    return {"copyright": COPYRIGHT, "venues": [_venue(place, number(season), hydrate) for place in found]}


def venue(simulator: Simulator, key: str, query: Query) -> dict[str, Any]:
    """One venue."""
    if number(key) not in simulator.league.venues_by_id:
        raise not_found()
    return venues(simulator, {**query, "venueIds": key})


def _venue(place: Venue, season: int, hydrate: Collection[str]) -> dict[str, Any]:
    whole = game_data.venue(place, season)
    parts = {_PARTS[part]: whole[_PARTS[part]] for part in _PARTS if part in hydrate}
    return {**venue_reference(place), **parts, "active": True, "season": str(season)}


def seasons(simulator: Simulator, query: Query) -> dict[str, Any]:
    """The current season, or that of `season`."""
    return season(simulator, query.get("season", str(simulator.season)))


def season(simulator: Simulator, key: str) -> dict[str, Any]:
    """One season."""
    year = number(key)
    if not FIRST_SEASON <= year <= simulator.season + 2:
        raise not_found()
    return {"seasons": [season_document(year)]}


def all_seasons(simulator: Simulator) -> dict[str, Any]:
    """All seasons up to the simulated one."""
    return {"seasons": [season_document(year) for year in range(FIRST_SEASON, simulator.season + 1)]}


def season_document(year: int) -> dict[str, Any]:
    """A season with its dates."""
    opening = opening_day(year)
    ending = opening + timedelta(weeks=27, days=2)

    def on(day: date, days: int = 0) -> str:
        return (day + timedelta(days=days)).isoformat()

    tracked = "P" if year >= _TRACKED_SINCE else "S"
    return {
        "seasonId": str(year),
        "hasWildcard": year >= _WILD_CARDS_SINCE,
        "preSeasonStartDate": f"{year}-01-01",
        "preSeasonEndDate": on(opening, -31),
        "seasonStartDate": on(opening, -30),
        "springStartDate": on(opening, -30),
        "springEndDate": on(opening, -3),
        "regularSeasonStartDate": on(opening),
        "lastDate1stHalf": on(opening, 107),
        "allStarDate": on(opening, 109),
        "firstDate2ndHalf": on(opening, 112),
        "regularSeasonEndDate": on(ending),
        "postSeasonStartDate": on(ending, 2),
        "postSeasonEndDate": on(ending, 33),
        "seasonEndDate": on(ending, 33),
        "offseasonStartDate": on(ending, 34),
        "offSeasonEndDate": f"{year}-12-31",
        "seasonLevelGamedayType": tracked,
        "gameLevelGamedayType": tracked,
        "qualifierPlateAppearances": 3.1,
        "qualifierOutsPitched": 3.0,
    }
