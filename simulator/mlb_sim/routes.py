"""Maps paths to answers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from mlb_sim.answers import (
    codes,
    drafts,
    entities,
    games,
    leagues,
    person_stats,
    probabilities,
    schedule,
    standings,
    transactions,
)
from mlb_sim.answers.errors import Refused, not_found
from mlb_sim.answers.queries import Query
from mlb_sim.simulator import Simulator
from mlb_sim.times import Moment

Keys = dict[str, str]

_GAME: Final = "v1.1/game/{game_pk}"


@dataclass(frozen=True, slots=True)
class Request:
    """A request, and the moment that it asks about."""

    simulator: Simulator
    keys: Keys
    query: Query
    now: Moment

    @property
    def game(self) -> str:
        """The game in the path."""
        return self.keys["game_pk"]

    @property
    def team(self) -> str:
        """The team in the path."""
        return self.keys["teamId"]

    @property
    def roster(self) -> str:
        """The kind of roster, from the path or a parameter."""
        return self.keys.get("rosterType") or self.query.get("rosterType", "active")


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body, by default JSON."""

    status: int
    body: bytes
    content_type: str = "application/json;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Route:
    """A path of the API: endpoint and method as in stubs, pattern, and the function that answers."""

    endpoint: str
    method: str
    pattern: re.Pattern[str]
    respond: Callable[[Request], Any]


def _route(endpoint: str, method: str, template: str, respond: Callable[[Request], Any]) -> Route:
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
    return Route(endpoint, method, re.compile(f"/api/{pattern}"), respond)


ROUTES: Final = (
    _route("game", "liveGameV1", f"{_GAME}/feed/live", lambda r: games.feed(r.simulator, r.game, r.query, r.now)),
    _route(
        "game",
        "liveTimestampDiffPatch",
        f"{_GAME}/feed/live/diffPatch",
        lambda r: games.patches(r.simulator, r.game, r.query, r.now),
    ),
    _route(
        "game",
        "liveTimestampV11",
        f"{_GAME}/feed/live/timestamps",
        lambda r: games.timestamps(r.simulator, r.game, r.now),
    ),
    _route("game", "changes", "v1/game/changes", lambda r: schedule.changes(r.simulator, r.query, r.now)),
    _route("game", "boxscore", "v1/game/{game_pk}/boxscore", lambda r: games.boxscore(r.simulator, r.game, r.now)),
    _route("game", "linescore", "v1/game/{game_pk}/linescore", lambda r: games.linescore(r.simulator, r.game, r.now)),
    _route("schedule", "schedule", "v1/schedule", lambda r: schedule.schedule(r.simulator, r.query, r.now)),
    _route("person", "person", "v1/people", lambda r: entities.persons(r.simulator, r.query, r.now)),
    _route(
        "person",
        "person",
        "v1/people/{personId}",
        lambda r: entities.person(r.simulator, r.keys["personId"], r.query, r.now),
    ),
    _route(
        "person",
        "personStats",
        "v1/people/{personId}/stats",
        lambda r: person_stats.person_stats(r.simulator, r.keys["personId"], r.query, r.now),
    ),
    _route("team", "teams", "v1/teams", lambda r: entities.teams(r.simulator, r.query)),
    _route("team", "teams", "v1/teams/{teamId}", lambda r: entities.team(r.simulator, r.team)),
    _route("team", "roster", "v1/teams/{teamId}/roster", lambda r: entities.roster(r.simulator, r.team, r.roster)),
    _route(
        "team",
        "roster",
        "v1/teams/{teamId}/roster/{rosterType}",
        lambda r: entities.roster(r.simulator, r.team, r.roster),
    ),
    _route("team", "coaches", "v1/teams/{teamId}/coaches", lambda r: entities.coaches(r.simulator, r.team)),
    _route("venue", "venues", "v1/venues", lambda r: entities.venues(r.simulator, r.query)),
    _route("venue", "venues", "v1/venues/{venueId}", lambda r: entities.venue(r.simulator, r.keys["venueId"], r.query)),
    _route("sports", "sports", "v1/sports", lambda r: leagues.sports(r.query)),
    _route("sports", "sports", "v1/sports/{sportId}", lambda r: leagues.sport(r.keys["sportId"])),
    _route("league", "leagues", "v1/leagues", lambda r: leagues.leagues(r.simulator, r.query)),
    _route("league", "leagues", "v1/league/{leagueId}", lambda r: leagues.league(r.simulator, r.keys["leagueId"])),
    _route("division", "divisions", "v1/divisions", lambda r: leagues.divisions(r.simulator, r.query)),
    _route(
        "division",
        "divisions",
        "v1/divisions/{divisionId}",
        lambda r: leagues.division(r.simulator, r.keys["divisionId"]),
    ),
    _route("season", "seasons", "v1/seasons", lambda r: entities.seasons(r.simulator, r.query)),
    _route("season", "allSeasons", "v1/seasons/all", lambda r: entities.all_seasons(r.simulator)),
    _route("season", "seasons", "v1/seasons/{seasonId}", lambda r: entities.season(r.simulator, r.keys["seasonId"])),
    _route(
        "transactions", "transactions", "v1/transactions", lambda r: transactions.transactions(r.simulator, r.query)
    ),
    _route("standings", "standings", "v1/standings", lambda r: standings.standings(r.simulator, r.query, r.now)),
    _route("draft", "draftPicks", "v1/draft/{year}", lambda r: drafts.draft(r.simulator, r.keys["year"], r.now)),
    _route(
        "game",
        "getWinProbability",
        "v1/game/{gamePk}/winProbability",
        lambda r: probabilities.win_probability(r.simulator, r.keys["gamePk"], r.query, r.now),
    ),
    _route(
        "game",
        "getGameContextMetrics",
        "v1/game/{gamePk}/contextMetrics",
        lambda r: probabilities.context_metrics(r.simulator, r.keys["gamePk"], r.query, r.now),
    ),
    _route("config", "gameStatus", "v1/gameStatus", lambda _: codes.game_status()),
    _route("config", "gameTypes", "v1/gameTypes", lambda _: codes.game_types()),
    _route("config", "rosterTypes", "v1/rosterTypes", lambda _: codes.roster_types()),
    _route("config", "sitCodes", "v1/situationCodes", lambda _: codes.situations()),
)


def split(target: str) -> tuple[str, Query]:
    """The path and parameters in the target of a request."""
    parts = urlsplit(target)
    return parts.path.rstrip("/"), dict(parse_qsl(parts.query, keep_blank_values=True))


def find(path: str) -> tuple[Route, Keys]:
    """The route of a path, and the values in the path; raises Refused if there is none."""
    for route in ROUTES:
        if match := route.pattern.fullmatch(path):
            return route, match.groupdict()
    raise not_found()


def document(simulator: Simulator, target: str, now: Moment) -> Any:
    """The document that the API returns at this moment; raises Refused for an error answer."""
    path, query = split(target)
    route, keys = find(path)
    return route.respond(Request(simulator, keys, query, now))


def answer(simulator: Simulator, target: str, now: Moment) -> Answer:
    """The answer at this moment."""
    try:
        return Answer(HTTPStatus.OK, encode(document(simulator, target, now)))
    except Refused as refused:
        return Answer(refused.status, encode(refused.document))


def encode(value: Any) -> bytes:
    """Encode as JSON."""
    return msgspec.json.encode(value)
