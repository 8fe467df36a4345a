"""The service and games of long ago: what the list of changes names is looked at again, if it was ever captured."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from api import Api, serve
from stepped import PACKAGE

from mlb_etl.baseball.live import start
from mlb_etl.baseball.live.listing import GameScope
from mlb_etl.baseball.live.plan import Pace
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres.database import Postgres
from mlb_sim import Simulator
from mlb_sim.times import DAY

NOON = datetime(2024, 7, 10, 12, tzinfo=UTC)
PACE = Pace.of(timedelta(seconds=10))
SCHEDULE = "/api/v1/schedule?sportId=1&startDate={}&endDate=2024-07-10"
CHANGES = "/api/v1/game/changes?updatedSince={}&sportId=1&season=2024&limit=500&offset={}"


class Clock:
    """Goes where it is waited for."""

    def __init__(self, end: datetime) -> None:
        self.at, self.end = NOON, end
        self.woken = threading.Event()

    @property
    def stopped(self) -> bool:
        return self.at >= self.end

    def now(self) -> datetime:
        return self.at

    def wait(self, until: datetime, *, asking: bool = False) -> None:
        if asking:
            self.woken.wait(timeout=60)
            self.woken.clear()
        else:
            self.at = until

    def wake(self) -> None:
        self.woken.set()


@pytest.fixture
def api() -> Iterator[Api]:
    with serve() as api:
        yield api


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(3, 2024)


def feed_of(game_pk: int) -> str:
    return f"/api/v1.1/game/{game_pk}/feed/live"


def listed(game_pk: int, feed: dict[str, Any]) -> dict[str, Any]:
    runs = feed["liveData"]["linescore"]["teams"]
    teams = {side: {"score": runs[side]["runs"]} for side in ("home", "away")}
    return {"gamePk": game_pk, "season": "2024", "status": feed["gameData"]["status"], "teams": teams}


def test_games_of_long_ago(api: Api, simulator: Simulator, database: str, tmp_path: Path) -> None:
    recent, old, never = (fixture.pk for fixture in simulator.calendar.fixtures[:3])
    rows = {}
    for fixture in simulator.calendar.fixtures[:3]:
        feed = simulator.feed(fixture, fixture.played.start + DAY)
        api.says(feed_of(fixture.pk), feed)
        rows[fixture.pk] = listed(fixture.pk, feed)
    settings = Settings(database, tmp_path, PACKAGE, api.url, float("inf"))

    def follow(scope: GameScope, minutes: float) -> None:
        clock = Clock(NOON + timedelta(minutes=minutes))
        start.follow(
            settings,
            {"postgres": Postgres(settings)},
            scope,
            clock=clock,
            tell=lambda _: None,
            pace=PACE,
            verify=None,
            at_once=1,
        )

    api.says(f"/api/v1/schedule?gamePks={old}", {"dates": [{"games": [rows[old]]}]})
    follow(GameScope(game_pks=(old,)), 1)
    api.says(SCHEDULE.format("2024-07-06"), {"dates": [{"games": [rows[recent]]}]})
    api.says(SCHEDULE.format("2024-07-10"), {"dates": []})
    first, second = ({"dates": [{"games": [rows[game]]}], "totalItems": 3} for game in (recent, old))
    api.says(CHANGES.format("2024-07-10T12%3A00%3A00Z", 0), first)
    api.says(CHANGES.format("2024-07-10T12%3A00%3A00Z", 1), second)
    api.says(CHANGES.format("2024-07-10T12%3A00%3A00Z", 2), {"dates": [{"games": [rows[never]]}], "totalItems": 3})
    api.asked.clear()
    follow(GameScope(), 8)
    asked = [target for target in api.targets() if "feed/live" in target]
    assert asked == [feed_of(recent), feed_of(recent), feed_of(old)]
    assert api.targets().count(CHANGES.format("2024-07-10T12%3A00%3A00Z", 2)) == 1, "page by page"
