"""`./run demo`: any number of times, whatever one before left behind, and without ever asking the public API."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import clones
import pytest

LINE = re.compile(r"\| [\dx ]+\|\s*\d+ \|\s*\d+ \|\s*\d$", re.MULTILINE)  # of the line scores
TIMEOUT = 180


@pytest.fixture(scope="module")
def clone() -> Iterator[Path]:
    with clones.clone() as folder:
        yield folder


@pytest.fixture
def environment(clone: Path) -> dict[str, str]:
    """Whoever asked another API than the simulator's would ask a port that nobody listens on."""
    return clones.environment(clone) | {"MLB_ETL_BASE_URL": "http://127.0.0.1:9", "MLB_ETL_DSN": "postgresql://nowhere"}


def demo(clone: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["just", "demo"], cwd=clone, env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(LINE.findall(done.stdout)) == 32, "two lines of each of 16 games"
    return done.stdout


def test_again_and_again(clone: Path, environment: dict[str, str]) -> None:
    """With what demos of before left there, and after one that was killed; then what it ends with is tried."""
    shown = demo(clone, environment)
    assert re.search(r"live_game_metadata\s+16\b", shown)
    assert re.search(r"live_game_pitch_events\s+[34]\d{3}\b", shown)
    assert "stored 16, unchanged 0, skipped 0, failed 0\n" in shown
    (clone / "data" / "simulator").write_text("http://127.0.0.1:9\n")
    assert "stored 0, unchanged 0, skipped 16, failed 0\n" in demo(clone, environment)
    kill_one(clone, environment)
    shown = demo(clone, environment)
    assert "stored 0, unchanged 0, skipped 16, failed 0\n" in shown
    assert sorted(path.name for path in (clone / "data").iterdir()) == ["demo", "simulator"]
    try_next(clone, shown)


def kill_one(clone: Path, environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        ["examples/demo.sh"], cwd=clone, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    while "mlb-etl schema init" not in (line := process.stdout.readline()):
        assert line, "it ended by itself"
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def try_next(clone: Path, shown: str) -> None:
    """Each command runs as it stands there, in a shell that never heard of the demo."""
    commands = re.findall(r"^  (\S.*)$", shown.partition("Try next:")[2], re.MULTILINE)
    assert len(commands) == 5
    for each in commands:
        done = subprocess.run(
            ["sh", "-euc", each], cwd=clone, env=clones.environment(clone), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{each}\n{done.stdout}{done.stderr}"
        assert done.stdout or each.startswith("export")


def test_in_another_data_folder(clone: Path, environment: dict[str, str]) -> None:
    """It has a space in its name."""
    data = clone.parent / "else where"
    shown = demo(clone, environment | {"MLB_ETL_DATA": str(data)})
    assert (data / "demo" / "postgres").is_dir()
    assert f"in {data}/demo." in shown


def test_a_simulator_that_does_not_start(clone: Path, environment: dict[str, str], tmp_path: Path) -> None:
    program = tmp_path / "mlb-sim"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    path = f"{tmp_path}:{environment['PATH']}"
    done = subprocess.run(
        ["examples/demo.sh"], cwd=clone, env=environment | {"PATH": path}, capture_output=True, text=True, check=False,
        timeout=TIMEOUT,
    )  # fmt: skip
    assert done.returncode == 1
    assert "demo: the simulator ended before it told its address\n" in done.stderr
    assert "$ mlb-etl" not in done.stdout
