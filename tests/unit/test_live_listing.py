"""What the API is asked for its lists with: windows that leave no gap, sports, and pages that end."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import pytest

from mlb_contracts.response import Response
from mlb_etl.baseball.feed import GameStatus
from mlb_etl.baseball.live.listing import BACK, GameListing, GameScope
from mlb_etl.baseball.live.plan import KnownGame
from mlb_etl.baseball.schedule import Game, _Side, _Sides
from mlb_etl.errors import Unreachable
from mlb_etl.http.request import Request

T = TypeVar("T")
NOON = datetime(2024, 7, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ROW = {"gamePk": 1, "status": {"codedGameState": "F"}, "teams": {"home": {}, "away": {}}}


@dataclass
class Lists:
    """Gives every request the same list, or none, and remembers it."""

    rows: int = 0
    total: int = 0
    away: bool = False
    asked: list[Request] = field(default_factory=list)

    def fetch(self, request: Request, read: Callable[[Response], T]) -> tuple[Response, T]:
        self.asked.append(request)
        if self.away:
            raise Unreachable("away")
        body = json.dumps({"dates": [{"games": [ROW] * self.rows}], "totalItems": self.total}).encode()
        response = Response("game", "changes", {}, {}, "", 200, NOON, body)
        return response, read(response)

    def close(self) -> None:
        """Nothing is open."""

    def since(self) -> list[datetime]:
        return [datetime.fromisoformat(each.query_params["updatedSince"]) for each in self.asked]


def game(season: str | None = "2024") -> KnownGame:
    listed = Game(1, GameStatus("F"), _Sides(_Side(1), _Side(2)), season=season)
    return KnownGame(listed, NOON, asked_at=NOON - 10 * MINUTE)


def test_changes_are_asked_for_with_an_overlap() -> None:
    """The API may list a change later than its time says, so each window begins before the last one ended."""
    lists = Lists()
    listing = GameListing(lists, GameScope())
    for minutes in (0, 5, 10):
        listing.changes(NOON + minutes * MINUTE, [game()])
    assert lists.since() == [NOON - 10 * MINUTE, NOON - MINUTE, NOON + 4 * MINUTE]


def test_a_window_that_failed_is_asked_for_again() -> None:
    lists = Lists()
    listing = GameListing(lists, GameScope())
    listing.changes(NOON, [game()])
    lists.away = True
    with pytest.raises(Unreachable):
        listing.changes(NOON + 5 * MINUTE, [game()])
    lists.away = False
    listing.changes(NOON + 10 * MINUTE, [game()])
    assert lists.since()[-1] == NOON - MINUTE
    listing.changes(NOON + timedelta(days=30), [game()])
    assert lists.since()[-1] == NOON + timedelta(days=30) - BACK, "further back is of no use"


def test_pages_end(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the API says of how many there are."""
    lists = Lists(rows=1, total=10**18)
    assert len(GameListing(lists, GameScope()).changes(NOON, [game()])) == len(lists.asked) <= 40
    assert "the list of changes of sport 1, season 2024, does not end" in caplog.text


@pytest.mark.parametrize("season", [None, "", "x" * 100_000, "2024&fields=x", "202", "\uff12\uff10\uff12\uff14"])
def test_a_season_that_is_none_is_not_asked_for(season: str | None) -> None:
    lists = Lists()
    GameListing(lists, GameScope()).changes(NOON, [game(season), game()])
    assert [each.query_params["season"] for each in lists.asked] == ["2024"]


def test_other_sports() -> None:
    lists = Lists()
    listing = GameListing(lists, GameScope(sports=(11, 51)))
    listing.schedule(NOON, [])
    GameListing(lists, GameScope(date(2024, 7, 1), sports=(11, 51))).schedule(NOON, [])
    listing.changes(NOON, [game()])
    assert [each.query_params["sportId"] for each in lists.asked] == ["11,51", "11,51", "11", "51"]
    window, day, *_ = lists.asked
    assert window.settles == "/api/v1/schedule?sportId=11%2C51&startDate="
    assert window.target.startswith(window.settles)
    assert day.settles is None
