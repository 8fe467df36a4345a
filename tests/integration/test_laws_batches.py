"""Write law 8: a document that can't be applied does not affect the others in its batch, and the reason is reported."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from checks import some
from laws import Laws, Snapshot, documents, snapshot
from psycopg import sql
from sample_tables.game import GAMES as GAMES_TABLE
from sample_tables.game import METHOD, PLAYS
from samples import PACKAGE, at, connect, response, stores

from mlb_contracts import Check
from mlb_etl.apply.pipeline import Session
from mlb_etl.apply.transform import Transformer
from mlb_etl.baseball.live.fetch import FetchedFeed
from mlb_etl.baseball.live.keep import Keeper
from mlb_etl.errors import Rejected
from mlb_etl.extract.answer import one_document
from mlb_etl.laws.counts import CheckWarning
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.postgres import db, quarantine
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.quarantine import Quarantine
from mlb_etl.stores.postgres.raw import RawWriter
from mlb_etl.stores.postgres.upsert import Upsert
from mlb_etl.stores.postgres.watermark import Watermarks

GAMES = range(1, 26)
BAD = 13
WAITS = "SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
REPEATED = [{"index": 0, "rbi": 1}, {"index": 0, "rbi": 2}]
# The members that make it bad; then table, path, value and reason in the quarantine.
KINDS: dict[str, tuple[dict[str, Any], tuple[str, str, str | None, str]]] = {
    "type": (
        {"plays": [{"index": 0}, {"index": "1"}]},
        ("sample.plays", "$.plays[1].index", "1", "Expected `int | null`, got `str`"),
    ),
    "rule": ({"plays": None}, ("sample.raw_game", "$.plays", None, "has plays")),
    "missing key": ({"plays": [{"rbi": 1}]}, ("sample.plays", "$.plays[0].index", None, "a key column needs a value")),
    "check": (
        {"plays": [{"index": 0, "rbi": 1}, {"index": 1, "rbi": 7}]},
        ("sample.plays", "$.plays[1].rbi", "7", 'violates check constraint "plays_rbi"'),
    ),
    "foreign key": (
        {"plays": [{"index": 0, "rbi": 0}, {"index": 1, "rbi": 3}]},
        ("sample.plays", "$", "(game_pk, rbi, season)=(13, 3, 2024)", 'violates foreign key constraint "follows"'),
    ),
    "check of a derived column": (
        {"plays": [{"index": 0, "rbi": 1, "speed": 9000}]},
        ("sample.plays", "$.plays[*].speed", "9001.0", 'violates check constraint "plays_effort"'),
    ),
    "derived value": (
        {"plays": [{"index": 0, "rbi": 4, "speed": 9999.9}]},
        ("sample.plays", "$", None, "numeric field overflow"),
    ),
    "repeated key": ({"plays": REPEATED}, ("sample.plays", "$.plays[*]", "0", "the primary key repeats")),
}


@pytest.fixture
def sample(sample_database: str) -> Iterator[Laws]:
    laws = Laws(sample_database, PACKAGE, METHOD)
    with closing(laws.connection):
        yield laws


def good(game: int, minute: int) -> Snapshot:
    return snapshot(METHOD, game, at(minute), response(game, rbi=[0, 1, 2, 0, 1][: 4 + minute], score=minute))


def bad(minute: int, members: dict[str, Any]) -> Snapshot:
    return snapshot(METHOD, BAD, at(minute), response(BAD, rbi=[0]) | members, broken=True)


def outcome(laws: Laws, captures: list[Snapshot], batch: int) -> tuple[Any, ...]:
    """The outcome of captures of known documents, applied in batches of this size."""
    for game in GAMES:
        laws.forget(game)
    laws.arrive(*captures)
    counts = laws.run(GAMES, batch=batch)
    notes = "SELECT document, table_name, path, value, reason FROM etl.quarantine ORDER BY document"
    told = [(each.document, each.captured_at, str(each.why)) for each in counts.quarantined]
    found = laws.connection.execute(notes.encode()).fetchall()
    return documents(counts), counts.tables, sorted(told), laws.rows(*GAMES), laws.watermarks(*GAMES), found


def transformer(connection: Connection) -> Transformer:
    return Transformer(stores(connection), METHOD)


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
@pytest.mark.parametrize("kind", KINDS)
def test_one_bad_document(sample: Laws, kind: str, *, known: bool) -> None:
    members, (table, path, value, reason) = KINDS[kind]
    sample.connection.execute(
        "ALTER TABLE sample.plays ADD CONSTRAINT follows FOREIGN KEY (game_pk, rbi, season) REFERENCES sample.plays"
        " (game_pk, at_bat_index, season)"
    )
    before = [good(game, 0) for game in GAMES] if known else []
    captures = [good(game, 1) if game != BAD else bad(1, members) for game in GAMES]
    together, single = (outcome(sample, [*before, *captures], batch) for batch in (25, 1))
    assert together == single
    assert together[0] == (24 + len(before), 0, 0, 1)
    expected = {each.game_pk: each for each in [*before, *captures] if each.rows is not None}
    for game, shown in some(expected.items()):
        assert sample.rows(game) == shown.rows
    if not known:
        assert not any(some(sample.rows(BAD).values()))
    [(document, *where, why)] = together[-1]
    assert document == {"game_pk": BAD}
    assert where[:2] == [table, path]
    assert value is None or value in where[2]
    assert reason in why


@pytest.mark.parametrize(
    ("minute", "rbi", "reason"),
    [(1, [0], "it would delete more than 20%"), (0, [2, 2, 2, 2], "another response with the same time was applied")],
    ids=["shrink", "conflict"],
)
def test_one_document_that_waits_for_a_decision(sample: Laws, minute: int, rbi: list[int], reason: str) -> None:
    before = [good(game, 0) for game in GAMES]
    suspect = snapshot(METHOD, BAD, at(minute), response(BAD, rbi=rbi, score=9))
    captures = [good(game, 1) if game != BAD else suspect for game in GAMES]
    together, single = (outcome(sample, [*before, *captures], batch) for batch in (25, 1))
    assert together == single
    assert together[0] == (49, 0, 0, 1)
    [(document, *_, why)] = together[-1]
    assert document == {"game_pk": BAD}
    assert why.startswith(reason)


def test_warnings_come_from_applied_captures_only(sample: Laws) -> None:
    """More than three runs batted in on a play only cause a warning."""
    rbi = {2: [4, 0, 4], 3: [4, 7], 4: [4]}
    sample.arrive(*(snapshot(METHOD, game, at(0), response(game, rbi=rbi.get(game, [0]))) for game in range(1, 6)))
    counts = sample.run(range(1, 6))
    assert documents(counts) == (4, 0, 0, 1)
    assert sorted(counts.warnings, key=lambda each: each.document) == [
        CheckWarning('{"game_pk": 2}', "sample.plays", "plays_many_rbi", 2),
        CheckWarning('{"game_pk": 4}', "sample.plays", "plays_many_rbi", 1),
    ]
    assert sample.run(range(1, 6)).warnings == (), "nothing was applied"


def test_a_bad_document_next_to_one_that_others_changed(sample: Laws) -> None:
    """The tables no longer show this content of game 1, so its capture must be read after all; game 2's can't be."""
    first, back = (snapshot(METHOD, 1, at(minute), response(1)) for minute in (0, 2))
    other = snapshot(METHOD, 1, at(1), response(1, score=9))
    sample.arrive(first, snapshot(METHOD, 2, at(0), response(2)))
    sample.run([1, 2])
    sample.arrive(back)
    broken = snapshot(METHOD, 2, at(0), b'{"gamePk": "2"}', broken=True)
    sample.arrive(broken)
    waiting = [each for each in RawWriter(sample.connection, METHOD).captures({}) if each.content_hash != b""]
    batch = [each for each in waiting if (each.keys, each.as_of) == ((1,), at(2)) or each.content_hash == broken.digest]
    assert len(batch) == 2
    sample.arrive(other)
    with connect(sample.connection.info.dsn) as beside:
        transformer(beside).apply(
            [each for each in RawWriter(beside, METHOD).captures({"game_pk": [1]}) if each.as_of == at(1)]
        )
    assert sample.rows(1) == other.rows
    with connect(sample.connection.info.dsn) as connection:
        counts = transformer(connection).apply(batch)
    assert documents(counts) == (1, 0, 0, 1)
    assert sample.rows(1) == back.rows
    assert sample.quarantine(1, 2) == {broken.note: "waiting"}


@pytest.mark.parametrize("first", ["noted", "applied"])
def test_a_capture_that_another_worker_applied_is_not_quarantined(
    sample: Laws, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """One worker gets to it before a capture that makes the loss small, the other one after it."""
    old, between, new = (
        snapshot(METHOD, 1, at(minute), response(rbi=[1] * plays)) for minute, plays in enumerate((10, 9, 7))
    )
    sample.arrive(old)
    sample.run([1])
    sample.arrive(new)
    [listed] = [each for each in RawWriter(sample.connection, METHOD).captures({}) if each.as_of == at(2)]
    sample.arrive(between)
    with connect(sample.connection.info.dsn) as beside, connect(sample.connection.info.dsn) as connection:
        one, other = (transformer(each) for each in (connection, beside))
        [step] = [each for each in RawWriter(beside, METHOD).captures({}) if each.as_of == at(1)]
        add = Quarantine.add

        def later(of: Quarantine, capture: StoredCapture, why: Rejected) -> bool:
            monkeypatch.undo()
            noted = add(of, capture, why) if first == "noted" else False
            other.apply([step])
            other.apply([listed])
            return noted if first == "noted" else add(of, capture, why)

        monkeypatch.setattr(Quarantine, "add", later)
        counts = one.apply([listed])
    assert documents(counts) == ((0, 0, 0, 1) if first == "noted" else (0, 0, 1, 0))
    assert sample.rows(1) == new.rows
    assert sample.quarantine(1) == {}


def test_a_rejected_capture_is_stale_if_a_newer_one_was_applied(sample: Laws) -> None:
    """Another worker applied it after this one listed captures, so nothing is left to decide."""
    broken = snapshot(METHOD, 1, at(0), b'{"gamePk": "1"}', broken=True)
    sample.arrive(broken)
    listed = [*RawWriter(sample.connection, METHOD).captures({})]
    sample.arrive(snapshot(METHOD, 1, at(1), response()))
    [_, newer] = RawWriter(sample.connection, METHOD).captures({})
    with connect(sample.connection.info.dsn) as connection, connect(sample.connection.info.dsn) as beside:
        assert documents(transformer(beside).apply([newer])) == (1, 0, 0, 0)
        assert documents(transformer(connection).apply(listed)) == (0, 0, 1, 0)
    assert sample.quarantine(1) == {}


def test_a_row_that_breaks_a_check_and_is_too_long_to_look_at(sample: Laws) -> None:
    """The staging table only takes rows of 8 kB, so it can't find the value: the table's reason is enough."""
    sample.connection.execute("ALTER TABLE sample.games ADD CONSTRAINT short CHECK (length(venue) < 9)")
    check = Check("short", ("venue",), 'length("venue") < 9', "error")
    method = replace(METHOD, tables=(replace(GAMES_TABLE, checks=(check,)), PLAYS))
    venues = {1: "a", 2: "b" * 9000, 3: "c" * 10}
    sample.arrive(
        *(snapshot(METHOD, game, at(0), response(game, venue=venue), broken=True) for game, venue in venues.items())
    )
    counts = sample.run(venues, method=method)
    assert documents(counts) == (1, 0, 0, 2)
    long, short = sorted(counts.quarantined, key=lambda each: each.document)
    assert 'violates check constraint "short"' in long.why.reason
    assert (long.why.table, short.why.table) == ("sample.games", "sample.games")
    assert (short.why.path, short.why.value) == ("$.venue", "c" * 10)


def test_a_newer_capture_comes_while_an_older_one_is_written(sample: Laws, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for the lock of the document, and wins."""
    old, older, newer = (snapshot(METHOD, 1, at(n), response(rbi=[n] * (10 - n), score=n)) for n in range(3))
    sample.arrive(old)
    sample.run([1])
    sample.arrive(older, newer)
    listed = {each.as_of: each for each in RawWriter(sample.connection, METHOD).captures({})}
    dsn, merge, works = sample.connection.info.dsn, Upsert._merge, []
    with connect(dsn) as slow, connect(dsn) as fast, ThreadPoolExecutor(1) as pool:
        one, other = transformer(slow), transformer(fast)

        def slowly(*arguments: Any, **named: Any) -> Any:
            monkeypatch.undo()
            works.append(pool.submit(other.apply, [listed[newer.as_of]]))
            with pytest.raises(TimeoutError):
                works[0].result(timeout=0.5)
            return merge(*arguments, **named)

        monkeypatch.setattr(Upsert, "_merge", slowly)
        assert documents(one.apply([listed[older.as_of]])) == (1, 0, 0, 0)
        assert documents(works[0].result(timeout=10)) == (1, 0, 0, 0)
    assert sample.watermarks(1)[1][:2] == (newer.as_of, newer.digest)
    assert sample.rows(1) == newer.rows


def test_every_run_lists_waiting_captures(sample: Laws) -> None:
    """Including those from earlier runs, with the reason, but not dropped ones."""
    sample.arrive(*(bad(minute, {"plays": None, "score": minute}) for minute in range(3)))
    first = sample.run([BAD])
    quarantine.mark_dropped(sample.connection, [first.quarantined[0].number])
    again = sample.run([BAD])
    assert documents(again) == (0, 0, 0, 2)
    told = [
        [(each.number, each.document, each.captured_at, str(each.why)) for each in of.quarantined]
        for of in (first, again)
    ]
    assert told[1] == told[0][1:]


def test_a_quarantine_entry_is_removed_with_its_capture(sample: Laws) -> None:
    """When a waiting capture becomes stale, deciding on it, or trying it from an old list, removes its entry."""
    members = {"plays": None}
    for decide in (lambda: sample.settle(bad(1, members), policy="new"), None):
        sample.forget(BAD)
        sample.arrive(bad(1, members))
        sample.run([BAD])
        with connect(sample.connection.info.dsn) as connection:
            [listed] = RawWriter(connection, METHOD).quarantined([*sample.numbers().values()])
            sample.arrive(good(BAD, 2))
            assert documents(sample.run([BAD])) == (1, 0, 0, 1)
            counts = decide() if decide else transformer(connection).apply([listed])
        assert documents(counts) == (0, 0, 1, 0)
        assert sample.quarantine(BAD) == {}


def test_the_laws_hold_at_every_isolation_level(sample: Laws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer capture waits for the lock of the document, and then sees what was written under the lock."""
    name = sql.Identifier(sample.connection.info.dbname)
    sample.connection.execute(
        sql.SQL("ALTER DATABASE {} SET default_transaction_isolation = 'serializable'").format(name)
    )
    old, older, newer = (snapshot(METHOD, 1, at(n), response(rbi=[n] * (10 - n), score=n)) for n in range(3))
    sample.arrive(old)
    sample.run([1])
    sample.arrive(older, newer)
    listed = {each.as_of: each for each in RawWriter(sample.connection, METHOD).captures({})}
    merge, works = Upsert._merge, []
    with (
        db.connect(sample.settings) as slow,
        db.connect(sample.settings) as fast,
        ThreadPoolExecutor(1) as pool,
    ):
        one, other = transformer(slow), transformer(fast)

        def slowly(*arguments: Any, **named: Any) -> Any:
            monkeypatch.undo()
            works.append(pool.submit(other.apply, [listed[newer.as_of]]))
            with pytest.raises(TimeoutError):
                works[0].result(timeout=0.5)
            return merge(*arguments, **named)

        monkeypatch.setattr(Upsert, "_merge", slowly)
        assert documents(one.apply([listed[older.as_of]])) == (1, 0, 0, 0)
        assert documents(works[0].result(timeout=10)) == (1, 0, 0, 0)
    assert sample.watermarks(1)[1][:2] == (newer.as_of, newer.digest)
    assert sample.rows(1) == newer.rows


def test_documents_are_locked_in_one_order(sample: Laws) -> None:
    """A transaction that waits for the first document does not hold the second, so no deadlock occurs."""
    dsn = sample.connection.info.dsn
    sample.arrive(good(1, 0), good(2, 0))
    sample.run([1, 2])
    marks = {f'{{"game_pk": {game}}}': Watermark(*mark) for game, mark in sample.watermarks(1, 2).items()}
    lock = "SELECT FROM etl.watermark WHERE document = %s::jsonb FOR UPDATE NOWAIT"
    first, second = sorted(marks)

    def both(connection: Connection) -> None:
        with connection.transaction():
            Watermarks(connection, METHOD.name).lock({each: marks[each] for each in (second, first)})

    with connect(dsn) as holder, connect(dsn) as other, ThreadPoolExecutor(1) as pool:
        with holder.transaction():
            holder.execute(lock, [first])
            waits = pool.submit(both, other)
            while sample.connection.execute(WAITS, [other.info.backend_pid]).fetchone() is None:
                assert not waits.done()
            sample.connection.execute(lock, [second])
        waits.result(timeout=10)


def test_an_answer_in_quarantine_since_an_earlier_run_is_not_sound(sample: Laws) -> None:
    """It counts as quarantined, although nothing in this run shows that it waits."""
    with Session(sample.database, METHOD) as session:
        keeper = Keeper(session, METHOD)
        broken = [bad(minute, {"plays": None}).response for minute in (0, 1)]
        kept = [keeper.keep(FetchedFeed(each, *one_document(each.data, {"game_pk": BAD}), 0.0)) for each in broken]
        assert [(each.fate, each.counts.documents.quarantined) for each in kept] == [("stored", 1), ("seen", 0)]
        assert [each.captured.sound for each in kept] == [False, False]
        sound = good(BAD, 2).response
        assert keeper.keep(FetchedFeed(sound, *one_document(sound.data, {"game_pk": BAD}), 0.0)).captured.sound
