"""Takes lines that keep a law out of a copy of the code, one at a time, and plays histories until the auditor objects.

The lines are mutants of `mutants.toml` with a `store`. Ends with 1 if no history finds one.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click
import mutants
from mutants import PACKAGES, Mutant

_FOUND = re.compile(r"^history (\S+) in .*?: (.*)$", re.MULTILINE)


class Found(NamedTuple):
    """The first history that finds a mutant, and what the auditor says first."""

    history: str
    says: str


@click.command()
@click.option("--only", metavar="NAME", multiple=True, default=[""], help="Mutants with this in their names.")
@click.option("--histories", type=click.IntRange(1), default=40, show_default=True, help="The most to play for each.")
@click.option("--seed", type=int, default=1, show_default=True)
def main(only: tuple[str, ...], histories: int, seed: int) -> None:
    """Show for each law that histories find it where a line that keeps it is taken out."""
    taken_out = [each for each in mutants.read() if each.store and any(name in each.name for name in only)]
    missed = []
    with mutants.copy() as root:
        for each in taken_out:
            began = time.monotonic()
            found = find(root, each, histories, seed)
            if found is None:
                missed.append(each.name)
            says = f"{found.history:8} {found.says}" if found else "not found"
            click.echo(f"{each.name:36} {each.store:8} {time.monotonic() - began:6.1f} s  {says}")
    click.echo(f"{len(taken_out)} mutants, not found: {', '.join(missed) or 'none'}")
    sys.exit(bool(missed))


def find(root: Path, mutant: Mutant, histories: int, seed: int) -> Found | None:
    """Play histories on a copy with the mutant; raises RuntimeError if they end in another way than they may."""
    with taken_out(root, mutant):
        done = play(
            root, "--seed", seed, "--histories", histories, "--patience", 0, "--minutes", 60, "--store", mutant.store
        )
    if done.returncode == 0:
        return None
    if (found := _FOUND.search(done.stdout)) is None:
        raise RuntimeError(f"{mutant.name}: histories could not be played\n{done.stdout}{done.stderr}")
    return Found(*found.groups())


@contextmanager
def taken_out(root: Path, mutant: Mutant) -> Iterator[None]:
    """Put a mutant into that copy as long as the block lasts."""
    path, before = root / mutant.file, mutant.source(root)
    path.write_text(mutant.mutated(root))
    try:
        yield
    finally:
        path.write_text(before)


def play(root: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """What `just soak` does in that checkout or copy."""
    folders = os.pathsep.join(str(root / each) for each in (*PACKAGES, "tests"))
    command = [sys.executable, "-m", "soaking", *map(str, arguments)]
    return subprocess.run(
        command, cwd=root, env=os.environ | {"PYTHONPATH": folders}, capture_output=True, text=True, check=False
    )


if __name__ == "__main__":
    main()
