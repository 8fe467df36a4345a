"""A first load by Spark beside one by processes of this machine.

Into PostgreSQL, tasks in a JVM apply whole documents, as processes do. Into a lake, tasks on pysail extract and
compare, and MERGE writes; beside it one process fills a lake. All run on this machine, so this shows what Spark adds,
not what a cluster brings.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from games import Games, captured
from machine import machine
from pysail.spark import SparkConnectServer

from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.baseball.plugin import TABLES
from mlb_etl.spark.job import on_spark
from mlb_etl.spark.session import Cluster, session
from mlb_etl.stores.delta import schema
from mlb_etl.stores.delta.database import Delta
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.postgres import db, migrate
from mlb_etl.stores.postgres.database import Postgres

ROOT = Path(__file__).parents[1]
CORES = (1, 2)
METHOD = registry.method(TABLES, "game.liveGameV1")
SEASONS, SEASON = 20, 2_430  # of that many games


@dataclass(frozen=True, slots=True)
class Run:
    """One run: milliseconds a game, and the seconds that its session took to start."""

    ms: float
    start: float = 0.0


def into_postgres(games: Games, rounds: int) -> Iterator[tuple[str, Run]]:
    """Processes of this machine, and tasks in a JVM."""
    with machine() as on, on.database("games"):
        settings = on.settings("games", TABLES)
        with db.connect(settings) as connection:
            migrate.apply_pending(connection, TABLES)
        games.store(Postgres(settings))
        database = Postgres(on.settings("run", TABLES))
        for _ in range(rounds):
            for cores in CORES:
                work = Pipeline(METHOD, database, cores)
                with on.database("run", "games"):
                    took = on.clock(partial(work.run, {}), "run").ms
                yield f"PostgreSQL, {cores} processes", Run(took / games.number)
                start = perf_counter()
                with on.database("run", "games"), session(Cluster(f"local[{cores}]"), TABLES) as spark:
                    started = perf_counter() - start
                    took = on.clock(partial(on_spark(work, spark).run, {}), "run").ms
                    yield f"PostgreSQL, Spark with {cores} cores", Run(took / games.number, started)


def into_a_lake(games: Games, rounds: int) -> Iterator[tuple[str, Run]]:
    """One process, and tasks and MERGE on pysail."""
    with stored(games) as copy, served() as remote:
        for _ in range(rounds):
            with copy() as database:
                yield "lake, 1 process", Run(clocked(Pipeline(METHOD, database).run, games.number))
            start = perf_counter()
            with copy() as database, session(Cluster(remote=remote), TABLES) as spark:
                started = perf_counter() - start
                took = clocked(on_spark(Pipeline(METHOD, database), spark).run, games.number)
                yield "lake, Spark (pysail)", Run(took, started)


@contextmanager
def served() -> Iterator[str]:
    """A server of Spark Connect, which takes all cores."""
    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    try:
        host, port = server.listening_address
        yield f"sc://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def stored(games: Games) -> Iterator[Callable[[], AbstractContextManager[Delta]]]:
    """What makes a lake in which the games are stored."""
    with TemporaryDirectory(prefix="mlb-etl-bench-") as folder:
        filled = Delta(Lake.at(f"{folder}/filled"), TABLES)
        schema.apply(filled.lake, TABLES)
        games.store(filled)

        @contextmanager
        def copy() -> Iterator[Delta]:
            shutil.copytree(filled.lake.root, f"{folder}/run")
            yield Delta(Lake.at(f"{folder}/run"), TABLES)
            shutil.rmtree(f"{folder}/run")

        yield copy


def clocked(run: Callable[[Mapping[str, Sequence[int]]], object], games: int) -> float:
    os.sync()
    start = perf_counter()
    run({})
    return (perf_counter() - start) * 1000 / games


def table(runs: Mapping[str, Sequence[Run]]) -> str:
    """The medians, as text, and what follows from them for many games."""
    medians = {
        name: (median(each.ms for each in its), median(each.start for each in its)) for name, its in runs.items()
    }
    lines = [f"{'a game':32}{'ms':>10}{'s to start':>12}{f'{SEASONS} seasons, computed':>24}"]
    for name, (ms, start) in medians.items():
        minutes = (start + ms / 1000 * SEASONS * SEASON) / 60
        lines.append(f"{name:32}{ms:10.1f}{start:12.1f}{minutes:20.1f} min")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stubs", type=Path, default=os.environ.get("MLB_STUBS", ROOT.parent / "shared" / "stubs"))
    parser.add_argument("--games", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--format", choices=["text", "json"], default="text")
    given = parser.parse_args()
    games = captured(given.stubs, given.games)
    runs: dict[str, list[Run]] = {}
    for measure in (into_postgres, into_a_lake):
        for name, run in measure(games, given.rounds):
            runs.setdefault(name, []).append(run)
    plain = {name: list(map(asdict, its)) for name, its in runs.items()}
    print(json.dumps(plain) if given.format == "json" else table(runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
