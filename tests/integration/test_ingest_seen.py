"""A response with unchanged content is counted instead of stored, and times still stay in order."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bodies import whole
from checks import some
from databases import temporary_database
from sample_tables.game import METHOD
from samples import PACKAGE, at, connect, response

from mlb_contracts.response import Response
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.extract.answer import one_document
from mlb_etl.laws.counts import Counts
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.interfaces.captures import Fate
from mlb_etl.stores.postgres.database import Postgres
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.raw import RawWriter

A, B, C = (response(score=score, rbi=[1, score]) for score in (1, 2, 3))
ROWS = "SELECT as_of, last_seen_at, seen, captured_at, encoding, body FROM sample.raw_game"
TABLES = (
    "SELECT game_pk, home_score, captured_at FROM sample.games",
    "SELECT at_bat_index, rbi, captured_at FROM sample.plays ORDER BY 1",
    "SELECT as_of, content_hash FROM etl.watermark",
)


@pytest.fixture
def connection(sample_database: str) -> Iterator[Connection]:
    with connect(sample_database) as connection:
        yield connection


def store(connection: Connection, content: object, captured_at: datetime, **query: str) -> Fate:
    body = msgspec.json.encode(content)
    answer = Response("sample", "game", {"game_pk": "1"}, query, "", 200, captured_at, body)
    return RawWriter(connection, METHOD).store(answer, one_document(answer.data, {"game_pk": 1}))


def rows(connection: Connection) -> list[Any]:
    found = connection.execute(ROWS).fetchall()
    scored = [
        (*facts, captured_at, str(msgspec.json.decode(whole(encoding, body))["score"]))
        for *facts, captured_at, encoding, body in found
    ]
    return [(*facts, score) for *facts, _, score in sorted(scored, key=lambda row: (row[0], *row[3:]))]


def transform(connection: Connection) -> Counts:
    return Pipeline(METHOD, Postgres(Settings(connection.info.dsn, Path(), PACKAGE))).run({})


def tables(connection: Connection) -> list[list[Any]]:
    return [connection.execute(query.encode()).fetchall() for query in TABLES]


def test_the_same_content_again_is_counted(connection: Connection) -> None:
    assert [store(connection, A, at(n)) for n in (0, 1, 2)] == ["stored", "seen", "seen"]
    assert rows(connection) == [(at(0), at(2), 3, "1")]


def test_a_content_that_comes_back_is_stored_again(connection: Connection) -> None:
    assert [store(connection, content, at(n)) for n, content in enumerate((A, B, A))] == ["stored"] * 3
    assert rows(connection) == [(at(n), at(n), 1, score) for n, score in enumerate("121")]


def test_the_same_capture_again_is_known(connection: Connection) -> None:
    for _ in range(2):
        fates = [store(connection, A, at(n)) for n in (0, 5, 3)]
    assert fates == ["known"] * 3
    assert rows(connection) == [(at(0), at(5), 2, "1")]


def test_a_late_capture_does_not_replace_a_later_state(connection: Connection) -> None:
    for content, minutes in ((A, 1), (A, 5), (B, 3)):
        store(connection, content, at(minutes))
        transform(connection)
    assert tables(connection)[0] == [(1, 1, at(1))]
    assert tables(connection)[2][0][0] == at(5)
    assert rows(connection) == [(at(1), at(5), 2, "1"), (at(3), at(3), 1, "2")]


def test_seen_again_moves_the_watermark_and_nothing_else(connection: Connection) -> None:
    store(connection, A, at(0))
    transform(connection)
    before = tables(connection)
    store(connection, A, at(5))
    counts = transform(connection)
    assert (counts.documents.applied, counts.documents.same) == (0, 1)
    assert tables(connection)[:2] == before[:2]
    assert tables(connection)[2][0][0] == at(5)


@pytest.mark.parametrize("captures", [(A, B, A), (A, A, B), (B, A, A), (A, B, C, A)], ids=["ABA", "AAB", "BAA", "ABCA"])
def test_any_order_and_any_split_end_in_the_same_tables(
    server: Server, sample_template: str, captures: tuple[object, ...]
) -> None:
    ends = []
    for order in permutations(enumerate(captures)):
        for at_once in (True, False):
            with temporary_database(server, sample_template) as dsn, connect(dsn) as connection:
                for minutes, content in order:
                    store(connection, content, at(minutes))
                    if not at_once:
                        transform(connection)
                transform(connection)
                ends.append(tables(connection))
    assert all(end[2] == ends[0][2] for end in some(ends))
    contents = [[[row[:-1] for row in table] for table in end[:2]] for end in ends]
    assert all(content == contents[0] for content in some(contents))


def test_loading_all_at_once_gives_rows_the_same_times(connection: Connection) -> None:
    for content, minutes in ((A, 0), (A, 4), (B, 2)):
        store(connection, content, at(minutes))
    transform(connection)
    assert tables(connection)[1] == [(0, 1, at(0)), (1, 1, at(4))]


def test_a_past_state_counts_as_of_then(connection: Connection) -> None:
    assert store(connection, B, at(9)) == "stored"
    assert store(connection, A, at(10), timecode="20240701_120000") == "stored"
    assert store(connection, A, at(11), timecode="20240701_120300") == "seen"
    assert store(connection, B, at(12)) == "seen"
    assert rows(connection) == [(at(0), at(3), 2, "1"), (at(9), at(12), 2, "2")]


def test_after_a_conflict_the_same_content_is_stored_again(connection: Connection) -> None:
    """If the quarantined capture counted later ones as its own, they would wait with it."""
    store(connection, A, at(0))
    store(connection, B, at(0))
    assert transform(connection).documents.quarantined == 1
    assert store(connection, B, at(1)) == "stored"
    assert transform(connection).documents.applied == 1
    assert tables(connection)[0] == [(1, 2, at(1))]


def test_the_time_last_seen_never_goes_back(connection: Connection) -> None:
    """Not even if a process that saw it later stores it first."""
    store(connection, A, at(0))
    with connect(connection.info.dsn) as other, ThreadPoolExecutor(1) as pool:
        with connection.transaction():
            assert store(connection, A, at(9)) == "seen"
            earlier = pool.submit(store, other, A, at(5))
            wait_for_lock(connection, other.info.backend_pid)
        assert earlier.result(timeout=10) == "known"
    assert rows(connection) == [(at(0), at(9), 2, "1")]


def wait_for_lock(connection: Connection, backend: int) -> None:
    with connect(connection.info.dsn) as watcher:
        for _ in range(500):
            found = watcher.execute("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", [backend]).fetchone()
            if found == ("Lock",):
                return
            time.sleep(0.01)
    pytest.fail("it does not wait for a lock")


def test_documents_are_distinguished(connection: Connection) -> None:
    store(connection, A, at(0))
    other = Response("sample", "game", {"game_pk": "2"}, {}, "", 200, at(1), msgspec.json.encode(A))
    assert RawWriter(connection, METHOD).store(other, one_document(other.data, {"game_pk": 2})) == "stored"
