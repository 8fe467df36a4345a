"""How programs that read what mlb-etl prints, and shells, see it end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name("mlb-etl"))
COMMANDS = ["--help", "live --help", "jobs list", "jobs list --format json"]


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-c", line]
    path = {"PATH": f"{Path(PROGRAM).parent}:{os.environ['PATH']}"}
    return subprocess.run(
        command, env=os.environ | path | environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_goes_away(command: str) -> None:
    done = shell(f"mlb-etl {command} | true; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_disk_that_is_full(command: str) -> None:
    done = shell(f"mlb-etl {command} > /dev/full")
    message = "Error: No space left on device: free some disk space\n"
    assert (done.returncode, done.stderr) == (1, message)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-"])
def test_streams_that_are_closed(closed: str) -> None:
    done = shell(f"mlb-etl -v jobs list {closed}")
    assert (done.returncode, done.stderr) == (0, "")
