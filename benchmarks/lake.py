"""The same games in PostgreSQL and in a lake: captures stored, games first loaded, unchanged, and with one row changed.

One game stands for many, under other numbers. In each round both stores take turns with an empty database: an embedded
PostgreSQL with its durable settings, and a lake in a folder. What is clocked is storing the captures in batches, as
`mlb-etl load` does, and then the whole of `Pipeline.run` by one process. Delta's library works in several threads, so
that on a busy machine the CPU says more than the time. Unchanged games are looked at ten times in a row, as that takes
milliseconds and the CPU of the server is known in steps of ten.

The law: at most 1.5 times PostgreSQL's CPU for a first load, by the medians.

What helped a lake: opening each table once (before, opening 126 tables took 3.5 ms a game of 100), a note in the table
of watermarks that the schema is up to date, comparing columns of Arrow instead of rows of Python (-17 ms of CPU a game
with one row changed), converting rows once instead of once more for checks that warn, 25 captures in a commit (4 ms
each instead of 35), and for unchanged games checkpoints after ten versions instead of a hundred (the two large tables
of 2,430 games are opened in 8 ms instead of 64), fewer files of watermarks, and no scan of tables without rows.
"""

import argparse
import gc
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import TypeAlias

from backfill import FEED, ROOT, changed, cpu_seconds, numbers

from mlb_contracts import Method
from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.baseball.plugin import TABLES
from mlb_etl.capture import stub_files
from mlb_etl.capture.loader import Loader, Readable
from mlb_etl.extract.answer import one_document
from mlb_etl.settings import Settings
from mlb_etl.stores.delta import schema
from mlb_etl.stores.delta.database import Delta
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.interfaces.database import Database
from mlb_etl.stores.postgres import db, migrate
from mlb_etl.stores.postgres.database import Postgres

STORES = ("postgres", "delta")
_LOOKS = 10  # at unchanged games
LIMIT = 1.5  # times PostgreSQL's CPU for a first load, at most


@dataclass(frozen=True, slots=True)
class Run:
    """One run, a game: milliseconds, and CPU milliseconds of this process, its threads and the server."""

    ms: float
    cpu: float


Runs: TypeAlias = dict[str, dict[str, list[Run]]]  # by what was done and store


class Bench:
    """The game under many numbers, and the clock."""

    def __init__(self, method: Method, response: Response, games: int, server: int) -> None:
        self._method, self._response, self._games, self._server = method, response, games, server

    def measure(self, database: Database) -> Iterator[tuple[str, Run]]:
        """Fill an empty database, and change it."""
        pipeline = Pipeline(self._method, database)
        yield "captures stored", self._clock(lambda: self.store(database, self._response, 0))
        yield "first load", self._clock(lambda: pipeline.run({}))
        yield "unchanged", self._clock(lambda: pipeline.run({}), _LOOKS)
        self.store(database, self._response, 1)
        yield "unchanged, later", self._clock(lambda: pipeline.run({}))
        self.store(database, changed(self._response), 2)
        yield "one row changed", self._clock(lambda: pipeline.run({}))

    def store(self, database: Database, response: Response, minutes: int) -> None:
        method, own = self._method, response.path_params["game_pk"].encode()
        captured_at = response.captured_at + timedelta(minutes=minutes)

        def readable(number: int) -> Readable:
            data = response.data.replace(own, str(number).encode())
            answer = replace(response, data=data, path_params={"game_pk": str(number)}, captured_at=captured_at)
            return Readable(method, answer, one_document(data, {"game_pk": number}))

        with database.open() as stores:
            games = ((number, readable(number)) for number in numbers(response, self._games))
            for _ in Loader(stores, TABLES).store_each(games):
                pass

    def _clock(self, run: Callable[[], object], times: int = 1) -> Run:
        os.sync()  # what was there before is not to be written to the disk meanwhile
        cpu, start = self._cpu(), perf_counter()
        for _ in range(times):
            run()
        each = 1000 / times / self._games
        return Run((perf_counter() - start) * each, (self._cpu() - cpu) * each)

    def _cpu(self) -> float:
        return process_time() + cpu_seconds(self._server)


@contextmanager
def servers() -> Iterator[tuple[Path, Server, int]]:
    """A folder for lakes, and a server with the number of its process."""
    folder = Path(tempfile.mkdtemp(prefix="mlb-etl-bench-"))
    folder.chmod(0o711)
    server = Server(folder / "postgres")
    server.start()
    try:
        yield folder, server, int((server.home / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
    finally:
        server.stop()
        shutil.rmtree(folder)


@contextmanager
def empty(store: str, folder: Path, server: Server) -> Iterator[Database]:
    """A new database of a store."""
    if store == "delta":
        lake = Lake.at(str(folder / "lake"))
        schema.apply(lake, TABLES)
        yield Delta(lake, TABLES)
        shutil.rmtree(folder / "lake")
        return
    settings = Settings(server.url("run"), folder, TABLES)
    with db.connect(Settings(server.url(), folder, TABLES)) as connection:
        connection.execute("CREATE DATABASE run")
        with db.connect(settings) as new:
            migrate.apply_pending(new, TABLES)
        yield Postgres(settings)
        connection.execute("DROP DATABASE run WITH (FORCE)")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stubs", type=Path, default=os.environ.get("MLB_STUBS", ROOT.parent / "shared" / "stubs"))
    parser.add_argument("--games", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--check", action="store_true", help="exit with 1 where the law is broken")
    given = parser.parse_args()
    method = registry.method(TABLES, "game.liveGameV1")
    response = stub_files.parse_stub(stub_files.read_file(Path(given.stubs) / FEED))
    if response is None:
        parser.error(f"{FEED} is not a captured response")
    gc.freeze()  # as the program does
    runs: Runs = {}
    with servers() as (folder, server, postmaster):
        bench = Bench(method, response, given.games, postmaster)
        for number in range(given.rounds):
            for store in STORES if number % 2 else reversed(STORES):
                with empty(store, folder, server) as database:
                    for name, run in bench.measure(database):
                        runs.setdefault(name, {}).setdefault(store, []).append(run)
    if given.format == "json":
        print(
            json.dumps({name: {of: list(map(asdict, its)) for of, its in each.items()} for name, each in runs.items()})
        )
    else:
        print(table(runs))
    return int(given.check and not ratio(runs) <= LIMIT)


def ratio(runs: Runs) -> float:
    """How many times PostgreSQL's CPU a first load takes in a lake."""
    postgres, delta = (median(run.cpu for run in runs["first load"][store]) for store in STORES)
    return delta / postgres


def table(runs: Runs) -> str:
    """The medians, as text."""
    lines = [f"{'a game':20}{'store':10}{'ms':>10}{'ms CPU':>10}"]
    for name, each in runs.items():
        for store, its in each.items():
            ms, cpu = median(run.ms for run in its), median(run.cpu for run in its)
            lines.append(f"{name:20}{store:10}{ms:10.3f}{cpu:10.3f}")
    lines.append(f"first load: {ratio(runs):.2f} times PostgreSQL's CPU (at most {LIMIT})")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
