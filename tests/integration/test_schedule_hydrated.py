"""Hydrated days of the simulated league, through `mlb-etl ingest` over real HTTP; and ranges of days."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from checks import some
from click.testing import CliRunner
from psycopg import sql

from mlb_etl.cli import cli
from mlb_sim import Server, Simulator, serve
from mlb_sim.times import DAY, HOUR

JOBS = Path(__file__).parents[2] / "config" / "jobs"
TABLES = (
    "probable_pitchers", "decisions", "broadcasts", "series_status", "game_flags", "challenges", "game_media", "feeds",
    "game_articles",
)  # fmt: skip
FULL = date(2024, 3, 27)  # with 15 games
COUNTS = {
    "probable_pitchers": 30, "series_status": 15, "game_flags": 15, "challenges": 30, "game_media": 15, "feeds": 90,
    "game_articles": 15,
}  # fmt: skip
Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def league() -> Iterator[Server]:
    with serve(Simulator(6, 2024)) as server:
        server.simulator.clock.speed = 0
        yield server


@pytest.fixture(autouse=True)
def environment(league: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLB_ETL_DSN", database)
    monkeypatch.setenv("MLB_ETL_BASE_URL", league.url)
    monkeypatch.setenv("MLB_ETL_RATE", "off")
    monkeypatch.delenv("MLB_ETL_DATA", raising=False)


def ingest(job: str, **parameters: object) -> Any:
    given = [text for name, value in parameters.items() for text in ("--param", f"{name}={value}")]
    arguments = ["ingest", "--job", str(JOBS / f"{job}.yaml"), *given, "--quiet", "--format", "json"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def rows(dsn: str, *tables: str) -> Rows:
    query = "SELECT to_jsonb(t) - 'ingested_at' FROM schedule.{} AS t ORDER BY 1"
    with psycopg.connect(dsn) as connection:
        return {
            table: connection.execute(sql.SQL(query).format(sql.Identifier(table))).fetchall()
            for table in some(tables or TABLES)
        }


def counts(found: Rows) -> dict[str, int]:
    return {table: len(of) for table, of in found.items()}


def first_pitch(league: Server) -> int:
    return min(slot.start for _, slot in league.simulator.calendar.by_day[FULL])


def test_a_hydrated_day_fills_every_table(league: Server, database: str) -> None:
    league.simulator.clock.set(first_pitch(league) - 6 * HOUR)
    ingest("schedule_hydrated", date=FULL)
    before = rows(database)
    assert counts(before) | COUNTS == counts(before)
    assert before["decisions"] == []
    assert len(before["broadcasts"]) >= 60

    league.simulator.clock.set(first_pitch(league) + DAY)
    ingest("schedule_hydrated", date=FULL)
    after = rows(database)
    assert counts(after) | COUNTS == counts(after)
    decisions = [row["decision"] for (row,) in after["decisions"]]
    assert (decisions.count("winner"), decisions.count("loser")) == (15, 15)
    assert 0 < decisions.count("save") < 15
    assert after["probable_pitchers"] != []

    again = ingest("schedule_hydrated", date=FULL)
    assert (again["stored"], again["unchanged"]) == (0, 1)
    assert rows(database) == after


def test_an_answer_without_hydrations_leaves_their_tables(league: Server, database: str) -> None:
    league.simulator.clock.set(first_pitch(league) - 6 * HOUR)
    ingest("schedule_hydrated", date=FULL)
    before = rows(database)
    league.simulator.clock.set(first_pitch(league) + DAY)
    ingest("schedule_daily", date=FULL)
    assert rows(database) == before
    assert {row["coded_game_state"] for (row,) in rows(database, "schedule_games")["schedule_games"]} == {"F"}


def test_a_nested_hydration_fills_its_own_table_only(league: Server, database: str) -> None:
    league.simulator.clock.set(first_pitch(league) + DAY)
    arguments = ["--param", "sportId=1", "--param", f"date={FULL}", "--param", "hydrate=game(content(summary))"]
    result = CliRunner().invoke(cli, ["ingest", "--method", "schedule.schedule", *arguments, "--transform", "--quiet"])
    assert result.exit_code == 0, result.output
    filled = {table for table, of in rows(database).items() if of}
    assert filled == {"game_articles"}


def test_a_range_and_a_season(league: Server, database: str) -> None:
    league.simulator.clock.set(first_pitch(league) + DAY)
    ingest("schedule_range", first_day="2024-03-01", last_day="2024-03-31")
    listed = rows(database, "schedule_dates", "schedule_games")
    assert len(listed["schedule_dates"]) == 31
    games = {row["game_pk"] for (row,) in listed["schedule_games"]}

    ingest("schedule_season", season=2024)
    listed = rows(database, "schedule_dates", "schedule_games")
    assert len(listed["schedule_dates"]) == 366
    assert {row["game_pk"] for (row,) in listed["schedule_games"]} > games
    assert len({row["game_pk"] for (row,) in listed["schedule_games"]}) == 2430
