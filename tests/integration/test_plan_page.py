"""docs/plan.md shows what its commands print, and documents all that the JSON has."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clones
import pytest
from checks import some
from plans import write_edit, write_project

from mlbgen import cli

ROOT = clones.ROOT
PAGE = (ROOT / "docs" / "plan.md").read_text()
NEXT = 1 + max(int(each.name[1:].split("__")[0]) for each in (ROOT / "generated/mlb_tables/migrations").glob("V*.sql"))
BLOCKS = re.findall(r"^```(sh|text)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", "schemas", "generated"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


def test_the_page_shows_what_is_printed(copy: Path) -> None:
    (_, first), (_, edit), (kind, shown), *_ = BLOCKS
    assert kind == "text"
    done = subprocess.run(
        ["sh", "-eu", "-c", first + edit],
        cwd=copy, env=clones.environment(), capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert "No changes: mappings and views agree" in done.stdout
    assert re.sub(r"(?<=Migration V)\d+", str(NEXT), shown) in done.stdout
    assert max(map(len, shown.splitlines())) <= 90


def keys(value: Any, place: str = "") -> Iterator[str]:
    """The names of all members of objects that are not keys of rows."""
    if isinstance(value, dict) and not place.endswith((".key", ".added[]", ".removed[]")):
        for name, member in value.items():
            yield name
            yield from keys(member, f"{place}.{name}")
    elif isinstance(value, list):
        for each in value:
            yield from keys(each, f"{place}[]")


@pytest.mark.parametrize("edit", ["several_at_once", "rule_added", "values_that_do_not_fit", "view_changed"])
def test_the_page_documents_the_json(
    edit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MLB_STUBS", raising=False)
    write_project(tmp_path)
    write_edit(tmp_path, edit)
    capsys.readouterr()
    assert cli.main(["plan", "--root", str(tmp_path), "--stubs", str(tmp_path / "captures"), "--format", "json"]) == 0
    documented = {*re.findall(r"`(?:\w+\[\]\.)?(\w+)`", PAGE[PAGE.index("## The form of the JSON") :])}
    for name in some({*keys(json.loads(capsys.readouterr().out))}):
        assert name in documented
