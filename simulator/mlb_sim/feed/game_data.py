"""The gameData of a live feed: game, time, teams, players, venue and state."""

from datetime import date
from typing import Any, Final

from mlb_sim import people, times
from mlb_sim.feed import rates
from mlb_sim.feed.plays import SIDES
from mlb_sim.feed.scorebook import Scorebook
from mlb_sim.feed.standing import Standing
from mlb_sim.fixtures import Calendar, Fixture, Slot
from mlb_sim.league import Team, Venue, team_document, venue_reference
from mlb_sim.play.log import Review, Status
from mlb_sim.play.reviews import ABS_SINCE
from mlb_sim.times import MINUTE

REVIEWED: Final = {"MA": "Tag play", "MF": "Play at 1st", "NH": "Home run"}
_GAMES_BACK: Final = ("wildCard", "league", "springLeague", "sport", "division", "conference")
_NO_HITTER_OUTS: Final = 18
_VISITS: Final = 4
_PLACEHOLDER: Final = 3, 33  # UTC time of a start that is to be determined


def document(calendar: Calendar, book: Scorebook, standing: Standing, slot: Slot, today: date) -> dict[str, Any]:
    """The gameData, with the start in this slot."""
    fixture, league = book.fixture, calendar.league
    document: dict[str, Any] = {
        "game": _game(fixture, slot, league.season),
        "datetime": _datetime(fixture, slot, resumed=Status.SUSPENDED in book.statuses),
        "status": status(book.status, book.review, tbd=is_tbd(slot)),
        "teams": {name: _team(calendar, book, standing, side) for side, name in SIDES},
        "players": {
            f"ID{person.id}": people.document(person, today) for team in fixture.teams for person in team.active
        },
        "venue": venue(fixture.home.venue, league.season),
        "officialVenue": {"id": fixture.home.venue.id, "link": fixture.home.venue.link},
        "weather": {},
        "gameInfo": _game_info(book, standing),
        "review": _reviews(book),
    }
    if book.started:
        document["weather"] = {"condition": standing.sky, "temp": str(standing.degrees), "wind": standing.wind}
    if league.season >= ABS_SINCE:
        document["absChallenges"] = _abs_challenges(book)
    document |= {"flags": _flags(book), "alerts": [], "probablePitchers": _probable(book, standing)}
    if book.started:
        document["officialScorer"] = people.reference(standing.scorer)
        document["primaryDatacaster"] = people.reference(standing.datacaster)
    return document | {"moundVisits": _visits(book)}


def is_tbd(slot: Slot) -> bool:
    """Whether the start is to be determined: the second game of a traditional doubleheader follows the first."""
    return slot.doubleheader == "Y" and slot.number > 1


def start_of(slot: Slot) -> int:
    """The published start, which is a placeholder if it is to be determined."""
    return times.at(slot.day, *_PLACEHOLDER) if is_tbd(slot) else slot.start


def status(state: Status, review: Review | None, *, tbd: bool) -> dict[str, Any]:
    """A game's status."""
    abstract, coded, detailed, code, short = state.value
    if review is not None:
        detailed, code = f"{detailed}: {REVIEWED[review.kind]}", review.kind
    return {
        "abstractGameState": abstract,
        "codedGameState": coded,
        "detailedState": detailed,
        "statusCode": code,
        "startTimeTBD": tbd,
        "abstractGameCode": short,
    }


def _game(fixture: Fixture, slot: Slot, season: int) -> dict[str, Any]:
    away, home = fixture.away.code, fixture.home.code
    return {
        "pk": fixture.pk,
        "type": "R",
        "doubleHeader": slot.doubleheader,
        "id": f"{slot.day:%Y/%m/%d}/{away}mlb-{home}mlb-{slot.number}",
        "gamedayType": "P",
        "tiebreaker": "N",
        "gameNumber": slot.number,
        "calendarEventID": f"14-{fixture.pk}-{slot.day}",
        "season": str(season),
        "seasonDisplay": str(season),
    }


def _datetime(fixture: Fixture, slot: Slot, *, resumed: bool) -> dict[str, str]:
    """The times of a game; once it is suspended, its start is that of the resumption."""
    start = fixture.slots[1].start if resumed else start_of(slot)
    clock, half = times.clock(start, fixture.home.venue.offset)
    return {
        "dateTime": times.iso_seconds(start),
        "originalDate": fixture.slots[0].day.isoformat(),
        "officialDate": slot.day.isoformat(),
        "dayNight": "day" if slot.is_day_game else "night",
        "time": clock,
        "ampm": half,
        **(_resumption(fixture, slot) if resumed else {}),
    }


def _resumption(fixture: Fixture, slot: Slot) -> dict[str, str]:
    resumption = fixture.slots[1]
    return {
        "resumeDate": resumption.day.isoformat(),
        "resumeDateTime": times.iso_seconds(resumption.start),
        "resumedFromDate": slot.day.isoformat(),
        "resumedFromDateTime": times.iso_seconds(slot.start),
    }


def _team(calendar: Calendar, book: Scorebook, standing: Standing, side: int) -> dict[str, Any]:
    team = book.fixture.teams[side]
    played = standing.played[side] + (book.status.is_over)
    return {**team_document(team, calendar.league.season), "record": record(calendar, team, played)}


def record(calendar: Calendar, team: Team, played: int) -> dict[str, Any]:
    """A team's record after a number of games."""
    wins, losses = calendar.record(team, played)
    share = rates.share(wins, played, ".000")
    return {
        "gamesPlayed": played,
        **{f"{name}GamesBack": "-" for name in _GAMES_BACK},
        "leagueRecord": {"wins": wins, "losses": losses, "ties": 0, "pct": share},
        "records": {},
        "divisionLeader": calendar.leads_division(team, played),
        "wins": wins,
        "losses": losses,
        "winningPercentage": share,
    }


def venue(place: Venue, season: int) -> dict[str, Any]:
    """The full document of a venue."""
    zone, offset, short = place.zone
    return {
        **venue_reference(place),
        "location": place.facts["location"],
        "timeZone": {"id": zone, "offset": offset, "offsetAtGameTime": offset, "tz": short},
        "fieldInfo": place.facts["fieldInfo"],
        "active": True,
        "season": str(season),
    }


def _game_info(book: Scorebook, standing: Standing) -> dict[str, Any]:
    info: dict[str, Any] = {}
    if book.status.is_over:
        info["attendance"] = standing.attendance
    if book.first_pitch is not None:
        info["firstPitch"] = times.iso(book.first_pitch)
        if book.over_at is not None:
            info["gameDurationMinutes"] = (book.over_at - book.first_pitch - book.delay) // MINUTE
        if book.delay:
            info["delayDurationMinutes"] = book.delay // MINUTE
    return info


def _reviews(book: Scorebook) -> dict[str, Any]:
    document: dict[str, Any] = {"hasChallenges": any(asked for _, asked in book.challenges)}
    for side, name in SIDES:
        own = [review for review, _ in book.challenges if review.team == book.fixture.teams[side].id]
        failed = sum(not review.overturned for review in own)
        document[name] = {"used": len(own), "remaining": max(0, 1 - failed)}
    return document


def _abs_challenges(book: Scorebook) -> dict[str, Any]:
    document: dict[str, Any] = {"hasChallenges": bool(book.abs_challenges)}
    for side, name in SIDES:
        own = [review.overturned for review in book.abs_challenges if review.team == book.fixture.teams[side].id]
        failed = len(own) - sum(own)
        document[name] = {"usedSuccessful": sum(own), "usedFailed": failed, "remaining": max(0, 2 - failed)}
    return document


def _flags(book: Scorebook) -> dict[str, bool]:
    """The flags of no-hitters and perfect games, which begin in the sixth inning."""
    feats: dict[str, bool] = {}
    for side, name in SIDES:
        lines = [book.lines.pitching[player] for player in book.lineups[side].pitchers if player in book.lines.pitching]
        late = sum(line["outs"] for line in lines) >= _NO_HITTER_OUTS
        no_hitter = late and not any(line["hits"] for line in lines)
        reached = any(line["battersFaced"] - line["outs"] > 0 for line in lines)
        feats[f"{name}TeamNoHitter"] = no_hitter
        feats[f"{name}TeamPerfectGame"] = no_hitter and not reached
    return {
        "noHitter": feats["awayTeamNoHitter"] or feats["homeTeamNoHitter"],
        "perfectGame": feats["awayTeamPerfectGame"] or feats["homeTeamPerfectGame"],
        **feats,
    }


def _probable(book: Scorebook, standing: Standing) -> dict[str, Any]:
    document = {}
    for side, name in SIDES:
        starters = book.fixture.teams[side].starters
        document[name] = people.reference(starters[standing.played[side] % len(starters)])
    return document


def _visits(book: Scorebook) -> dict[str, Any]:
    return {name: {"used": book.visits[side], "remaining": max(0, _VISITS - book.visits[side])} for side, name in SIDES}
