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

from backfill import FEED, ROOT, bench
from lake import Bench as LakeBench
from pysail.spark import SparkConnectServer

from mlb_contracts import Method
from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.baseball.plugin import TABLES
from mlb_etl.capture import stub_files
from mlb_etl.spark.job import on_spark
from mlb_etl.spark.session import Cluster, session
from mlb_etl.stores.delta import schema
from mlb_etl.stores.delta.database import Delta
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.postgres.database import Postgres

CORES = (1, 2)
SEASONS, SEASON = 20, 2_430  # of that many games


@dataclass(frozen=True, slots=True)
class Run:
    """One run: milliseconds a game, and the seconds that its session took to start."""

    ms: float
    start: float = 0.0


def into_postgres(method: Method, response: Response, games: int, rounds: int) -> Iterator[tuple[str, Run]]:
    """Processes of this machine, and tasks in a JVM."""
    with bench(method, response, games) as on:
        database = Postgres(on.settings())
        for _ in range(rounds):
            for cores in CORES:
                work = Pipeline(method, database, cores)
                with on.database():
                    yield f"PostgreSQL, {cores} processes", Run(on.clock(method.raw_schema, partial(work.run, {})).ms)
                start = perf_counter()
                with on.database(), session(Cluster(f"local[{cores}]"), TABLES) as spark:
                    started = perf_counter() - start
                    run = on.clock(method.raw_schema, partial(on_spark(work, spark).run, {}))
                    yield f"PostgreSQL, Spark with {cores} cores", Run(run.ms, started)


def into_a_lake(method: Method, response: Response, games: int, rounds: int) -> Iterator[tuple[str, Run]]:
    """One process, and tasks and MERGE on pysail."""
    with stored(method, response, games) as copy, served() as remote:
        for _ in range(rounds):
            with copy() as database:
                yield "lake, 1 process", Run(clocked(Pipeline(method, database).run, games))
            start = perf_counter()
            with copy() as database, session(Cluster(remote=remote), TABLES) as spark:
                started = perf_counter() - start
                yield (
                    "lake, Spark (pysail)",
                    Run(clocked(on_spark(Pipeline(method, database), spark).run, games), started),
                )


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
def stored(method: Method, response: Response, games: int) -> Iterator[Callable[[], AbstractContextManager[Delta]]]:
    """What makes a lake in which the games are stored."""
    with TemporaryDirectory(prefix="mlb-etl-bench-") as folder:
        filled = Delta(Lake.at(f"{folder}/filled"), TABLES)
        schema.apply(filled.lake, TABLES)
        LakeBench(method, response, games, []).store(filled, response, 0)

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
    method = registry.method(TABLES, "game.liveGameV1")
    response = stub_files.parse_stub(stub_files.read_file(Path(given.stubs) / FEED))
    if response is None:
        parser.error(f"{FEED} is not a captured response")
    runs: dict[str, list[Run]] = {}
    for measure in (into_postgres, into_a_lake):
        for name, run in measure(method, response, given.games, given.rounds):
            runs.setdefault(name, []).append(run)
    plain = {name: list(map(asdict, its)) for name, its in runs.items()}
    print(json.dumps(plain) if given.format == "json" else table(runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
