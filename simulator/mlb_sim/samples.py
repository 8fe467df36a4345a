"""Writes stubs: answers with their requests, in files like those of captured responses."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from mlb_sim import routes, times
from mlb_sim.fixtures import Fixture
from mlb_sim.league import LEAGUES
from mlb_sim.simulator import Simulator
from mlb_sim.times import DAY, HOUR, MINUTE, Moment

_BASE = "https://statsapi.mlb.com"
_HYDRATE = "probablePitcher,decisions,broadcasts,seriesStatus,flags,review,game(content(media(epg),summary))"


@dataclass(frozen=True, slots=True)
class Wish:
    """An answer to write: the file name without suffixes, the request's target, and its moment."""

    name: str
    target: str
    at: Moment


def write(simulator: Simulator, folder: Path, day: date, games: int) -> list[Path]:
    """Write stubs of a day: some of its games in several states, and one stub of each other endpoint."""
    return [_write(simulator, folder, wish) for wish in _wishes(simulator, day, games)]


def _wishes(simulator: Simulator, day: date, games: int) -> Iterator[Wish]:
    calendar = simulator.calendar
    fixtures = list(dict.fromkeys(fixture for fixture, _ in calendar.by_day.get(day, [])))[:games]
    for number, fixture in enumerate(fixtures):
        yield from _states(simulator, fixture, all_states=number == 0)
    evening = times.at(day, 12) + DAY
    yield Wish(f"schedule_date={day}_sportId=1", f"/api/v1/schedule?sportId=1&date={day}", evening)
    hydrated = f"/api/v1/schedule?sportId=1&date={day}&hydrate={_HYDRATE}"
    # Later than the plain one: answers of one time with different content would contradict each other.
    yield Wish(f"schedule_date={day}_sportId=1_hydrated", hydrated, evening + MINUTE)
    season = simulator.season
    yield Wish(f"teams_season={season}_sportId=1", f"/api/v1/teams?sportId=1&season={season}", evening)
    yield Wish("venues_hydrated", "/api/v1/venues?hydrate=location,fieldInfo,timezone", evening)
    yield Wish("seasons_sportId=1", "/api/v1/seasons?sportId=1", evening)
    yield Wish("allSeasons_sportId=1", "/api/v1/seasons/all?sportId=1", evening)
    for name in ("sports", "leagues", "divisions"):
        yield Wish(name, f"/api/v1/{name}", evening)
    team = simulator.league.teams[0]
    yield Wish(f"roster_rosterType=active_teamId={team.id}", f"/api/v1/teams/{team.id}/roster/active", evening)
    yield Wish(f"coaches_teamId={team.id}", f"/api/v1/teams/{team.id}/coaches", evening)
    ids = ",".join(str(person.id) for person in team.active[:3])
    yield Wish(f"person_personIds={ids}", f"/api/v1/people?personIds={ids}", evening)
    everything = "currentTeam,draft,rosterEntries,education"
    ids = ",".join(str(person.id) for each in simulator.league.teams[:5] for person in each.active)
    yield Wish("person_hydrated", f"/api/v1/people?personIds={ids}&hydrate={everything}", evening + MINUTE)
    for person in (team.active[0], team.hitters[0]):
        asked = f"season={season}&stats=season,career,yearByYear,gameLog,statSplits&group=hitting,pitching,fielding"
        target = f"/api/v1/people/{person.id}/stats?{asked}&sitCodes=h,a"
        yield Wish(f"personStats_{person.id}", target, min(evening, times.at(calendar.first_day, 12) + 4 * DAY))
    for codes in ("gameStatus", "gameTypes", "rosterTypes", "situationCodes"):
        yield Wish(codes, f"/api/v1/{codes}", evening)
    week = f"startDate={day}&endDate={day + timedelta(days=6)}"
    yield Wish(f"transactions_{day}", f"/api/v1/transactions?{week}", evening)
    leagues = f"/api/v1/standings?leagueId={','.join(str(key) for key, _ in LEAGUES)}&season={season}"
    kinds = "standingsTypes=regularSeason,springTraining,wildCard"
    yield Wish(f"standings_date={day}", f"{leagues}&date={day}&{kinds}", evening)
    yield Wish("standings_last_day", f"{leagues}&date={calendar.last_day}", times.at(calendar.last_day, 12) + DAY)
    yield Wish(f"draftPicks_year={season}", f"/api/v1/draft/{season}", evening)
    for fixture in (each for each in fixtures[:1] if each.fate == "played"):
        for name in ("winProbability", "contextMetrics"):
            yield Wish(f"{name}_gamePk={fixture.pk}", f"/api/v1/game/{fixture.pk}/{name}", evening)
    for fixture in fixtures[:1]:
        for method in ("boxscore", "linescore"):
            yield Wish(f"{method}_game_pk={fixture.pk}", f"/api/v1/game/{fixture.pk}/{method}", evening)


def _states(simulator: Simulator, fixture: Fixture, *, all_states: bool) -> Iterator[Wish]:
    """A game's final feed and, if wanted, feeds before and during the game, and patches."""
    timeline = simulator.timeline(fixture)
    target = f"/api/v1.1/game/{fixture.pk}/feed/live"
    middle = (timeline.first_pitch + timeline.over) // 2
    moments = [timeline.final + MINUTE]
    if all_states:
        early = fixture.played.start - 8 * HOUR
        moments += [
            early,
            timeline.first_pitch - 15 * MINUTE,
            middle,
            timeline.over + times.SECOND,
            timeline.final + 3 * DAY,
        ]
    for at in moments:
        yield Wish(f"{fixture.pk}_{_stamp(at)}", target, at)
    if all_states:
        start = times.timecode(middle)
        query = f"startTimecode={start}"
        yield Wish(f"{fixture.pk}_{query}", f"{target}/diffPatch?{query}", middle + 45 * times.SECOND)


def _stamp(at: Moment) -> str:
    return times.timecode(at).replace("_", "T") + "Z"


def _write(simulator: Simulator, folder: Path, wish: Wish) -> Path:
    path, query = routes.split(wish.target)
    route, keys = routes.find(path)
    stub: dict[str, Any] = {
        "endpoint": route.endpoint,
        "method": route.method,
        "path_params": keys,
        "query_params": dict(query),
        "url": f"{_BASE}{wish.target}",
        "status_code": 200,
        "captured_at": times.iso_seconds(wish.at),
        "response": routes.document(simulator, wish.target, wish.at),
    }
    file = folder / route.endpoint / route.method / f"{wish.name}.json.gz"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(msgspec.json.encode(stub), mtime=0))
    return file
