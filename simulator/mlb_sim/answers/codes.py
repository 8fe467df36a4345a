"""Code tables: a selection of the API's states and types of games, situations of statistics and types of rosters."""

from typing import Any, Final

from mlb_sim.feed import game_data
from mlb_sim.play.log import Status

_REASONS: Final = {"Rain": "R", "Snow": "S", "Wind": "B", "Fog": "F", "Cold": "C"}
_WITH_REASONS: Final = {
    Status.PRE_GAME: "Delayed Start",
    Status.IN_PROGRESS: "Delayed",
    Status.SUSPENDED: "Suspended",
    Status.GAME_OVER: "Completed Early",
    Status.FINAL: "Completed Early",
    Status.POSTPONED: "Postponed",
}
_GAME_TYPES: Final = {
    "S": "Spring Training",
    "R": "Regular Season",
    "F": "Wild Card",
    "D": "Division Series",
    "L": "League Championship Series",
    "W": "World Series",
    "A": "All-Star Game",
    "E": "Exhibition",
}
_ROSTER_TYPES: Final = (
    ("40Man", "40man", "40 man roster for a team"),
    ("fullSeason", "fullSeason", "Full roster including active and inactive players for a season"),
    ("active", "active", "Active roster for a team"),
    ("depthChart", "active", "Depth chart for a team"),
    ("coach", "active", "Coach roster for a team"),
)
_SITUATIONS: Final = (
    ("h", "Game", "Home Games"),
    ("a", "Game", "Away Games"),
    ("d", "Game", "Day Games"),
    ("n", "Game", "Night Games"),
    ("4", "Month", "April"),
    ("5", "Month", "May"),
    ("vl", "Pitching", "vs Left"),
    ("vr", "Pitching", "vs Right"),
    ("risp", "Runners", "Scoring Position"),
    ("bpv", None, "Starting Pitcher Goes 7 Innings"),
)


def game_status() -> list[dict[str, Any]]:
    """The states of a game, one for each code."""
    found = {status.value[3]: _status(status, status.value[2], status.value[3]) for status in Status}
    for status, words in _WITH_REASONS.items():
        for reason, letter in _REASONS.items():
            code = status.coded + letter
            found[code] = _status(status, f"{words}: {reason}", code) | {"reason": reason}
    for code, reason in game_data.REVIEWED.items():
        status = Status.CHALLENGE if code.startswith(Status.CHALLENGE.coded) else Status.UMPIRE_REVIEW
        found[code] = _status(status, f"{status.value[2]}: {reason}", code) | {"reason": reason}
    return list(found.values())


def game_types() -> list[dict[str, Any]]:
    """The types of games."""
    return [{"id": code, "description": words} for code, words in _GAME_TYPES.items()]


def roster_types() -> list[dict[str, Any]]:
    """The types of rosters."""
    return [{"description": words, "lookupName": name, "parameter": code} for code, name, words in _ROSTER_TYPES]


def situations() -> list[dict[str, Any]]:
    """The situations by which statistics can be split."""
    return [
        {
            "code": code,
            "sortOrder": place,
            **({} if menu is None else {"navigationMenu": menu}),
            "description": words,
            "team": menu is not None,
            "batting": True,
            "fielding": menu == "Game",
            "pitching": True,
        }
        for place, (code, menu, words) in enumerate(_SITUATIONS, 1)
    ]


def _status(status: Status, detailed: str, code: str) -> dict[str, Any]:
    abstract, coded, _, _, short = status.value
    return {
        "abstractGameState": abstract,
        "codedGameState": coded,
        "detailedState": detailed,
        "statusCode": code,
        "abstractGameCode": short,
    }
