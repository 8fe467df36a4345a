"""One game from its raw row to committed, warm, on an embedded PostgreSQL with its durable settings.

The law of the project: at most 25 ms, where `orjson.loads` of the same bytes was measured at 3.4 to 4.4 ms.
Milliseconds drift from machine to machine and from hour to hour, so what is checked is the ratio of the medians of one
run, by the stricter reading at most 5.7.

What costs what of 15.8 ms, while orjson.loads took about 3.7: reading the raw row 2.5, decoding and extracting 2.6,
packing rows 0.9, COPY of the 589 rows 7.3, checks that warn 0.6, locks and commit 1.2. A later capture of the same
content takes 1.2, as it is not read.

What helped: generic plans for the upserts (-50 ms: planning one takes longer than running it), all upserts in one
pipeline (-3), the COPYs of all tables as one query (-3), staging tables only where a document is known (-1.5), no
rollback in a normal course, since psycopg then forgets its prepared statements (-20 a document). What did not: larger
lock tables, more shared buffers, no JIT, freezing the garbage collector.
"""

import argparse
import gc
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import orjson

from mlb_contracts import Capture, Method
from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.apply.transform import Transformer
from mlb_etl.baseball.plugin import TABLES
from mlb_etl.capture import stub_files
from mlb_etl.extract.answer import one_document
from mlb_etl.extract.extract import extract
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import db, migrate
from mlb_etl.stores.postgres.database import PostgresStores
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.raw import RawWriter

LIMIT = 5.7  # times orjson.loads
WARM = 5  # games before the clock counts
ROOT = Path(__file__).parents[1]
FEED = Path("game/liveGameV1/747175_20240713T041909Z.json.gz")
Times = dict[str, list[float]]


@contextmanager
def database() -> Iterator[Connection]:
    """A connection to a new database of a server of its own."""
    folder = Path(tempfile.mkdtemp(prefix="mlb-etl-bench-"))
    folder.chmod(0o711)
    server = Server(folder / "postgres")
    server.start()
    try:
        with db.connect(Settings(server.url(), folder, TABLES)) as connection:
            migrate.apply_pending(connection, TABLES)
            yield connection
    finally:
        server.stop()
        shutil.rmtree(folder)


def store(connection: Connection, method: Method, response: Response, games: int) -> None:
    """As many games as that, the same but for their numbers, each captured twice, a minute apart and unchanged."""
    raw = RawWriter(connection, method)
    own = response.path_params["game_pk"]
    for number in range(games):
        game_pk = str(10 ** (len(own) - 1) + number)
        data = response.data.replace(own.encode(), game_pk.encode())
        for minutes in (0, 1):
            captured_at = response.captured_at + timedelta(minutes=minutes)
            one = replace(response, data=data, path_params={"game_pk": game_pk}, captured_at=captured_at)
            raw.store(one, one_document(one.data, {"game_pk": int(game_pk)}))


def measure(connection: Connection, method: Method) -> Times:
    """The milliseconds of each game, as a whole and by its parts."""
    transformer = Transformer(PostgresStores(connection, TABLES), method)
    times: Times = {}

    def clock(name: str, start: float) -> None:
        times.setdefault(name, []).append((perf_counter() - start) * 1000)

    def parts(capture: StoredCapture) -> None:
        start = perf_counter()
        data = transformer.raw.read(capture)
        clock("  read", start)
        start = perf_counter()
        extract(method, Capture(capture.as_of, capture.parameters), data)
        clock("  extract", start)
        start = perf_counter()
        orjson.loads(data)
        clock("orjson.loads", start)

    captures = list(transformer.raw.captures({}))
    for new, unchanged in zip(captures[::2], captures[1::2], strict=True):
        for name, capture in (("new game", new), ("unchanged, later", unchanged)):
            start = perf_counter()
            transformer.apply([capture])
            clock(name, start)
        parts(new)
    return {name: each[WARM:] for name, each in times.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stubs", type=Path, default=os.environ.get("MLB_STUBS", ROOT.parent / "shared" / "stubs"))
    parser.add_argument("--games", type=int, default=40)
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--check", action="store_true", help=f"exit with 1 above {LIMIT} times orjson.loads")
    given = parser.parse_args()
    method = registry.method(TABLES, "game.liveGameV1")
    response = stub_files.parse_stub(stub_files.read_file(Path(given.stubs) / FEED))
    if response is None:
        parser.error(f"{FEED} is not a captured response")
    with database() as connection:
        store(connection, method, response, WARM + given.games)
        gc.freeze()  # as the program does
        times = measure(connection, method)
    results = {name.strip(): {"best": min(each), "median": median(each)} for name, each in times.items()}
    ratio = results["new game"]["median"] / results["orjson.loads"]["median"]
    if given.format == "json":
        print(json.dumps(results | {"ratio": round(ratio, 2)}))
    else:
        print(f"{'milliseconds':20}{'best':>8}{'median':>8}")
        for name, each in times.items():
            print(f"{name:20}{min(each):8.2f}{median(each):8.2f}")
        print(f"{'ratio':20}{ratio:16.2f}  (at most {LIMIT})")
    return int(given.check and ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
