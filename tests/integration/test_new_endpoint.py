"""A new endpoint under names of its own, in a package of its own: its suggested mapping is all that is written."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from samples import write

from mlb_sim import Server, Simulator, serve, times

PACKAGE = "slate_tables"
DAYS = ("2024-03-22", "2024-03-23")
MAPPING = "schemas/mappings/slate/games.yaml"


@pytest.fixture(scope="module")
def api() -> Iterator[Server]:
    """The evening of the season's second day."""
    simulator = Simulator(1, 2024, speed=0)
    simulator.clock.set(times.at(date(2024, 3, 23), 20, offset=-4))
    with serve(simulator) as server:
        yield server


def asked(api: Server, **query: str) -> dict[str, Any]:
    """A sample: what the API answers, with the request, under a name that it does not have."""
    url = f"{api.url}/api/v1/schedule?{'&'.join(f'{name}={value}' for name, value in query.items())}"
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - the simulator's
        response = json.load(answer)
    request = {"endpoint": "slate", "method": "games", "path_params": {}, "query_params": query}
    return {**request, "url": url, "captured_at": "2024-03-23T00:00:00Z", "response": response}


@pytest.fixture
def root(tmp_path: Path, api: Server) -> Path:
    (tmp_path / "samples").mkdir()
    (tmp_path / MAPPING).parent.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(f'[tool.mlbgen]\npackage = "{PACKAGE}"\n')
    write(tmp_path / "samples" / "one_day.json", asked(api, sportId="1", date=DAYS[0]))
    write(tmp_path / "samples" / "days.json", asked(api, sportId="1", startDate=DAYS[0], endDate=DAYS[1]))
    return tmp_path


def run(root: Path, command: str, **settings: str) -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith("MLB_")}
    own |= {"PATH": f"{Path(sys.executable).parent}:{own['PATH']}", "PYTHONPATH": str(root / "generated"), **settings}
    done = subprocess.run(["sh", "-euc", command], cwd=root, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def listed(api: Server) -> dict[tuple[str, int], tuple[object, ...]]:
    """Of each listing of a game, by the day and the game: its state, and its teams."""
    days = asked(api, sportId="1", startDate=DAYS[0], endDate=DAYS[1])["response"]["dates"]
    return {
        (day["date"], game["gamePk"]): (
            game["status"]["detailedState"], *(game["teams"][side]["team"]["id"] for side in ("home", "away")),
        )
        for day in days
        for game in day["games"]
    }  # fmt: skip


def test_a_suggested_mapping_is_all_that_is_written(root: Path, api: Server, empty_database: str) -> None:
    settings = {
        "MLB_ETL_TABLES": PACKAGE,
        "MLB_ETL_DSN": empty_database,
        "MLB_ETL_DATA": str(root / "data"),
        "MLB_ETL_BASE_URL": api.url,
        "MLB_ETL_RATE": "off",
    }
    run(root, f"mlbgen suggest slate games --stubs samples > {MAPPING}")
    for command in ("infer --stubs samples", "check --stubs samples", "generate", "diff"):
        run(root, f"mlbgen {command}")
    run(root, "mlb-etl schema init", **settings)
    days = f"--param startDate={DAYS[0]} --param endDate={DAYS[1]}"
    ingest = f"mlb-etl ingest --method slate.games --param sportId=1 {days} --transform --format json"
    first = json.loads(run(root, ingest, **settings))
    assert (first["stored"], first["transform"]["documents"]["applied"]) == (1, 2)
    columns = "day_date::text, game_pk, status_detailed_state, teams_home_team_id, teams_away_team_id"
    with psycopg.connect(empty_database) as connection:
        rows = connection.execute(f"SELECT {columns} FROM slate.day_games").fetchall()  # noqa: S608 - its own
    found = {(day, game): tuple(others) for day, game, *others in rows}
    expected = listed(api)
    assert len(expected) == 30
    assert found == expected
    again = json.loads(run(root, ingest, **settings))
    assert again["transform"]["documents"] == {"applied": 0, "same": 2, "stale": 0, "quarantined": 0}
    run(root, "mlb-etl verify rows", **settings)
