"""What each way to partition costs and gains, on synthetic seasons of the live feed's tables.

Each choice gets a database of its own on an embedded PostgreSQL with its durable settings, seasons of 2,430 games in
the metadata, plays and pitch events, and then: games through the whole pipeline, a game that moves to another month,
and queries as analysts ask them. Prints the medians in milliseconds and the plans, as docs/partitioning.md has them.
"""

import argparse
import gc
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from psycopg import sql

from mlb_etl import ahead, db, migrate, samples
from mlb_etl.contracts import Column, Method, Table
from mlb_etl.db import Connection
from mlb_etl.embedded import Server
from mlb_etl.raw import Raw, Response
from mlb_etl.settings import Settings
from mlb_etl.transform import Transformer

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

_JULY = {
    "game_date": "e.game_date >= '2024-07-01' AND e.game_date < '2024-08-01'",
    None: "e.game_pk IN (SELECT game_pk FROM game.live_game_metadata"
    " WHERE game_date >= '2024-07-01' AND game_date < '2024-08-01')",
}
ONE_GAME = "pitches of one game"
JULY = "pitch types of July"
CHANGED = "pitches changed in the last three days"
QUERIES = {
    ONE_GAME: "SELECT * FROM game.live_game_pitch_events WHERE game_pk = 20241234",
    "pitch types of the season": "SELECT pitch_type_code, count(*), avg(start_speed)"
    " FROM game.live_game_pitch_events WHERE season = 2024 GROUP BY 1",
    JULY: "SELECT pitch_type_code, count(*), avg(start_speed)"
    " FROM game.live_game_pitch_events AS e WHERE {july} GROUP BY 1",
    CHANGED: "SELECT count(*), max(captured_at) FROM game.live_game_pitch_events WHERE captured_at >= '2024-09-26'",
    "one pitcher's season": "SELECT p.event_type, count(*) FROM game.live_game_plays AS p"
    " WHERE p.pitcher_id = 600123 AND p.season = 2024 GROUP BY 1",
}
# A postponed game: what each choice has to write.
_MOVES = {"game_date": FILLED, None: FILLED[:1]}
Times = dict[str, list[float]]


@contextmanager
def server() -> Iterator[Server]:
    """A server of its own, gone in the end."""
    folder = Path(tempfile.mkdtemp(prefix="mlb-etl-bench-"))
    folder.chmod(0o711)
    started = Server(folder / "postgres")
    started.start()
    try:
        yield started
    finally:
        started.stop()
        shutil.rmtree(folder)


@contextmanager
def database(of: Server, variant: Variant) -> Iterator[Connection]:
    """A connection to a new database with the variant's tables, gone in the end: there may be room for one only."""
    name = sql.Identifier(f"bench_{variant.name}")
    with db.connect(Settings(of.url(), Path(), variant.package)) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(name))
        with db.connect(Settings(of.url(f"bench_{variant.name}"), Path(), variant.package)) as connection:
            migrate.init(connection, variant.package)
            yield connection
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def fill(connection: Connection, method: Method, seasons: int, games: int) -> None:
    """The seasons up to the last, with the partitions for them."""
    first = LAST - seasons + 1
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
    connection.execute("VACUUM (ANALYZE)")
    connection.execute("CHECKPOINT")


def _expression(column: Column) -> str:
    return _BY_NAME.get(column.name) or _BY_TYPE[column.type.partition("(")[0]]


def _identifier(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)


def through_the_pipeline(connection: Connection, method: Method, response: Response, games: int) -> Times:
    """The milliseconds of games from their raw rows to committed: as new ones, and when one row changed.

    The connection is left with the settings of the pipeline.
    """
    raw = Raw(connection, method)
    for number in range(WARM + games):
        game_pk = str(100000 + number)
        data = response.data.replace(b"747175", game_pk.encode())
        for minutes, text in ((0, data), (1, re.sub(rb'("timeStamp": *"\d{8}_\d{5})\d', rb"\g<1>0", data))):
            captured_at = response.captured_at + timedelta(minutes=minutes)
            one = replace(response, data=text, path_params={"game_pk": game_pk}, captured_at=captured_at)
            raw.store(one, {"game_pk": int(game_pk)})
    transformer = Transformer(connection, method)
    times: Times = {"a new game": [], "one row changed": []}
    captures = transformer.raw.captures({})
    for new, changed in zip(captures[::2], captures[1::2], strict=True):
        for name, capture, rows in (("a new game", new, None), ("one row changed", changed, 1)):
            start = perf_counter()
            _, counts = transformer.apply(capture)
            times[name].append((perf_counter() - start) * 1000)
            if rows is not None and sum(each.updated for each in counts.values()) != rows:
                raise AssertionError(f"{counts}: not {rows} rows")
    return {name: each[WARM:] for name, each in times.items()}


def moved(connection: Connection, variant: Variant, games: int) -> list[float]:
    """The milliseconds of writing another date, of the next month, into all that has it of a game."""
    tables = [sql.Identifier("game", name) for name in _MOVES.get(variant.name, _MOVES[None])]
    update = sql.SQL("UPDATE {} SET game_date = game_date + 31 WHERE game_pk = %s")

    def move(number: int) -> None:
        with connection.transaction():
            for table in tables:
                connection.execute(update.format(table), [LAST * 10000 + 10 * number])

    return clocked(move, games)


def clocked(work: Callable[[int], object], runs: int) -> list[float]:
    """The milliseconds of each run but the first few."""
    times = []
    for number in range(WARM + runs):
        start = perf_counter()
        work(number)
        times.append((perf_counter() - start) * 1000)
    return times[WARM:]


def queries(variant: Variant) -> dict[str, bytes]:
    july = _JULY.get(variant.name, _JULY[None])
    return {name: query.format(july=july).encode() for name, query in QUERIES.items()}


def plan(connection: Connection, query: bytes) -> str:
    lines = [line for (line,) in connection.execute(b"EXPLAIN (COSTS OFF) " + query)]
    left_out = len(lines) - PLAN_LINES
    return "\n".join([*lines[:PLAN_LINES], *([f"  ... and {left_out} lines more"] if left_out > 0 else [])])


def measure(connection: Connection, variant: Variant, response: Response, runs: int) -> tuple[Times, dict[str, str]]:
    """All times by what was done, and the plans that show the difference."""
    with db.connect(Settings(connection.info.dsn, Path(), variant.package)) as own:
        times = through_the_pipeline(own, variant.method, response, runs)
    connection.execute("ANALYZE")
    asked = queries(variant)
    for name, query in asked.items():
        times[name] = clocked(lambda _, query=query: connection.execute(query).fetchall(), runs // 2)
    plans = {name: plan(connection, asked[name]) for name in (ONE_GAME, JULY, CHANGED)}
    times["a game moves to another month"] = moved(connection, variant, runs)
    return times, plans


def shown(results: Mapping[str, Times], plans: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Markdown: a table of medians, a column for each choice, and the plans."""
    yield f"| milliseconds | {' | '.join(results)} |"
    yield f"|---|{'--:|' * len(results)}"
    for name in next(iter(results.values())):
        medians = (median(times[name]) for times in results.values())
        yield f"| {name} | {' | '.join(f'{each:.1f}' for each in medians)} |"
    for variant, of_variant in plans.items():
        for name, text in of_variant.items():
            yield f"\n{variant}: {name}\n```\n{text}\n```"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stubs", type=Path, default=os.environ.get("MLB_STUBS", ROOT.parent / "shared" / "stubs"))
    parser.add_argument("--seasons", type=int, default=2)
    parser.add_argument("--games", type=int, default=2430, help="games a season")
    parser.add_argument("--runs", type=int, default=20)
    given = parser.parse_args()
    response = samples.unwrap(samples.read(Path(given.stubs) / FEED))
    if response is None:
        parser.error(f"{FEED} is no stub")
    results: dict[str, Times] = {}
    plans: dict[str, dict[str, str]] = {}
    first, last = date(LAST - given.seasons + 1, 3, 1), date(LAST, 12, 1)
    with tempfile.TemporaryDirectory() as folder, server() as started:
        sys.path.insert(0, folder)
        gc.freeze()  # as the program does
        variants = Variants(Path(folder))
        for variant in map(variants.get, LINES):
            with database(started, variant) as connection:
                ahead.make(connection, variant.package, first, last)
                fill(connection, variant.method, given.seasons, given.games)
                results[variant.name], plans[variant.name] = measure(connection, variant, response, given.runs)
                version = connection.info.server_version
    on = f"PostgreSQL {version // 10000}.{version % 100}, {os.cpu_count()} CPUs ({platform.machine()})"
    print(f"{on}, {given.seasons} seasons of {given.games} games\n")
    print("\n".join(shown(results, plans)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
