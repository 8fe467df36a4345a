"""A backfill: games first loaded, again unchanged, and again with one row changed; beside it a plain loader.

One game is stored in the raw table under many numbers. Each run has a database of its own, a copy of that one, on an
embedded PostgreSQL with its durable settings, and runs take turns, so that what slows the machine down slows all down
alike. What is clocked is the whole of `Pipeline.run`: listing captures, starting workers, writing. Workers of both
are forks, which have imported everything.

The plain loader (expert.py) reads the same raw rows and is clocked alike. Its plain tables have the same columns and
primary keys, and no partition, foreign key, check or other index; in the same schema it fills the very tables that ours
fills. Ours keeps all write laws, the plain loader none.

The laws: at least 1.5 times as fast as the plain loader into plain tables at the same number of processes; at most
0.2 ms a game that did not change; rows are written only where something changed. At most 6 ms a game at first is the
law on a quiet machine alone (--strict), as milliseconds drift. Times are medians; the ratio is the median of those of
each round, in which the two come one right after the other and take turns in who is first, as the machine changes its
speed within a minute. What earlier runs left to write is written to the disk before a run is clocked.

Three runs of 500 games by two processes, nine rounds each, said 5.2, 6.0 and 6.1 ms a game at first while the plain
loader took 8.4, 9.7 and 10.9: 1.56, 1.63 and 1.70 times as fast. Of the CPU ours takes 3.9 to 4.9 ms in its client and
6.1 to 6.8 in the server, the plain loader 10.3 to 13.4 and 5.6 to 6.6.

Of the server's, foreign keys take about 2.2 (a third of it, says perf), reading raw rows 1.4, more than half of it to
decompress them. Of the client's, decoding and extracting take 2, packing rows 0.9, reading and sending 0.6, freeing
what was decoded and extracted 0.5.

What helped last: the bodies of a batch in one go, before the first is decoded (5% of the CPU, as decoding then finds
its caches warm; as a stream they came with the server at work between them), times in Python's own UTC, the capture's
packed but once, and bodies decoded where libpq has them (-0.5), indexes on captured_at using brin (-0.3), packed rows
that go to libpq without copies (-0.3), numbers packed once for their digits (-0.1). Foreign keys from partition to
partition, in place of those on the tables, took 0.7 to 0.9 ms of CPU less; but no tool shows them. What did not:
batches of 10, 13, 35, 40, 50, 60 or 100, a third process, COPY into the partitions, processes bound to cores,
SCHED_BATCH, huge pages, more or fewer shared buffers, `io_method=sync`, `wal_level=minimal`, packing each table right
after it was extracted, foreign keys without the season, Python 3.13. A server with lz4, which the embedded one lacks,
takes 0.5 ms less for either loader.

Rows written are the server's own counts of rows inserted, updated and deleted in the tables.
"""

import argparse
import gc
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import TypeAlias

import expert as by_hand
import orjson
import psycopg
from psycopg import sql

from mlb_contracts import Method
from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.baseball.plugin import TABLES
from mlb_etl.capture import stub_files
from mlb_etl.extract.answer import one_document
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import db, migrate
from mlb_etl.stores.postgres.database import Postgres
from mlb_etl.stores.postgres.raw import RawWriter

FIRST_LOAD, UNCHANGED = 6.0, 0.2  # ms a game, at most
RATIO = 1.5  # times as fast as the plain loader, at least
ROOT = Path(__file__).parents[1]
FEED = Path("game/liveGameV1/747175_20240713T041909Z.json.gz")
GAMES, RUN = "games", "run"  # the database that is copied, and its copy
PLAIN = "plain"  # the schema of the plain tables
FIRST = "first load"
AGAIN = ("unchanged", "unchanged, later", "one row changed")  # of all but the first there are new captures
EXPERT = {PLAIN: "expert, plain tables", "game": "expert, same schema"}

Load: TypeAlias = Callable[[str, str, Sequence[int]], None]  # the plain loader: DSN, schema, numbers of games


@dataclass(frozen=True, slots=True)
class Run:
    """One run, a game: milliseconds, CPU milliseconds of clients and of the server, rows written."""

    ms: float
    client_cpu: float
    server_cpu: float
    rows: float


@dataclass(frozen=True, slots=True)
class Result:
    """The rounds of one kind of run, a game: milliseconds of each and their median, medians of CPU milliseconds."""

    rounds: list[float]
    median: float
    client_cpu: float
    server_cpu: float
    rows: float


Runs: TypeAlias = dict[tuple[str, int], list[Run]]  # by name and number of processes
Results: TypeAlias = dict[str, dict[int, Result]]

_WRITTEN = """
SELECT coalesce(sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del), 0)
FROM unnest(%s::regclass[]) AS t (name)
CROSS JOIN LATERAL (SELECT relid FROM pg_partition_tree(t.name) UNION SELECT t.name) AS part
JOIN pg_stat_user_tables AS s USING (relid)
"""
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class Bench:
    """A server with a database in which the games are stored, and the clock."""

    def __init__(self, folder: Path, server: Server, method: Method, games: int) -> None:
        self.method, self.games = method, games
        self._folder, self._server = folder, server
        self._postmaster = int((server.home / "data" / "postmaster.pid").read_text().split("\n", 1)[0])

    def settings(self, database: str = RUN) -> Settings:
        return Settings(self._server.url(database), self._folder, TABLES)

    @contextmanager
    def database(self) -> Iterator[None]:
        """A copy of the database of the games."""
        name = sql.Identifier(RUN)
        with psycopg.connect(self._server.url(), autocommit=True) as connection:
            copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
            connection.execute(copy.format(name, sql.Identifier(GAMES)))
            yield
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def clock(self, schema: str, run: Callable[[], object]) -> Run:
        """What a run costs in the database and writes in the schema."""
        before = self._written(schema)
        os.sync()  # what was there before is not to be written to the disk meanwhile
        clients, server = cpu_seconds(os.getpid()), cpu_seconds(self._postmaster)
        start = perf_counter()
        run()
        seconds = perf_counter() - start
        rows = self._written(schema) - before
        clients, server = cpu_seconds(os.getpid()) - clients, cpu_seconds(self._postmaster) - server
        a_game = 1000 / self.games
        return Run(seconds * a_game, clients * a_game, server * a_game, rows / self.games)

    def _written(self, schema: str) -> int:
        """Rows written so far in the tables of the schema; a session tells of its own when it has ended."""
        with psycopg.connect(self._server.url(RUN), autocommit=True) as connection:
            while connection.execute(_OTHERS).fetchone() != (0,):
                sleep(0.01)
            sleep(0.1)  # until the server has waited for their processes, and so has their CPU times
            (written,) = connection.execute(_WRITTEN, [[f"{schema}.{table.name}" for table in self.method.tables]])
        return int(written[0])


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU of a process and those below it, as far as they live or were waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return 0.0
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")  # utime, stime, cutime, cstime
    return own + sum(cpu_seconds(int(child)) for child in children)


@contextmanager
def bench(method: Method, response: Response, games: int) -> Iterator[Bench]:
    """A server of its own with the games stored."""
    folder = Path(tempfile.mkdtemp(prefix="mlb-etl-bench-"))
    folder.chmod(0o711)
    server = Server(folder / "postgres")
    server.start()
    try:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(GAMES)))
        made = Bench(folder, server, method, games)
        with db.connect(made.settings(GAMES)) as connection:
            migrate.apply_pending(connection, TABLES)
            plain_tables(connection, method)
            store(connection, method, response, games)
            connection.execute("CHECKPOINT")
        yield made
    finally:
        server.stop()
        shutil.rmtree(folder)


def plain_tables(connection: db.Connection, method: Method) -> None:
    """Tables of the same columns and primary keys, and nothing else."""
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(PLAIN)))
    create = sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS, PRIMARY KEY ({}))")
    for table in method.tables:
        names = sql.Identifier(PLAIN, table.name), sql.Identifier(table.schema, table.name)
        connection.execute(create.format(*names, sql.SQL(", ").join(map(sql.Identifier, table.primary_key))))


def numbers(response: Response, games: int) -> list[int]:
    """Numbers of games, as long as the response's own."""
    return [10 ** (len(response.path_params["game_pk"]) - 1) + number for number in range(games)]


def store(connection: db.Connection, method: Method, response: Response, games: int, minutes: int = 0) -> None:
    """The game under as many numbers, as of so many minutes later."""
    raw, own = RawWriter(connection, method), response.path_params["game_pk"].encode()
    captured_at = response.captured_at + timedelta(minutes=minutes)
    with connection.transaction():
        for number in numbers(response, games):
            data = response.data.replace(own, str(number).encode())
            request = {"game_pk": str(number)}
            answer = replace(response, data=data, path_params=request, captured_at=captured_at)
            raw.store(answer, one_document(data, {"game_pk": number}))


def changed(response: Response) -> Response:
    """A response in which one play is described in other words, one of those that no other table repeats."""
    document = orjson.loads(response.data)
    plays = document["liveData"]["plays"]
    number = next(each for each in range(len(plays["allPlays"])) if each not in plays["scoringPlays"])
    plays["allPlays"][number]["result"]["description"] += " Reviewed."
    return replace(response, data=orjson.dumps(document))


def ours(on: Bench, workers: int) -> Run:
    """The first load."""
    pipeline = Pipeline(on.method, Postgres(on.settings()), workers)
    with on.database():
        return on.clock(on.method.raw_schema, lambda: pipeline.run({}))


def again(on: Bench, response: Response, workers: int) -> dict[str, Run]:
    """What follows a first load in the same database."""
    pipeline = Pipeline(on.method, Postgres(on.settings()), workers)
    runs = {}
    with on.database():
        pipeline.run({})
        for minutes, name in enumerate(AGAIN):
            if minutes:
                later = changed(response) if name == "one row changed" else response
                with db.connect(on.settings()) as connection:
                    store(connection, on.method, later, on.games, minutes)
            runs[name] = on.clock(on.method.raw_schema, lambda: pipeline.run({}))
    return runs


def expert(on: Bench, load: Load, games: Sequence[int], schema: str, processes: int) -> Run:
    """The plain loader, each process with its share of the games."""
    dsn = str(on.settings().dsn)

    def run() -> None:
        if processes == 1:
            load(dsn, schema, games)
            return
        # Forked, which starts them fastest.
        shares = [games[first::processes] for first in range(processes)]
        workers = [get_context("fork").Process(target=load, args=(dsn, schema, share)) for share in shares]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if any(worker.exitcode for worker in workers):
            raise RuntimeError("a process of the plain loader failed")

    with on.database():
        return on.clock(schema, run)


def measure(on: Bench, response: Response, load: Load, rounds: int, processes: Sequence[int]) -> Results:
    """All runs, in turns: a first load and the plain loader one right after the other, now this first, now that."""
    runs: Runs = {}
    games = numbers(response, on.games)
    for number in range(rounds):
        for count in processes:
            pair = [FIRST, EXPERT[PLAIN]]
            if number % 2:
                pair.reverse()
            made = {name: ours(on, count) if name == FIRST else expert(on, load, games, PLAIN, count) for name in pair}
            made |= again(on, response, count)
            made[EXPERT[on.method.raw_schema]] = expert(on, load, games, on.method.raw_schema, count)
            for name, run in made.items():
                runs.setdefault((name, count), []).append(run)
    results: Results = {}
    for name in (FIRST, *AGAIN, *EXPERT.values()):
        for count in processes:
            its = runs[name, count]
            times = [run.ms for run in its]
            cpus = (median(run.client_cpu for run in its), median(run.server_cpu for run in its))
            results.setdefault(name, {})[count] = Result(times, median(times), *cpus, its[-1].rows)
    return results


def ratios(results: Results, count: int) -> list[float]:
    """How many times as fast as the plain loader the first load was, of each round."""
    plain, own = results[EXPERT[PLAIN]][count], results[FIRST][count]
    return [theirs / ours for theirs, ours in zip(plain.rounds, own.rounds, strict=True)]


def broken(results: Results, *, strict: bool) -> list[str]:
    """The laws that these results break, by their medians with the most processes."""
    most = {name: its[max(its)] for name, its in results.items()}
    ratio, unchanged = median(ratios(results, max(results[FIRST]))), most["unchanged"].median
    laws = {
        f"{ratio:.2f} times as fast as the plain loader, {RATIO} at least": ratio >= RATIO,
        f"{unchanged:.3f} ms a game unchanged, {UNCHANGED} at most": unchanged <= UNCHANGED,
        "unchanged games write no row": most["unchanged"].rows == most["unchanged, later"].rows == 0,
        "one changed row writes one row": most["one row changed"].rows == 1,
    }
    if strict:
        first = most[FIRST].median
        laws[f"{first:.2f} ms a game at first, {FIRST_LOAD} at most"] = first <= FIRST_LOAD
    return [law for law, holds in laws.items() if not holds]


def table(results: Results) -> str:
    """The results as text."""
    lines = [f"{'a game':24}{'first':>9}{'best':>9}{'median':>9} ms{'client':>9}{'server':>9} ms CPU{'rows':>8}"]
    for name, its in results.items():
        for count, it in its.items():
            times = f"{it.rounds[0]:9.3f}{min(it.rounds):9.3f}{it.median:9.3f}   "
            lines.append(f"{name:22}{count:2}{times}{it.client_cpu:9.2f}{it.server_cpu:9.2f}       {it.rows:8.2f}")
    for count, plain in results[EXPERT[PLAIN]].items():
        own, its = results[FIRST][count], ratios(results, count)
        cpu = (plain.client_cpu + plain.server_cpu) / (own.client_cpu + own.server_cpu)
        ratio = f"{min(its):9.2f}{max(its):9.2f}{median(its):9.2f}   {cpu:18.2f} CPU"
        lines.append(f"{'plain loader to ours':22}{count:2}{ratio}  (lowest, highest, median: at least {RATIO})")
    return "\n".join(lines)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stubs", type=Path, default=os.environ.get("MLB_STUBS", ROOT.parent / "shared" / "stubs"))
    parser.add_argument("--games", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a law is broken")
    parser.add_argument("--strict", action="store_true", help=f"--check, and {FIRST_LOAD} ms a game at first")
    return parser


def main() -> int:
    parser = arguments()
    given = parser.parse_args()
    method = registry.method(TABLES, "game.liveGameV1")
    response = stub_files.parse_stub(stub_files.read_file(Path(given.stubs) / FEED))
    if response is None:
        parser.error(f"{FEED} is not a captured response")
    load = by_hand.loader(ROOT, method, response)
    gc.freeze()  # as the program does
    with bench(method, response, given.games) as on:
        results = measure(on, response, load, given.rounds, given.processes)
    if given.format == "json":
        print(json.dumps({name: {n: asdict(each) for n, each in its.items()} for name, its in results.items()}))
    else:
        print(table(results))
    if not (given.check or given.strict):
        return 0
    laws = broken(results, strict=given.strict)
    for law in laws:
        print(f"broken: {law}", file=sys.stderr)
    return int(bool(laws))


if __name__ == "__main__":
    sys.exit(main())
