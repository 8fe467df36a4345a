"""What the README promises: every command in it runs, in a copy of the repository, on a server of its own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import temporary_folder

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = BLOCK.findall((ROOT / "README.md").read_text())
QUICK_START, *OTHERS = [text for language, text in BLOCKS if language == "sh"]
PYTHON = [text for language, text in BLOCKS if language == "python"]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git tracks or would track, with this environment as its .venv."""
    target = tmp_path_factory.mktemp("readme") / "clone"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in listed.stdout.rstrip("\0").split("\0"):
        if (ROOT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes((ROOT / name).read_bytes())
            (target / name).chmod((ROOT / name).stat().st_mode)
    (target / ".venv").symlink_to(sys.prefix)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=target, check=True)
    return target


@pytest.fixture(scope="module")
def environment(clone: Path, stubs_dir: Path) -> Iterator[dict[str, str]]:
    """An embedded server for the commands, stopped at the end; nothing of the developer's own settings."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("MLB_")}
    data = temporary_folder()
    own["MLB_ETL_DATA"] = str(data)
    own["MLB_STUBS"] = str(stubs_dir)
    own["PATH"] = f"{clone / '.venv' / 'bin'}:{own['PATH']}"
    yield own
    subprocess.run(["mlb-etl", "db", "stop"], cwd=clone, env=own, check=True)
    shutil.rmtree(data)


def run(command: list[str], clone: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=clone, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_quick_start_is_two_recipes() -> None:
    recipes = re.findall(r"^(\w+)[\w *]*:", (ROOT / "justfile").read_text(), re.MULTILINE)
    commands = QUICK_START.splitlines()
    assert commands == ["./run demo", "./run check"]
    assert {command.removeprefix("./run ") for command in commands} <= set(recipes)


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/errors.md", "docs/migrations.md"])
def test_recipes_that_are_named_exist(document: str) -> None:
    recipes = set(re.findall(r"^(\w+)[\w *]*:", (ROOT / "justfile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:`|^)(?:just|\./run) ([a-z]+)", (ROOT / document).read_text(), re.MULTILINE)
    assert set(named) <= recipes


def test_demo_shows_what_it_loaded(clone: Path, environment: dict[str, str]) -> None:
    shown = run(["just", "demo"], clone, environment)
    assert re.search(r"live_game_metadata\s+16\b", shown)
    assert re.search(r"live_game_pitch_events\s+[34]\d{3}\b", shown)
    assert len(re.findall(r"\| [\dx ]+\|\s*\d+ \|\s*\d+ \|\s*\d$", shown, re.MULTILINE)) == 32, "the line scores"


@pytest.mark.parametrize("block", OTHERS, ids=lambda block: block.splitlines()[1])
def test_commands_run(clone: Path, environment: dict[str, str], block: str) -> None:
    run(["sh", "-eu", "-c", block], clone, environment)


@pytest.mark.parametrize("block", PYTHON)
def test_python_runs(clone: Path, environment: dict[str, str], block: str) -> None:
    run(["sh", "-euc", "mlb-etl schema init"], clone, environment)
    run([sys.executable, "-c", block], clone, environment)
