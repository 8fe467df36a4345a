"""The schedule: the games of a date or a season, and which of them are settled."""

from collections.abc import Mapping
from datetime import date, datetime
from urllib.parse import urlencode

import msgspec

from mlb_contracts import times
from mlb_contracts.fields import Int8, Timestamp
from mlb_contracts.response import Response
from mlb_etl.baseball import feed
from mlb_etl.baseball.feed import Feed, GameStatus
from mlb_etl.errors import printable
from mlb_etl.extract import reject
from mlb_etl.http import answers
from mlb_etl.http.request import Request

_PATH = "/api/v1/schedule"


class _Struct(msgspec.Struct, rename="camel", frozen=True):
    """Members of the API's JSON."""


class _Team(_Struct, frozen=True):
    name: str = ""


class _Side(_Struct, frozen=True):
    score: int | None = None
    team: _Team = _Team()


class _Sides(_Struct, frozen=True):
    home: _Side
    away: _Side


class Game(_Struct, frozen=True):
    """A game as the schedule lists it."""

    game_pk: Int8
    status: GameStatus
    teams: _Sides
    season: str | None = None
    official_date: date | None = None
    game_date: Timestamp | None = None
    reschedule_date: str | None = None

    @property
    def state(self) -> str:
        return self.status.coded_game_state

    @property
    def start(self) -> datetime | None:
        """The scheduled start; None if it is to be determined or impossible."""
        known = self.game_date is not None and times.EARLIEST <= self.game_date < times.LATEST
        return self.game_date if known and not self.status.start_time_tbd else None

    @property
    def name(self) -> str:
        """The teams, as `AWAY at HOME`."""
        return printable(f"{self.teams.away.team.name} at {self.teams.home.team.name}", 80)

    def matches(self, shown: Feed) -> bool:
        """Whether a live feed shows the state and the score of the schedule."""
        return (shown.state, shown.score) == (self.state, (self.teams.away.score, self.teams.home.score))

    def matches_body(self, data: bytes) -> bool:
        """As `matches`, for the undecoded bytes of a live feed."""
        shown = feed.decode_feed(data)
        return shown is not None and self.matches(shown)


class _Day(_Struct, frozen=True):
    games: tuple[Game, ...] = ()


class Page(_Struct, frozen=True):
    """Rows of the schedule; a postponed or suspended game has several. `total_items` counts the rows of all pages."""

    dates: tuple[_Day, ...]
    total_items: int = 0

    @property
    def rows(self) -> list[Game]:
        return [game for day in self.dates for game in day.games]


_page = msgspec.json.Decoder(Page).decode


def schedule_request(query: Mapping[str, str]) -> Request:
    """The schedule for a query such as sportId=1&date=2024-10-25."""
    return Request("schedule", "schedule", _PATH, {}, dict(query))


def window_request(sports: str, first: date, last: date) -> Request:
    """The schedule from `first` to `last`, of sports such as `1,51`; it settles failed requests for other days."""
    query = {"sportId": sports, "startDate": str(first), "endDate": str(last)}
    return Request("schedule", "schedule", _PATH, {}, query, f"{_PATH}?{urlencode({'sportId': sports})}&startDate=")


def changes_request(query: Mapping[str, str]) -> Request:
    """The games that changed, for a query such as updatedSince=2024-10-25T00:00:00Z&sportId=1&season=2024."""
    path = "/api/v1/game/changes"
    settles = f"{path}?"  # a later answer includes what earlier ones would have had
    return Request("game", "changes", path, {}, dict(query), settles)


def read_page(response: Response) -> Page:
    """The rows of a schedule or of a page of changes; raises Rejected if the response is neither."""
    answers.require_whole(response.data)
    try:
        return _page(response.data)
    except msgspec.ValidationError as error:
        raise reject.explain_mistyped(error, Page, response.data) from error


def read_games(response: Response) -> tuple[Game, ...]:
    """The games, each once; a postponed or suspended game, which has several dates, as its last date lists it.

    Raises Rejected if the response is not a schedule.
    """
    return tuple({game.game_pk: game for game in read_page(response).rows}.values())
