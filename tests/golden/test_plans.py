"""What `mlbgen plan` says of each edit."""

import shutil
from pathlib import Path

import pytest
from plans import SHOWN, write_edit, write_project
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from mlbgen import cli


class TextFile(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


class JsonFile(TextFile):
    file_extension = "json"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    write_project(root)
    return root


@pytest.fixture
def root(generated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MLB_STUBS", raising=False)
    return Path(shutil.copytree(generated, tmp_path / "project"))


def plan(root: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert cli.main(["plan", "--root", str(root), "--stubs", str(root / "captures"), *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", SHOWN)
def test_text(name: str, root: Path, capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion) -> None:
    write_edit(root, name)
    shown = plan(root, capsys)
    assert shown == snapshot(extension_class=TextFile)
    assert max(len(line) for line in shown.splitlines() if not line.startswith("    ")) <= 80


@pytest.mark.parametrize("name", ["several_at_once", "rule_added", "view_changed"])
def test_json(name: str, root: Path, capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion) -> None:
    write_edit(root, name)
    assert plan(root, capsys, "--format", "json") == snapshot(extension_class=JsonFile)
