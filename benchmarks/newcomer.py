"""The ten tasks of docs/tasks.md, each followed in a fresh clone without data: how long a newcomer waits.

Commands are those of the pages, as tests/integration/test_pages.py runs them: a simulator that stands still stands for
the API, and a server on this machine for a reader's own. What a person reads and types takes no time here.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "integration")]

import clones  # noqa: E402 - tests/ is no package
import test_pages  # noqa: E402
from databases import create_database, serve  # noqa: E402

from mlb_sim import Simulator, times  # noqa: E402
from mlb_sim import serve as serve_api  # noqa: E402

PAGE = "docs/tasks.md"
ROW = re.compile(r"^\| ([^|]+) \| (\[.*\)) \|$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")
OWN_SERVER, SITE = r"^export MLB_ETL_DSN=.*", r"^\./run docs$"  # patterns of test_pages.OTHERWISE
LONGEST = 900  # seconds for one task


@dataclass(frozen=True)
class Task:
    """A task, and where its commands are: pages with the anchor of a section, or without one."""

    name: str
    places: tuple[tuple[str, str], ...]

    def blocks(self) -> list[tuple[str, str]]:
        """The commands and scripts, in order."""
        return [block for page, anchor in self.places for block in test_pages.BLOCK.findall(section(page, anchor))]


@dataclass(frozen=True)
class Took:
    """What a task took, in seconds; `why` is the end of what it printed, if it failed."""

    task: str
    seconds: float
    commands: int
    why: str = ""


def tasks() -> list[Task]:
    """The tasks, in the order of the page."""
    return [Task(name.strip(), tuple(map(_place, LINK.findall(links)))) for name, links in ROW.findall(_text(PAGE))]


def _place(link: tuple[str, str]) -> tuple[str, str]:
    page, anchor = link
    return ((ROOT / "docs" / page).resolve().relative_to(ROOT).as_posix() if page else PAGE), anchor


def section(page: str, anchor: str) -> str:
    """The text below the title with this anchor, up to the next title of its level or above; or the whole page."""
    text = _text(page)
    if not anchor:
        return text
    titles = list(re.finditer(r"^(#+) (.*)$", re.sub(r"^```.*?^```$", _blank, text, flags=re.S | re.M), re.MULTILINE))
    for number, title in enumerate(titles):
        if re.sub(r"[^\w\- ]", "", title[2].lower()).replace(" ", "-") == anchor:
            later = (each.start() for each in titles[number + 1 :] if len(each[1]) <= len(title[1]))
            return text[title.start() : next(later, len(text))]
    raise SystemExit(f"{page} has no section {anchor}")


def _blank(block: re.Match[str]) -> str:
    """As many characters without a title: a comment of a shell looks like one."""
    return " " * len(block[0])


def _text(page: str) -> str:
    return (ROOT / page).read_text()


def follow(task: Task, api: str, dsn: str) -> Took:
    """Follow a task in a clone of its own."""
    other = {OWN_SERVER: f"export MLB_ETL_DSN='{dsn}'", SITE: "just docs"}
    lines = test_pages.commands(task.blocks(), test_pages.free_port(), other)
    number = sum(len(text.strip().splitlines()) for language, text in task.blocks() if language == "sh")
    with clones.clone() as clone:
        own = clones.environment(clone) | {"MLB_ETL_BASE_URL": api, "MLB_ETL_RATE": "off"}
        began = time.perf_counter()
        done = subprocess.run(
            ["/bin/sh", "-x", "-c", lines],
            cwd=clone, env=own, capture_output=True, text=True, check=False, timeout=LONGEST, start_new_session=True,
        )  # fmt: skip
        took = time.perf_counter() - began
    return Took(task.name, round(took, 1), number, (done.stdout + done.stderr)[-2000:] if done.returncode else "")


@contextmanager
def surroundings() -> Iterator[tuple[str, str]]:
    """The address of an API, and the DSN of an empty database."""
    simulator = Simulator(1, 2024, first_game_pk=747175, speed=0)
    simulator.clock.set(times.at(date(2024, 3, 23), 20, offset=-4))
    with serve_api(simulator) as api, contextmanager(serve)(None) as server:
        yield api.url, create_database(server)


def main(arguments: Sequence[str] | None = None) -> int:
    """Follow the tasks that are named, or all, and print a table and JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="WORDS", help="only tasks whose name has these words")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    options = parser.parse_args(arguments)
    chosen = [task for task in tasks() if (options.only or "").lower() in task.name.lower()]
    if not chosen:
        parser.error(f"no task is called so: {', '.join(task.name for task in tasks())}")
    results = []
    for task in chosen:
        with surroundings() as (api, dsn):
            results.append(follow(task, api, dsn))
        if options.format == "text":
            took = results[-1]
            sys.stdout.write(f"{took.task:<36}{took.seconds:>8.1f} s{took.commands:>5} commands")
            sys.stdout.write(f"  FAILED\n{took.why}\n" if took.why else "\n")
            sys.stdout.flush()
    if options.format == "json":
        sys.stdout.write(f"{json.dumps([asdict(each) for each in results], indent=2)}\n")
    return int(any(each.why for each in results))


if __name__ == "__main__":
    sys.exit(main())
