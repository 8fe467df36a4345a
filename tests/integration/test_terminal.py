"""What a person sees on a real terminal while work gets on, and what a program reads in a pipe."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import terminal
from api import NOT_FOUND, Answer, Api
from checks import some
from test_ingest_job import DAY, api, environment, feed, game, listed, target

__all__ = ["api", "environment"]  # fixtures

PROGRAM = str(Path(sys.executable).with_name("mlb-etl"))
INGEST = ("ingest", "--job", "date.yaml", "--date", "2024-07-01")
BACKFILL = ("backfill", "--job", "date.yaml", "--date", "2024-07-01", "--workers", "2")
LOGGED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING) \S.*")
BAR = re.compile(r"[━╸╺]* *(\d+)/(\d+) +\d+\.\d/s, \d+ failed(, \d+:\d\d:\d\d left)?")
GAMES = range(1, 13)


@pytest.fixture
def season(api: Api) -> Api:
    """Twelve games, of which the fifth comes when it is asked for the second time, and the seventh never does."""
    for number in GAMES:
        api.says(target(number), Answer(feed(number), pause=0.05))
    api.says(target(5), Answer(status=503), Answer(feed(5)))
    api.says(target(7), Answer(b"{", pause=0.05))
    api.says(DAY, listed([game(number) for number in GAMES]))
    return api


def on_terminal(*arguments: str, columns: int = 200, **environment: str) -> terminal.Seen:
    return terminal.run([PROGRAM, *arguments], os.environ | environment, columns=columns, stdout=subprocess.DEVNULL)


def in_pipe(*arguments: str, environment: Mapping[str, str] = {}) -> subprocess.CompletedProcess[str]:
    command = [PROGRAM, *arguments]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.usefixtures("season")
@pytest.mark.parametrize("command", [INGEST, BACKFILL], ids=["ingest", "backfill"])
def test_log_lines_stand_above_the_bar(command: tuple[str, ...]) -> None:
    """At each moment: whole lines of the log, from the first column on, and below them at most one bar."""
    seen = on_terminal("-v", *command)
    assert seen.returncode == 1
    for screen in some(seen.screens):
        for line in screen[:-1]:
            assert LOGGED.fullmatch(line), screen
        for line in screen[-1:]:
            assert LOGGED.fullmatch(line) or BAR.fullmatch(line), screen
    assert sum(" INFO GET " in line for line in seen.last) >= len(GAMES)
    assert not any(BAR.fullmatch(line) for line in seen.last), "the bar is gone in the end"


@pytest.mark.parametrize("command", [INGEST, BACKFILL], ids=["ingest", "backfill"])
def test_the_bar_moves_with_each_game(season: Api, command: tuple[str, ...]) -> None:
    for number in GAMES:
        season.says(target(number), NOT_FOUND if number == 7 else Answer(feed(number), pause=0.3))
    seen = on_terminal(*command)
    drawn = [(int(done), int(failed)) for done, failed in re.findall(rb" (\d+)/12 .*?, (\d+) failed", seen.written)]
    assert drawn == sorted(drawn)
    assert (drawn[0], drawn[-1]) == ((0, 0), (12, 1))
    assert len({done for done, _ in drawn}) > 5, "not one step for each worker"


@pytest.mark.usefixtures("season")
@pytest.mark.parametrize("columns", [40, 80])
def test_a_narrow_terminal_has_the_bar_on_one_line(columns: int) -> None:
    seen = on_terminal(*INGEST, columns=columns)
    text = "".join(line.ljust(columns) for line in seen.last)
    assert re.search(r"trying again in .*\(game_pk 5\)", text), "a long line goes on in the next, and nothing is lost"
    for screen in some(seen.screens):
        assert sum(bool(re.search(r"\d+/12 ", line)) for line in screen) <= 1, screen


def test_warnings_name_game_and_url(season: Api) -> None:
    """Those of an answer that is broken do too, of which the client knows neither."""
    season.says(target(7), Answer(b"{"), Answer(feed(7)))
    told = in_pipe(*INGEST).stderr.splitlines()
    warnings = [line for line in told if "WARNING" in line]
    assert len(warnings) == 2
    for line, number in zip(warnings, (5, 7), strict=True):
        assert LOGGED.fullmatch(line)
        assert f"game_pk {number}" in line
        assert f"{season.url}{target(number)}" in line


@pytest.mark.usefixtures("season")
def test_json_in_a_pipe() -> None:
    """Each line is an object, of whichever process and kind."""
    done = in_pipe("-v", "--log-format", "json", *BACKFILL, "--format", "json")
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert json.loads(done.stdout)["stored"] == 11
    assert {each["level"] for each in told} == {"INFO", "WARNING"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}Z", each["time"]) for each in told)
    [again] = [each for each in told if "503" in each["message"] and each["level"] == "WARNING"]
    assert again["about"]["game_pk"] == "5"
    assert again["about"]["url"].endswith(target(5))
    assert again["logger"] == "mlb_etl.retries"
    *_, last = [each["message"] for each in told if each["logger"] == "mlb_etl.cli.progress"]
    assert re.fullmatch(r"12/12, \d+\.\d/s, 1 failed", last)


def test_errors_are_json_too(tmp_path: Path) -> None:
    done = in_pipe("--log-format", "json", "ingest", "--job", "none.yaml")
    [told] = map(json.loads, done.stderr.splitlines())
    assert (done.returncode, told["level"], told["message"][:24]) == (1, "ERROR", "none.yaml: can't be read")
    (tmp_path / "buggy").mkdir()
    (tmp_path / "buggy" / "__init__.py").write_text("1 / 0")
    buggy = {"MLB_ETL_TABLES": "buggy", "PYTHONPATH": str(tmp_path)}
    bug = in_pipe("--log-format", "json", "schema", "status", environment=buggy)
    [told] = map(json.loads, bug.stderr.splitlines())
    assert (bug.returncode, told["level"]) == (70, "ERROR")
    assert "ZeroDivisionError" in told["exception"]


@pytest.mark.usefixtures("season")
@pytest.mark.parametrize("command", [INGEST, BACKFILL], ids=["ingest", "backfill"])
def test_interrupted(command: tuple[str, ...]) -> None:
    """Ctrl-C ends with 130, with no traceback, and with a cursor that is seen."""
    pressed = []

    def press(process: terminal.Process, screen: list[str]) -> None:
        if not pressed and any(re.search(r" [3-9]/12 ", line) for line in screen):
            pressed.append(process.pid)
            process.type("\x03")

    seen = terminal.run([PROGRAM, *command], os.environ, columns=200, meanwhile=press)
    assert seen.returncode == 130, seen.text
    assert "Traceback" not in seen.text
    assert "KeyboardInterrupt" not in seen.text
    assert not seen.cursor_hidden


@pytest.mark.usefixtures("season")
def test_a_terminal_that_only_appends() -> None:
    seen = on_terminal(*INGEST, TERM="dumb")
    assert b"\x1b" not in seen.written
    assert re.search(r"INFO 12/12, \d+\.\d/s, 1 failed", seen.text)


@pytest.mark.usefixtures("season")
def test_without_colours() -> None:
    seen = on_terminal(*INGEST, NO_COLOR="1")
    assert not re.search(rb"\x1b\[[\d;]*[34]\d", seen.written)
    assert BAR.search("\n".join(seen.screens[-2]))
