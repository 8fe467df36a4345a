"""In CI a skipped test fails, unless it says that it may be skipped for that reason."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.fixture
def missing():
    pytest.skip("nothing there")

def test_by_fixture(missing): ...

@pytest.mark.skipif(True, reason="nothing there")
def test_by_mark(): ...

@pytest.mark.may_skip("other")
def test_for_another_reason(missing): ...

@pytest.mark.may_skip("nothing there")
def test_allowed(missing): ...

@pytest.mark.may_skip("nothing there")
@pytest.mark.skipif(True, reason="nothing there")
def test_allowed_by_mark(): ...
"""
MODULE = "import pytest; pytest.importorskip('no_such_module')"


@pytest.mark.parametrize(
    ("ci", "outcomes"), [("true", {"2 skipped", "4 errors"}), ("", {"6 skipped"})], ids=["in CI", "elsewhere"]
)
def test_skips(tmp_path: Path, ci: str, outcomes: set[str]) -> None:
    (tmp_path / "test_skipped.py").write_text(TESTS)
    (tmp_path / "test_module.py").write_text(MODULE)
    command = [sys.executable, "-m", "pytest", "-p", "skips", "--continue-on-collection-errors"]
    environment = os.environ | {"CI": ci, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    said = re.findall(r"\d+ (?:skipped|errors?|failed|passed|warnings?)", done.stdout.splitlines()[-1])
    assert (done.returncode, set(said)) == (int(ci == "true"), outcomes), done.stdout
