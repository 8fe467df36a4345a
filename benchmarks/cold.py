"""Commands that a person waits for, each a process of its own in a fresh clone, and the demo by its steps."""

import resource
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


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """The median milliseconds of each command, those of its CPU, and the milliseconds of each step of the demo."""
    found: dict[str, list[dict[str, float]]] = {}
    with clones.clone() as clone:
        for _ in range(rounds):
            for command in COMMANDS:
                found.setdefault(command, []).append(_command(command, clone))
            for step, ms in _demo(clone).items():
                found.setdefault(f"{DEMO}: {step}", []).append({"ms": ms})
    return {name: {key: median(each[key] for each in its) for key in its[0]} for name, its in found.items()}


def _command(command: str, clone: Path) -> dict[str, float]:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    subprocess.run(shlex.split(command), cwd=clone, env=clones.environment(clone), check=True, capture_output=True)
    ms, after = (perf_counter() - start) * 1000, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"ms": ms, "cpu": cpu * 1000}


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
