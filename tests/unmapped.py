"""Paths of the repository's own samples that no mapping accounts for; run as a program, it shortens tests/unmapped.

Own samples are those behind the shapes of schemas/api, the invented ones of schemas/samples, the shipped feed, and what
the simulator writes.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from mlb_sim import Simulator, samples
from mlbgen.project import generate
from mlbgen.samples import coverage

ROOT = Path(__file__).parents[1]
LISTS = ROOT / "tests" / "unmapped"
OWN = (ROOT / "schemas/samples", ROOT / "runtime/mlb_etl/baseball/shipped_stubs")


def found(folder: Path) -> dict[str, set[str]]:
    """The unmapped paths of each method; simulated responses are written into the folder."""
    simulator = Simulator(1, 2026)
    samples.write(simulator, folder, simulator.calendar.first_day, 2)
    inputs = generate.read(ROOT, generate.mappings(ROOT))
    paths: dict[str, set[str]] = {}
    for each in (*inputs, *generate.with_shapes_of(inputs, (*OWN, folder))):
        leaves = coverage.report(each.method, each.shape).of("unmapped")
        paths.setdefault(each.method.name, set()).update(leaf.path for leaf in leaves)
    return paths


def methods(lists: Path = LISTS) -> list[str]:
    """The methods that have a list."""
    return sorted(each.stem for each in lists.glob("*.txt"))


def listed(method: str, lists: Path = LISTS) -> set[str]:
    """The paths that are known to be unmapped."""
    file = lists / f"{method}.txt"
    return set(file.read_text().splitlines()) if file.exists() else set()


def shorten(unmapped: Mapping[str, set[str]], lists: Path = LISTS) -> None:
    """Remove paths that are mapped by now, and lists that become empty."""
    for method in methods(lists):
        file, left = lists / f"{method}.txt", sorted(listed(method, lists) & unmapped.get(method, set()))
        file.write_text("".join(f"{path}\n" for path in left))
        if not left:
            file.unlink()


if __name__ == "__main__":
    with TemporaryDirectory() as simulated:
        shorten(found(Path(simulated)))
