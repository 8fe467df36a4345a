"""docs/partitioning.md: its commands run, its lines are those that the tests run under, its refusal is real."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from samples import connect
from variants import LINES, ROOT

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = BLOCK.findall((ROOT / "docs" / "partitioning.md").read_text())
COMMANDS = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]
BENCHMARK = "python benchmarks/partitioning.py"


def only(language: str) -> str:
    [text] = [text for of, text in BLOCKS if of == language]
    return str(text)


def test_the_lines_are_those_of_the_tests() -> None:
    assert only("yaml").splitlines() == list(LINES.values())


def test_the_server_refuses_as_it_says(empty_database: str) -> None:
    with connect(empty_database) as connection, pytest.raises(psycopg.errors.FeatureNotSupported) as refused:
        connection.execute(only("sql").encode())
    assert refused.value.diag.message_primary == only("text").strip()


@pytest.mark.parametrize("command", [each for each in COMMANDS if each != BENCHMARK])
def test_commands_run(database: str, command: str, tmp_path: Path) -> None:
    assert command.startswith("mlb-etl ")
    done = run(command, tmp_path, MLB_ETL_DSN=database)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_benchmark_prints_the_table(stubs_dir: Path) -> None:
    """With few games; the rows and columns are those of the figures."""
    assert BENCHMARK in COMMANDS
    done = run(f"{BENCHMARK} --seasons 1 --games 5 --runs 1", ROOT, MLB_STUBS=str(stubs_dir))
    assert done.returncode == 0, done.stderr
    document = (ROOT / "docs" / "partitioning.md").read_text()
    assert heads(done.stdout) == heads(document[document.index("## Figures") :])


def heads(text: str) -> list[str]:
    """The head of the table, and the first cell of each row."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [lines[0], *(line.split("|")[1] for line in lines[1:])]


def run(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    own = os.environ | environment | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    own.pop("MLB_ETL_TABLES", None)
    return subprocess.run(command.split(), cwd=folder, env=own, check=False, capture_output=True, text=True)
