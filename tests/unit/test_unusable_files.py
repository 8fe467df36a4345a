"""Files of a project that can't be used are a user's mistake, which is named, and no bug."""

import os
from collections.abc import Callable
from pathlib import Path

import edits
import pytest

from mlbgen import cli, layout

SHAPE = "schemas/api/league/game_v1.json"
MODULE = f"{layout.generated()}/league/game_v1/plays.py"
MIGRATION = f"{layout.migrations()}/V1__raw_tables.sql"
SUMS = f"{layout.migrations()}/migrations.sum"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a project, by path."""
    root = tmp_path_factory.mktemp("project")
    edits.project(root, {edits.FILE: edits.MAPPING})
    assert cli.main(["generate", "--root", str(root)]) == 0
    return {str(each.relative_to(root)): each.read_bytes() for each in root.rglob("*") if each.is_file()}


@pytest.fixture
def root(tmp_path: Path, generated: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MLB_STUBS", raising=False)
    for path, content in generated.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


def folder(file: Path) -> None:
    file.mkdir()


def garbage(file: Path) -> None:
    file.write_bytes(b"\xff\0")


def deep(file: Path) -> None:
    file.write_bytes(b'{"type": "array", "items":' * 3000)


def dangling(file: Path) -> None:
    file.symlink_to("/no/such/file")


def loop(file: Path) -> None:
    file.symlink_to(file)


@pytest.mark.parametrize(
    ("path", "put", "command", "message"),
    [
        (edits.FILE, folder, "check", "can't be read"),
        (edits.FILE, garbage, "check", "is not UTF-8"),
        (edits.FILE, dangling, "check", "No such file"),
        (edits.FILE, loop, "check", "Too many levels of symbolic links"),
        (edits.FILE, os.mkfifo, "check", "it is not a regular file"),
        (SHAPE, folder, "check", "Is a directory"),
        (SHAPE, garbage, "coverage", "is not a shape"),
        (SHAPE, deep, "generate", "is not a shape"),
        (MODULE, folder, "diff", "Is a directory"),
        (MODULE, garbage, "generate", "is in the way"),
        (MIGRATION, folder, "check", "Is a directory"),
        (MIGRATION, garbage, "generate", "does not match its hash in migrations.sum"),
        (SUMS, garbage, "diff", "is not in migrations.sum"),
        ("schemas/mapping.schema.json", folder, "generate", "Is a directory"),
        ("pyproject.toml", garbage, "generate", "is not TOML"),
    ],
)
def test_a_file_that_can_not_be_used_is_named(
    root: Path,
    capsys: pytest.CaptureFixture[str],
    path: str,
    put: Callable[[Path], None],
    *,
    command: str,
    message: str,
) -> None:
    (root / path).unlink()
    put(root / path)
    assert cli.main([command, "--root", str(root)]) == 1
    said = capsys.readouterr().err
    assert Path(path).name in said
    assert message in said


@pytest.mark.parametrize("path", ["generated", layout.generated(), f"{layout.generated()}/league"])
def test_a_file_where_a_folder_belongs_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str) -> None:
    edits.project(tmp_path, {edits.FILE: edits.MAPPING})
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).touch()
    assert cli.main(["generate", "--root", str(tmp_path)]) == 1
    assert path in capsys.readouterr().err


def test_a_mapping_outside_of_the_project(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By a link, and by itself."""
    outside = root.parent / "outside.yaml"
    outside.write_text(edits.MAPPING)
    (root / edits.FILE).unlink()
    (root / edits.FILE).symlink_to(outside)
    assert cli.main(["diff", "--root", str(root)]) == 0
    outside.write_text(edits.MAPPING.replace("smallint", "intt"))
    assert cli.main(["check", "--root", str(root)]) == 1
    assert f"{edits.FILE}:" in capsys.readouterr().err
    assert cli.main(["ddl", "--root", str(root), "--mapping", str(outside)]) == 1
    assert "../outside.yaml:" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a.b.c", "a", "../a.b", "a.", ".b", "a/b.c", "1.2"])
def test_a_method_that_is_none_is_wrong_usage(root: Path, name: str) -> None:
    assert cli.main(["infer", "--root", str(root), "--stubs", str(root), "--method", name]) == 2
