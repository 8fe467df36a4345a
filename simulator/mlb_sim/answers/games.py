"""A game's feed, patches, time codes, box score and line score."""

from typing import Any

from mlb_sim import times
from mlb_sim.answers.errors import invalid, not_found
from mlb_sim.answers.queries import Query, number
from mlb_sim.fixtures import Fixture
from mlb_sim.simulator import Patch, Simulator
from mlb_sim.times import Moment


def find(simulator: Simulator, key: str) -> Fixture:
    """The game with this number; raises Refused if there is none."""
    fixture = simulator.fixture(number(key))
    if fixture is None:
        raise not_found()
    return fixture


def moment(query: Query, now: Moment) -> Moment:
    """The moment that a request asks for: that of its time code, but not later than now."""
    return min(now, timecode(query["timecode"])) if query.get("timecode") else now


def timecode(text: str) -> Moment:
    """The moment of a time code."""
    try:
        return times.from_timecode(text)
    except ValueError as error:
        raise invalid(text) from error


def feed(simulator: Simulator, key: str, query: Query, now: Moment) -> dict[str, Any]:
    """The live feed."""
    return simulator.feed(find(simulator, key), moment(query, now), now)


def patches(simulator: Simulator, key: str, query: Query, now: Moment) -> Patch | dict[str, Any]:
    """The changes since `startTimecode`."""
    fixture = find(simulator, key)
    if not query.get("startTimecode"):
        return simulator.feed(fixture, now)
    return simulator.patches(fixture, timecode(query["startTimecode"]), now)


def timestamps(simulator: Simulator, key: str, now: Moment) -> list[str]:
    """The time codes of the feed's states."""
    return simulator.timecodes(find(simulator, key), now)


def boxscore(simulator: Simulator, key: str, now: Moment) -> dict[str, Any]:
    """The box score alone, which has more details of teams and people than the feed's."""
    fixture = find(simulator, key)
    whole = simulator.feed(fixture, now)
    box = whole["liveData"]["boxscore"]
    teams = {}
    for side, team in box["teams"].items():
        told = whole["gameData"]["teams"][side]
        players = {name: _with_short_name(simulator, player) for name, player in team["players"].items()}
        teams[side] = {**team, "team": told, "players": players}
    return {**box, "teams": teams}


def _with_short_name(simulator: Simulator, player: dict[str, Any]) -> dict[str, Any]:
    short = simulator.league.people[player["person"]["id"]].short_name
    return {**player, "person": {**player["person"], "boxscoreName": short}}


def linescore(simulator: Simulator, key: str, now: Moment) -> dict[str, Any]:
    """The line score alone, which includes the winner."""
    fixture = find(simulator, key)
    line: dict[str, Any] = simulator.feed(fixture, now)["liveData"]["linescore"]
    status, _ = simulator.status(fixture, now)
    if not status.is_over:
        return line
    home_won = line["teams"]["home"]["runs"] > line["teams"]["away"]["runs"]
    winners = {"home": home_won, "away": not home_won}
    return {**line, "teams": {side: {**total, "isWinner": winners[side]} for side, total in line["teams"].items()}}


def empty_final(simulator: Simulator, fixture: Fixture, now: Moment) -> dict[str, Any]:
    """The defective feed that the API sends for some games: final, but without any plays."""
    opened = simulator.feed(fixture, simulator.opened)
    status = {"abstractGameState": "Final", "codedGameState": "F", "detailedState": "Final", "statusCode": "F"}
    data = {**opened["gameData"], "status": {**status, "startTimeTBD": False, "abstractGameCode": "F"}}
    meta = {**opened["metaData"], "timeStamp": times.timecode(now)}
    return {**opened, "metaData": meta, "gameData": data}
