"""Transactions of clubs: players who are assigned, optioned, recalled, signed or released."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from mlb_sim import people
from mlb_sim.answers.errors import invalid
from mlb_sim.answers.queries import Query, day, numbers
from mlb_sim.draw import Draw
from mlb_sim.feed.document import COPYRIGHT
from mlb_sim.league import Team, team_reference
from mlb_sim.simulator import Simulator

_PER_DAY: Final = 100
_SHARE: Final = 0.15  # of the teams have one on a day
_FARM: Final = 1000  # added to a team's id, it is that of its farm team
_KINDS: Final = (
    (("ASG", "Assigned"), 6.0),
    (("SC", "Status Change"), 4.0),
    (("OPT", "Optioned"), 2.0),
    (("CU", "Recalled"), 2.0),
    (("SFA", "Signed as Free Agent"), 1.0),
    (("REL", "Released"), 1.0),
)


def transactions(simulator: Simulator, query: Query) -> dict[str, Any]:
    """Those of a day, a range of days, a player or a team, in the simulated season."""
    first, last = _span(simulator, query)
    players, teams = numbers(query, "playerId"), numbers(query, "teamId")
    rows = [
        row
        for row in _all(simulator, first, last)
        if (players is None or row["person"]["id"] in players)
        and (teams is None or teams & {row["toTeam"]["id"], row.get("fromTeam", {}).get("id")})
    ]
    return {"copyright": COPYRIGHT, "transactions": rows}


def _span(simulator: Simulator, query: Query) -> tuple[date, date]:
    """The days asked for, as far as they are in the season."""
    calendar = simulator.calendar
    if "date" in query:
        first = last = day(query["date"])
    elif "startDate" in query and "endDate" in query:
        first, last = day(query["startDate"]), day(query["endDate"])
    elif "playerId" in query or "teamId" in query:
        first, last = calendar.first_day, calendar.last_day
    else:
        raise invalid("a date, startDate with endDate, a playerId or a teamId is needed")
    return max(first, calendar.first_day), min(last, calendar.last_day)


def _all(simulator: Simulator, first: date, last: date) -> Iterator[dict[str, Any]]:
    for number in range((last - first).days + 1):
        on = first + timedelta(days=number)
        for team in simulator.league.teams:
            draw = Draw(simulator.seed, simulator.season, "transaction", on.toordinal(), team.index)
            if draw.chance(_SHARE):
                yield _transaction(draw, team, on)


def _transaction(draw: Draw, team: Team, on: date) -> dict[str, Any]:
    code, words = draw.weighted(_KINDS)
    person = draw.pick(team.depth)
    farm = {"id": team.id + _FARM, "name": f"{team.city} Seedlings", "link": f"/api/v1/teams/{team.id + _FARM}"}
    own = team_reference(team)
    source, target = {"OPT": (own, farm), "CU": (farm, own), "ASG": (None, farm)}.get(code, (None, own))
    effective = on - timedelta(days=draw.whole(1, 3)) if code == "SC" and draw.chance(0.3) else on
    return {
        "id": on.toordinal() * _PER_DAY + team.index,
        "person": people.reference(person),
        **({} if source is None else {"fromTeam": source}),
        "toTeam": target,
        "date": on.isoformat(),
        "effectiveDate": effective.isoformat(),
        **({} if code in {"OPT", "CU"} else {"resolutionDate": on.isoformat()}),
        "typeCode": code,
        "typeDesc": words,
        "description": f"{words}: {person.name}, {target['name']}.",
    }
