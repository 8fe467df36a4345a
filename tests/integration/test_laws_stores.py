"""The write laws over any store: for any captures in any order, each store must end like the model."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any, TypeAlias

import pytest
from checks import some
from delta_lake import DeltaLaws
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from laws import Done, Laws, Model, Rows, Snapshot, kept, nonzero, snapshot
from memory_tables import MemoryTables
from sample_tables.game import METHOD
from samples import NOON, PACKAGE, at, response

from mlb_contracts import Capture
from mlb_etl.apply.write import RowsNeededError, WriteResult, write_documents
from mlb_etl.errors import DuplicateKey, Rejected
from mlb_etl.extract.extract import extract
from mlb_etl.laws.counts import TableCounts
from mlb_etl.laws.row_guard import KeptOut
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Policy, Watermark
from mlb_etl.stores.delta.tables import DeltaTables
from mlb_etl.stores.interfaces.tables import Document, TableStore
from mlb_etl.stores.postgres.upsert import Upsert

Steps: TypeAlias = list[tuple[dict[int, tuple[int, int, int]], Policy]]  # minute, plays and score by game
Outcome: TypeAlias = tuple[tuple[int, ...], Mapping[str, TableCounts]]

NO_CHECKS = "the store enforces no checks"

_games = count(1)  # each example has games of its own, so that none has to clear the tables


@dataclass(frozen=True)
class StoreUnderTest:
    """A store, a reader of its games, and the rules that its tables enforce; tests of other rules are skipped."""

    tables: TableStore
    rows: Callable[[int], Rows]
    watermark: Callable[[int], Watermark | None]
    enforces: frozenset[str]

    def document(self, of: Snapshot, *, read: bool = True) -> Document:
        """The capture, with its rows if it is read."""
        parameters = of.response.path_params
        stored = StoredCapture(
            (of.game_pk,),
            name(of.game_pk),
            of.captured_at,
            of.as_of,
            of.digest,
            dict(parameters),
            ahead=False,
            note=None,
            quarantine=None,
            applied=self.watermark(of.game_pk),
        )
        if not read:
            return Document(stored, None)
        rows = extract(METHOD, Capture(of.as_of, parameters), of.response.data).rows
        return Document(stored, self.tables.pack(rows))

    def write(self, *of: Snapshot, policy: Policy = "new") -> WriteResult:
        return write_documents(self.tables, METHOD, [self.document(each) for each in of], policy)


def name(game_pk: int) -> str:
    return json.dumps({"game_pk": game_pk})


def in_memory() -> StoreUnderTest:
    tables = MemoryTables(METHOD)

    def rows(game_pk: int) -> Rows:
        return kept(
            METHOD, ([tuple(row.values()) for row in tables.of(each, (game_pk,)).values()] for each in METHOD.tables)
        )

    return StoreUnderTest(tables, rows, lambda game_pk: tables.watermarks.get(name(game_pk)), frozenset())


def in_postgres(laws: Laws) -> StoreUnderTest:
    def watermark(game_pk: int) -> Watermark | None:
        found = laws.watermarks(game_pk).get(game_pk)
        return None if found is None else Watermark(*found)

    return StoreUnderTest(Upsert(laws.connection, METHOD), laws.rows, watermark, laws.enforces)


def in_delta(laws: DeltaLaws) -> StoreUnderTest:
    tables = DeltaTables(laws.lake, METHOD)
    return StoreUnderTest(tables, laws.rows, lambda game_pk: laws.watermarks(game_pk).get(game_pk), laws.enforces)


@pytest.fixture(params=["memory", "postgres", "delta"])
def store(request: pytest.FixtureRequest) -> Iterator[StoreUnderTest]:
    if request.param == "memory":
        yield in_memory()
        return
    if request.param == "delta":
        yield in_delta(DeltaLaws(request.getfixturevalue("tmp_path"), PACKAGE, METHOD))
        return
    laws = Laws(request.getfixturevalue("sample_database"), PACKAGE, METHOD)
    with closing(laws.connection), laws.as_writer():
        yield in_postgres(laws)


def game(game_pk: int, minute: int = 0, plays: int = 3, **members: Any) -> Snapshot:
    return snapshot(METHOD, game_pk, at(minute), response(game_pk, rbi=[1] * plays, **members))


steps = st.lists(
    st.tuples(
        st.dictionaries(
            st.integers(0, 1), st.tuples(st.integers(0, 3), st.integers(0, 12), st.integers(0, 1)), min_size=1
        ),
        st.sampled_from(["new", "new", "again", "accept"]),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.parametrize("store", ["memory", "postgres"], indirect=True)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_any_sequence_of_captures(store: StoreUnderTest, steps: Steps) -> None:
    follow(store, steps)


@pytest.mark.parametrize("store", ["delta"], indirect=True)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_any_sequence_of_captures_in_a_lake(store: StoreUnderTest, steps: Steps) -> None:
    """Fewer, as each commit there takes as long as a dozen in memory."""
    follow(store, steps)


def follow(store: StoreUnderTest, steps: Steps) -> None:
    """Captures of two games, alone and together, at four times, with recurring contents."""
    first, model = next(_games) * 10, Model(METHOD)
    nothing: Rows = {table.qualified_name: {} for table in METHOD.tables}
    for of, policy in some(steps):
        captures = [game(first + each, minute, plays, score=score) for each, (minute, plays, score) in of.items()]
        done = Done()
        for each in captures:
            model.take(each, done, policy)
        assert apply(store, captures, policy) == (done.documents, nonzero(done.tables))
        for game_pk in (first, first + 1):
            shown, watermark = model.shown.get(game_pk), store.watermark(game_pk)
            assert store.rows(game_pk) == (nothing if shown is None else shown.rows)
            assert (watermark and watermark[:2]) == (shown and (model.as_of[game_pk], shown.digest))


def apply(store: StoreUnderTest, captures: list[Snapshot], policy: Policy) -> Outcome:
    """Apply captures at once, or one by one if one is refused, and return the outcome."""
    try:
        written = store.write(*captures, policy=policy)
    except Rejected:
        if len(captures) == 1:
            return (0, 0, 0, 1), {}
        (one, its), (other, others) = (apply(store, [each], policy) for each in captures)
        tables = {each: its.get(each, TableCounts()) + others.get(each, TableCounts()) for each in {*its, *others}}
        return tuple(map(sum, zip(one, other, strict=True))), tables
    kinds = ("applied", "same", "stale", "conflict")
    return tuple(map(written.verdicts.count, kinds)), nonzero(written.tables)


def test_a_capture_that_a_guard_stops_leaves_nothing_behind(store: StoreUnderTest) -> None:
    store.write(game(1, plays=12), game(2))
    before = [(store.rows(each), store.watermark(each)) for each in (1, 2)]
    with pytest.raises(Rejected, match=r"delete more than|empty a table"):
        store.write(game(2, 1, plays=4), game(1, 1, plays=0))
    assert [(store.rows(each), store.watermark(each)) for each in (1, 2)] == before


def test_a_duplicate_key_is_refused_and_leaves_nothing_behind(store: StoreUnderTest) -> None:
    twice = {"plays": [{"index": 0}, {"index": 0}]}
    with pytest.raises(Rejected):
        store.write(snapshot(METHOD, 1, NOON, response(1) | twice, broken=True))
    assert store.watermark(1) is None
    assert not any(some(store.rows(1).values()))


def test_missing_rows_are_requested(store: StoreUnderTest) -> None:
    store.write(game(1))
    with pytest.raises(RowsNeededError) as caught:
        write_documents(store.tables, METHOD, [store.document(game(1, 1, plays=4), read=False)])
    assert caught.value.shown == {name(1): store.watermark(1)}
    assert write_documents(store.tables, METHOD, [store.document(game(1, 1), read=False)]).verdicts == ("same",)


def test_a_repair_yields_to_a_capture_applied_since_it_was_listed(store: StoreUnderTest) -> None:
    listed = store.document(game(1))
    store.write(game(1, 1, plays=4))
    assert write_documents(store.tables, METHOD, [listed], "repair").verdicts == ("stale",)
    assert store.rows(1) == game(1, 1, plays=4).rows
    now = replace(listed, capture=listed.capture._replace(applied=store.watermark(1)))
    assert write_documents(store.tables, METHOD, [now], "repair").verdicts == ("applied",)
    assert store.rows(1) == game(1).rows


def test_a_repair_goes_past_the_row_guard_and_nothing_else_does(store: StoreUnderTest) -> None:
    store.write(game(1, 5))
    set_back(store, at(0))
    with pytest.raises(KeptOut):
        store.write(game(1, 1, plays=4))
    assert store.rows(1) == game(1, 5).rows
    assert store.write(game(1, 1, plays=4), policy="repair").verdicts == ("applied",)
    assert store.rows(1) == game(1, 1, plays=4).rows


def set_back(store: StoreUnderTest, as_of: datetime) -> None:
    """Set the watermark of game 1 to a time before its rows."""
    watermark = store.watermark(1)
    assert watermark is not None
    with store.tables.unit() as unit:
        unit.lock({name(1): watermark})
        unit.conclude({name(1): watermark._replace(as_of=as_of)}, [], [])


def test_a_document_that_moves_to_another_partition_leaves_no_rows_behind(store: StoreUnderTest) -> None:
    store.write(game(1), game(2))
    moved = game(1, 1, season=2025)
    assert store.write(moved, policy="accept").verdicts == ("applied",)
    assert (store.rows(1), store.rows(2)) == (moved.rows, game(2).rows)


def test_a_document_that_has_rows_is_not_inserted(store: StoreUnderTest) -> None:
    """This is how a document that lost its watermark is detected."""
    store.write(game(1))
    with pytest.raises(DuplicateKey), store.tables.unit() as unit:
        unit.insert([store.document(game(1, 1))])
    assert store.rows(1) == game(1).rows


@pytest.mark.may_skip(NO_CHECKS)
def test_a_broken_check_is_refused(store: StoreUnderTest) -> None:
    if "checks" not in store.enforces:
        pytest.skip(NO_CHECKS)
    with pytest.raises(Rejected):
        store.write(snapshot(METHOD, 1, NOON, response(1, rbi=[7]), broken=True))
    assert store.watermark(1) is None
