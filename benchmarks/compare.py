"""Loaders side by side, on one PostgreSQL, in turns: a first load, again, later captures, and rows that changed.

Each contender gets a database of its own in each round: a copy of one whose raw table has the games. It is a program
that has imported everything when the clock starts; what is clocked is the whole load: listing captures, starting
workers, writing. All read the same raw rows, write the same tables under the same primary keys, and must end in equal
rows. The plain loaders, dlt among them, keep no write law, and their tables have no partition, foreign key, check or
other index.

The floors are what nobody can save: decoding the bodies, and the server's COPY of the same rows in one transaction.
"""

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import orjson
import psycopg
from games import Games
from machine import Machine, Program, Run, medians
from psycopg import sql
from tables import OURS, PLAIN, TableSet, create, digest

from mlb_contracts import Capture, Table
from mlb_etl.apply.transform import Transformer
from mlb_etl.extract.extract import extract
from mlb_etl.stores.delta import schema as lake_schema
from mlb_etl.stores.delta.database import Delta
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.interfaces.database import Database
from mlb_etl.stores.postgres import db
from mlb_etl.stores.postgres.database import Postgres, PostgresStores

HERE = Path(__file__).parent
RAW, FLOOR = "raw store", "floor"
RUN, GAMES = "run", "games"  # databases: the copy that a contender fills, and what it is a copy of
FIRST, AGAIN, LATER, ONE, PERCENT = "first load", "again", "later, unchanged", "one row changed", "1 % of rows changed"
SCENARIOS = (FIRST, AGAIN, LATER, ONE, PERCENT)
_WARM = 5  # documents before the clock counts
_CHUNK = 1 << 20  # bytes

Runs = dict[str, dict[str, list[Run]]]  # by contender and scenario, a run each round


@dataclass(frozen=True, slots=True)
class Contender:
    """A program in contenders/; `schema` is where its rows are, None if they are in a lake."""

    name: str
    program: str
    schema: str | None
    workers: int
    python: str = sys.executable


def contenders(workers: int) -> list[Contender]:
    """All of them; the first sets what the others must have written."""
    installed = subprocess.run([HERE / "contenders/install_dlt.sh"], check=True, stdout=subprocess.PIPE, text=True)
    return [
        Contender("ours", "ours", OURS, workers),
        Contender("ours, one worker", "ours", OURS, 1),
        Contender("ours, Delta", "lake", None, 1),
        Contender("expert", "expert_loader", PLAIN, workers),
        Contender("Polars and ADBC", "polars_loader", PLAIN, workers),
        Contender("dlt", "dlt_loader", "dlt", workers, f"{installed.stdout.strip()}/venv/bin/python"),
    ]


class Comparison:
    """All contenders over one set of tables."""

    def __init__(self, machine: Machine, games: Games, tables: TableSet, contenders: Sequence[Contender]) -> None:
        self._machine, self._games, self._tables, self._contenders = machine, games, tables, contenders
        self.runs: Runs = {}
        self._digests: dict[str, dict[str, tuple[int, int]]] = {}  # by scenario
        self._copies: dict[str, bytes] = {}
        self.documents: list[float] = []

    def round(self, number: int) -> None:
        """All once, each time another one first."""
        ordered = [*self._contenders]
        turn = number % len(ordered)
        with self._stored() as stored:
            self._keep(RAW, FIRST, stored)
            for contender in ordered[turn:] + ordered[:turn]:
                self._load(contender)
            self._floors()
            self._documents()

    @contextmanager
    def _stored(self) -> Iterator[Run]:
        """A database with the games in its raw table, and what storing them took."""
        settings = self._machine.settings(GAMES, self._tables.package)
        with self._machine.database(GAMES):
            with db.connect(settings) as connection:
                create(connection, self._tables)
            yield self._machine.clock(lambda: self._games.store(Postgres(settings)), GAMES)

    def _load(self, contender: Contender) -> None:
        """Each scenario, one after the other."""
        settings = self._machine.settings(RUN, self._tables.package)
        folder = self._machine.folder / "work"
        folder.mkdir()
        lake = folder / "lake"
        told = {
            "dsn": self._machine.dsn(RUN),
            "package": self._tables.package,
            "plan": str(self._tables.plan),
            "workers": contender.workers,
            "folder": str(folder),
            "lake": str(lake),
        }
        command = [contender.python, str(HERE / "contenders" / f"{contender.program}.py"), json.dumps(told)]
        with self._machine.database(RUN, GAMES):
            database: Database = Postgres(settings)
            if contender.schema is None:
                lake_schema.apply(Lake.at(str(lake)), self._tables.package)
                database = Delta(Lake.at(str(lake)), self._tables.package)
                self._games.store(database)
            with Program(command, [HERE, self._machine.folder, HERE.parent / "runtime"]) as program:
                for minutes, scenario in enumerate(SCENARIOS):
                    if scenario not in (FIRST, AGAIN):
                        self._games.store(database, minutes=minutes, rows=self._changed(scenario))
                    names = [] if contender.schema is None else self._tables.names(contender.schema)
                    self._keep(contender.name, scenario, self._machine.clock(program.load, RUN, names))
                    if scenario in (FIRST, PERCENT):
                        self._check(contender, scenario, lake)
        shutil.rmtree(folder)

    def _changed(self, scenario: str) -> int:
        """The rows of a game that differ from those of the first capture; the scenario before has changed one."""
        a_game = sum(rows for rows, _ in self._digests[FIRST].values()) / self._games.number
        return {LATER: 0, ONE: 1, PERCENT: 1 + math.ceil(a_game / 100)}[scenario]

    def _check(self, contender: Contender, scenario: str, lake: Path) -> None:
        """Raises AssertionError where a contender has other rows than the first had."""
        with psycopg.connect(self._machine.dsn(RUN), autocommit=True) as connection:
            if contender.schema is None:
                self._from_lake(lake)
            found = digest(connection, self._tables, contender.schema or "lake")
            if contender.schema == OURS and scenario == FIRST and not self._copies:
                self._copies = {table.name: self._copied(connection, table) for table in self._tables.method.tables}
        wanted = self._digests.setdefault(scenario, found)
        if wrong := [name for name in wanted if wanted[name] != found[name]]:
            raise AssertionError(f"{contender.name} has other rows after {scenario} in {', '.join(wrong)}")

    def _from_lake(self, lake: Path) -> None:
        """Copy what a lake has into the schema lake."""
        tables = Lake.at(str(lake))
        with adbc.connect(self._machine.dsn(RUN)) as connection, connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA IF EXISTS lake CASCADE")
            cursor.execute("CREATE SCHEMA lake")
            for name in self._tables.compared:
                rows = tables.open(OURS, name).to_pyarrow_table()
                cursor.adbc_ingest(name, rows, mode="create", db_schema_name="lake")
            connection.commit()

    @staticmethod
    def _copied(connection: db.Connection, table: Table) -> bytes:
        """The rows of one of our tables, as COPY takes them."""
        with connection.cursor().copy(
            _copy("COPY (SELECT {columns} FROM {table}) TO STDOUT (FORMAT BINARY)", OURS, table)
        ) as copy:
            return b"".join(map(bytes, copy))

    def _floors(self) -> None:
        """Decoding, extracting, and COPY of the same rows, each into empty tables."""
        method = self._tables.method
        captures = [
            (Capture(response.captured_at, {"game_pk": str(game_pk)}), response.data)
            for game_pk, response in self._games.numbered()
        ]
        decoders: dict[str, Callable[[Capture, bytes], object]] = {
            "orjson.loads": lambda _, body: orjson.loads(body),
            "msgspec": lambda _, body: method.decode(body),
            "msgspec and rows": partial(extract, method),
        }
        for name, decode in decoders.items():
            self._keep(FLOOR, name, self._machine.clock(partial(_each, decode, captures), GAMES))
        for schema in (PLAIN, OURS):
            with self._machine.database(RUN, GAMES):
                run = self._machine.clock(partial(self._copy_all, schema), RUN, self._tables.names(schema))
                self._keep(FLOOR, f"COPY, {schema}", run)

    def _copy_all(self, schema: str) -> None:
        with psycopg.connect(self._machine.dsn(RUN)) as connection:
            for table in self._tables.method.tables:
                rows = memoryview(self._copies[table.name])
                with connection.cursor().copy(
                    _copy("COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)", schema, table)
                ) as copy:
                    for start in range(0, len(rows), _CHUNK):
                        copy.write(rows[start : start + _CHUNK])

    def _documents(self) -> None:
        """One document after the other from its raw row to committed, each a transaction."""
        settings = self._machine.settings(RUN, self._tables.package)
        with self._machine.database(RUN, GAMES), db.connect(settings) as connection:
            transformer = Transformer(PostgresStores(connection, self._tables.package), self._tables.method)
            times = []
            for capture in transformer.raw.captures({}):
                start = perf_counter()
                transformer.apply([capture])
                times.append((perf_counter() - start) * 1000)
        self.documents.append(median(times[_WARM:] or times))

    def _keep(self, name: str, scenario: str, run: Run) -> None:
        self.runs.setdefault(name, {}).setdefault(scenario, []).append(run)

    def _ratio(self, of: str, to: str, figure: str = "ms") -> float:
        """How many times as much time, or CPU, as another a loader took for a first load: the median of all rounds."""
        pairs = zip(self.runs[of][FIRST], self.runs[to][FIRST], strict=True)
        return float(median(getattr(theirs, figure) / getattr(its, figure) for theirs, its in pairs))

    def results(self) -> dict[str, Any]:
        """The figures by which a first load is judged, and all runs, a game."""
        games, first = self._games.number, self.runs["ours"][FIRST]
        alone, floor = self.runs["ours, one worker"][FIRST], self.runs[FLOOR]
        floors = [copy.ms + decode.ms for copy, decode in zip(floor["COPY, plain"], floor["msgspec"], strict=True)]
        return {
            "first_load_ms_per_game": median(run.ms for run in first) / games,
            "dlt_ratio": self._ratio("dlt", "ours"),
            "dlt_cpu_ratio": self._ratio("dlt", "ours", "cpu"),
            "expert_ratio": self._ratio("expert", "ours"),
            "expert_cpu_ratio": self._ratio("expert", "ours", "cpu"),
            "polars_ratio": self._ratio("Polars and ADBC", "ours"),
            "floor_ratio": median(run.ms / its for run, its in zip(alone, floors, strict=True)),
            "delta_cpu_ratio": self._ratio("ours, Delta", "ours, one worker", "cpu"),
            "rows_per_game": first[-1].rows / games,
            "rows_per_second": median(run.rows / run.ms * 1000 for run in first),
            "unchanged_ms_per_game": median(run.ms for run in self.runs["ours"][AGAIN]) / games,
            "document_ms": median(self.documents),
            "raw_store_ms": median(run.ms for run in self.runs[RAW][FIRST]) / games,
            "peak_memory_mb": max(run.peak_mb for its in self.runs["ours"].values() for run in its),
            "wal_bytes_per_row": median(run.wal / run.rows for run in first),
            "runs": {
                name: {scenario: medians(runs, games) for scenario, runs in its.items()}
                for name, its in self.runs.items()
            },
        }


def _each(decode: Callable[[Capture, bytes], object], captures: Sequence[tuple[Capture, bytes]]) -> None:
    for capture, body in captures:
        decode(capture, body)


def _copy(text: str, schema: str, table: Table) -> sql.Composed:
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    return sql.SQL(text).format(table=sql.Identifier(schema, table.name), columns=columns)
