"""Exports of a database: seconds, size and memory of each format, whole and after one game changed.

    python benchmarks/export.py [--season 2024]

exports the database that MLB_ETL_DSN or MLB_ETL_DATA names, which has to have games; a season of them comes from

    mlb-sim serve --season 2024 --date 2024-10-10 --speed 0
    mlb-etl backfill --job config/jobs/game_live_season.yaml --season 2024 --transform --workers 2

Each export is a process of its own, whose peak memory the kernel tells. For the second, a game's watermark is moved, as
a correction moves it. With --readers it compares ways to read the largest table instead: ADBC, COPY as CSV that Arrow
parses, and rows of psycopg.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import adbc_driver_postgresql
import psycopg
import pyarrow as pa
from pyarrow import csv

from mlb_etl.settings import Settings
from mlb_etl.stores.adbc import Adbc
from mlb_etl.stores.postgres import db
from mlb_etl.stores.postgres.arrow_types import arrow_type

FORMS = ("parquet", "csv", "duckdb", "sqlite")
LARGEST = "game.live_game_pitch_events"
MOVE = (
    "UPDATE etl.watermark SET applied_at = clock_timestamp() WHERE method = 'game.liveGameV1' AND document = %s::jsonb"
)
COLUMNS = """
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum
"""
CELLS = csv.ParseOptions(newlines_in_values=True)
ONE = "SELECT document::text FROM etl.watermark WHERE method = 'game.liveGameV1' ORDER BY document LIMIT 1"


def export(to: str, options: list[str]) -> tuple[float, int, int]:
    """Seconds, peak memory in MB, rows."""
    command = [str(Path(sys.executable).parent / "mlb-etl"), "export", "--to", to, "--format", "json", *options]
    began = perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        said = b"" if process.stdout is None else process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{to} failed")
    rows = sum(each["written"] for each in json.loads(said)["relations"])
    return perf_counter() - began, used.ru_maxrss >> 10, rows


def size(place: Path) -> int:
    """Megabytes of a file or folder."""
    return sum(each.stat().st_size for each in (place, *place.rglob("*")) if each.is_file()) >> 20


def formats(dsn: str, folder: Path, options: list[str]) -> None:
    """Each format, whole and after one game changed."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        [(game,)] = connection.execute(ONE).fetchall()
        for form in FORMS:
            place = folder / form
            seconds, memory, rows = export(f"{form}:{place}", options)
            print(
                f"{form:8} whole    {rows:9} rows {seconds:6.1f} s {memory:4} MB memory {size(place):5} MB", flush=True
            )
            connection.execute(MOVE, [game])
            seconds, memory, rows = export(f"{form}:{place}", options)
            print(f"{form:8} one game {rows:9} rows {seconds:6.1f} s {memory:4} MB memory", flush=True)


def by_adbc(dsn: str) -> int:
    connection = Adbc(adbc_driver_postgresql.connect(dsn))
    with connection.query(f"TABLE {LARGEST}", {"adbc.postgresql.batch_size_hint_bytes": str(4 << 20)}) as rows:
        number: int = sum(batch.num_rows for batch in rows)
    connection.close()
    return number


def by_copy(dsn: str) -> int:
    """COPY as CSV through a pipe, as Arrow's reader wants a file."""
    reading, writing = os.pipe()
    with psycopg.connect(dsn) as connection, ThreadPoolExecutor(1) as thread:
        columns = connection.execute(COLUMNS, [LARGEST]).fetchall()
        types = {name: pa.string() if kind.startswith("timestamp") else arrow_type(kind) for name, kind in columns}
        sent = thread.submit(_copy, connection, writing)
        values = csv.ConvertOptions(column_types=types, true_values=["t"], false_values=["f"], strings_can_be_null=True)
        names = csv.ReadOptions(column_names=list(types), block_size=1 << 20)
        with open(reading, "rb") as file, csv.open_csv(file, names, CELLS, values) as batches:  # noqa: PTH123 - a pipe
            number: int = sum(batch.num_rows for batch in batches)
        sent.result()
    return number


def _copy(connection: db.Connection, writing: int) -> None:
    statement = f"COPY (TABLE {LARGEST}) TO STDOUT (FORMAT csv)"
    with open(writing, "wb") as pipe, connection.cursor().copy(statement) as copied:
        for piece in copied:
            pipe.write(piece)


def by_rows(dsn: str) -> int:
    number = 0
    with psycopg.connect(dsn) as connection, connection.cursor("rows", binary=True) as cursor:
        cursor.execute(f"TABLE {LARGEST}")
        while rows := cursor.fetchmany(10_000):
            columns = [pa.array(column) for column in zip(*rows, strict=True)]
            number += len(columns[0])
    return number


def readers(dsn: str) -> None:
    """Ways to read the largest table, in turns."""
    ways: list[Callable[[str], int]] = [by_adbc, by_copy, by_rows]
    for way in ways * 3:
        before, began = resource.getrusage(resource.RUSAGE_SELF), perf_counter()
        number = way(dsn)
        after, seconds = resource.getrusage(resource.RUSAGE_SELF), perf_counter() - began
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"{way.__name__:8} {number} rows {seconds:5.1f} s, {cpu:4.1f} s of the client's CPU", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--season", help="only this one")
    parser.add_argument("--readers", action="store_true", help="compare ways to read")
    chosen = parser.parse_args()
    dsn = db.dsn(Settings.from_environment())
    if chosen.readers:
        readers(dsn)
        return
    folder = Path(tempfile.mkdtemp(prefix="mlb-etl-export-"))
    try:
        formats(dsn, folder, [] if chosen.season is None else ["--season", chosen.season])
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
