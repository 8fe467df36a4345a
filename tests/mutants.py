"""Shows that the tests find bugs: puts small ones in, one at a time, and runs the tests that are to fail.

`mutants.toml` beside this file has them. The checkout is not touched: each bug goes into a copy of what git tracks or
would track. Ends with 1 where a bug survives, or the list no longer fits the code.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("codegen", "generated", "runtime", "simulator", "templates")
LIMIT = 900  # seconds for the tests of a mutant
FAILED = re.compile(r"\b[1-9]\d* (failed|errors?)\b")  # in pytest's last line, where tests ran and some failed
TOO_LONG = "Timeout (>"  # as pytest-timeout says for a test
TESTS_FAILED = 1  # its exit code then, but also Python's, where pytest does not start


@dataclass(frozen=True)
class Mutant:
    """A bug: in `file`, `text` becomes `instead`. It breaks a law or another promise, and `tests` are to notice.

    With `store`, histories of `just soak` in that store are to notice it, too.
    """

    name: str
    breaks: str
    file: str
    text: str
    instead: str
    tests: tuple[str, ...]
    store: str | None = None

    def source(self, root: Path) -> str:
        return (root / self.file).read_text() if (root / self.file).is_file() else ""

    def fits(self, root: Path) -> bool:
        """Whether there is one place, and one only, for it."""
        return self.source(root).count(self.text) == 1

    def mutated(self, root: Path) -> str:
        return self.source(root).replace(self.text, self.instead)


def read() -> list[Mutant]:
    listed = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())["mutant"]
    return [Mutant(**each | {"tests": tuple(each["tests"])}) for each in listed]


@contextmanager
def copy() -> Iterator[Path]:
    """A copy of the checkout as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="mlb-etl-mutants-") as folder:
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, Path(folder) / name)
        (Path(folder) / ".venv").symlink_to(sys.prefix)
        subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
        yield Path(folder)


def run_tests(root: Path, tests: Sequence[str], *, limit: float | None = LIMIT) -> subprocess.CompletedProcess[str]:
    """Run tests of a copy on the code of that copy, until the first fails; to take longer than the limit is to fail."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(root / each) for each in PACKAGES), "CI": "true"}
    for name in ("stubs", "cases"):
        environment.setdefault(f"MLB_{name.upper()}", str(ROOT.parent / "shared" / name))
    command = [sys.executable, "-m", "pytest", "--exitfirst", "-p", "no:cacheprovider", "-p", "no:randomly", *tests]
    try:
        return subprocess.run(
            command, cwd=root, env=environment, timeout=limit, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, TESTS_FAILED, f"1 failed: {TOO_LONG}{LIMIT}s)", "")


def outcome(mutant: Mutant, root: Path) -> str:
    """What the tests say of a bug in that copy.

    It was found, perhaps by the limit of time only; it survived; or it is stale, where the list is to be corrected.
    """
    if not mutant.fits(root):
        return "stale: its text is not in the file once"
    path, before = root / mutant.file, mutant.source(root)
    path.write_text(mutant.mutated(root))
    try:
        done = run_tests(root, mutant.tests)
    finally:
        path.write_text(before)
    said = (done.stdout + done.stderr).strip().splitlines()
    if done.returncode == TESTS_FAILED and FAILED.search(said[-1]):
        return "found by the limit of time" if TOO_LONG in done.stdout else "found"
    return "survived" if done.returncode == 0 else f"stale: {said[-1]}"


def try_all(mutants: Sequence[Mutant], processes: int) -> list[str]:
    """The outcomes, told one by one; each process has a copy of its own."""
    copies: SimpleQueue[Path] = SimpleQueue()

    def one(mutant: Mutant) -> str:
        root, began = copies.get(), time.monotonic()
        try:
            said = outcome(mutant, root)
        finally:
            copies.put(root)
        print(f"{mutant.name:40} {time.monotonic() - began:6.1f} s  {said}", flush=True)
        return said

    with ExitStack() as stack, ThreadPoolExecutor(processes) as pool:
        for _ in range(processes):
            copies.put(stack.enter_context(copy()))
        return list(pool.map(one, mutants))


def sound(mutants: Sequence[Mutant], processes: int) -> bool:
    """Whether the tests pass without any bug; what they say where they don't is shown."""
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    with copy() as root:
        done = run_tests(root, [f"--numprocesses={processes}", *tests], limit=None)
    if done.returncode:
        print(done.stdout[-4000:], done.stderr, "the tests fail without a mutant, so they can't tell", sep="\n")
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", metavar="NAME", nargs="+", default=[""], help="mutants with one of these in their names"
    )
    parser.add_argument("-j", "--processes", type=int, default=2)
    parser.add_argument("--trust", action="store_true", help="don't run the tests without a mutant first")
    arguments = parser.parse_args()
    mutants = [each for each in read() if any(name in each.name for name in arguments.only)]
    if not mutants:
        parser.error("no mutant has such a name")
    if not arguments.trust and not sound(mutants, arguments.processes):
        return 2
    said = try_all(mutants, arguments.processes)
    found = sum(each.startswith("found") for each in said)
    print(f"{len(said)} mutants: {found} found, {said.count('survived')} survived, ", end="")
    print(f"{sum(each.startswith('stale') for each in said)} stale")
    return int(found < len(said))


if __name__ == "__main__":
    sys.exit(main())
