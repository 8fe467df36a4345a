"""One simulated game, polled every 30 seconds of its time, in PostgreSQL and in a lake: what a poll costs.

What is clocked is what `mlb-etl live` does with each response: store it, apply it, and read back what is known.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter

from machine import Machine, machine

from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.apply.pipeline import Session
from mlb_etl.baseball.live.fetch import FetchedFeed
from mlb_etl.baseball.live.keep import Keeper
from mlb_etl.baseball.plugin import TABLES
from mlb_etl.extract.answer import one_document
from mlb_etl.stores.delta import schema
from mlb_etl.stores.delta.database import Delta
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.interfaces.database import Database
from mlb_etl.stores.postgres import db, migrate
from mlb_etl.stores.postgres.database import Postgres
from mlb_sim import Simulator
from mlb_sim.times import MINUTE

METHOD = registry.method(TABLES, "game.liveGameV1")


def feeds(polls: int) -> Iterator[FetchedFeed]:
    """The responses, from the 40th minute of the game on."""
    simulator, before = Simulator(3, 2024), datetime.now(UTC) - timedelta(hours=1)
    fixture = simulator.calendar.fixtures[0]
    start, keys = simulator.timeline(fixture).first_pitch + 40 * MINUTE, {"game_pk": str(fixture.pk)}
    for number in range(polls + 1):
        data = json.dumps(simulator.feed(fixture, start + number * MINUTE // 2)).encode()
        at = before + timedelta(seconds=30 * number)
        response = Response("game", "liveGameV1", keys, {}, f"http://simulated/{fixture.pk}", 200, at, data)
        yield FetchedFeed(response, *one_document(data, {"game_pk": fixture.pk}), 0.0)


@contextmanager
def empty(store: str, on: Machine) -> Iterator[Database]:
    """A new database of a store."""
    if store == "delta":
        lake = Lake.at(str(on.folder / "lake"))
        schema.apply(lake, TABLES)
        yield Delta(lake, TABLES)
        return
    settings = on.settings("run", TABLES)
    with on.database("run"):
        with db.connect(settings) as connection:
            migrate.apply_pending(connection, TABLES)
        yield Postgres(settings)


def measure(database: Database, polls: int, on: Machine) -> list[tuple[float, float]]:
    """The milliseconds of each poll after the first, and those of CPU."""
    found = []
    with Session(database, METHOD) as session:
        keeper = Keeper(session, METHOD)
        for feed in feeds(polls):
            cpu, start = sum(on.cpu()), perf_counter()
            keeper.keep(feed)
            found.append(((perf_counter() - start) * 1000, sum(on.cpu()) - cpu))
    return found[1:]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polls", type=int, default=40)
    given = parser.parse_args()
    print(f"{'a poll':12}{'ms':>10}{'ms CPU':>10}")
    with machine() as on:
        for store in ("postgres", "delta"):
            with empty(store, on) as database:
                its = measure(database, given.polls, on)
            print(f"{store:12}{median(ms for ms, _ in its):10.1f}{sum(cpu for _, cpu in its) / len(its):10.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
