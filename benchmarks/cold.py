"""Commands that a person waits for, each a process of its own in a fresh clone, and the demo by its steps."""

import shlex
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests"))
import clones  # noqa: E402 - tests/ is no package

COMMANDS = (
    "python -c pass",
    "python -c 'import mlb_etl'",
    "python -c 'import mlb_tables.game.live_game_v1.method'",
    "mlb-etl --help",
    "mlbgen --help",
    "mlbgen check",
    "mlbgen generate",
)
DEMO = "examples/demo.sh"


def measure(rounds: int) -> dict[str, float]:
    """The median milliseconds of each command, and those of each step of the demo."""
    with clones.clone() as clone:
        times: dict[str, list[float]] = {}
        for _ in range(rounds):
            for command in COMMANDS:
                start = perf_counter()
                subprocess.run(
                    shlex.split(command), cwd=clone, env=clones.environment(clone), check=True, capture_output=True
                )
                times.setdefault(command, []).append((perf_counter() - start) * 1000)
            for step, took in _demo(clone).items():
                times.setdefault(f"{DEMO}: {step}", []).append(took)
    return {name: median(its) for name, its in times.items()}


def _demo(clone: Path) -> dict[str, float]:
    """Milliseconds from each command that the demo shows to the next one."""
    began: dict[str, float] = {}
    with subprocess.Popen(
        [clone / DEMO], cwd=clone, env=clones.environment(clone), stdout=subprocess.PIPE, text=True
    ) as demo:
        for line in demo.stdout or ():
            if line.startswith("$ "):
                began[line[2:].strip()] = perf_counter()
            elif line.startswith("These games"):
                ended = perf_counter()
    if demo.returncode:
        raise SystemExit(f"{DEMO} failed")
    ends = [*list(began.values())[1:], ended]
    return {name: (end - start) * 1000 for (name, start), end in zip(began.items(), ends, strict=True)}
