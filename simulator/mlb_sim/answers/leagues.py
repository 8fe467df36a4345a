"""Sports, leagues and divisions."""

from collections.abc import Iterable
from typing import Any, Final

from mlb_sim.answers.entities import season_document
from mlb_sim.answers.errors import not_found
from mlb_sim.answers.queries import Query, numbers
from mlb_sim.feed.document import COPYRIGHT
from mlb_sim.league import DIVISIONS, LEAGUES, SPORT, SPRING_LEAGUES, TEAMS
from mlb_sim.simulator import Simulator

_SPORTS: Final = (
    {"id": 1, "code": "mlb", "name": "Major League Baseball", "abbreviation": "MLB", "sortOrder": 11},
    {"id": 11, "code": "aaa", "name": "Triple-A", "abbreviation": "AAA", "sortOrder": 101},
    {"id": 12, "code": "aax", "name": "Double-A", "abbreviation": "AA", "sortOrder": 201},
)
_GAMES: Final = 162
_SPRING_DATES: Final = ("preSeasonStartDate", "preSeasonEndDate", "seasonStartDate", "springStartDate", "springEndDate")


def sports(query: Query) -> dict[str, Any]:
    """All sports, or that of `sportId`."""
    found = [{**each, "link": f"/api/v1/sports/{each['id']}", "activeStatus": True} for each in _SPORTS]
    return {"copyright": COPYRIGHT, "sports": _those(found, numbers(query, "sportId"))}


def sport(key: str) -> dict[str, Any]:
    """One sport."""
    return _one("sports", sports({"sportId": key}))


def leagues(simulator: Simulator, query: Query) -> dict[str, Any]:
    """All leagues, or those of `leagueIds`."""
    season = {name: value for name, value in season_document(simulator.season).items() if name != "hasWildcard"}
    found = [
        _league(key, name, name[0] + "L", season) | {"sport": {"id": SPORT["id"], "link": SPORT["link"]}}
        for key, name in LEAGUES
    ]
    spring = {name: season[name] for name in ("seasonId", *_SPRING_DATES)}
    found += [_league(key, name, short, spring) for key, name, short in SPRING_LEAGUES]
    return {"copyright": COPYRIGHT, "leagues": _those(found, numbers(query, "leagueIds", "leagueId"))}


def league(simulator: Simulator, key: str) -> dict[str, Any]:
    """One league."""
    return _one("leagues", leagues(simulator, {"leagueIds": key}))


def _league(key: int, name: str, short: str, dates: dict[str, Any]) -> dict[str, Any]:
    regular = "regularSeasonStartDate" in dates
    whole = {"numGames": _GAMES, "numTeams": TEAMS // 2, "numWildcardTeams": 3} if regular else {}
    return {
        "id": key,
        "name": name,
        "link": f"/api/v1/league/{key}",
        "abbreviation": short,
        "nameShort": name.split(maxsplit=1)[0],
        "seasonState": "inseason" if regular else "offseason",
        "hasWildCard": regular,
        "hasSplitSeason": False,
        "hasPlayoffPoints": False,
        **whole,
        "seasonDateInfo": dates,
        "season": dates["seasonId"],
        "orgCode": short,
        "conferencesInUse": False,
        "divisionsInUse": regular,
        "sortOrder": key % 100 * 10 + 1,
        "active": True,
    }


def divisions(simulator: Simulator, query: Query) -> dict[str, Any]:
    """All divisions, or that of `divisionId`."""
    found = [_division(league_id, name, place, simulator.season) for league_id, name in LEAGUES for place in range(3)]
    return {"copyright": COPYRIGHT, "divisions": _those(found, numbers(query, "divisionId"))}


def division(simulator: Simulator, key: str) -> dict[str, Any]:
    """One division."""
    return _one("divisions", divisions(simulator, {"divisionId": key}))


def _division(league_id: int, league_name: str, place: int, season: int) -> dict[str, Any]:
    key, where = league_id * 10 + place, DIVISIONS[place]
    return {
        "id": key,
        "name": f"{league_name} {where}",
        "season": str(season),
        "nameShort": f"{league_name[0]}L {where}",
        "link": f"/api/v1/divisions/{key}",
        "abbreviation": f"{league_name[0]}L{where[0]}",
        "league": {"id": league_id, "link": f"/api/v1/league/{league_id}"},
        "sport": {"id": SPORT["id"], "link": SPORT["link"]},
        "hasWildcard": False,
        "sortOrder": key % 1000,
        "numPlayoffTeams": 1,
        "active": True,
    }


def _those(found: Iterable[dict[str, Any]], wanted: set[int] | None) -> list[dict[str, Any]]:
    return [each for each in found if wanted is None or each["id"] in wanted]


def _one(name: str, answer: dict[str, Any]) -> dict[str, Any]:
    if not answer[name]:
        raise not_found()
    return answer
