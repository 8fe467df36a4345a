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
RESUMED = JOB.replace(
    "expand: {",
    "expand: {settled: {when: {coded_game_state: [F, Q, R, D, C]}, shown: {"
    "coded_game_state: $.gameData.status.codedGameState,"
    " home_score: $.liveData.linescore.teams.home.runs, away_score: $.liveData.linescore.teams.away.runs}}, ",
)


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


def ingest(job: str, *options: str, on: tuple[str, ...] = ("--date", str(DAY))) -> dict[str, Any]:
    arguments = ["ingest", "--job", job, *on, "--quiet", "--format", "json", *options]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def captured(dsn: str) -> set[int]:
    with psycopg.connect(dsn) as connection:
        return {number for (number,) in connection.execute("SELECT game_pk FROM game.live_game_v1_documents")}


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


def test_a_job_of_a_mapped_listing_goes_on_where_it_stopped(league: Server, database: str) -> None:
    """As one of the schedule does: what is done is known from the raw table."""
    Path("mine.yaml").write_text(RESUMED)
    games = {fixture.pk for fixture, _ in league.simulator.calendar.by_day[DAY]}
    [first, *_] = sorted(games)
    league.simulator.clock.set(min(slot.start for _, slot in league.simulator.calendar.by_day[DAY]) + 3600)
    assert ingest("mine.yaml")["stored"] == len(games)
    again = ingest("mine.yaml")
    assert (again["skipped"], again["unchanged"]) == (0, len(games)), "the games are still played"

    league.simulator.clock.set(min(slot.start for _, slot in league.simulator.calendar.by_day[DAY]) + A_DAY)
    assert ingest("game_live_specific", on=("--game-pk", str(first)))["stored"] == 1
    assert len(ingest("mine.yaml", "--dry-run")["requests"]) == 1 + len(games) - 1, "and the listing"
    rest = ingest("mine.yaml")
    assert (rest["stored"], rest["skipped"]) == (len(games) - 1, 1)
    assert ingest("mine.yaml")["skipped"] == ingest("game_live_date")["skipped"] == len(games)
    assert ingest("mine.yaml", "--again")["unchanged"] == len(games)
    with psycopg.connect(database) as connection:
        connection.execute("DELETE FROM game.live_game_v1 WHERE path_params ->> 'game_pk' = %s", [str(first)])
    assert ingest("mine.yaml")["stored"] == 1


def pending(job: str, *options: str) -> list[dict[str, str]]:
    done = CliRunner().invoke(cli, ["jobs", "pending", "--job", job, "--date", str(DAY), "--format", "json", *options])
    assert done.exit_code == 0, done.output
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def test_what_is_pending_is_what_a_run_requests(league: Server, database: str) -> None:
    """As JSON, for a workflow that starts a step for each game; shares split the same requests."""
    games = {fixture.pk for fixture, _ in league.simulator.calendar.by_day[DAY]}
    assert {int(each["game_pk"]) for each in pending("game_live_date")} == games
    shares = [ingest("game_live_date", "--share", f"{number}/3")["stored"] for number in (1, 2, 3)]
    assert sum(shares) == len(games)
    assert max(shares) < len(games)
    assert captured(database) == games
    assert pending("game_live_date") == []
    assert len(pending("game_live_date", "--again")) == len(games)


@pytest.mark.parametrize("share", ["0/2", "3/2", "1/0", "1", "a/b", "1/2/3"])
def test_a_share_that_is_none_is_refused(share: str) -> None:
    done = CliRunner().invoke(cli, ["ingest", "--job", "game_live_date", "--share", share])
    assert done.exit_code == 2
    assert "is not a share: 1/4 to 4/4 are those of 4" in " ".join(done.output.split()).replace("│", "")
