"""A job of one's own that expands by a mapped listing, against the simulator."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from mlb_etl.cli import cli
from mlb_sim.server import Server, serve
from mlb_sim.simulator import Simulator
from mlb_sim.times import DAY as A_DAY

DAY = date(2024, 3, 27)
JOB = """\
name: mine
source: {endpoint: game, method: liveGameV1}
parameters:
  - {name: date, type: "list[date]"}
expand: {by: schedule.schedule, table: schedule.schedule_games, query: {sportId: "1", date: "${date}"}}
storage: {raw: true}
"""


@pytest.fixture
def league(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLB_ETL_DSN", database)
    monkeypatch.setenv("MLB_ETL_RATE", "off")
    monkeypatch.delenv("MLB_ETL_DATA", raising=False)
    with serve(Simulator(6, 2024)) as server:
        monkeypatch.setenv("MLB_ETL_BASE_URL", server.url)
        server.simulator.clock.speed = 0
        first = min(slot.start for _, slot in server.simulator.calendar.by_day[DAY])
        server.simulator.clock.set(first + A_DAY)
        yield server


def ingest(job: str, *options: str) -> dict[str, Any]:
    arguments = ["ingest", "--job", job, "--date", str(DAY), "--quiet", "--format", "json", *options]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def captured(dsn: str) -> set[int]:
    with psycopg.connect(dsn) as connection:
        return {number for (number,) in connection.execute("SELECT game_pk FROM game.live_game_v1")}


def test_a_mapped_listing_leads_to_the_games_that_the_schedule_does(league: Server, database: str) -> None:
    Path("mine.yaml").write_text(JOB)
    games = {fixture.pk for fixture, _ in league.simulator.calendar.by_day[DAY]}
    planned = ingest("mine.yaml", "--dry-run")
    assert planned == ingest("game_live_date", "--dry-run")
    assert len(planned["requests"]) == 1 + len(games)
    assert ingest("mine.yaml")["stored"] == len(games)
    assert captured(database) == games
    assert ingest("game_live_date")["skipped"] > 0, "the schedule says what is over, and the captures show it"
    again = ingest("mine.yaml")
    assert (again["stored"], again["unchanged"]) == (0, len(games)), "the mapping does not"
