"""Processes against a server that does what none should: it costs them a game, never the others, time or memory."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hostile
import pytest
from hostile import ATTACKS, Hostile
from samples import connect

from mlb_sim import Simulator
from mlb_sim.times import DAY, MINUTE

PROGRAM = Path(sys.executable).with_name("mlb-etl")
MEMORY = 400  # MiB of a process, of which Python and its modules are 100
PROMPT = 10.0  # seconds for a process to end
PATIENCE = 120.0  # seconds, on a busy machine
JOB = """
name: hostile
source: {endpoint: game, method: liveGameV1}
parameters: [{name: game_pk, type: integer, required: true, repeatable: true}]
requests: {attempts: 1}
storage: {raw: true, transform: false}
"""


def path(game_pk: int) -> str:
    return f"/api/v1.1/game/{game_pk}/feed/live"


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(3, 2024, wait=1)


@pytest.fixture
def api() -> Iterator[Hostile]:
    with hostile.serve() as api:
        yield api


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(api: Hostile, database: str, tmp_path: Path) -> Iterator[Start]:
    own = {key: value for key, value in os.environ.items() if not key.startswith("MLB_")}
    own |= {
        "MLB_ETL_DSN": database,
        "MLB_ETL_DATA": str(tmp_path / "data"),
        "MLB_ETL_BASE_URL": api.url,
        "MLB_ETL_RATE": "off",
        "MLB_ETL_TIMEOUT": "2",
        "MLB_ETL_MAX_BODY": "16",
    }
    processes = []

    def started(*arguments: str) -> subprocess.Popen[str]:
        with (tmp_path / "out").open("w") as out, (tmp_path / "errors").open("w") as errors:
            process = subprocess.Popen([PROGRAM, *arguments], env=own, stdout=out, stderr=errors, text=True)
        processes.append(process)
        return process

    yield started
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()


def ended(process: subprocess.Popen[str], within: float) -> tuple[int, int]:
    """The exit code, and the MiB that it had at most.

    Not of wait4, which counts from the fork on, and so what this process had then.
    """
    deadline, memory = time.monotonic() + within, 0
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        assert time.monotonic() < deadline, f"still runs after {within:g} s"
        most = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.MULTILINE)  # none once it has ended
        memory = int(most[1]) >> 10 if most else memory
        time.sleep(0.02)
    return process.returncode, memory


def seen(dsn: str) -> dict[int, int]:
    with connect(dsn) as connection:
        query = "SELECT (path_params ->> 'game_pk')::bigint, sum(seen)::int FROM game.live_game_v1 GROUP BY 1"
        return dict(connection.execute(query).fetchall())


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def sober(text: str) -> bool:
    """It has no traceback, no code for a terminal, and no line without end."""
    lines = text.splitlines()
    return "Traceback" not in text and all(line.isprintable() and len(line) < 1000 for line in lines)


def test_ingest(api: Hostile, simulator: Simulator, database: str, start: Start, tmp_path: Path) -> None:
    """What is asked for one after the other: some good games between the attacks, and none is lost."""
    (tmp_path / "job.yaml").write_text(JOB)
    attacked = dict(enumerate(ATTACKS, 1))
    api.attacks = {path(n): ATTACKS[name] for n, name in attacked.items()}
    good = [fixture.pk for fixture in simulator.calendar.fixtures[:6]]
    for fixture in simulator.calendar.fixtures[:6]:
        api.answers[path(fixture.pk)] = json.dumps(simulator.feed(fixture, fixture.played.start + DAY)).encode()
    order = list(attacked)
    for place, game in enumerate(good):
        order.insert(7 * place + 6, game)
    process = start("ingest", "--job", str(tmp_path / "job.yaml"), "--format", "json", *games(order))
    code, memory = ended(process, PATIENCE)
    out, errors = ((tmp_path / name).read_text() for name in ("out", "errors"))
    assert code == 1, errors
    assert sober(errors), errors
    assert sober(out)
    assert seen(database) == dict.fromkeys(good, 1)
    failed = {failure["request"] for failure in json.loads(out)["failures"]}
    assert [name for number, name in attacked.items() if path(number) not in failed] == []
    assert memory < MEMORY


def games(numbers: list[int]) -> list[str]:
    return [word for number in numbers for word in ("--game-pk", str(number))]


def listed(game_pk: int, feed: dict[str, Any]) -> dict[str, Any]:
    runs = feed["liveData"]["linescore"]["teams"]
    teams = {side: {"score": runs[side].get("runs"), "team": {"name": "[/x]\x1b[2J"}} for side in ("home", "away")}
    return {"gamePk": game_pk, "season": "2024", "status": feed["gameData"]["status"], "teams": teams}


WAITS = (b"1e308", b"3e8", b"9" * 400, b"-1", b'"soon"')


@pytest.fixture
def followed(api: Hostile, simulator: Simulator) -> list[int]:
    """A schedule of games that are on, one for each attack and some good ones, whose feeds ask for absurd waits."""
    fixtures = simulator.calendar.fixtures[: len(WAITS)]
    rows = []
    for fixture, wait in zip(fixtures, WAITS, strict=True):
        feed = simulator.feed(fixture, simulator.timeline(fixture).first_pitch + 20 * MINUTE)
        body = json.dumps(feed).encode()
        assert b'"wait": 1' in body
        api.answers[path(fixture.pk)] = body.replace(b'"wait": 1', b'"wait": ' + wait)
        rows.append(listed(fixture.pk, feed))
    for number, attack in enumerate(ATTACKS.values(), 1):
        api.attacks[path(number)] = attack
        rows.append({**rows[0], "gamePk": number})
    api.answers["/api/v1/schedule"] = json.dumps({"dates": [{"games": rows}]}).encode()
    return [fixture.pk for fixture in fixtures]


def test_live(api: Hostile, followed: list[int], database: str, start: Start, tmp_path: Path) -> None:
    process = start("live", "--date", "2024-07-01", "--interval", "1")
    until(lambda: all(seen(database).get(game, 0) >= 3 for game in followed))
    api.attacks["/api/v1/schedule"] = hostile.silent
    until(lambda: all(api.asked[path(n)] > 0 for n in range(1, len(ATTACKS) + 1)))
    process.send_signal(signal.SIGTERM)
    code, memory = ended(process, PROMPT)
    out, errors = ((tmp_path / name).read_text() for name in ("out", "errors"))
    assert code == 0, errors
    assert sober(errors), errors
    assert sober(out)
    assert seen(database).keys() == set(followed)
    assert memory < 2 * MEMORY, "several games at once"
    assert errors.count("metaData.wait") <= 2, "told once"
    assert errors.count("a pause by Retry-After") <= 2


@pytest.mark.parametrize(
    ("attack", "number"),
    [
        ("nothing", signal.SIGINT),
        ("100 Continue without end", signal.SIGTERM),
        ("headers that drip", signal.SIGTERM),
    ],
)
def test_live_ends_when_told(api: Hostile, start: Start, attack: str, number: signal.Signals) -> None:
    api.attacks["/api/v1/schedule"] = ATTACKS[attack]
    process = start("live")
    until(lambda: api.asked["/api/v1/schedule"] > 0)
    process.send_signal(number)
    assert ended(process, PROMPT)[0] == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 130)])
def test_ingest_ends_when_told(api: Hostile, start: Start, tmp_path: Path, number: signal.Signals, code: int) -> None:
    (tmp_path / "job.yaml").write_text(JOB)
    api.attacks[path(1)] = ATTACKS["headers that drip"]
    process = start("ingest", "--job", str(tmp_path / "job.yaml"), *games([1]))
    until(lambda: api.asked[path(1)] > 0)
    process.send_signal(number)
    assert ended(process, PROMPT)[0] == code


def test_a_job_of_live_gives_up(api: Hostile, start: Start, tmp_path: Path) -> None:
    api.attacks["/api/v1/schedule"] = ATTACKS["nothing"]
    process = start("live", "--date", "2024-07-01", "--interval", "1", "--give-up-after", "0.01")
    assert ended(process, PATIENCE)[0] == 1
    assert "given up after 0:00:00.600000 without an answer:\nthe schedule: http" in (tmp_path / "errors").read_text()
