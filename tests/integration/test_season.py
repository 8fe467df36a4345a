"""A whole simulated season by HTTP into the tables, killed twice on the way, and the answers of docs/questions.md."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import questions
import unmeasured
from bodies import whole
from samples import connect

GAMES = 2430
ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
JOB = "config/jobs/game_live_season.yaml"
BACKFILL = ("backfill", "--job", JOB, "--season", "2024", "--transform", "--workers", "2")
CAPTURED = "SELECT count(*), count(DISTINCT request), max(seen) FROM game.live_game_v1"
SOME = """
SELECT r.encoding, r.body, m.home_score, m.away_score,
    (SELECT count(*) FROM game.live_game_plays WHERE game_pk = m.game_pk)
FROM game.live_game_v1 AS r JOIN game.live_game_metadata AS m ON r.path_params ->> 'game_pk' = m.game_pk::text
WHERE m.game_pk % 100 = 7
"""


@pytest.fixture
def api() -> Iterator[str]:
    """The simulator as a process of its own, when the season is over."""
    command = [PROGRAMS / "mlb-sim", "serve", "--season", "2024", "--date", "2024-10-10", "--speed", "0"]
    environment = unmeasured.environment()  # its play of a season would take half as long again
    simulator = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert simulator.stdout is not None
    yield simulator.stdout.readline().strip()
    simulator.kill()
    simulator.communicate()


@pytest.mark.timeout(800)  # 2,430 games are played, captured and applied
def test_a_season_that_is_killed_twice_is_complete(api: str, database: str, tmp_path: Path) -> None:
    settings = {"DSN": database, "BASE_URL": api, "RATE": "off", "DATA": str(tmp_path), "TABLES": "mlb_tables"}
    environment = unmeasured.environment() | {f"MLB_ETL_{name}": value for name, value in settings.items()}

    def run(command: str) -> None:
        words = [PROGRAMS / "mlb-etl", *command.split()[1:]]
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)

    def start(*options: str) -> subprocess.Popen[str]:
        command = [PROGRAMS / "mlb-etl", *BACKFILL, *options]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)

    with connect(database) as connection:

        def captured() -> tuple[Any, ...]:
            return connection.execute(CAPTURED).fetchall()[0]

        for part in (GAMES // 4, GAMES // 2):
            running = start("--quiet")
            while captured()[0] < part:
                assert running.poll() is None
                time.sleep(0.1)
            running.kill()
            running.communicate()
        output, _ = start("--format", "json").communicate()
        told = json.loads(output)
        assert (told["stored"] + told["skipped"], told["unchanged"], told["failures"]) == (GAMES, 0, [])
        assert told["skipped"] >= GAMES // 2
        assert captured() == (GAMES, GAMES, 1)
        applied = "SELECT (SELECT count(*) FROM etl.watermark), (SELECT count(*) FROM game.live_game_metadata)"
        assert connection.execute(applied).fetchall() == [(GAMES, GAMES)]
        assert connection.execute("SELECT count(*) FROM etl.quarantine").fetchall() == [(0,)]
        some = connection.execute(SOME).fetchall()
        commands = questions.commands()
        assert f"mlb-etl {' '.join(BACKFILL)}".replace(JOB, "game_live_season") in commands, "this is the page's season"
        for command in commands:
            if command.startswith(("mlb-etl ingest", "mlb-etl views")):
                run(command)
        connection.execute("ANALYZE")
        text = questions.PAGE.read_text()
        assert questions.answered(connection) == text
        assert text.count("\n| --- |") == text.count("\n## ") == 10, "each has an answer"
    assert len(some) >= GAMES // 100
    for encoding, body, *facts in some:
        live = json.loads(whole(encoding, body))["liveData"]
        runs = live["linescore"]["teams"]
        assert facts == [runs["home"]["runs"], runs["away"]["runs"], len(live["plays"]["allPlays"])]
