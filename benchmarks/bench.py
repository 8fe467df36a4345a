"""Measures this project: `just bench`, or `just bench growth`, `cold`, `live` or `captures`.

compare  loaders side by side, over the 17 tables of version 0.1.0 and over all (compare.py)
growth   how cost grows with games, seasons stored, workers and tables (growth.py)
cold     commands that a person waits for (cold.py)
live     games followed at one poll a second each (live_day.py)
captures captures of a live game, stored in several ways (captures.py)

Milliseconds drift from machine to machine and from hour to hour; what is judged is ratios within one run.
"""

import argparse
import gc
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import captures
import cold
import compare
import live_day
from games import Games, captured, simulated
from growth import Growth
from machine import machine
from page import LIMITS, tables
from tables import FIRST, table_set


def comparison(given: argparse.Namespace, games: Games) -> dict[str, Any]:
    """The figures of the 17 tables, and those of both sets, by number of tables."""
    found = {}
    with machine() as on:
        for name in given.tables:
            tables = table_set(games, on.folder, only=FIRST if name == "17" else None)
            compared = compare.Comparison(on, games, tables, compare.contenders(given.workers))
            for number in range(given.rounds):
                gc.collect()
                compared.round(number)
                print(f"{name} tables: round {number + 1} of {given.rounds}", file=sys.stderr)
            found[str(len(tables.method.tables))] = compared.results()
    first = next(iter(found.values()))
    return {name: figure for name, figure in first.items() if name != "runs"} | {"tables": found}


def grown(given: argparse.Namespace, games: Games) -> dict[str, Any]:
    """How cost grows, up to a season of `season` games."""
    season = given.season
    with machine() as on:
        growth = Growth(on, games, given.rounds)
        return {
            "games": growth.games([each for each in (1, 10, 100, 1000) if each < season] + [season], given.workers),
            "seasons": growth.seasons([0, 1, 5, 20], given.games, given.stored),
            "workers": growth.workers([1, 2, 4, 8], given.games),
            "views": growth.views(season),
            "stored": growth.stored(given.games),
            "questions": growth.questions(given.games),
        }


def broken(results: dict[str, Any]) -> list[str]:
    """The targets that the results of `compare` miss."""
    found = []
    for name, (least, limit) in LIMITS.items():
        if results[name] < limit if least else results[name] > limit:
            found.append(f"{name} is {results[name]:.2f}, {limit} at {'least' if least else 'most'}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["compare", "growth", "cold", "live", "captures"], default="compare")
    parser.add_argument("--games", type=int, default=500)
    parser.add_argument("--season", type=int, default=2430, help="growth: up to so many games, a season's")
    parser.add_argument("--stored", type=int, default=2430, help="growth: games of each season that is stored before")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=120, help="live: so long with whole feeds, and with patches")
    parser.add_argument("--tables", nargs="+", choices=["17", "all"], default=["17", "all"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--stubs", type=Path, help="captured feeds instead of simulated ones")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target of `compare` is missed")
    given = parser.parse_args()
    on = {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": platform.python_version()}
    asked = {name: str(value) if isinstance(value, Path) else value for name, value in vars(given).items()}
    gc.disable()  # decoded JSON has no cycles; what is garbage goes between rounds
    match given.what:
        case "captures":
            results: dict[str, Any] = {"captures": captures.measure(given.rounds)}
        case "live":
            results = {"live": live_day.measure(given.seconds)}
        case "cold":
            results = {"commands": cold.measure(given.rounds)}
        case what:
            games = simulated(given.games) if given.stubs is None else captured(given.stubs, given.games)
            results = grown(given, games) if what == "growth" else comparison(given, games)
    print(json.dumps({"on": on | asked} | results) if given.format == "json" else "\n".join(tables(results)))
    wrong = broken(results) if given.check and given.what == "compare" else []
    for each in wrong:
        print(f"missed: {each}", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
