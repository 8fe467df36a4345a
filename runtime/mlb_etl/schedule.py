"""The schedule: which games there are on a date or in a season, and what of them can't change any more."""

from collections.abc import Mapping

import msgspec

from mlb_etl import client_answer, reject
from mlb_etl.client_request import Request
from mlb_etl.contracts.fields import Int8
from mlb_etl.raw import Response

# codedGameState of what is not played on: final, cancelled, postponed, forfeited.
SETTLED = frozenset("FCDQR")


class _Struct(msgspec.Struct, rename="camel", frozen=True):
    """Members of the API's JSON."""


class _Status(_Struct, frozen=True):
    coded_game_state: str


class _Side(_Struct, frozen=True):
    score: int | None = None


class _Sides(_Struct, frozen=True):
    home: _Side
    away: _Side


class Game(_Struct, frozen=True):
    """A game as the schedule lists it."""

    game_pk: Int8
    status: _Status
    teams: _Sides

    @property
    def state(self) -> str:
        return self.status.coded_game_state

    def shown_by(self, feed: bytes) -> bool:
        """Whether a live feed shows the state and the score that the schedule has."""
        try:
            shown = _feed(feed)
        except msgspec.DecodeError:
            return False
        runs = shown.live_data.linescore.teams
        score = (self.teams.home.score, self.teams.away.score)
        return shown.game_data.status.coded_game_state == self.state and (runs.home.runs, runs.away.runs) == score


class _Day(_Struct, frozen=True):
    games: tuple[Game, ...] = ()


class _Schedule(_Struct, frozen=True):
    dates: tuple[_Day, ...]


class _Runs(_Struct, frozen=True):
    runs: int | None = None


class _Runners(_Struct, frozen=True):
    home: _Runs = _Runs()
    away: _Runs = _Runs()


class _Linescore(_Struct, frozen=True):
    teams: _Runners = _Runners()


class _LiveData(_Struct, frozen=True):
    linescore: _Linescore = _Linescore()


class _GameData(_Struct, frozen=True):
    status: _Status


class _Feed(_Struct, frozen=True):
    game_data: _GameData
    live_data: _LiveData = _LiveData()


_schedule = msgspec.json.Decoder(_Schedule).decode
_feed = msgspec.json.Decoder(_Feed).decode


def request(query: Mapping[str, str]) -> Request:
    """The schedule for a query such as sportId=1&date=2024-10-25."""
    return Request("schedule", "schedule", "/api/v1/schedule", {}, dict(query))


def read(response: Response) -> tuple[Game, ...]:
    """The games, each once: of a postponed or suspended one, which has several dates, as its last one lists it.

    Raises Rejected for what is no schedule.
    """
    client_answer.whole(response.data)
    try:
        schedule = _schedule(response.data)
    except msgspec.ValidationError as error:
        raise reject.mistyped(error, msgspec.json.decode(response.data), _schedule) from error
    return tuple({game.game_pk: game for day in schedule.dates for game in day.games}.values())
