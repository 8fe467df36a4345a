"""From a response's bytes to the rows of all its tables, against `orjson.loads` of the same bytes in the same run.

The law of the project: at most 1.3 of its time for everything in the feed, and a row no dearer than when 17 tables had
589 rows in 0.75 of it. `decode` is strict, as in production: it also reads what no table takes, and so notices what no
sample had. `decode_mapped` skips that; the difference is what noticing costs.
"""

import argparse
import gc
import importlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import msgspec
import orjson

from mlb_contracts import Capture, Method
from mlb_etl.extract.strict import strict_shape
from mlbgen.samples import stubs

LIMIT = 1.3
ROOT = Path(__file__).parents[1]
METHOD = "mlb_tables.game.live_game_v1.method"
FEED = "747175_20240713T041909Z.json.gz"


@dataclass(frozen=True, slots=True)
class Result:
    """The best of many runs, in milliseconds; `ratio` is that of `decode_and_rows` to `orjson_loads`."""

    orjson_loads: float
    decode: float
    decode_mapped: float
    rows: float
    decode_and_rows: float
    ratio: float
    row_count: int
    bytes: int


def measure(method: Method, data: bytes, rounds: int = 200) -> Result:
    """Take turns, so that what slows the machine down slows down all alike; the best runs are the undisturbed ones.

    Each run frees what it made and pays for the garbage collections that it causes, as in production.
    """
    capture = Capture(datetime.now(UTC), {})
    shape = strict_shape(method)
    if shape is None:
        raise SystemExit(f"{method.name} has no known shape")
    decode: Callable[[bytes], object] = shape.document.decode
    document = decode(data)

    def rows(of: object) -> int:
        return sum([len(table.extract(of, capture)) for table in method.tables])

    runs: dict[str, Callable[[], object]] = {
        "orjson_loads": lambda: orjson.loads(data),
        "decode": lambda: decode(data),
        "decode_mapped": lambda: method.decode(data),
        "rows": lambda: rows(document),
        "decode_and_rows": lambda: rows(decode(data)),
    }
    best = dict.fromkeys(runs, float("inf"))
    gc.collect()
    gc.freeze()  # what was imported is nobody's garbage
    for _ in range(rounds):
        for name, run in runs.items():
            start = perf_counter()
            run()
            best[name] = min(best[name], perf_counter() - start)
    gc.unfreeze()
    milliseconds = {name: round(seconds * 1000, 3) for name, seconds in best.items()}
    ratio = round(best["decode_and_rows"] / best["orjson_loads"], 3)
    return Result(**milliseconds, ratio=ratio, row_count=rows(document), bytes=len(data))


def feed(folder: Path) -> bytes:
    """The response of the feed that is measured, as compact JSON."""
    return msgspec.json.encode(stubs.read_stub(folder / "game" / "liveGameV1" / FEED).document)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stubs", type=Path, default=os.environ.get("MLB_STUBS", ROOT.parent / "shared" / "stubs"))
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--check", action="store_true", help=f"exit with 1 above a ratio of {LIMIT}")
    given = parser.parse_args()
    method: Method = importlib.import_module(METHOD).METHOD
    result = measure(method, feed(Path(given.stubs)))
    if given.format == "json":
        print(json.dumps(asdict(result)))
    else:
        for name in ("orjson_loads", "decode", "decode_mapped", "rows", "decode_and_rows"):
            print(f"{name:16}{getattr(result, name):8.2f} ms")
        print(f"{'ratio':16}{result.ratio:8.2f}    (at most {LIMIT}; {result.row_count} rows of {result.bytes} bytes)")
    return int(given.check and result.ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
