"""`mlb-etl backfill`: several processes at one rate, any of which may be killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from api import NOT_FOUND, Answer, Api
from click.testing import CliRunner, Result
from samples import connect
from test_ingest_job import DAY, api, environment, feed, game, listed, outcome, raw, target

from mlb_etl.cli import cli

__all__ = ["api", "environment"]  # fixtures

GAMES = range(1, 61)
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
COMMAND = ("backfill", "--job", "date.yaml", "--date", "2024-07-01", "--workers", "2")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, (*COMMAND, *arguments))


def season(api: Api, games: Sequence[int] = GAMES, pause: float = 0) -> None:
    for number in games:
        api.says(target(number), Answer(feed(number), pause=pause))
    api.says(DAY, listed([game(number) for number in games]))


def start() -> subprocess.Popen[str]:
    program = Path(sys.executable).with_name("mlb-etl")
    return subprocess.Popen([program, *COMMAND], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def workers(parent: subprocess.Popen[str]) -> list[int]:
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
    return [int(child) for child in children]


def wait_for(api: Api, requests: int, running: subprocess.Popen[str]) -> None:
    while len(api.asked) < requests:
        assert running.poll() is None
        time.sleep(0.01)


def kept(dsn: str) -> list[int]:
    return [row[0] for row in raw(dsn)]


def test_games_of_a_date_in_two_processes(api: Api, sample_database: str) -> None:
    season(api)
    done = run("--transform", "--format", "json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["stored"], told["skipped"], told["failures"]) == (0, 60, 0, [])
    assert told["transform"]["tables"]["sample.games"]["inserted"] == 60
    assert "60/60, " in done.stderr
    assert kept(sample_database) == [*GAMES]
    with connect(sample_database) as connection:
        assert connection.execute("SELECT count(*) FROM sample.games").fetchone() == (60,)
    assert outcome(run()) == "stored 0, unchanged 0, skipped 60, failed 0"


def test_they_ask_at_the_same_time(api: Api) -> None:
    season(api, range(1, 11), pause=0.2)
    run("--quiet")
    asked = [each.at for each in api.asked[1:]]
    assert len(asked) == 10
    assert sum(later - earlier < 0.15 for earlier, later in pairwise(asked)) >= 4


def test_they_keep_one_rate(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_RATE", "10")
    season(api, range(1, 22))
    run("--quiet")
    asked = [each.at for each in api.asked]
    assert len(asked) == 22
    assert asked[-1] - asked[0] > 2, "21 times a tenth of a second"


def test_what_fails_is_listed(api: Api) -> None:
    season(api)
    api.says(target(7), NOT_FOUND)
    api.says(target(44), Answer(status=503))
    done = run()
    assert (done.exit_code, outcome(done)) == (1, "stored 58, unchanged 0, skipped 0, failed 2")
    assert "failed game_pk 7: " in done.stdout
    assert "failed game_pk 44: " in done.stdout


def test_a_database_that_is_gone_ends_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    season(api)
    monkeypatch.setenv("MLB_ETL_DSN", "host=127.0.0.1 port=1")
    done = run()
    assert (done.exit_code, done.output[:34]) == (1, "Error: no connection to the databa")


def test_workers_that_are_killed_are_replaced(api: Api, sample_database: str) -> None:
    season(api, pause=0.05)
    running = start()
    for requests in (10, 30):
        wait_for(api, requests, running)
        os.kill(workers(running)[0], signal.SIGKILL)
    output, told = running.communicate()
    assert running.returncode == 0
    assert told.count("a worker process died; new ones repeat its work") == 2
    assert output.endswith("failed 0\n")
    assert kept(sample_database) == [*GAMES]


def test_killed_as_a_whole_it_goes_on(api: Api, sample_database: str) -> None:
    season(api, pause=0.05)
    first = start()
    wait_for(api, 20, first)
    first.kill()
    first.communicate()
    with connect(sample_database) as connection:
        while connection.execute(OTHERS).fetchone() != (0,):  # the workers end by themselves
            time.sleep(0.01)
    some = kept(sample_database)
    assert 10 < len(some) < 60
    api.asked.clear()
    output, _ = start().communicate()
    assert output == f"stored {60 - len(some)}, unchanged 0, skipped {len(some)}, failed 0\n"
    assert len(api.asked) == 1 + 60 - len(some)
    assert kept(sample_database) == [*GAMES]


def test_interrupted_it_ends_at_once(api: Api) -> None:
    season(api, pause=0.05)
    program = Path(sys.executable).with_name("mlb-etl")
    running = subprocess.Popen([program, *COMMAND], stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_for(api, 10, running)
    os.killpg(running.pid, signal.SIGINT)
    _, told = running.communicate()
    assert (running.returncode, told) == (130, "")
    assert len(api.asked) < 60
