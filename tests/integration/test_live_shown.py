"""What `mlb-etl live` shows, on a terminal and in a pipe."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import terminal
from checks import some
from samples import connect

from mlb_sim import Server, Simulator, serve
from mlb_sim.times import HOUR

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
GAME = 747175
PATIENCE = 60.0


@pytest.fixture(scope="module")
def simulated() -> Iterator[Server]:
    """A league that has the game that the documents name, the morning after it."""
    simulator = Simulator(1, 2024, first_game_pk=747000, wait=1)
    game = simulator.calendar.by_pk[GAME]
    simulator.clock.set(game.played.start + 18 * HOUR)
    with serve(simulator) as server:
        yield server


@pytest.fixture
def environment(simulated: Server, database: str, tmp_path: Path) -> dict[str, str]:
    own = {key: value for key, value in os.environ.items() if not key.startswith("MLB_")}
    settings = {"MLB_ETL_DSN": database, "MLB_ETL_BASE_URL": simulated.url, "MLB_ETL_RATE": "off"}
    return own | settings | {"MLB_ETL_DATA": str(tmp_path), "PATH": f"{BIN}:{own['PATH']}"}


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["mlb-etl", "live", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE)


def test_lines_in_a_pipe(environment: dict[str, str]) -> None:
    done = run(environment, "--game-pk", str(GAME))
    assert (done.returncode, done.stderr) == (0, "")
    listed, captured, games, latency = done.stdout.splitlines()
    assert re.fullmatch(rf"\d\d:\d\d:\d\dZ {GAME} .+ at .+: final; listed; next \d\d:\d\d:\d\dZ, late", listed)
    assert re.search(r": final \d+-\d+; stored, \d+ ms; next \d\d:\d\d:\d\dZ, correction$", captured)
    assert games == "games 1: stored 1, quarantined 0"
    assert re.fullmatch(r"milliseconds from response to committed rows: p50 [\d.]+, p95 [\d.]+, max [\d.]+", latency)


def test_json_for_machines(environment: dict[str, str]) -> None:
    done = run(environment, "--game-pk", str(GAME), "--format", "json")
    listed, captured, last = map(json.loads, done.stdout.splitlines())
    assert (listed["outcome"], listed["captured_at"], listed["why"]) == ("listed", None, "late")
    assert (captured["outcome"], captured["state"], captured["inning"]) == ("stored", "F", None)
    assert captured["rows"]["inserted"] > 400
    assert captured["latency_ms"] > 0
    assert captured["unreadable"] == []
    assert last["summary"]["outcomes"] == {"stored": 1}
    assert last["summary"]["patches"] is None


def test_what_is_in_quarantine_is_told_and_makes_the_exit_code(simulated: Server, environment: dict[str, str]) -> None:
    run(environment, "--game-pk", str(GAME))
    with connect(environment["MLB_ETL_DSN"]) as connection:
        connection.execute("DELETE FROM game.live_game_v1")
    simulated.faults.once("empty-final", path="feed/live")
    done = run(environment, "--game-pk", str(GAME), "--interval", "1")
    assert done.returncode == 1
    assert " WARNING game 747175: the capture of " in done.stderr
    assert "is in quarantine: " in done.stderr
    assert ", quarantined; next " in done.stdout
    assert "stored 2, quarantined 1\n" in done.stdout, "and it was asked for once more"


def on_terminal(environment: dict[str, str], *arguments: str, columns: int) -> terminal.Seen:
    return terminal.run(
        [str(BIN / "mlb-etl"), "live", "--game-pk", str(GAME), *arguments], environment, columns=columns
    )


def test_a_table_on_a_terminal(environment: dict[str, str]) -> None:
    seen = on_terminal(environment, columns=140)
    assert seen.returncode == 0, seen.text
    line = rf"{GAME}  \w.+ at .+  final +\d+-\d+ +\d\d:\d\d:\d\dZ  \d+ ms +\d\d:\d\d:\d\dZ, correction"
    assert re.fullmatch(line, seen.last[1]), seen.text


def test_warnings_stand_above_the_table(simulated: Server, environment: dict[str, str]) -> None:
    """On a terminal of 80 columns, at each moment: whole lines of the log, and below them the table, a line a game."""
    simulated.faults.once("503", count=2, path="feed/live")
    seen = on_terminal(environment, "--interval", "1", columns=80)
    assert seen.returncode == 0, seen.text
    assert seen.text.count(" WARNING ") == 2
    for screen in some(seen.screens):
        headers = [number for number, line in enumerate(screen) if line.startswith("game  ")]
        assert len(headers) <= 1, screen
        for line in screen[headers[0] + 1 :][:1] if headers else []:
            assert re.match(rf"{GAME}  \w", line), screen
    [header] = [number for number, line in enumerate(seen.last) if line.startswith("game  ")]
    assert all(" WARNING " in line or not re.match(r"\d{4}-", line) for line in seen.last[:header])
    assert seen.last[header + 2].startswith("games 1: "), seen.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--date", "soon"), "'soon' is not a date: YYYY-MM-DD, today, yesterday, tomorrow and today-N are possible"),
        (("--interval", "0.5"), "--interval"),
        (("--game-pk", "0"), "--game-pk"),
    ],
)
def test_wrong_usage(environment: dict[str, str], arguments: tuple[str, ...], message: str) -> None:
    done = run(environment, *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_game_that_is_none(environment: dict[str, str]) -> None:
    done = run(environment, "--game-pk", "7")
    assert (done.returncode, done.stderr) == (1, "Error: the schedule has no game 7; check the number\n")
