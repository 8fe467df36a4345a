"""Copies of the repository as a clone has it, to follow its pages in."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import unmeasured
from databases import temporary_folder

ROOT = Path(__file__).parents[1]


def make(target: Path) -> Path:
    """A copy of what git tracks or would track, committed, with this environment as its .venv; nothing beside it."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in listed.stdout.rstrip("\0").split("\0"):
        if os.path.lexists(ROOT / name):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name, follow_symlinks=False)
    (target / ".venv").symlink_to(sys.prefix)
    commit = ["-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "--message=all"]
    for command in (["init", "--quiet"], ["add", "--all"], commit):
        subprocess.run(["git", *command], cwd=target, check=True)
    return target


@contextmanager
def clone() -> Iterator[Path]:
    """A copy in a folder that the embedded server's account can reach; its servers are stopped in the end."""
    folder = temporary_folder()
    try:
        yield make(folder / "clone")
    finally:
        for lock in folder.rglob("postgres/lock"):
            stop(lock.parent.parent)
        shutil.rmtree(folder)


def stop(data: Path) -> None:
    """Stop the embedded server of a data folder."""
    program = Path(sys.executable).parent / "mlb-etl"
    own = environment() | {"MLB_ETL_DATA": str(data)}
    subprocess.run([program, "db", "stop"], env=own, check=True, capture_output=True)


def environment(clone: Path | None = None) -> dict[str, str]:
    """Nothing of the developer's own settings; the commands of the clone, and what it generates, come first.

    They are not traced: of the clone's code nothing is measured, and it would take half as long again.
    """
    own = {key: value for key, value in unmeasured.environment().items() if not key.startswith("MLB_")}
    if clone is not None:
        own["PATH"] = f"{clone / '.venv' / 'bin'}:{own['PATH']}"
        own["PYTHONPATH"] = str(clone / "generated")
    return own
