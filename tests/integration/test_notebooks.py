"""The notebooks of examples/notebooks, run as programs from an empty folder against a simulated league."""

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import unmeasured
from checks import some

NOTEBOOKS = Path(__file__).parents[2] / "examples" / "notebooks"
PLOTS = {"analyst": {"zone", "speed", "lead"}, "engineer": {"size"}}


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


@pytest.mark.parametrize("name", PLOTS)
def test_a_notebook_runs_and_plots(name: str, api: str, empty_database: str, tmp_path: Path) -> None:
    pytest.importorskip("marimo", reason="no notebooks: pip install -r requirements/notebooks.txt")
    own = {"MLB_ETL_DSN": empty_database, "MLB_ETL_BASE_URL": api, "MLB_ETL_RATE": "off", "MPLBACKEND": "agg"}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MLB_")} | own
    environment |= {"NOTEBOOK_PLOTS": str(tmp_path), "HOME": str(tmp_path)}
    command = [sys.executable, str(NOTEBOOKS / f"{name}.py")]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for plot in some(sorted(PLOTS[name])):
        content = (tmp_path / f"{plot}.png").read_bytes()
        width, height = struct.unpack(">II", content[16:24])
        assert width > 400, plot
        assert height > 300, plot
        assert len(content) > 8000, f"{plot} shows something"
