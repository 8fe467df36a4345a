"""benchmarks/newcomer.py reads the tasks of docs/tasks.md and their commands, which test_pages runs."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from checks import some

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def newcomer() -> ModuleType:
    """The program, which is no package."""
    spec = importlib.util.spec_from_file_location("benchmark_newcomer", ROOT / "benchmarks" / "newcomer.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_each_task_has_commands(newcomer: ModuleType) -> None:
    tasks = newcomer.tasks()
    rows = [line for line in (ROOT / newcomer.PAGE).read_text().splitlines() if line.startswith("| ")]
    assert len(tasks) == len(rows) - 1 >= 8
    for task in some(tasks):
        assert any(language == "sh" for language, _ in task.blocks()), task.name


def test_commands_of_a_task_are_those_of_its_section(newcomer: ModuleType) -> None:
    (task,) = (each for each in newcomer.tasks() if each.name == "Answer a question")
    (block,) = task.blocks()
    assert "max(release_speed)" in block[1]
    assert "## A broken capture" not in newcomer.section(*task.places[0])


def test_a_section_that_is_not_there(newcomer: ModuleType) -> None:
    with pytest.raises(SystemExit, match="has no section nowhere"):
        newcomer.section("docs/tasks.md", "nowhere")


def test_a_comment_of_a_shell_is_no_title(newcomer: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    page = "# One\n\n```sh\n# Two\ntrue\n```\n\n## Two\n\ntext\n"
    monkeypatch.setattr(newcomer, "_text", lambda _: page)
    assert newcomer.section("page", "two") == "## Two\n\ntext\n"


def test_the_time_and_the_end_of_what_failed(newcomer: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = newcomer.Task("Fails", ())
    monkeypatch.setattr(newcomer.Task, "blocks", lambda _: [("sh", "echo here\nfalse\n")])
    took = newcomer.follow(failing, "http://127.0.0.1:1", "dsn")
    assert took.seconds < 60
    assert took.commands == 2
    assert re.search(r"here\n.*\+ false", took.why, re.DOTALL)


def test_an_unknown_task_is_wrong_usage() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "newcomer.py"), "--only", "nothing like this"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Answer a question" in done.stderr
