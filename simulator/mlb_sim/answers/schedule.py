"""The schedule with current states, and the list of changed games."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, Final

from mlb_sim import times
from mlb_sim.answers import hydrations, queries
from mlb_sim.answers.errors import invalid
from mlb_sim.answers.queries import Query, day, number, numbers, words, year
from mlb_sim.draw import Draw
from mlb_sim.feed import game_data, rates
from mlb_sim.feed.document import COPYRIGHT
from mlb_sim.fixtures import SERIES_LENGTH, Fixture, Slot
from mlb_sim.league import Team, team_document, team_reference, venue_reference
from mlb_sim.play.engine import INNINGS
from mlb_sim.play.log import Review, Status
from mlb_sim.play.state import AWAY, HOME
from mlb_sim.simulator import Simulator
from mlb_sim.times import DAY, HOUR, Moment

Row = tuple[Fixture, Slot]
_BEFORE: Final = frozenset({Status.SCHEDULED, Status.PRE_GAME, Status.DELAYED_START, Status.WARMUP, Status.POSTPONED})
_CORRECTED_FOR: Final = 4 * DAY
_OPENS: Final = 4 * HOUR
_LONG_AGO: Final = (1984, 1998)  # seasons in the list of changes if the request names none


def schedule(simulator: Simulator, query: Query, now: Moment) -> dict[str, Any]:
    """The games of a date, a range of dates or a season."""
    first, last = _span(simulator, query, now)
    rows = [
        row
        for listed, games in simulator.calendar.by_day.items()
        if first <= listed <= last
        for row in games
        if _wanted(simulator, row, query, now)
    ]
    return _listed(simulator, rows, queries.hydrations(query), now)


def changes(simulator: Simulator, query: Query, now: Moment) -> dict[str, Any]:
    """The games that changed after `updatedSince`, including corrections; `limit` and `offset` select a page."""
    try:
        since = times.from_iso(query.get("updatedSince", ""))
    except ValueError as error:
        raise invalid(query.get("updatedSince", "")) from error
    rows = [
        (fixture, simulator.slot(fixture, now))
        for fixture in simulator.calendar.fixtures
        if since < _last_change(simulator, fixture, since, now) <= now
    ]
    rows.sort(key=lambda row: (row[1].day, row[0].pk))
    season = query.get("season")
    rows = [row for row in rows if season in {None, str(simulator.season)}]
    offset = number(query.get("offset", "0"))
    page = rows[offset : offset + number(query.get("limit", "1000"))]
    document = _listed(simulator, page, set(), now)
    if season is None and not offset:
        document["dates"] = [*_long_ago(simulator, now), *document["dates"]]
    return document | {"totalItems": len(rows)}


def game(simulator: Simulator, fixture: Fixture, slot: Slot, now: Moment) -> dict[str, Any]:
    """A game as the schedule lists it."""
    return _game(simulator, fixture, slot, set(), now)


def _span(simulator: Simulator, query: Query, now: Moment) -> tuple[date, date]:
    if "date" in query:
        return day(query["date"]), day(query["date"])
    if "startDate" in query or "endDate" in query:
        if not ("startDate" in query and "endDate" in query):
            raise invalid("startDate and endDate belong together")
        return day(query["startDate"]), day(query["endDate"])
    if "season" in query:
        asked = year(query["season"])
        return date(asked, 1, 1), date(asked, 12, 31)
    if "gamePk" in query or "gamePks" in query:
        return simulator.calendar.first_day, simulator.calendar.last_day
    today = (times.to_datetime(now) - timedelta(hours=10)).date()
    return today, today


def _wanted(simulator: Simulator, row: Row, query: Query, now: Moment) -> bool:
    fixture, slot = row
    if query.get("sportId", "1") != "1" or "R" not in (words(query, "gameTypes", "gameType") or {"R"}):
        return False
    if "season" in query and query["season"] != str(simulator.season):
        return False
    teams, games = numbers(query, "teamId"), numbers(query, "gamePks", "gamePk")
    if teams is not None and not teams & {team.id for team in fixture.teams}:
        return False
    if games is not None and fixture.pk not in games:
        return False
    return slot is fixture.slots[0] or _moved(simulator, fixture, now)


def _moved(simulator: Simulator, fixture: Fixture, now: Moment) -> bool:
    """Whether the second date of a game is known."""
    if fixture.fate == "postponed":
        return now >= fixture.rescheduled
    if now < fixture.played.start:
        return False
    interruption = simulator.outline(fixture).interruption
    return interruption is not None and now >= interruption.start


def _listed(simulator: Simulator, rows: Sequence[Row], hydrate: set[str], now: Moment) -> dict[str, Any]:
    days: dict[date, list[dict[str, Any]]] = {}
    for fixture, slot in rows:
        days.setdefault(slot.day, []).append(_game(simulator, fixture, slot, hydrate, now))
    dates = [
        {"date": listed.isoformat(), **_totals(games), "games": games, "events": []} for listed, games in days.items()
    ]
    everything = [game for games in days.values() for game in games]
    return {"copyright": COPYRIGHT, **_totals(everything), "dates": dates}


def _totals(games: Iterable[dict[str, Any]]) -> dict[str, int]:
    listed = list(games)
    live = sum(game["status"]["abstractGameState"] == "Live" for game in listed)
    return {"totalItems": len(listed), "totalEvents": 0, "totalGames": len(listed), "totalGamesInProgress": live}


def _state(simulator: Simulator, fixture: Fixture, slot: Slot, now: Moment) -> tuple[Status, Review | None]:
    """The state of a game on a date; on its original date, a postponed game stays postponed."""
    if fixture.fate == "postponed" and slot is fixture.slots[0] and now >= fixture.announced:
        return Status.POSTPONED, None
    return simulator.status(fixture, now)


def _game(simulator: Simulator, fixture: Fixture, slot: Slot, hydrate: set[str], now: Moment) -> dict[str, Any]:
    status, review = _state(simulator, fixture, slot, now)
    home = fixture.home
    document: dict[str, Any] = {
        "gamePk": fixture.pk,
        "gameGuid": Draw(simulator.seed, "guid", fixture.pk).uuid(),
        "link": f"/api/v1.1/game/{fixture.pk}/feed/live",
        "gameType": "R",
        "season": str(simulator.season),
        "gameDate": times.iso_seconds(game_data.start_of(slot)),
        "officialDate": _official(simulator, fixture, now).isoformat(),
        **_moves(simulator, fixture, slot, now),
        "status": game_data.status(status, review, tbd=game_data.is_tbd(slot)),
        "teams": {
            "away": _side(simulator, fixture, AWAY, status, hydrate=hydrate, now=now),
            "home": _side(simulator, fixture, HOME, status, hydrate=hydrate, now=now),
        },
        "venue": venue_reference(home.venue),
        "content": {"link": f"/api/v1/game/{fixture.pk}/content"},
    }
    if status == Status.POSTPONED:
        document["status"]["reason"] = "Inclement Weather"
    if "linescore" in hydrate and status not in _BEFORE:
        document["linescore"] = simulator.feed(fixture, now)["liveData"]["linescore"]
    if status.is_over:
        document["isTie"] = False
    added = hydrations.of_game(simulator, fixture, hydrate, now)
    return document | added | _place(fixture, slot, simulator.season)


def _place(fixture: Fixture, slot: Slot, season: int) -> dict[str, Any]:
    made_up = fixture.fate == "postponed" and slot is fixture.slots[1]
    return {
        "gameNumber": slot.number,
        "publicFacing": True,
        "doubleHeader": slot.doubleheader,
        "gamedayType": "P",
        "tiebreaker": "N",
        "calendarEventID": f"14-{fixture.pk}-{slot.day}",
        "seasonDisplay": str(season),
        "dayNight": "day" if slot.is_day_game else "night",
        **({"description": f"Made up from {fixture.slots[0].day}"} if made_up else {}),
        "scheduledInnings": INNINGS,
        "reverseHomeAwayStatus": False,
        "inningBreakLength": 120,
        "gamesInSeries": SERIES_LENGTH,
        "seriesGameNumber": fixture.series_game,
        "seriesDescription": "Regular Season",
        "recordSource": "S",
        "ifNecessary": "N",
        "ifNecessaryDescription": "Normal Game",
    }


def _official(simulator: Simulator, fixture: Fixture, now: Moment) -> date:
    return simulator.slot(fixture, now).day


def _moves(simulator: Simulator, fixture: Fixture, slot: Slot, now: Moment) -> dict[str, str]:
    """The date that a game was moved from, or to."""
    if fixture.fate == "played" or not _moved(simulator, fixture, now):
        return {}
    first, second = fixture.slots
    there, then = times.iso_seconds(second.start), second.day.isoformat()
    here, before = times.iso_seconds(first.start), first.day.isoformat()
    if fixture.fate == "postponed":
        if slot is first:
            return {"rescheduleDate": there, "rescheduleGameDate": then}
        return {"rescheduledFrom": here, "rescheduledFromDate": before}
    if slot is first:
        return {"resumeDate": there, "resumeGameDate": then}
    return {"resumedFrom": here, "resumedFromDate": before}


def _side(
    simulator: Simulator, fixture: Fixture, side: int, status: Status, *, hydrate: set[str], now: Moment
) -> dict[str, Any]:
    team = fixture.teams[side]
    number_ = simulator.calendar.number(team, fixture)
    played = number_ + 1 if status.is_over else min(number_, _played(simulator, team, now))
    wins, losses = simulator.calendar.record(team, played)
    document: dict[str, Any] = {
        "leagueRecord": {"wins": wins, "losses": losses, "pct": rates.share(wins, played, ".000")},
        "team": team_document(team, simulator.season) if "team" in hydrate else team_reference(team),
    }
    if status not in _BEFORE:
        score = simulator.outline(fixture).score if status.is_over else simulator.score(fixture, now)
        document["score"] = score[side]
        if status.is_over:
            document["isWinner"] = score[side] > score[1 - side]
    if "probablePitcher" in hydrate:
        document["probablePitcher"] = hydrations.probable_pitchers(simulator, fixture, now)[side]
    return document | {"splitSquad": False, "seriesNumber": fixture.series}


def _played(simulator: Simulator, team: Team, now: Moment) -> int:
    """An estimate of the number of games that the team has finished."""
    return bisect_right(simulator.calendar.starts(team), now - _OPENS)


def _last_change(simulator: Simulator, fixture: Fixture, since: Moment, now: Moment) -> Moment:
    """The time of the game's last change, or 0 if it is certainly before the requested time."""
    known = [
        moment for moment in (fixture.announced, fixture.rescheduled) if moment <= now and fixture.fate == "postponed"
    ]
    opened, closed = fixture.played.start - _OPENS, fixture.slots[-1].start + _CORRECTED_FOR
    if now >= opened and since <= closed:
        timeline = simulator.timeline(fixture)
        reached = timeline.reach(now)
        known += timeline.moments()[max(0, reached - 1) : reached]
        known += [moment for moment in timeline.changes if moment <= now]
    return max(known, default=0)


def _long_ago(simulator: Simulator, now: Moment) -> list[dict[str, Any]]:
    """Games of long past seasons, which the API lists if the request names no season; they have no feeds here."""
    fixture = simulator.calendar.fixtures[0]
    dates = []
    for season in _LONG_AGO:
        game = _game(simulator, fixture, fixture.slots[0], set(), now)
        listed = fixture.slots[0].day.replace(year=season).isoformat()
        game |= {"gamePk": season * 10_000 + 1, "season": str(season), "officialDate": listed}
        game["link"] = f"/api/v1.1/game/{game['gamePk']}/feed/live"
        dates.append({"date": listed, **_totals([game]), "games": [game], "events": []})
    return dates
