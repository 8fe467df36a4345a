"""What the README promises: every command in it runs, in a copy of the repository, on a server of its own."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import clones
import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = BLOCK.findall((ROOT / "README.md").read_text())
QUICK_START, *OTHERS = [text for language, text in BLOCKS if language == "sh"]
PYTHON = [text for language, text in BLOCKS if language == "python"]


@pytest.fixture(scope="module")
def clone() -> Iterator[Path]:
    with clones.clone() as folder:
        yield folder


@pytest.fixture(scope="module")
def environment(clone: Path, stubs_dir: Path) -> dict[str, str]:
    """An embedded server for the commands; nothing of the developer's own settings."""
    return clones.environment(clone) | {"MLB_STUBS": str(stubs_dir)}


def run(command: list[str], clone: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=clone, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_quick_start_is_two_recipes() -> None:
    assert QUICK_START.splitlines() == ["./run demo", "./run check"]


def test_recipes_that_are_named_exist() -> None:
    recipes = set(re.findall(r"^(\w+)[\w *]*:", (ROOT / "justfile").read_text(), re.MULTILINE))
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    named = {
        (page.name, recipe)
        for page in pages
        for recipe in re.findall(r"(?:`|^)(?:just|\./run) ([a-z]+)", page.read_text(), re.MULTILINE)
    }
    assert named >= {("README.md", "demo"), ("README.md", "check"), ("CONTRIBUTING.md", "generate")}
    assert {(page, recipe) for page, recipe in named if recipe not in recipes} == set()


@pytest.mark.parametrize("block", OTHERS, ids=lambda block: block.splitlines()[1])
def test_commands_run(clone: Path, environment: dict[str, str], block: str) -> None:
    run(["sh", "-eu", "-c", block], clone, environment)


@pytest.mark.parametrize("block", PYTHON)
def test_python_runs(clone: Path, environment: dict[str, str], block: str) -> None:
    run(["sh", "-euc", "mlb-etl schema init"], clone, environment)
    run([sys.executable, "-c", block], clone, environment)
