"""The notebooks of examples/notebooks, run by their kernel in an empty folder against a simulated league."""

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import unmeasured
from checks import some

NOTEBOOKS = Path(__file__).parents[2] / "examples" / "notebooks"
PLOTS = {"analyst": {"zone", "speed", "win"}, "engineer": {"size"}}


@pytest.fixture
def api() -> Iterator[str]:
    """The simulator, when the games of its day are over."""
    command = [str(Path(sys.executable).parent / "mlb-sim"), "serve", "--date", "2024-07-03", "--speed", "0"]
    with subprocess.Popen(command, env=unmeasured.environment(), stdout=subprocess.PIPE, text=True) as simulator:
        assert simulator.stdout is not None
        yield simulator.stdout.readline().strip()
        simulator.kill()


def test_each_has_a_test() -> None:
    assert {each.stem for each in some([*NOTEBOOKS.glob("*.py")])} == PLOTS.keys()


@pytest.fixture
def environment(api: str, empty_database: str, tmp_path: Path) -> dict[str, str]:
    pytest.importorskip("marimo", reason="no notebooks: pip install -r requirements/notebooks.txt")
    own = {"MLB_ETL_DSN": empty_database, "MLB_ETL_BASE_URL": api, "MLB_ETL_RATE": "off", "MPLBACKEND": "agg"}
    own |= {"NOTEBOOK_PLOTS": str(tmp_path), "HOME": str(tmp_path), "NOTEBOOK_DAYS": "2"}
    return {key: value for key, value in os.environ.items() if not key.startswith("MLB_")} | own


def _run(environment: dict[str, str], folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "no captures" not in done.stderr
    return done.stdout


@pytest.mark.parametrize("name", PLOTS)
def test_a_notebook_runs_and_plots(name: str, environment: dict[str, str], tmp_path: Path) -> None:
    shutil.copy(NOTEBOOKS / f"{name}.py", tmp_path)
    _run(environment, tmp_path, "-m", "marimo", "export", "html", f"{name}.py", "--output", "seen.html")
    for plot in some(sorted(PLOTS[name])):
        content = (tmp_path / f"{plot}.png").read_bytes()
        width, height = struct.unpack(">II", content[16:24])
        assert width > 400, plot
        assert height > 300, plot
        assert len(content) > 8000, f"{plot} shows something"


ERROR = """
import analyst
import polars as pl

_, defined = analyst.app.run()
courses = pl.concat(map(defined["expectancy"], defined["over"]["game_pk"]))
assert courses["expectancy"].round(9).is_between(0, 1).all()
assert courses.filter("last").select((pl.col("expectancy") == pl.col("won")).all()).item()
print(((courses["expectancy"] - courses["won"]) ** 2).mean())
"""


def test_the_win_expectancy_knows_more_than_a_coin(environment: dict[str, str], tmp_path: Path) -> None:
    """Of games that it was not counted from, by the mean square of its errors: a coin's is 0.25."""
    assert float(_run(environment | {"PYTHONPATH": str(NOTEBOOKS)}, tmp_path, "-c", ERROR)) < 0.2
