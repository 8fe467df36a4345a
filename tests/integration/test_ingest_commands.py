"""The commands that capture a game, a date and a season, as they are written, against the simulator."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
from bodies import whole

from mlb_sim import Server, Simulator, routes, serve, times
from mlb_sim.times import HOUR

ROOT = Path(__file__).parents[2]
GAME = "mlb-etl ingest --job config/jobs/game_live_specific.yaml --game-pk 747175"
DATE = "mlb-etl ingest --job config/jobs/game_live_date.yaml --date 2024-10-25"
SEASON = "mlb-etl ingest --job config/jobs/game_live_season.yaml --season 2024"


@pytest.fixture(scope="module")
def api() -> Iterator[Server]:
    """A season whose sixth game is 747175, on the evening of its second day."""
    simulator = Simulator(1, 2024, first_game_pk=747170)
    simulator.clock.set(times.at(date(2024, 3, 23), 20, offset=-4))
    with serve(simulator) as server:
        yield server


@pytest.fixture
def environment(api: Server, database: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("MLB_")}
    path = f"{Path(sys.executable).parent}:{own['PATH']}"
    settings = {"MLB_ETL_BASE_URL": api.url, "MLB_ETL_RATE": "off", "MLB_ETL_DSN": database, "PATH": path}
    return own | settings


def run(command: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["sh", "-euc", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def kept(dsn: str) -> dict[int, bytes]:
    """The captured body of each game; asserts that there is only one."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT (path_params ->> 'game_pk')::bigint, encoding, body FROM game.live_game_v1"
        ).fetchall()
    found = {game: whole(encoding, body) for game, encoding, body in rows}
    assert len(rows) == len(found)
    return found


def fed(api: Server, game: int) -> bytes:
    """The API's current feed of a game."""
    return routes.answer(api.simulator, f"/api/v1.1/game/{game}/feed/live", api.simulator.now).body


def begun(api: Server) -> list[int]:
    """The games that are no longer in state S, which a game has until four hours before its start at most."""
    simulator = api.simulator
    near = [each for each in simulator.calendar.fixtures if each.played.start < simulator.now + 5 * HOUR]
    return [each.pk for each in near if simulator.status(each, simulator.now)[0].coded != "S"]


def test_a_game(api: Server, environment: dict[str, str], database: str) -> None:
    assert run(GAME, environment) == "stored 1, unchanged 0, skipped 0, failed 0\n"
    assert kept(database) == {747175: fed(api, 747175)}


SPECIFICATION = """\
name: game_live_specific
description: Fetch specific games
source: {endpoint: game, method: liveGameV1, capture_metadata: true}
storage:
  raw: {backend: postgres, table: game.live_game_v1, preserve_metadata: true}
parameters:
  - {name: game_pks, type: "list[int]", required: true, description: List of games to fetch}
"""


def test_the_specifications_job(api: Server, environment: dict[str, str], database: str, tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(SPECIFICATION)
    told = json.loads(run(f"mlb-etl ingest --job {file} --game-pk 747175 --game-pk 747176 --format json", environment))
    assert (told["stored"], told["failures"], told["transform"]) == (2, [], None)
    assert kept(database) == {game: fed(api, game) for game in (747175, 747176)}


def test_a_date_without_and_one_with_games(api: Server, environment: dict[str, str], database: str) -> None:
    """The simulated league has no postseason."""
    assert run(DATE, environment) == "stored 0, unchanged 0, skipped 0, failed 0\n"
    assert kept(database) == {}
    assert run(DATE.replace("2024-10-25", "2024-03-22"), environment) == "stored 15, unchanged 0, skipped 0, failed 0\n"
    assert kept(database) == {game: fed(api, game) for game in range(747170, 747185)}


def test_a_season(api: Server, environment: dict[str, str], database: str) -> None:
    """As far as it is played; games in progress are captured again."""
    games = begun(api)
    over = [game for game in games if b'"codedGameState":"F"' in fed(api, game)]
    assert 15 < len(over) < len(games) < 31
    outcome = run(SEASON, environment)
    assert outcome == f"stored {len(games)}, unchanged 0, skipped 0, failed 0\n"
    assert kept(database) == {game: fed(api, game) for game in games}
    on = len(games) - len(over)
    assert run(SEASON, environment) == f"stored 0, unchanged {on}, skipped {len(over)}, failed 0\n"


def test_a_method_without_a_job_file(environment: dict[str, str], database: str) -> None:
    teams = "mlb-etl ingest --method team.teams --param sportId=1 --param season=2024"
    assert run(teams, environment) == "stored 1, unchanged 0, skipped 0, failed 0\n"
    told = json.loads(run(f"{teams} --transform --format json", environment))
    assert (told["stored"], told["unchanged"]) == (0, 1)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*), min(season), max(season) FROM team.team").fetchone() == (
            30,
            2024,
            2024,
        )
    games = "mlb-etl ingest --method game.liveGameV1 --param game_pk=747175 --param game_pk=747176"
    assert run(games, environment) == "stored 2, unchanged 0, skipped 0, failed 0\n"
    assert {*kept(database)} == {747175, 747176}


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ("", 2, "give either --job or --method"),
        ("--job season --method season.seasons", 2, "give either --job or --method"),
        ("--method season.seasons --season 2024", 2, "--season is for jobs: --method takes its parameters by --param"),
        ("--method season.season", 1, "no mapping for season.season; mlb_tables has "),
        ("--method season.seasons --param seasonId=2024", 1, "sportId is missing"),
        ("--method season.seasons --param sport=1", 1, "season.seasons takes no parameter sport"),
        ("--method season.seasons --param 'a b=1'", 1, "'a b' is not a parameter's name"),
    ],
)
def test_what_is_refused_without_a_job_file(environment: dict[str, str], options: str, code: int, said: str) -> None:
    done = subprocess.run(
        ["sh", "-euc", f"mlb-etl ingest {options}"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert said in done.stderr
