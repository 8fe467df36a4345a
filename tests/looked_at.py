"""The program `mlb-etl ui` as it runs, and the games that its pages show."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from feeds import METHOD, PACKAGE
from laws import Laws
from simulated import Games

PROGRAM = Path(sys.executable).parent / "mlb-etl"
HOSTILE = "<script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\">'&\u202e"


def plain_environment() -> dict[str, str]:
    """Without the developer's own settings; coverage goes on in the programs that get it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MLB_")}


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The address of `mlb-etl ui` on a free port, and its process, which is ended."""
    own = plain_environment() | environment
    command = [str(PROGRAM), "ui", "--port", "0", *arguments]
    process = subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url), process.communicate()
        yield url.rstrip("/"), process
    finally:
        process.terminate()
        process.communicate(timeout=30)


class Shown:
    """The first games of a simulated season, applied to a database as they are played."""

    def __init__(self, dsn: str, most: int = 2) -> None:
        self.games = Games(1, most)
        self.laws = Laws(dsn, PACKAGE, METHOD)

    def play(self, pk: int, part: float) -> dict[str, int]:
        """Apply a game up to this part; return the runs of both sides."""
        self.laws.arrive(self.games.snapshot(pk, part))
        self.laws.run([pk])
        teams = self.games.feed(pk, part)["liveData"]["linescore"]["teams"]
        return {side: teams[side].get("runs", 0) for side in ("away", "home")}
