"""A lake that Spark fills: the same rows, counts and quarantine as by one machine, also beside other writers."""

import multiprocessing
import os
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

pytest.importorskip("pysail", reason="Spark is not installed: pip install -r requirements/spark.txt")

from checks import some
from delta_lake import DeltaLaws
from laws import Laws, Snapshot, documents, nonzero, snapshot
from pyspark.sql import DataFrame, SparkSession
from sample_tables.game import METHOD
from samples import PACKAGE, at, response
from spark_engine import SparkLaws

from mlb_contracts import Table
from mlb_etl.errors import DatabaseUnavailable, EtlError
from mlb_etl.laws.counts import Counts
from mlb_etl.spark import merging
from mlb_etl.spark.session import Cluster, session
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta import marks
from mlb_etl.stores.delta.lake import Lake, Overtaken
from mlb_etl.stores.delta.marks import Lost, Marks

PLAYS = [1, 0, 2, 0, 1, 0, 0, 1, 0, 0, 1, 0]
GAMES = range(1, 8)


def game(game_pk: int, minute: int, rbi: Sequence[int | None], **members: Any) -> Snapshot:
    return snapshot(METHOD, game_pk, at(minute), response(game_pk, rbi=rbi, **members))


def broken(game_pk: int, minute: int, content: object) -> Snapshot:
    return snapshot(METHOD, game_pk, at(minute), content, broken=True)


FIRST = (
    game(1, 0, PLAYS),
    game(2, 0, [1, 2, 3]),
    broken(3, 0, b'{"gamePk": "3"}'),
    *(game(4, 0, PLAYS), game(4, 1, PLAYS[:2]), game(4, 2, [*PLAYS, 1])),  # the second is put aside, the third is not
    game(5, 5, [4, 4]),
    snapshot(METHOD, 7, at(0), response(7) | {"plays": [{"index": 0, "rbi": "many", "speed": 1}]}),  # is NULL
)
SECOND = (
    game(1, 10, [*PLAYS[:-2], 3]),  # a row is corrected, and one vanishes
    game(2, 0, [3, 2, 1]),  # at the same time
    broken(1, 20, response(1, rbi=[5, *PLAYS[1:]])),  # breaks a check
    game(3, 10, [1]),
    game(4, 2, [*PLAYS, 1]),
    game(5, 0, [1]),  # is older
    *(game(6, minute, PLAYS[:minute]) for minute in range(1, 4)),  # several for a new game
)


def test_spark_does_what_one_machine_does(spark: SparkSession, tmp_path: Path, sample_database: str) -> None:
    stores = (
        Laws(sample_database, PACKAGE, METHOD),
        DeltaLaws(tmp_path / "alone", PACKAGE, METHOD),
        SparkLaws(tmp_path / "spark", PACKAGE, METHOD, spark),
    )
    refused = [broken(2, 30, b"{}")]
    outcomes = ((FIRST, (6, 0, 0, 2)), (SECOND, (5, 5, 2, 4)), (refused, (0, 7, 5, 5)), ((), (0, 7, 5, 5)))
    for captures, outcome in outcomes:
        for each in stores:
            each.arrive(*captures)
        server, alone, ours = (each.run(GAMES) for each in stores)
        assert told(ours) == told(alone)
        assert told(ours, reasons=False) == told(server, reasons=False)
        assert documents(ours) == outcome
        server_, alone_, ours_ = (found(each) for each in stores)
        assert ours_ == alone_ == server_
        assert unreadable(stores[2]) == unreadable(stores[1]) != []
    again = [each.run(GAMES, policy="again") for each in stores]
    assert told(again[2]) == told(again[1])
    assert documents(again[2])[0] == 7
    assert not any(each.inserted or each.updated or each.deleted for each in some(again[2].tables.values()))


def test_an_error_of_spark_is_told_and_the_documents_are_given_back(spark: SparkSession, tmp_path: Path) -> None:
    ours = SparkLaws(tmp_path, PACKAGE, METHOD, spark)
    ours.arrive(game(1, 0, PLAYS))
    ours.run([1])
    for file in some(tmp_path.glob("sample/plays/**/*.parquet")):
        file.unlink()
    ours.arrive(game(1, 10, [*PLAYS, 1]))
    with pytest.raises(EtlError, match=r"^sample\.game: Spark failed: "):
        ours.run([1])
    [mark] = Marks(ours.lake, METHOD).read().values()
    assert (mark.claimed, mark.writer) == (None, None)


def told(of: Counts, *, reasons: bool = True) -> tuple[Any, ...]:
    """What a run did; each store has words of its own for a broken check."""
    why = Counter(
        (
            each.document,
            each.captured_at,
            (each.why.table, each.why.path, str(each.why.value), each.why.reason) if reasons else (),
        )
        for each in of.quarantined
    )
    warned = Counter((each.document, each.table, each.check, each.rows) for each in of.warnings)
    unreadable = Counter((each.document, each.what.path, each.what.value) for each in of.unreadable)
    return of.documents, nonzero(of.tables), why, warned, unreadable


def unreadable(laws: DeltaLaws) -> list[dict[str, Any]]:
    return lakes.rows(laws.lake.open("etl", "unreadable")).to_pylist()


def found(laws: Laws) -> tuple[Any, ...]:
    marks = {of: tuple(mark)[:2] for of, mark in laws.watermarks(*GAMES).items()}
    when = -1 if isinstance(laws, DeltaLaws) else -2  # where the time of the capture is
    times = {table: {key: place[when] for key, place in of.items()} for table, of in laws.places(*GAMES).items()}
    return laws.rows(*GAMES), laws.quarantine(*GAMES), marks, times


# ------------------------------------------------------------------------------------------------------ other writers

OLD, NEW = game(1, 0, PLAYS), game(1, 10, [*PLAYS[:-1], 3, 2])


def ends(laws: DeltaLaws, newest: Snapshot) -> None:
    assert laws.rows(1) == newest.rows
    assert laws.watermarks(1)[1][:2] == (newest.as_of, newest.digest)
    [mark] = Marks(laws.lake, METHOD).read().values()
    assert (mark.claimed, mark.writer) == (None, None)


def die(folder: Path, url: str, merge: int) -> None:
    """Apply what is to be applied, and be killed before that MERGE."""
    left, merging_ = [merge], merging.merge

    def killed(*given: Any) -> None:
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        merging_(*given)

    merging.merge = killed
    with session(Cluster(remote=url), PACKAGE) as spark:
        SparkLaws(folder, PACKAGE, METHOD, spark).run([1])


@pytest.mark.parametrize(("merge", "by_spark"), [(0, False), (1, True)], ids=["one machine goes on", "Spark goes on"])
def test_a_killed_driver_leaves_nothing_wrong(
    spark: SparkSession, spark_url: str, tmp_path: Path, merge: int, *, by_spark: bool
) -> None:
    alone = DeltaLaws(tmp_path, PACKAGE, METHOD)
    alone.arrive(OLD)
    alone.run([1])
    alone.arrive(NEW)
    killed = multiprocessing.get_context("spawn").Process(target=die, args=(tmp_path, spark_url, merge))
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    [mark] = Marks(alone.lake, METHOD).read().values()
    assert (mark.claimed, mark.is_held) == ((NEW.as_of, NEW.digest), False)
    follower = SparkLaws(tmp_path, PACKAGE, METHOD, spark) if by_spark else alone
    assert documents(follower.run([1])) == (1, 0, 1, 0)
    ends(alone, NEW)


def test_a_driver_whose_documents_were_taken_over_merges_nothing(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = SparkLaws(tmp_path, PACKAGE, METHOD, spark), DeltaLaws(tmp_path, PACKAGE, METHOD)
    ours.arrive(OLD)
    merging_, lost = merging.merge, list[Exception]()

    def taken_over(*given: Any) -> None:
        if not lost:
            other.arrive(NEW)
            with monkeypatch.context() as patched:
                patched.setattr(marks, "may_be_at_work", lambda *_: False)
                other.run([1])
        try:
            merging_(*given)
        except DatabaseUnavailable as error:
            lost.append(error)
            raise

    monkeypatch.setattr(merging, "merge", taken_over)
    assert documents(ours.run([1])) == (0, 0, 1, 0)
    assert [type(each) for each in lost] == [Lost]
    ends(ours, NEW)


def test_a_merge_that_another_commit_overtakes_is_tried_again(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commits that come while a MERGE is at work make it fail, as the new versions of a table do after a takeover."""
    ours = SparkLaws(tmp_path, PACKAGE, METHOD, spark)
    ours.arrive(OLD)
    merging_, overtaken = merging.merge, list[Exception]()

    def raced(spark: SparkSession, lake: Lake, table: Table, changes: DataFrame, held: merging.Held) -> None:
        if overtaken:
            merging_(spark, lake, table, changes, held)
            return
        done = threading.Event()
        other = threading.Thread(target=bump_until, args=(lake, table, done))
        other.start()
        try:
            merging_(spark, lake, table, changes.mapInArrow(slowly, changes.schema), held)
        except Overtaken as error:
            overtaken.append(error)
            raise
        finally:
            done.set()
            other.join()

    monkeypatch.setattr(merging, "merge", raced)
    assert documents(ours.run([1])) == (1, 0, 0, 0)
    assert len(overtaken) == 1
    ends(ours, OLD)


def bump_until(lake: Lake, table: Table, done: threading.Event) -> None:
    while not done.wait(0.1):
        lakes.bump(lake.open(table.schema, table.name), str(uuid.uuid4()))


def slowly(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for each in batches:
        time.sleep(1)
        yield each
