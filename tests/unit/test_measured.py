"""What CI measures of the tests: branches, in all processes, with a floor; and what is left out, for a reason."""

import re
import subprocess
import tomllib
from pathlib import Path

from checks import some

ROOT = Path(__file__).parents[2]
PYPROJECT = (ROOT / "pyproject.toml").read_text()
COVERAGE = tomllib.loads(PYPROJECT)["tool"]["coverage"]
FLOOR = 97  # percent


def test_the_floor_stands() -> None:
    assert COVERAGE["run"]["branch"] is True
    assert COVERAGE["run"]["source_pkgs"] == ["mlb_contracts", "mlb_etl", "mlbgen"]
    assert COVERAGE["report"]["fail_under"] >= FLOOR
    assert "omit" not in COVERAGE["run"]
    assert not {"omit", "include"} & COVERAGE["report"].keys()


def test_ci_measures() -> None:
    command = ["just", "--dry-run", "ci"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.search(r"^pytest .*--cov\b", done.stderr, re.MULTILINE)
    assert "exec ./run ci\n" in (ROOT / ".ci" / "run").read_text()


def test_each_exclusion_has_its_reason() -> None:
    [listed] = re.findall(r"^exclude_also = \[\n(.*?)^\]", PYPROJECT, re.MULTILINE | re.DOTALL)
    assert all(re.search(r", # \w", line) for line in some(listed.splitlines()))
    for package in ("codegen", "runtime"):
        for file in some((ROOT / package).rglob("*.py")):
            for line in re.findall(r".*pragma: no .*", file.read_text()):
                assert re.search(r"pragma: no (cover|branch) - \w", line), f"{file}: {line}"
