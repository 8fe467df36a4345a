"""Write law 8: a document that can't be applied does not affect the others in its batch, and the reason is reported."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from checks import some
from delta_lake import DeltaLaws
from laws import Laws, Snapshot, documents, snapshot
from psycopg import sql
from sample_tables.game import GAMES as GAMES_TABLE
from sample_tables.game import METHOD, PLAYS
from samples import at, connect, response

from mlb_contracts import Check
from mlb_etl.apply import write
from mlb_etl.apply.pipeline import Session
from mlb_etl.apply.transform import Transformer
from mlb_etl.baseball.live.fetch import FetchedFeed
from mlb_etl.baseball.live.keep import Keeper
from mlb_etl.errors import Rejected
from mlb_etl.extract.answer import one_document
from mlb_etl.laws.counts import CheckWarning
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.delta.database import Delta
from mlb_etl.stores.interfaces.database import QuarantineStore, Stores
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.watermark import Watermarks

GAMES = range(1, 26)
BAD = 13
FEW = range(BAD - 1, BAD + 2)  # games in a lake, where each document by itself takes as long as hundreds together
NO_FOREIGN_KEYS = "the store enforces no foreign keys"
WAITS = "SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
FOLLOWS = (
    "ALTER TABLE sample.plays ADD CONSTRAINT follows FOREIGN KEY (game_pk, rbi, season) REFERENCES sample.plays"
    " (game_pk, at_bat_index, season)"
)
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
# How a lake says it, where it is not the reason that PostgreSQL gives.
OF_LAKE = {
    "check": ("$.plays[1].rbi", "rows that break the check plays_rbi: 1"),
    "check of a derived column": ("$.plays[*].speed", "rows that break the check plays_effort: 1"),
    "derived value": ("$", "a derived column can't hold its value"),
}


def good(game: int, minute: int) -> Snapshot:
    return snapshot(METHOD, game, at(minute), response(game, rbi=[0, 1, 2, 0, 1][: 4 + minute], score=minute))


def bad(minute: int, members: dict[str, Any]) -> Snapshot:
    return snapshot(METHOD, BAD, at(minute), response(BAD, rbi=[0]) | members, broken=True)


def outcome(laws: Laws, captures: list[Snapshot], batch: int) -> tuple[Any, ...]:
    """The outcome of captures of known documents, applied in batches of this size."""
    games = sorted({each.game_pk for each in captures})
    laws.forget(*games)
    laws.arrive(*captures)
    counts = laws.run(games, batch=batch)
    told = [(each.document, each.captured_at, str(each.why)) for each in counts.quarantined]
    found = [(each.document, each.table, each.path, each.value, each.reason) for each in laws.entries()]
    return documents(counts), counts.tables, sorted(told), laws.rows(*games), laws.watermarks(*games), found


@pytest.fixture
def games(either: Laws, monkeypatch: pytest.MonkeyPatch) -> range:
    """The games of a batch, which is a unit in a lake, too."""
    monkeypatch.setattr(Delta, "batches_a_unit", 1)
    return FEW if isinstance(either, DeltaLaws) else GAMES


def transformer(stores: Stores) -> Transformer:
    return Transformer(stores, METHOD)


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.may_skip(NO_FOREIGN_KEYS)
def test_one_bad_document(either: Laws, games: range, kind: str, *, known: bool) -> None:
    members, (table, path, value, reason) = KINDS[kind]
    if isinstance(either, DeltaLaws):
        path, reason = OF_LAKE.get(kind, (path, reason))
    if "foreign keys" in either.enforces:
        either.connection.execute(FOLLOWS)
    elif kind == "foreign key":
        pytest.skip(NO_FOREIGN_KEYS)
    before = [good(game, 0) for game in games] if known else []
    captures = [good(game, 1) if game != BAD else bad(1, members) for game in games]
    together, single = (outcome(either, [*before, *captures], batch) for batch in (25, 1))
    assert together == single
    assert together[0] == (len(captures) - 1 + len(before), 0, 0, 1)
    expected = {each.game_pk: each for each in [*before, *captures] if each.rows is not None}
    for game, shown in some(expected.items()):
        assert either.rows(game) == shown.rows
    if not known:
        assert not any(some(either.rows(BAD).values()))
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
def test_one_document_that_waits_for_a_decision(
    either: Laws, games: range, minute: int, rbi: list[int], reason: str
) -> None:
    before = [good(game, 0) for game in games]
    suspect = snapshot(METHOD, BAD, at(minute), response(BAD, rbi=rbi, score=9))
    captures = [good(game, 1) if game != BAD else suspect for game in games]
    together, single = (outcome(either, [*before, *captures], batch) for batch in (25, 1))
    assert together == single
    assert together[0] == (2 * len(games) - 1, 0, 0, 1)
    [(document, *_, why)] = together[-1]
    assert document == {"game_pk": BAD}
    assert why.startswith(reason)


def test_warnings_come_from_applied_captures_only(either: Laws) -> None:
    """More than three runs batted in on a play only cause a warning."""
    rbi = {2: [4, 0, 4], 3: [4, 7], 4: [4]}
    either.arrive(*(snapshot(METHOD, game, at(0), response(game, rbi=rbi.get(game, [0]))) for game in range(1, 6)))
    counts = either.run(range(1, 6))
    assert documents(counts) == (4, 0, 0, 1)
    assert sorted(counts.warnings, key=lambda each: each.document) == [
        CheckWarning('{"game_pk": 2}', "sample.plays", "plays_many_rbi", 2),
        CheckWarning('{"game_pk": 4}', "sample.plays", "plays_many_rbi", 1),
    ]
    assert either.run(range(1, 6)).warnings == (), "nothing was applied"


def test_a_bad_document_next_to_one_that_others_changed(either: Laws) -> None:
    """The tables no longer show this content of game 1, so its capture must be read after all; game 2's can't be."""
    first, back = (snapshot(METHOD, 1, at(minute), response(1)) for minute in (0, 2))
    other = snapshot(METHOD, 1, at(1), response(1, score=9))
    either.arrive(first, snapshot(METHOD, 2, at(0), response(2)))
    either.run([1, 2])
    either.arrive(back)
    broken = snapshot(METHOD, 2, at(0), b'{"gamePk": "2"}', broken=True)
    either.arrive(broken)
    wanted = {(1, at(2), back.digest), broken.note}
    batch = [each for each in either.captures() if (*each.keys, each.as_of, each.content_hash) in wanted]
    assert len(batch) == 2
    either.arrive(other)
    with either.database.open() as beside:
        transformer(beside).apply([each for each in either.captures(1) if each.as_of == at(1)])
    assert either.rows(1) == other.rows
    with either.database.open() as stores:
        counts = transformer(stores).apply(batch)
    assert documents(counts) == (1, 0, 0, 1)
    assert either.rows(1) == back.rows
    assert either.quarantine(1, 2) == {broken.note: "waiting"}


@pytest.mark.parametrize("first", ["noted", "applied"])
def test_a_capture_that_another_worker_applied_is_not_quarantined(
    either: Laws, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """One worker gets to it before a capture that makes the loss small, the other one after it."""
    old, between, new = (
        snapshot(METHOD, 1, at(minute), response(rbi=[1] * plays)) for minute, plays in enumerate((10, 9, 7))
    )
    either.arrive(old)
    either.run([1])
    either.arrive(new)
    [listed] = [each for each in either.captures() if each.as_of == at(2)]
    either.arrive(between)
    [step] = [each for each in either.captures() if each.as_of == at(1)]
    with either.database.open() as stores, either.database.open() as beside:
        one, other = (transformer(each) for each in (stores, beside))
        quarantine = type(stores.quarantine(METHOD))
        add = quarantine.add

        def later(of: QuarantineStore, capture: StoredCapture, why: Rejected) -> bool:
            monkeypatch.undo()
            noted = add(of, capture, why) if first == "noted" else False
            other.apply([step])
            other.apply([listed])
            return noted if first == "noted" else add(of, capture, why)

        monkeypatch.setattr(quarantine, "add", later)
        counts = one.apply([listed])
    assert documents(counts) == ((0, 0, 0, 1) if first == "noted" else (0, 0, 1, 0))
    assert either.rows(1) == new.rows
    assert either.quarantine(1) == {}


def test_a_rejected_capture_is_stale_if_a_newer_one_was_applied(either: Laws) -> None:
    """Another worker applied it after this one listed captures, so nothing is left to decide."""
    broken = snapshot(METHOD, 1, at(0), b'{"gamePk": "1"}', broken=True)
    either.arrive(broken)
    listed = either.captures()
    either.arrive(snapshot(METHOD, 1, at(1), response()))
    [_, newer] = either.captures()
    with either.database.open() as stores, either.database.open() as beside:
        assert documents(transformer(beside).apply([newer])) == (1, 0, 0, 0)
        assert documents(transformer(stores).apply(listed)) == (0, 0, 1, 0)
    assert either.quarantine(1) == {}


def test_a_row_that_breaks_a_check_and_is_too_long_to_look_at(sample: Laws) -> None:
    """PostgreSQL's staging table only takes rows of 8 kB, so it can't find the value: the table's reason is enough."""
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


def test_a_newer_capture_comes_while_an_older_one_is_written(either: Laws, monkeypatch: pytest.MonkeyPatch) -> None:
    newer_waits_and_wins(either, monkeypatch)


def test_the_laws_hold_at_every_isolation_level(sample: Laws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer capture also sees what was written under the lock. PostgreSQL alone has isolation levels."""
    name = sql.Identifier(sample.connection.info.dbname)
    sample.connection.execute(
        sql.SQL("ALTER DATABASE {} SET default_transaction_isolation = 'serializable'").format(name)
    )
    newer_waits_and_wins(sample, monkeypatch)


def newer_waits_and_wins(laws: Laws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer capture waits for the lock of the document, or the claim on it, and wins."""
    old, older, newer = (snapshot(METHOD, 1, at(n), response(rbi=[n] * (10 - n), score=n)) for n in range(3))
    laws.arrive(old)
    laws.run([1])
    laws.arrive(older, newer)
    listed = {each.as_of: each for each in laws.captures()}
    locked, works = write.verdict_under_lock, []
    with laws.database.open() as slow, laws.database.open() as fast, ThreadPoolExecutor(1) as pool:
        one, other = transformer(slow), transformer(fast)

        def slowly(*arguments: Any) -> Any:
            monkeypatch.undo()
            works.append(pool.submit(other.apply, [listed[newer.as_of]]))
            with pytest.raises(TimeoutError):
                works[0].result(timeout=0.5)
            return locked(*arguments)

        monkeypatch.setattr(write, "verdict_under_lock", slowly)
        assert documents(one.apply([listed[older.as_of]])) == (1, 0, 0, 0)
        assert documents(works[0].result(timeout=10)) == (1, 0, 0, 0)
    assert laws.watermarks(1)[1][:2] == (newer.as_of, newer.digest)
    assert laws.rows(1) == newer.rows


def test_every_run_lists_waiting_captures(either: Laws) -> None:
    """Including those from earlier runs, with the reason, but not dropped ones."""
    dropped, *others = (bad(minute, {"plays": None, "score": minute}) for minute in range(3))
    either.arrive(dropped, *others)
    first = either.run([BAD])
    either.drop(dropped)
    again = either.run([BAD])
    assert documents(again) == (0, 0, 0, 2)
    told = [
        [(each.number, each.document, each.captured_at, str(each.why)) for each in of.quarantined]
        for of in (first, again)
    ]
    assert told[1] == told[0][1:]


def test_a_quarantine_entry_is_removed_with_its_capture(either: Laws) -> None:
    """When a waiting capture becomes stale, deciding on it, or trying it from an old list, removes its entry."""
    members = {"plays": None}
    for decide in (lambda: either.settle(bad(1, members), policy="new"), None):
        either.forget(BAD)
        either.arrive(bad(1, members))
        either.run([BAD])
        with either.database.open() as stores:
            [listed] = stores.raw(METHOD).quarantined([*either.numbers().values()])
            either.arrive(good(BAD, 2))
            assert documents(either.run([BAD])) == (1, 0, 0, 1)
            counts = decide() if decide else transformer(stores).apply([listed])
        assert documents(counts) == (0, 0, 1, 0)
        assert either.quarantine(BAD) == {}


def test_documents_are_locked_in_one_order(sample: Laws) -> None:
    """A transaction that waits for the first document does not hold the second, so no deadlock occurs.

    A lake claims all documents of a unit in one commit.
    """
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


def test_an_answer_in_quarantine_since_an_earlier_run_is_not_sound(either: Laws) -> None:
    """It counts as quarantined, although nothing in this run shows that it waits."""
    with Session(either.database, METHOD) as session:
        keeper = Keeper(session, METHOD)
        broken = [bad(minute, {"plays": None}).response for minute in (0, 1)]
        kept = [keeper.keep(FetchedFeed(each, *one_document(each.data, {"game_pk": BAD}), 0.0)) for each in broken]
        assert [(each.fate, each.counts.documents.quarantined) for each in kept] == [("stored", 1), ("seen", 0)]
        assert [each.captured.sound for each in kept] == [False, False]
        sound = good(BAD, 2).response
        assert keeper.keep(FetchedFeed(sound, *one_document(sound.data, {"game_pk": BAD}), 0.0)).captured.sound
