"""What each way to partition costs and gains, on synthetic seasons of the live feed's tables.

Each choice gets a database of its own on an embedded PostgreSQL with its durable settings, seasons of 2,430 games in
the metadata, plays and pitch events, and then: games through the whole pipeline, a game that moves to another month,
and queries as analysts ask them, by all four in turn, so that what else the machine does falls on each alike. Prints
the medians in milliseconds and the plans, as docs/partitioning.md has them.
"""

import argparse
import gc
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeVar

from psycopg import sql
from psycopg.rows import TupleRow

from mlb_contracts import Column, Method, Table
from mlb_contracts.response import Response
from mlb_etl.apply.transform import Transformer
from mlb_etl.baseball.plugin import SHIPPED
from mlb_etl.capture import stub_files
from mlb_etl.extract.answer import one_document
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import db, migrate, premake
from mlb_etl.stores.postgres.database import PostgresStores
from mlb_etl.stores.postgres.db import Connection

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests"))
from variants import LINES, Variant, Variants  # noqa: E402 - the tests run under the same four choices

FEED = Path("game/liveGameV1/747175_20240713T041909Z.json.gz")
LAST = 2024
PLAN_LINES = 8
WIDTH = 20  # columns of made-up rows that have a value; all would take minutes to fill
WARM = 5  # runs before the clock counts
FILLED = ("live_game_metadata", "live_game_plays", "live_game_pitch_events")

# What the rows of the made-up seasons hold: {n} is a game's number in its season, the rest by the column's type.
_BY_NAME = {
    "game_pk": "season * 10000 + n",
    "season": "season",
    "game_date": "make_date(season, 3, 28) + n * 185 / games",
    "captured_at": "(make_date(season, 3, 28) + n * 185 / games + time '23:00') AT TIME ZONE 'UTC'",
    "at_bat_index": "play",
    "event_index": "event",
    "home_team_id": "108 + n % 15",
    "away_team_id": "133 + n % 15",
    "pitcher_id": "600000 + (n * 31 + play / 12) % 800",
    "start_speed": "80 + random() * 20",
    "pitch_type_code": "('{FF,SL,SI,CH,CU,FC}'::text[])[1 + (play + event) % 6]",
}
_BY_TYPE = {
    "smallint": "(random() * 9)::smallint",
    "integer": "400000 + (random() * 900)::integer",
    "bigint": "1",
    "double precision": "random() * 100",
    "numeric": "round(random()::numeric, 3)",
    "boolean": "random() < 0.5",
    "text": "'text ' || n % 9",
    "date": "make_date(season, 3, 28)",
    "timestamptz": "make_timestamptz(season, 7, 1, 0, 0, 0, 'UTC')",
}
_SERIES = {
    "live_game_metadata": "",
    "live_game_plays": "CROSS JOIN generate_series(0, 74) AS play",
    "live_game_pitch_events": "CROSS JOIN generate_series(0, 74) AS play"
    " CROSS JOIN generate_series(0, 2 + (play % 15 < 13)::integer) AS event",  # 290 a game
}
_FILL = """
INSERT INTO {table} ({columns}) SELECT {values}
FROM generate_series({first}, {last}) AS season CROSS JOIN (VALUES ({games})) AS of (games)
CROSS JOIN generate_series(0, {games} - 1) AS n {series}
"""

_OF_JULY = "game_date >= '2024-07-01' AND game_date < '2024-08-01'"
_GAMES_OF_JULY = f"game_pk IN (SELECT game_pk FROM game.live_game_metadata WHERE {_OF_JULY})"  # noqa: S608 - our own
_JULY: Mapping[str | None, str] = {
    "season": f"season = 2024 AND {_GAMES_OF_JULY}",
    "game_date": _OF_JULY,
    None: _GAMES_OF_JULY,
}
ONE_GAME = "speed of one game's pitches"
JULY = "speed of July's pitches, by type"
QUERIES = {
    ONE_GAME: "SELECT count(*), avg(start_speed) FROM game.live_game_pitch_events WHERE game_pk = 20241234",
    JULY: "SELECT pitch_type_code, count(*), avg(start_speed) FROM game.live_game_pitch_events WHERE {july} GROUP BY 1",
    "speed of a season's pitches, by type": "SELECT pitch_type_code, count(*), avg(start_speed)"
    " FROM game.live_game_pitch_events WHERE season = 2024 GROUP BY 1",
    "pitches that changed in the last three days": "SELECT count(*), avg(start_speed)"
    " FROM game.live_game_pitch_events WHERE captured_at >= '2024-09-26'",
    "a pitcher's season": "SELECT event_type, count(*) FROM game.live_game_plays"
    " WHERE pitcher_id = 600123 AND season = 2024 GROUP BY 1",
}
# A postponed game: what each choice has to write.
_MOVES: Mapping[str | None, Sequence[str]] = {"game_date": FILLED, None: FILLED[:1]}
_TIME_CODE = re.compile(rb'("timeStamp": *"\d{8}_\d{5})\d')
Times = dict[str, list[float]]
T = TypeVar("T")


@contextmanager
def databases() -> Iterator[list[tuple[Variant, Connection, Connection]]]:
    """Each choice with two connections to a database of its own, on a server of its own, gone in the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlb-etl-bench-")))
        folder.chmod(0o711)
        server = Server(folder / "postgres")
        server.start()
        stack.callback(server.stop)
        sys.path.insert(0, str(folder))
        variants = Variants(folder)
        yield [_database(stack, server, variants.get(name)) for name in LINES]


def _database(stack: ExitStack, server: Server, variant: Variant) -> tuple[Variant, Connection, Connection]:
    with db.connect(Settings(server.url(), Path(), variant.package)) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"bench_{variant.name}")))
    settings = Settings(server.url(f"bench_{variant.name}"), Path(), variant.package)
    connection, own = (stack.enter_context(db.connect(settings)) for _ in range(2))
    migrate.apply_pending(connection, variant.package)
    return variant, connection, own


def fill(connection: Connection, method: Method, seasons: int, games: int) -> None:
    """The seasons up to the last, with the partitions for them."""
    first = LAST - seasons + 1
    connection.execute("SET session_replication_role = replica")  # foreign keys hold, and to check them takes minutes
    for table in method.tables:
        if table.name in FILLED:
            columns = [each for place, each in enumerate(table.columns) if place < WIDTH or each.name in _BY_NAME]
            names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
            values = sql.SQL(", ").join(sql.SQL(_expression(column)) for column in columns)
            connection.execute(
                sql.SQL(_FILL).format(
                    table=_identifier(table),
                    columns=names,
                    values=values,
                    first=first,
                    last=LAST,
                    games=games,
                    series=sql.SQL(_SERIES[table.name]),
                )
            )
    connection.execute("RESET session_replication_role")
    connection.execute("VACUUM (ANALYZE)")
    connection.execute("CHECKPOINT")


def _expression(column: Column) -> str:
    return _BY_NAME.get(column.name) or _BY_TYPE[column.type.partition("(")[0]]


def _identifier(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)


class Bench:
    """One choice: its database, a connection for queries and one for the pipeline, and the milliseconds so far."""

    def __init__(self, variant: Variant, connection: Connection, own: Connection) -> None:
        self.variant, self.connection = variant, connection
        self.transformer = Transformer(PostgresStores(own, variant.package), variant.method)
        self.times: Times = {}
        self.queries = {name: query.format(july=self._of(_JULY)).encode() for name, query in QUERIES.items()}

    def prepare(self, response: Response, seasons: int, games: int, rounds: int) -> None:
        """Fill the database, and store a game for each round: once, and a minute later with another time code."""
        premake.make(self.connection, self.variant.package, date(LAST - seasons + 1, 3, 1), date(LAST, 12, 1))
        fill(self.connection, self.variant.method, seasons, games)
        self.connection.execute("SET max_parallel_workers_per_gather = 0")
        for number in range(rounds):
            data = response.data.replace(b"747175", str(100000 + number).encode())
            for minutes, text in ((0, data), (1, _TIME_CODE.sub(rb"\g<1>0", data))):
                captured_at = response.captured_at + timedelta(minutes=minutes)
                one = replace(
                    response, data=text, path_params={"game_pk": str(100000 + number)}, captured_at=captured_at
                )
                self.transformer.raw.store(one, one_document(one.data, {"game_pk": 100000 + number}))

    def round(self, number: int) -> None:
        """Everything once."""
        new, changed = self.transformer.raw.captures({"game_pk": [100000 + number]})
        self._clock("a new game", lambda: self.transformer.apply([new]))
        counts = self._clock("a game of which one row changed", lambda: self.transformer.apply([changed])).tables
        if sum(each.updated for each in counts.values()) != 1:
            raise AssertionError(f"not one row changed: {counts}")
        self._clock("a game that moves to another month", lambda: self._move(LAST * 10000 + number))
        for name, query in self.queries.items():
            self._clock(name, partial(self._fetch, query))

    def plan(self, name: str) -> str:
        """The plan of a query; its end is left out where it is long."""
        lines = [line for (line,) in self.connection.execute(b"EXPLAIN (COSTS OFF) " + self.queries[name])]
        left_out = len(lines) - PLAN_LINES
        return "\n".join([*lines[:PLAN_LINES], *([f"  ... and {left_out} lines more"] if left_out > 0 else [])])

    def _move(self, game_pk: int) -> None:
        """Write a date of the next month into all that has it of the game."""
        update = sql.SQL("UPDATE {} SET game_date = game_date + 31 WHERE game_pk = %s")
        with self.connection.transaction():
            self.connection.execute("SET CONSTRAINTS ALL DEFERRED")
            for name in self._of(_MOVES):
                self.connection.execute(update.format(sql.Identifier("game", name)), [game_pk])

    def _fetch(self, query: bytes) -> list[TupleRow]:
        return self.connection.execute(query).fetchall()

    def _clock(self, name: str, work: Callable[[], T]) -> T:
        start = perf_counter()
        done = work()
        self.times.setdefault(name, []).append((perf_counter() - start) * 1000)
        return done

    def _of(self, choices: Mapping[str | None, T]) -> T:
        """What is for this choice, or else for all."""
        return choices.get(self.variant.name, choices[None])


def shown(benches: Sequence[Bench]) -> Iterator[str]:
    """Markdown: a table of medians, a column for each choice, and the plans."""
    yield f"| milliseconds | {' | '.join(bench.variant.name for bench in benches)} |"
    yield f"|---|{'--:|' * len(benches)}"
    for name in benches[0].times:
        medians = (median(bench.times[name][WARM:]) for bench in benches)
        yield f"| {name} | {' | '.join(f'{each:.1f}' for each in medians)} |"
    for name in (ONE_GAME, JULY):
        for bench in benches:
            yield f"\n{name}, {bench.variant.name}:\n\n```\n{bench.plan(name)}\n```"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stubs", type=Path, default=os.environ.get("MLB_STUBS", ROOT.parent / "shared" / "stubs"))
    parser.add_argument("--seasons", type=int, default=2)
    parser.add_argument("--games", type=int, default=2430, help="games a season")
    parser.add_argument("--runs", type=int, default=20)
    given = parser.parse_args()
    feed = Path(given.stubs) / FEED
    if not feed.exists():  # the figures of the page are of a captured one
        [feed] = stub_files.find_stubs(SHIPPED)
    response = stub_files.parse_stub(stub_files.read_file(feed))
    if response is None:
        parser.error(f"{feed} is not a captured response")
    with ExitStack() as stack:
        benches = [Bench(*each) for each in stack.enter_context(databases())]
        for bench in benches:
            bench.prepare(response, given.seasons, given.games, WARM + given.runs)
        gc.freeze()  # as the program does
        for number in range(WARM + given.runs):
            for bench in benches:
                bench.round(number)
        version = benches[0].connection.info.server_version
        on = f"PostgreSQL {version // 10000}.{version % 100}, {os.cpu_count()} CPUs ({platform.machine()})"
        print(f"{on}, {given.seasons} seasons of {given.games} games\n")
        print("\n".join(shown(benches)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
