"""`mlbgen plan` by the command line: what it compares with, how it ends, and that it leaves nothing behind."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

import pytest
import terminal
from edits import response
from plans import SHOWN, stub, write_edit, write_project

from mlbgen import cli, layout
from mlbgen.plan import making
from mlbgen.plan.packages import imported

GENERATED = layout.generated()


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    write_project(root)
    return root


@pytest.fixture
def root(generated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without changes, with captures in it."""
    monkeypatch.delenv("MLB_STUBS", raising=False)
    return Path(shutil.copytree(generated, tmp_path / "project"))


def run(root: Path, *arguments: str) -> int:
    return cli.main(["plan", "--root", str(root), *arguments])


def files(folder: Path) -> dict[Path, bytes]:
    return {each: each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def git(root: Path, *arguments: str) -> str:
    author = ("-c", "user.name=Someone", "-c", "user.email=someone@example.com")
    done = subprocess.run(["git", *author, *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_without_changes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(root, "--exit-code", "--stubs", str(root / "captures")) == 0
    assert capsys.readouterr().out == f"No changes: mappings and views agree with {GENERATED}.\n"


@pytest.mark.parametrize("name", ["column_added", "comments", "view_changed", "rule_added"])
def test_exit_code(root: Path, name: str) -> None:
    write_edit(root, name)
    assert run(root) == 0
    assert run(root, "--exit-code") == 1
    assert run(root, "--exit-code", "--format", "json") == 1


def test_after_generate_only_the_migration_is_left(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_edit(root, "column_added")
    assert cli.main(["generate", "--root", str(root)]) == 0
    capsys.readouterr()
    assert run(root, "--exit-code") == 1
    shown = capsys.readouterr().out
    assert "column pitcher_id added" in shown
    assert "Rows" not in shown
    assert shown.endswith("Next: mlbgen migrate WHAT\n")
    assert cli.main(["migrate", "pitchers", "--root", str(root)]) == 0
    assert run(root, "--exit-code") == 0


def test_nothing_is_left_behind(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    write_edit(root, "several_at_once")
    before, modules, finders = files(root), {*sys.modules}, [*sys.meta_path]
    assert run(root, "--stubs", str(root / "captures")) == 0
    assert files(root) == before
    assert not [each for each in {*sys.modules} - modules if each.startswith(("mlbgen_plan", "mlb_tables"))]
    assert sys.meta_path == finders
    assert not [*(tmp_path / "tmp").iterdir()]


def test_two_runs_say_the_same(root: Path) -> None:
    """Another order of sets and files changes nothing, nor does the folder that the command runs in."""
    write_edit(root, "several_at_once")
    command = [sys.executable, "-m", "mlbgen", "plan", "--root", str(root), "--stubs", str(root / "captures")]
    texts = {
        subprocess.run(
            [*command, "--format", "json"],
            env=os.environ | {"PYTHONHASHSEED": seed}, cwd=folder, capture_output=True, text=True, check=True,
        ).stdout
        for seed, folder in (("1", root), ("2", root.parent))
    }  # fmt: skip
    assert len(texts) == 1
    assert str(root) not in texts.pop()


def test_compared_with_a_revision(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message=Before")
    write_edit(root, "column_added")
    for command in (["generate"], ["migrate", "pitchers"]):
        assert cli.main([*command, "--root", str(root)]) == 0
    assert run(root, "--exit-code") == 0
    capsys.readouterr()
    assert run(root, "--exit-code", "--since", "main", "--stubs", str(root / "captures")) == 1
    shown = capsys.readouterr().out
    assert shown.startswith(f"Compared with {GENERATED} in main\n")
    assert "+ league.plays: column pitcher_id added" in shown
    assert "+ pitcher_id integer: 13 of 13 rows have a value" in shown


@pytest.mark.parametrize(
    ("revision", "said"), [("nowhere", "no such revision"), ("--all", "no such revision"), ("main:x", "no such")]
)
def test_a_revision_that_git_does_not_know(
    root: Path, revision: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    git(root, "init", "--quiet")
    assert run(root, f"--since={revision}") == 1
    assert said in capsys.readouterr().err


def test_a_revision_before_the_project(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "commit", "--quiet", "--allow-empty", "--message=Nothing")
    assert run(root, "--since", "main") == 1
    assert "has no pyproject.toml here" in capsys.readouterr().err


def test_outside_of_git(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(root.parent))
    assert run(root, "--since", "main") == 1
    assert "git rev-parse fails" in capsys.readouterr().err
    monkeypatch.setenv("PATH", "")
    assert run(root, "--since", "main") == 1
    assert "needs git" in capsys.readouterr().err


def test_before_anything_is_generated(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(root / "generated")
    capsys.readouterr()
    assert run(root, "--exit-code", "--stubs", str(root / "captures"), "--format", "json") == 1
    plan = json.loads(capsys.readouterr().out)
    assert plan["migration"] is None
    assert {each["table"]: each["rows"]["added"] for each in plan["tables"]} == {
        "league.games": 4, "league.plays": 13, "league.runners": 10,
    }  # fmt: skip
    assert plan["methods"][0]["fingerprint"]["before"] is None


@pytest.mark.parametrize("module", ["__init__.py", "league/game_v1/method.py", "league/game_v1/plays.py"])
@pytest.mark.parametrize("text", ["<<<<<<< HEAD\n", "import nowhere\n", "raise ValueError('never mind')\n"])
def test_generated_code_that_is_broken(root: Path, module: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (root / GENERATED / module).write_text(text)
    assert run(root) == 1
    assert "can't be imported" in capsys.readouterr().err


def test_mistakes_are_reported_as_by_check(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mapping = root / "schemas/mappings/league/game_v1.yaml"
    mapping.write_text(mapping.read_text().replace("path: play.event", "path: play.evnt"))
    assert run(root) == 1
    assert "error[MG0" in capsys.readouterr().err


def test_what_no_migration_can_do(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mapping = root / "schemas/mappings/league/game_v1.yaml"
    mapping.write_text(mapping.read_text().replace("type: bigint, path: $.gamePk", "type: integer, path: $.gamePk"))
    capsys.readouterr()
    code = run(root)
    shown = capsys.readouterr()
    assert code == 1, shown
    assert "No migration can do this" in shown.out
    assert "nothing can derive its rows again" in shown.out


@pytest.mark.parametrize("examples", [0, 1])
def test_examples_are_bounded(root: Path, examples: int, capsys: pytest.CaptureFixture[str]) -> None:
    write_edit(root, "filter_changed")
    capsys.readouterr()
    run(root, "--stubs", str(root / "captures"), "--examples", str(examples), "--format", "json")
    plan = json.loads(capsys.readouterr().out)
    assert plan["tables"][0]["rows"]["removed"] == 6
    assert len(plan["tables"][0]["removed"]) == examples
    assert len(plan["unread"]["examples"]) == examples


def test_own_samples_are_read_too(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.move(root / "captures", root / "schemas/samples")
    write_edit(root, "column_added")
    capsys.readouterr()
    assert run(root, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["captures"] == 5


def test_many_captures_take_no_more_memory_than_some(root: Path) -> None:
    write_edit(root, "several_at_once")
    peaks = []
    for number in (20, 200):
        folder = root / f"captures_{number}"
        folder.mkdir()
        for game_pk in range(number):
            text = stub(game_pk, response(game_pk, 2024, 60))
            (folder / f"{game_pk:04}.json.gz").write_bytes(gzip.compress(text.encode()))
        tracemalloc.start()
        plan = making.make(root, [folder], since=None, examples=3, progress=lambda *_: None)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert plan.captures == number
    assert peaks[1] < peaks[0] * 1.1 + 1_000_000


def test_modules_come_from_texts_alone() -> None:
    texts = {"__init__.py": "X = 1\n", "sub/__init__.py": "", "sub/leaf.py": "from .. import X\nY = X + 1\n"}
    with imported("mlbgen_plan_test", texts):
        from mlbgen_plan_test.sub import leaf  # type: ignore[import-not-found] # noqa: PLC0415 - made here

        assert leaf.Y == 2
        assert leaf.__spec__.cached is None
    assert not [name for name in sys.modules if name.startswith("mlbgen_plan_test")]


def test_each_edit_is_shown() -> None:
    assert len(SHOWN) > 20


def test_on_a_terminal_it_has_colours_and_a_bar(root: Path) -> None:
    write_edit(root, "filter_changed")
    command = [sys.executable, "-m", "mlbgen", "plan", "--root", str(root), "--stubs", str(root / "captures")]
    seen = terminal.run(command, os.environ | {"TERM": "xterm-256color", "COLUMNS": "80"})
    assert seen.returncode == 0
    assert b"\x1b[31m- game_pk 1" in seen.written
    assert b"6/6" in seen.written
    assert "6/6" not in seen.text
    assert not seen.cursor_hidden


def test_in_a_pipe_it_has_neither(root: Path) -> None:
    write_edit(root, "filter_changed")
    command = [sys.executable, "-m", "mlbgen", "plan", "--root", str(root), "--stubs", str(root / "captures")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_the_reader_may_leave(root: Path) -> None:
    write_edit(root, "several_at_once")
    command = f"{sys.executable} -m mlbgen plan --root {root} | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout == f"Compared with {GENERATED}\n"
    assert done.stderr == ""
