"""README and the pages of docs, followed in a fresh clone without anything beside it, alone and after each other.

A page is followed in one shell, from its first command to its last. A simulator that stands still stands for the API.
"""

import random
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType

import clones
import pytest

from mlb_sim import Simulator, serve, times

ROOT = clones.ROOT
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TIMEOUT = 300  # seconds for a page, which takes a tenth of it on a machine that does nothing else


def blocks(page: str) -> list[tuple[str, str]]:
    return BLOCK.findall((ROOT / page).read_text())


# Spark is not in requirements/dev.txt, so test_spark_page follows its page; test_runbook does so with the roles.
ELSEWHERE = {"docs/spark.md", "docs/runbook.md"}
PAGES = sorted(
    page
    for page in ("README.md", *(f"docs/{each.name}" for each in (ROOT / "docs").glob("*.md")))
    if blocks(page) and page not in ELSEWHERE
)

# What a test does otherwise than a reader: it has no .venv to make, tests are not to test themselves, what runs until
# it is stopped is stopped, a day of games is over sooner, there is no database but the embedded one, in which no
# administrator has made roles, and the simulated league has no October, and teams of its own. A database of before the
# first release is one whose history has other checksums. Benchmarks have tests of their own, test_partitioning_doc
# and test_benchmarks.
OTHERWISE = {
    r"^\./run (?=demo)": "just ",
    r"^\./run check$": ":",
    r"^\./run docs$": ":",
    r"^\./run( check)?$": ":",
    r"^mlb-etl live( --(?:diff|target) .*)?$": r"timeout --signal=TERM --preserve-status 12 mlb-etl live\1",
    r"^mlb-etl ui( --open)?$": "timeout --signal=TERM --preserve-status 6 mlb-etl ui --port 0",
    r"--speed (60|900)": "--speed 7200",
    r"2024-10-25": "2024-03-22",
    r"team_id=147": "team_id=70001",
    r"^export MLB_ETL_DSN=.*": ":",
    r"^(mlb-etl schema restart --from-raw)$": (
        r'mlb-etl db psql -- --command="UPDATE etl.flyway_schema_history SET checksum = 0"; \1'
    ),
    r"^(mlb-etl schema roles --apply)$": (
        """mlb-etl db psql -- --command="DO 'BEGIN CREATE ROLE mlb_writer; CREATE ROLE mlb_reader;"""
        """ EXCEPTION WHEN duplicate_object THEN END'"; \\1"""
    ),
    r"^python benchmarks/partitioning.py$": ":",
    r"^(just bench|python benchmarks/page.py)( .*)?$": ":",
}
EDITS = {"umpire_links": "link", "umpires_in_one": "partition"}  # before the commands that migrate them


def script(page: str, port: int) -> str:
    """The commands of a page, as one script."""
    return commands(blocks(page), port)


def commands(listed: list[tuple[str, str]], port: int, other: Mapping[str, str] = MappingProxyType({})) -> str:
    """The commands of these blocks, as one script; `other` replaces patterns of OTHERWISE."""
    instead = OTHERWISE | other
    lines = ["set -eu", "trap '[ -z \"${simulator:-}\" ] || kill $simulator' EXIT"]
    for language, found in groupby(listed, key=itemgetter(0)):
        texts = [text for _, text in found if "pyspark" not in text]  # test_lake_readers runs them, beside a server
        if not texts:
            continue
        if language == "python":  # one process for several scripts: imports take most of their time
            lines += [
                "python - <<'PYTHON'",
                *(_instead(line, instead) for line in "".join(texts).rstrip().splitlines()),
                "PYTHON",
            ]
            continue
        for text in texts:
            edits = [edit for name, edit in EDITS.items() if f"mlbgen migrate {name}" in text]
            lines += [f"python tests/umpires.py {edit}" for edit in edits]
            for line in text.splitlines():
                lines += _otherwise(line, instead)
    return "\n".join(lines).replace("8080", str(port))


def _instead(line: str, patterns: Mapping[str, str]) -> str:
    for pattern, instead in patterns.items():
        line = re.sub(pattern, instead, line)
    return line


def _otherwise(line: str, patterns: Mapping[str, str]) -> list[str]:
    line = _instead(line, patterns)
    if line.startswith("mlb-sim serve"):  # in another shell
        up = "python -c \"import socket; socket.create_connection(('127.0.0.1', 8080))\" 2>/dev/null"
        before = '[ -z "${simulator:-}" ] || { kill $simulator; wait $simulator; }'
        return [before, f"{line} &", "simulator=$!", f"until {up}; do kill -0 $simulator; sleep 0.2; done"]
    return [line]


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """A season whose first game is 747175, on its second day."""
    simulator = Simulator(1, 2024, first_game_pk=747175, speed=0)
    simulator.clock.set(times.at(date(2024, 3, 23), 20, offset=-4))
    with serve(simulator) as server:
        yield server.url


@pytest.fixture
def clone() -> Iterator[Path]:
    with clones.clone() as folder:
        yield folder


BREAKS = {"docs/tasks.md"}  # a capture, on purpose
SHOWS = {  # on its way
    "README.md": r"stored \d+, unchanged \d+, known \d+, refused 0, not mapped [1-9]",
    "docs/add-an-endpoint.md": r"^ 2024-03-22 \| Final +\| +15$",
    "docs/ingest.md": r"stored \d+, unchanged \d+, skipped \d+, failed 0",
    "docs/live.md": r"^games 16: stored [1-9]\d+,( seen \d+,)? quarantined 0",
    "docs/migrations.md": r"^rebuilt game.live_game_umpires: 4 rows",
    "docs/own-project.md": r"^ API-2 +\| +1\.0 +\| +8\.0$",
    "docs/plan.md": r"live_game_umpires: 8 removed \(32 rows before, 24 after\)",
    "docs/tasks.md": r"^ALERT: nothing new for a second$",
    "docs/tutorial.md": r"^applied 0, same 1, stale 1, quarantined 0",
    "docs/simulator.md": r"\d+ stubs in data/stubs",
}


def follow(page: str, clone: Path, api: str) -> None:
    own = clones.environment(clone) | {"MLB_ETL_BASE_URL": api, "MLB_ETL_RATE": "off"}
    done = subprocess.run(
        ["sh", "-x", "-c", script(page, free_port())],
        cwd=clone, env=own, capture_output=True, text=True, check=False, timeout=TIMEOUT, start_new_session=True,
    )  # fmt: skip
    assert done.returncode == 0, f"{page}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    assert page in BREAKS or not re.search(r"quarantined [1-9]", done.stdout), f"{page}\n{done.stdout}"
    assert re.search(SHOWS.get(page, ""), done.stdout, re.MULTILINE), f"{page}\n{done.stdout[-4000:]}"


def test_there_are_pages() -> None:
    assert {"README.md", "docs/ingest.md", "docs/live.md", "docs/migrations.md", "docs/simulator.md"} <= {*PAGES}
    for pattern in OTHERWISE:
        found = [page for page in PAGES for _, text in blocks(page) if re.search(pattern, text, re.MULTILINE)]
        assert found or "DSN" in pattern, f"{pattern} is not needed"


@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_alone(page: str, clone: Path, api: str) -> None:
    follow(page, clone, api)


@pytest.mark.timeout(600)  # three pages, one after the other: about 60 s
def test_pages_after_each_other(clone: Path, api: str) -> None:
    """In one folder, which is left as it was but for data; which pages, and in which order, the tests' seed says."""
    pages = random.sample(PAGES, 3)
    sys.stdout.write(f"{' '.join(pages)}\n")
    for page in pages:
        follow(page, clone, api)
    status = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert status.stdout == ""


if __name__ == "__main__":
    sys.stdout.write(script(sys.argv[1], 8080))
