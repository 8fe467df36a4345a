"""From the raw table to the tables, under the write laws, on a real server."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import psycopg
import pytest
from checks import some
from databases import temporary_database
from sample_tables.game import METHOD
from samples import NOON, PACKAGE, at, connect, load, response, stores, stub

import mlb_etl
from mlb_contracts import Method
from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.capture import loader
from mlb_etl.extract.answer import one_document
from mlb_etl.laws.counts import Counts, TableCounts
from mlb_etl.laws.verdict import Policy
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import migrate
from mlb_etl.stores.postgres.database import Postgres
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.raw import RawWriter

PLAYS = "SELECT at_bat_index, rbi, speed::text, captured_at FROM sample.plays WHERE game_pk = %s ORDER BY at_bat_index"
TABLES = (
    "SELECT game_pk, season, home_score, captured_at FROM sample.games ORDER BY 1",
    "SELECT game_pk, season, at_bat_index, rbi, speed, captured_at FROM sample.plays ORDER BY 1, 3",
    "SELECT document, as_of, content_hash, fingerprint FROM etl.watermark ORDER BY 1",
)


@pytest.fixture
def connection(sample_database: str) -> Iterator[Connection]:
    with connect(sample_database) as connection:
        yield connection


@pytest.fixture
def tables(connection: Connection, tmp_path: Path) -> "Tables":
    return Tables(connection, tmp_path)


class Tables:
    """A database with the tables of sample.game."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        self.connection = connection
        self.folder = folder

    def load(self, *captures: tuple[datetime, dict[str, Any]]) -> None:
        stubs = [stub(content, captured_at, game_pk=content["gamePk"]) for captured_at, content in captures]
        assert not load(self.connection, self.folder, *stubs).refused

    def transform(self, method: Method = METHOD, **scope: Sequence[Any]) -> Counts:
        return Pipeline(method, Postgres(Settings(self.connection.info.dsn, self.folder, PACKAGE))).run(scope)

    def settle(self, *numbers: int, policy: Policy = "new") -> Counts:
        return Pipeline(METHOD, Postgres(Settings(self.connection.info.dsn, self.folder, PACKAGE))).settle(
            numbers, policy
        )

    def fetch(self, query: str, *values: object) -> list[Any]:
        return self.connection.execute(query.encode(), values).fetchall()

    def all(self) -> list[list[Any]]:
        return [self.fetch(query) for query in TABLES]


def documents(counts: Counts) -> tuple[int, int, int, int]:
    """Captures applied, same, stale, quarantined."""
    of = counts.documents
    return of.applied, of.same, of.stale, of.quarantined


def rows(inserted: int = 0, updated: int = 0, unchanged: int = 0, deleted: int = 0) -> TableCounts:
    return TableCounts(inserted, updated, unchanged, deleted)


def test_a_new_document_is_inserted(tables: Tables) -> None:
    tables.load((NOON, response()))
    counts = tables.transform()
    assert documents(counts) == (1, 0, 0, 0)
    assert counts.tables == {"sample.games": rows(1), "sample.plays": rows(3)}
    assert tables.fetch(PLAYS, 1) == [(0, 1, "90.3", NOON), (1, None, "91.3", NOON), (2, 0, "92.3", NOON)]


def test_only_what_changed_is_written(tables: Tables) -> None:
    tables.load((NOON, response()))
    tables.transform()
    before = tables.fetch("SELECT at_bat_index, xmin, ctid FROM sample.plays ORDER BY 1")
    tables.load((at(1), response(rbi=(1, 2, 0, 4), score=1)))
    counts = tables.transform()
    assert counts.tables == {"sample.games": rows(unchanged=1), "sample.plays": rows(1, 1, 2)}
    assert [row[3] for row in tables.fetch(PLAYS, 1)] == [NOON, at(1), NOON, at(1)]
    after = tables.fetch("SELECT at_bat_index, xmin, ctid FROM sample.plays ORDER BY 1")
    assert (after[0], after[2]) == (before[0], before[2]), "not even touched"


def test_the_same_again_writes_nothing(tables: Tables) -> None:
    tables.load((NOON, response()))
    tables.transform()
    before = tables.all(), tables.fetch("SELECT xmin, ctid FROM etl.watermark")
    counts = tables.transform()
    assert documents(counts) == (0, 1, 0, 0)
    assert counts.tables == {"sample.games": rows(), "sample.plays": rows()}
    assert (tables.all(), tables.fetch("SELECT xmin, ctid FROM etl.watermark")) == before


def test_an_older_capture_is_stale(tables: Tables) -> None:
    tables.load((at(5), response()))
    tables.transform()
    before = tables.all()
    tables.load((at(4), response(rbi=(4, 4, 4, 4))))
    assert documents(tables.transform()) == (0, 1, 1, 0)
    assert tables.all() == before


def test_equal_time_with_other_content_is_quarantined(tables: Tables) -> None:
    tables.load((NOON, response()))
    tables.transform()
    before = tables.all()
    tables.load((NOON, response(score=9)))
    counts = tables.transform()
    assert documents(counts) == (0, 1, 0, 1)
    assert tables.all() == before
    [(document, captured_at, reason)] = tables.fetch("SELECT document, captured_at, reason FROM etl.quarantine")
    assert (document, captured_at) == ({"game_pk": 1}, NOON)
    assert reason == counts.quarantined[0].why.reason == "another response with the same time was applied"
    assert documents(tables.transform()) == (0, 1, 0, 1)
    assert len(tables.fetch("SELECT FROM etl.quarantine")) == 1, "one note a capture"


def test_a_changed_mapping_applies_the_newest_capture_again(tables: Tables) -> None:
    tables.load((NOON, response(score=1)), (at(1), response(score=2)))
    tables.transform()
    changed = replace(METHOD, fingerprint="sample-2")
    assert documents(tables.transform(changed)) == (1, 0, 1, 0)
    assert documents(tables.transform(changed)) == (0, 1, 1, 0)
    assert tables.fetch("SELECT fingerprint FROM etl.watermark") == [("sample-2",)]


def test_a_document_whose_watermark_was_deleted_is_applied_again(tables: Tables) -> None:
    tables.load((NOON, response()))
    tables.transform()
    before = tables.all()
    tables.connection.execute("DELETE FROM etl.watermark")
    counts = tables.transform()
    assert documents(counts) == (1, 0, 0, 0)
    assert counts.tables == {"sample.games": rows(unchanged=1), "sample.plays": rows(unchanged=3)}
    assert tables.all() == before


def test_any_order_and_any_split_end_in_the_same_tables(server: Server, sample_template: str, tmp_path: Path) -> None:
    captures = [(at(n), response(rbi=[n] * (n + 1), score=n)) for n in range(3)]
    ends = []
    for order in permutations(captures):
        with temporary_database(server, sample_template) as dsn, connect(dsn) as connection:
            tables = Tables(connection, tmp_path)
            for capture in order:
                tables.load(capture)
                tables.transform()
            ends.append(tables.all())
        with temporary_database(server, sample_template) as dsn, connect(dsn) as connection:
            tables = Tables(connection, tmp_path)
            tables.load(*order)
            tables.transform()
            ends.append(tables.all())
    assert all(end == ends[0] for end in some(ends))


def test_scope(tables: Tables) -> None:
    tables.load(*((NOON, response(number)) for number in (1, 2, 3)))
    assert documents(tables.transform(game_pk=[1, 3])) == (2, 0, 0, 0)
    assert documents(tables.transform(game_pk=[9])) == (0, 0, 0, 0)
    assert documents(tables.transform()) == (1, 2, 0, 0)


def test_data_that_the_database_refuses_is_quarantined_whole(tables: Tables) -> None:
    tables.load((NOON, response(1)), (NOON, response(2, rbi=(1, 7))), (NOON, response(3)))
    counts = tables.transform()
    assert documents(counts) == (2, 0, 0, 1)
    [quarantined] = counts.quarantined
    assert quarantined.why.table == "sample.plays"
    assert 'violates check constraint "plays_rbi"' in quarantined.why.reason
    assert tables.fetch("SELECT game_pk FROM sample.games ORDER BY 1") == [(1,), (3,)]
    [(number, *where)] = tables.fetch("SELECT id, table_name, path, value FROM etl.quarantine")
    assert where == ["sample.plays", "$.plays[1].rbi", "7"]
    assert documents(tables.transform()) == (0, 2, 0, 1), "it waits"
    tables.connection.execute("ALTER TABLE sample.plays DROP CONSTRAINT plays_rbi")
    assert documents(tables.settle(number)) == (1, 0, 0, 0)
    assert tables.fetch("SELECT FROM etl.quarantine") == [], "what is applied after all leaves the quarantine"


def test_a_change_that_the_database_refuses_is_quarantined_whole(tables: Tables) -> None:
    tables.load((NOON, response()))
    tables.transform()
    before = tables.all()
    tables.load((at(1), response(rbi=(2, 7), score=9)))
    [quarantined] = tables.transform().quarantined
    assert quarantined.why.table == "sample.plays"
    assert 'violates check constraint "plays_rbi"' in quarantined.why.reason
    assert tables.all() == before


def test_nul_where_another_type_is_due_does_not_stop_the_others(tables: Tables) -> None:
    """The note of it is text too, which can't hold NUL."""
    tables.load((NOON, response(2)))
    body = json.dumps(response(season="a\0b")).encode()
    broken = Response("sample", "game", {"game_pk": "1"}, {}, "", 200, NOON, body)
    RawWriter(tables.connection, METHOD).store(broken, one_document(broken.data, {"game_pk": 1}))
    assert documents(tables.transform()) == (1, 0, 0, 1)
    assert tables.fetch("SELECT path, value FROM etl.quarantine") == [("$.season", "a␀b")]


def test_a_capture_that_the_pipeline_cannot_read_is_quarantined(tables: Tables) -> None:
    tables.load((NOON, response(1)), (NOON, response(2)))
    body = b'{"gamePk": 3, "season": 2024, "plays": [{"index": 0}, {"index": "1"}]}'
    broken = Response("sample", "game", {"game_pk": "3"}, {}, "", 200, NOON, body)
    RawWriter(tables.connection, METHOD).store(broken, one_document(broken.data, {"game_pk": 3}))
    assert documents(tables.transform()) == (2, 0, 0, 1)
    assert tables.fetch("SELECT document, table_name, path, value, reason FROM etl.quarantine") == [
        ({"game_pk": 3}, "sample.plays", "$.plays[1].index", "1", "Expected `int | null`, got `str`")
    ]


def test_a_raw_row_under_another_key_is_quarantined(tables: Tables) -> None:
    body = b'{"gamePk": 3, "season": 2024, "plays": []}'
    RawWriter(tables.connection, METHOD).store(
        Response("sample", "game", {"game_pk": "3"}, {}, "", 200, NOON, body), one_document(body, {"game_pk": 4})
    )
    [quarantined] = tables.transform().quarantined
    assert quarantined.why.reason == 'the raw table lists it as {"game_pk": 4}'
    assert tables.fetch("SELECT FROM sample.games") == []


def test_partitions_are_made_on_demand(tables: Tables) -> None:
    tables.load((NOON, response(1, season=1999)), (NOON, response(2, season=2024)))
    assert documents(tables.transform()) == (2, 0, 0, 0)
    query = "SELECT tableoid::regclass::text, count(*)::int FROM sample.plays GROUP BY 1 ORDER BY 1"
    assert tables.fetch(query) == [("sample.plays_1999", 3), ("sample.plays_2024", 3)]
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        tables.connection.execute(
            "INSERT INTO sample.plays (game_pk, season, at_bat_index, captured_at) VALUES (9, 1999, 0, now())"
        )


def test_a_worker_waits_for_another_with_the_same_new_document(tables: Tables) -> None:
    """The other one, here by hand, is in the middle of applying a newer capture."""
    tables.load((NOON, response()))
    with connect(tables.connection.info.dsn) as other, ThreadPoolExecutor(1) as pool:
        with other.transaction():
            other.execute(
                "INSERT INTO etl.watermark (method, document, as_of, content_hash, fingerprint)"
                " VALUES ('sample.game', %s, %s, 'x', 'sample-1')",
                ('{"game_pk": 1}', at(1)),
            )
            work = pool.submit(tables.transform)
            with pytest.raises(TimeoutError):
                work.result(timeout=0.5)
        assert documents(work.result(timeout=10)) == (0, 0, 1, 0)
    assert tables.fetch("SELECT FROM sample.games") == []


def test_a_worker_waits_for_another_with_the_same_known_document(tables: Tables) -> None:
    tables.load((NOON, response()))
    tables.transform()
    before = tables.all()[:2]
    tables.load((at(1), response(rbi=(4, 4, 4))))
    with connect(tables.connection.info.dsn) as other, ThreadPoolExecutor(1) as pool:
        with other.transaction():
            other.execute("UPDATE etl.watermark SET as_of = %s", [at(2)])
            work = pool.submit(tables.transform)
            with pytest.raises(TimeoutError):
                work.result(timeout=0.5)
        assert documents(work.result(timeout=10)) == (0, 1, 1, 0)
    assert tables.all()[:2] == before


@pytest.mark.parametrize("games", [1, 6])
def test_workers_at_once(tables: Tables, games: int) -> None:
    """On the same captures, each in another order of games: nobody waits for ever, and the tables are the newest.

    Each game is of a season of its own, whose partitions are made while others write.
    """
    newest = {game: response(game, rbi=[n % 4 for n in range(8)], season=1990 + game) for game in range(games)}
    for minute in range(4):
        tables.load(*((at(minute), response(game, rbi=[minute] * 6, season=1990 + game)) for game in newest))
    tables.load(*((at(9), content) for content in newest.values()))
    start = threading.Barrier(3)

    def work(seed: int) -> list[Counts]:
        start.wait()
        order = [*newest][seed:] + [*newest][:seed]
        return [tables.transform(game_pk=[game]) for game in order]

    with ThreadPoolExecutor(3) as pool:
        done = [counts for each in [pool.submit(work, seed) for seed in range(3)] for counts in each.result()]
    assert sum(counts.documents.quarantined for counts in done) == 0
    assert sum(counts.tables["sample.games"].inserted for counts in done) == games
    for game, content in some(newest.items()):
        assert [row[1] for row in tables.fetch(PLAYS, game)] == [play["rbi"] for play in content["plays"]]
    assert set(tables.fetch("SELECT as_of FROM etl.watermark")) == {(at(9),)}


def test_all_or_nothing_when_killed(tables: Tables) -> None:
    """Whenever the process is killed, each game is there with its watermark and all of its plays, or not at all."""
    games, plays = 400, 40
    tables.load(*((NOON, response(game, rbi=[1] * plays)) for game in range(games)))
    environment = os.environ | {
        "MLB_ETL_DSN": tables.connection.info.dsn,
        "MLB_ETL_TABLES": PACKAGE,
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    setup = "import mlb_etl; from mlb_etl.apply import transform; transform.BATCH = 5"
    script = f"{setup}; mlb_etl.pipeline('sample.game')()"
    seen = [0]
    for delay in (0, 0.005, 0.01, 0.02):
        with subprocess.Popen([sys.executable, "-c", script], env=environment) as process:
            while len(tables.fetch("SELECT FROM etl.watermark")) == seen[-1]:
                assert process.poll() is None
                time.sleep(0.001)
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        whole = "SELECT game_pk, count(p)::int FROM sample.games LEFT JOIN sample.plays AS p USING (game_pk) GROUP BY 1"
        by_watermark = "SELECT (document ->> 'game_pk')::bigint FROM etl.watermark"
        there = dict(tables.fetch(whole))
        assert set(there.values()) <= {plays}
        assert set(there) == {game for (game,) in tables.fetch(by_watermark)}
        seen.append(len(there))
    assert seen == sorted(set(seen)), "each went on where the one before was killed"
    assert seen[-1] < games, "the kills came in the middle"
    counts = tables.transform()
    assert counts.documents.applied + counts.documents.same == games
    assert tables.fetch("SELECT count(*) FROM sample.plays") == [(games * plays,)]


def test_the_pipeline_is_callable(sample_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    monkeypatch.setenv("MLB_ETL_DSN", sample_database)
    with connect(sample_database) as connection:
        load(connection, tmp_path, *(stub(response(game), game_pk=game) for game in (1, 2)))
    pipeline = mlb_etl.pipeline("sample.game")
    assert documents(pipeline(game_pks=[2])) == (1, 0, 0, 0)
    assert documents(pipeline()) == (1, 1, 0, 0)
    assert documents(mlb_etl.pipeline("sample.game", dsn=sample_database)(game_pks=[1])) == (0, 1, 0, 0)
    with pytest.raises(TypeError, match=r"sample\.game is about game_pks, not seasons"):
        pipeline(seasons=[2024])


@pytest.mark.parametrize("which", ["server", "server15"])
def test_a_real_game_on(which: str, request: pytest.FixtureRequest, stubs_dir: Path) -> None:
    method = registry.method("mlb_tables", "game.liveGameV1")
    with temporary_database(request.getfixturevalue(which)) as dsn, connect(dsn) as connection:
        migrate.apply_pending(connection, "mlb_tables")
        loaded = loader.load_files(
            stores(connection),
            loader.select_stubs("mlb_tables", stubs_dir, {"game_pk": "747175"}),
            package="mlb_tables",
        )
        assert (len(loaded.stored), loaded.refused) == (2, ())
        counts = Pipeline(method, Postgres(Settings(dsn, stubs_dir, "mlb_tables"))).run({})
    assert documents(counts) == (2, 0, 0, 0)
    assert counts.tables["game.live_game_pitch_events"] == rows(290, 0, 290)
