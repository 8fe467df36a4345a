"""Levels of play other than MLB: games and days of several sports are captured, resumed and kept apart."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from api import Api, serve
from click.testing import CliRunner, Result
from samples import connect
from stepped import PACKAGE
from test_live_service import NOON, Clock, feed_of, listed

from mlb_etl.baseball.live import start
from mlb_etl.baseball.live.listing import GameScope
from mlb_etl.baseball.live.plan import Pace
from mlb_etl.cli import cli
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres.database import Postgres
from mlb_sim import Simulator, routes
from mlb_sim.times import DAY

TODAY = date(2024, 3, 27)
SCHEDULE = "/api/v1/schedule?sportId={}&date={}"
EMPTY: dict[str, Any] = {"totalItems": 0, "dates": []}


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(3, 2024)


@pytest.fixture
def api(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:

    with serve() as api:
        for name, value in (("DSN", database), ("DATA", tmp_path), ("BASE_URL", api.url), ("RATE", "off")):
            monkeypatch.setenv(f"MLB_ETL_{name}", str(value))
        yield api


@pytest.fixture
def rows(api: Api, simulator: Simulator) -> list[dict[str, Any]]:
    """Three games as schedules list them, all final, whose feeds the server has."""
    found = []
    for fixture in simulator.calendar.fixtures[:3]:
        feed = simulator.feed(fixture, fixture.played.start + DAY)
        api.says(feed_of(fixture.pk), feed)
        found.append(listed(fixture.pk, feed))
    return found


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


def captured(dsn: str) -> dict[int, int]:
    with connect(dsn) as connection:
        return dict(
            connection.execute("SELECT (path_params ->> 'game_pk')::bigint, seen FROM game.live_game_v1").fetchall()
        )


@pytest.mark.parametrize("job", ["game_live_date", "game_live_season"])
def test_games_of_other_sports(api: Api, rows: list[dict[str, Any]], database: str, job: str) -> None:
    when = {"game_live_date": ("date", str(TODAY)), "game_live_season": ("season", "2024")}[job]
    for sport, row in zip((1, 11, 12), rows, strict=True):
        api.says(f"/api/v1/schedule?sportId={sport}&{when[0]}={when[1]}", {"dates": [{"games": [row]}]})
    first, second, third = (row["gamePk"] for row in rows)
    command = ("ingest", "--job", job, f"--{when[0]}", when[1], "--quiet")
    assert run(*command).stdout == "stored 1, unchanged 0, skipped 0, failed 0\n"
    assert captured(database) == {first: 1}, "of MLB, unless said otherwise"
    both = (*command, "--sport-id", "11", "--sport-id", "12")
    assert run(*both).stdout == "stored 2, unchanged 0, skipped 0, failed 0\n"
    assert captured(database) == dict.fromkeys((first, second, third), 1)
    assert run(*both).stdout == "stored 0, unchanged 0, skipped 2, failed 0\n", "as they are settled and captured"


def test_days_of_sports_are_documents_of_their_own(api: Api, simulator: Simulator, database: str) -> None:
    games = simulator.calendar.by_day[TODAY]
    at = games[0][1].start + DAY
    day = json.loads(routes.encode(routes.document(simulator, SCHEDULE.format(1, TODAY), at)))
    few = {**day, "dates": [{**day["dates"][0], "games": day["dates"][0]["games"][:9]}]}
    api.says(SCHEDULE.format(1, TODAY), day)
    api.says(SCHEDULE.format(11, TODAY), few, EMPTY)
    done = run("ingest", "--job", "schedule_daily", "--date", TODAY, "--sport-id", 1, "--sport-id", 11, "--quiet")
    assert done.exit_code == 0, done.output
    query = "SELECT sport_id, count(*) FROM schedule.schedule_games GROUP BY 1 ORDER BY 1"
    with connect(database) as connection:
        assert connection.execute(query).fetchall() == [(1, len(games)), (11, 9)]
    done = run("ingest", "--job", "schedule_daily", "--date", TODAY, "--sport-id", 11, "--quiet")
    assert done.exit_code == 1, "it would delete all of the day"
    with connect(database) as connection:
        assert connection.execute(query).fetchall() == [(1, len(games)), (11, 9)]
        assert connection.execute("SELECT document ->> 'sport_id' FROM etl.quarantine").fetchall() == [("11",)]


def test_live_follows_other_sports(api: Api, rows: list[dict[str, Any]], database: str, tmp_path: Path) -> None:
    settings = Settings(database, tmp_path, PACKAGE, api.url, float("inf"))
    target = f"/api/v1/schedule?sportId=11%2C12&date={TODAY}"
    api.says(target, {"dates": [{"games": rows[1:]}]})
    scope, clock = GameScope(TODAY, sports=(11, 12)), Clock(NOON + timedelta(minutes=10))
    pace = Pace.of(timedelta(seconds=10))
    start.follow(
        settings,
        {"postgres": Postgres(settings)},
        scope,
        clock=clock,
        tell=lambda _: None,
        pace=pace,
        verify=None,
        at_once=1,
    )
    assert captured(database).keys() == {row["gamePk"] for row in rows[1:]}
    asked = [each for each in api.targets() if "changes" in each]
    assert {"sportId=11" in each or "sportId=12" in each for each in asked} <= {True}
