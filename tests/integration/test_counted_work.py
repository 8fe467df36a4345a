"""The work that captures cost, counted: what noise can't move, so that a change which adds some fails here.

Simulated games, by a seed, are stored and applied for the first time, again as they were, and with one value of each
changed. `EXPECTED` says what that takes, for all of them. Its counts are exact, since the same bytes take the same
statements; whoever changes one writes down the new number, and the commit says why. Bytes and blocks have a range,
since versions of the server, the libraries and Python differ in how much they take for the same.
"""

import gc
import re
import shutil
import sys
import tempfile
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import pytest
from databases import WRITER
from delta_lake import DeltaLaws
from feeds import METHOD, PACKAGE
from laws import Snapshot
from psycopg.conninfo import make_conninfo
from psycopg.pq import Trace
from simulated import Games

from mlb_contracts import Capture
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.extract.answer import one_document
from mlb_etl.extract.extract import extract
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.database import Database
from mlb_etl.stores.postgres import db
from mlb_etl.stores.postgres.database import Postgres

GAMES = 4
HOUR = 3_600_000  # milliseconds
RANGE = 0.15  # of bytes and blocks, up and down
ABOUT = frozenset({"wal", "raw", "bytes", "peak", "held"})  # have that range
# By step. Of PostgreSQL: statements sent, answers waited for, rows that the server writes in all tables (with raw ones,
# documents and watermarks), bytes of WAL, and bytes that the raw tables take. Of a lake: files and their bytes.
EXPECTED = {
    "first, stored in PostgreSQL": {"statements": 18, "waits": 18, "inserted": 8, "wal": 564_144, "raw": 901_120},
    "first, applied in PostgreSQL": {"statements": 59, "waits": 57, "inserted": 3850, "wal": 1_406_000},
    "again, stored in PostgreSQL": {"statements": 8, "waits": 8, "updated": 4, "wal": 760, "raw": 901_120},
    "again, applied in PostgreSQL": {"statements": 53, "waits": 54, "updated": 4, "wal": 1000},
    "changed, stored in PostgreSQL": {"statements": 10, "waits": 10, "inserted": 8, "wal": 458_880, "raw": 1_351_680},
    # nearly all of this WAL is the catalog's: a session makes a temporary table for each table once
    "changed, applied in PostgreSQL": {"statements": 169, "waits": 97, "updated": 8, "wal": 822_032},
    "first, stored in a lake": {"files": 2, "bytes": 432_490},
    "first, applied in a lake": {"files": 74, "bytes": 839_430},
    "again, stored in a lake": {"files": 2, "bytes": 2800},
    "again, applied in a lake": {"files": 4, "bytes": 10_600},
    "changed, stored in a lake": {"files": 2, "bytes": 432_440},
    "changed, applied in a lake": {"files": 10, "bytes": 80_430},
}
# Of one game in Python: bytes at most while it is decoded and extracted, and blocks that its rows hold.
IN_PYTHON = {"peak": 1_778_000, "held": 16_520}
ROWS = """
    SELECT coalesce(sum(n_tup_ins), 0), coalesce(sum(n_tup_upd), 0), coalesce(sum(n_tup_del), 0)
    FROM pg_stat_user_tables
"""
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
RAW = """
    SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(%s) WHERE isleaf
"""
Steps = Sequence[tuple[str, Sequence[Snapshot]]]


@pytest.fixture(scope="module")
def steps() -> Steps:
    """The captures of each step: complete games, the same an hour later, and one value of each changed after two."""
    games = Games(most=GAMES)
    changed = []
    for pk in games.pks:
        feed = games.feed(pk, 1.0)
        feed["gameData"]["weather"]["condition"] = "Counted"
        changed.append(games.edited(pk, feed, 1.0, later=2 * HOUR))
    again = [games.edited(pk, games.feed(pk, 1.0), 1.0, later=HOUR) for pk in games.pks]
    return [("first", [games.snapshot(pk, 1.0) for pk in games.pks]), ("again", again), ("changed", changed)]


class Wire:
    """What libpq sends and receives, on all connections that are opened meanwhile."""

    def __init__(self) -> None:
        self._files: list[Any] = []

    @contextmanager
    def traced(self) -> Iterator[None]:
        connect = db.connect

        def opened(*given: Any, **named: Any) -> db.Connection:
            connection = connect(*given, **named)
            self._files.append(tempfile.TemporaryFile())  # noqa: SIM115 - read when the connection is closed
            connection.pgconn.trace(self._files[-1].fileno())
            connection.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
            return connection

        with mock.patch.object(db, "connect", opened):
            yield

    def counted(self) -> dict[str, int]:
        """Statements, and the answers after which the server waits for the next one."""
        found: Counter[bytes] = Counter()
        for file in self._files:
            file.seek(0)
            found.update(re.findall(rb"(?m)^[FB]\t\d+\t(Execute|Query|ReadyForQuery)\b", file.read()))
            file.close()
        return {"statements": found[b"Execute"] + found[b"Query"], "waits": found[b"ReadyForQuery"]}


def keep(database: Database, snapshots: Sequence[Snapshot]) -> None:
    with database.open() as stores:
        stores.raw(METHOD).store_all(
            [(each.response, one_document(each.response.data, each.keys)) for each in snapshots]
        )


def transform(database: Database, _: Sequence[Snapshot]) -> None:
    Pipeline(METHOD, database, 1).run({})


WORK: Mapping[str, Callable[[Database, Sequence[Snapshot]], None]] = {"stored": keep, "applied": transform}


def in_postgres(dsn: str, steps: Steps) -> Iterator[tuple[str, dict[str, int]]]:
    """What each step takes."""
    database = Postgres(Settings(make_conninfo(dsn, user=WRITER), Path(), PACKAGE))
    with psycopg.connect(dsn, autocommit=True) as server:

        def asked(query: str, *given: str) -> list[int]:
            return [int(each) for each in server.execute(query, given).fetchone() or ()]

        def written() -> list[int]:
            while asked(OTHERS) != [0]:  # a connection that ends says then what it wrote
                server.execute("SELECT pg_sleep(0.01)")
            return [*asked(ROWS), *asked("SELECT pg_current_wal_insert_lsn() - '0/0'")]

        for step, snapshots in steps:
            for name, work in WORK.items():
                before, wire = written(), Wire()
                with wire.traced():
                    work(database, snapshots)
                moved = [now - then for now, then in zip(written(), before, strict=True)]
                took = dict(zip(("inserted", "updated", "deleted", "wal"), moved, strict=True))
                raw = dict(zip(("raw",), asked(RAW, METHOD.qualified_raw_table), strict=True)) if work is keep else {}
                yield f"{step}, {name} in PostgreSQL", wire.counted() | took | raw


def in_lake(folder: Path, steps: Steps) -> Iterator[tuple[str, dict[str, int]]]:
    """What each step takes: files that are new, or are others than before."""
    database = DeltaLaws(folder, PACKAGE, METHOD).database

    def files() -> dict[Path, tuple[int, int]]:
        found = ((each, each.stat()) for each in folder.rglob("*") if each.is_file())
        return {each: (about.st_mtime_ns, about.st_size) for each, about in found}

    for step, snapshots in steps:
        for name, work in WORK.items():
            before = files()
            work(database, snapshots)
            new = {each: about for each, about in files().items() if before.get(each) != about}
            yield f"{step}, {name} in a lake", {"files": len(new), "bytes": sum(size for _, size in new.values())}


def off(expected: Mapping[str, int], took: Mapping[str, int]) -> dict[str, str]:
    """What differs by more than it may."""
    return {
        name: f"{took[name]:,} in place of {expected.get(name, 0):,}"
        for name in took
        if abs(took[name] - expected.get(name, 0)) > (RANGE * expected.get(name, 0) if name in ABOUT else 0)
    }


def assert_expected(took: Mapping[str, Mapping[str, int]]) -> None:
    assert len(took) == len(EXPECTED) / 2
    assert {step: found for step, its in took.items() if (found := off(EXPECTED[step], its))} == {}


def test_what_captures_take_in_postgres(database: str, steps: Steps) -> None:
    assert_expected(dict(in_postgres(database, steps)))


def test_what_captures_take_in_a_lake(real_lake: Path, tmp_path: Path, steps: Steps) -> None:
    shutil.copytree(real_lake, tmp_path / "lake")
    assert_expected(dict(in_lake(tmp_path / "lake", steps)))


def test_what_a_game_takes_in_python(steps: Steps) -> None:
    snapshot = steps[0][1][0]
    capture = Capture(snapshot.as_of, snapshot.response.parameters)
    extract(METHOD, capture, snapshot.response.data)  # what is made once, such as decoders, does not count
    gc.collect()
    blocks = sys.getallocatedblocks()
    rows = extract(METHOD, capture, snapshot.response.data).rows
    gc.collect()
    held = sys.getallocatedblocks() - blocks
    del rows
    tracemalloc.start()
    try:
        extract(METHOD, capture, snapshot.response.data)
        took = {"peak": tracemalloc.get_traced_memory()[1], "held": held}
    finally:
        tracemalloc.stop()
    assert off(IN_PYTHON, took) == {}
