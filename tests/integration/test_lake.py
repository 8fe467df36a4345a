"""A lake when writers die, meet, or go on after they were given up: each document ends as its newest capture says."""

import json
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import laws_workers
import pyarrow as pa
import pytest
from checks import some
from delta_lake import COMMITS, DeltaLaws
from forked import processes
from laws import Snapshot, documents, snapshot
from sample_tables.game import METHOD
from samples import PACKAGE, at, response

from mlb_etl.errors import DatabaseUnavailable, DuplicateKey, EtlError
from mlb_etl.laws.verdict import Policy, Watermark
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta import marks, schema, small_files, upkeep, verify, writer
from mlb_etl.stores.delta.lake import Lake

__all__ = ["processes"]

GAME = 7
STEPS = ("hold", "claim", "games", "plays", "move")


def game(minute: int, rbi: list[int], game_pk: int = GAME) -> Snapshot:
    return snapshot(METHOD, game_pk, at(minute), response(game_pk, rbi=rbi))


PLAYS = [1, 0, 2, 0, 1, 0, 0, 1, 0, 0, 1, 0]
# What the second changes and adds, the third has as the first.
OLD, NEW, LATER = game(0, PLAYS), game(10, [*PLAYS[:-1], 3, 2]), game(20, [3, *PLAYS[1:]])


@pytest.fixture
def lake(tmp_path: Path) -> DeltaLaws:
    return DeltaLaws(tmp_path, PACKAGE, METHOD)


def ends(laws: DeltaLaws, newest: Snapshot) -> None:
    assert laws.rows(newest.game_pk) == newest.rows
    assert laws.watermarks(newest.game_pk)[newest.game_pk][:2] == (newest.as_of, newest.digest)
    assert laws.quarantine(newest.game_pk) == {}
    marks_now = marks.Marks(laws.lake, METHOD).read()
    assert all(each.claimed is None and each.writer is None for each in marks_now.values())


@contextmanager
def before_commits(monkeypatch: pytest.MonkeyPatch, hook: Callable[[], None]) -> Iterator[None]:
    """Call the hook before each commit that can fail."""
    with monkeypatch.context() as patched:
        for name in COMMITS:
            patched.setattr(lakes, name, laws_workers.hooked(getattr(lakes, name), hook))
        yield


# ------------------------------------------------------------------------------------------------------------ kill -9


@pytest.fixture
def kill(lake: DeltaLaws, processes: ForkServerContext) -> Callable[[int], None]:
    """Has a writer apply what is to be applied, and killed before that commit."""

    def kill(commit: int) -> None:
        killed = processes.Process(target=laws_workers.die, args=(lake.lake.root, [GAME], commit))
        killed.start()
        killed.join()
        assert killed.exitcode == -signal.SIGKILL

    return kill


@pytest.mark.parametrize("commit", range(len(STEPS)), ids=STEPS)
@pytest.mark.parametrize("first", [True, False], ids=["first load", "correction"])
def test_a_writer_is_killed_at_each_step(
    lake: DeltaLaws, kill: Callable[[int], None], commit: int, *, first: bool
) -> None:
    lake.arrive(OLD)
    if not first:
        lake.run([GAME])
        lake.arrive(NEW)
    kill(commit)
    counts = lake.run([GAME])
    assert (counts.documents.applied, counts.documents.quarantined) == (1, 0)
    ends(lake, OLD if first else NEW)
    assert lake.run([GAME]).documents.applied == 0


def test_whoever_comes_after_a_killed_writer_may_have_a_later_capture(
    lake: DeltaLaws, kill: Callable[[int], None]
) -> None:
    lake.arrive(OLD)
    lake.run([GAME])
    lake.arrive(NEW)
    kill(STEPS.index("plays"))
    lake.arrive(LATER)
    lake.run([GAME])
    ends(lake, LATER)


def test_whoever_comes_after_a_killed_writer_may_have_an_earlier_capture(
    lake: DeltaLaws, kill: Callable[[int], None]
) -> None:
    """It is stale, though the marks still show one that is earlier: the document can have rows of a later one."""
    lake.arrive(OLD)
    lake.run([GAME])
    lake.arrive(LATER)
    kill(STEPS.index("plays"))
    before = lake.rows(GAME)
    assert lake.apply_one(NEW) == "stale"
    assert lake.rows(GAME) == before != LATER.rows
    lake.run([GAME])
    ends(lake, LATER)


@pytest.mark.parametrize("rbi", [[1], [*PLAYS[:-1], 7]], ids=["it would shrink", "it breaks a check"])
def test_a_capture_that_is_refused_stays_refused_if_its_writer_is_killed(
    lake: DeltaLaws, kill: Callable[[int], None], rbi: list[int]
) -> None:
    """What was not written yet counts for nothing, also not for an earlier capture that comes after it."""
    refused = snapshot(METHOD, GAME, at(20), response(GAME, rbi=rbi), broken=True)
    lake.arrive(OLD)
    lake.run([GAME])
    lake.arrive(refused)
    kill(STEPS.index("claim"))  # instead of which it would give the document back
    assert documents(lake.run([GAME])) == (0, 1, 0, 1)
    assert lake.rows(GAME) == OLD.rows
    [mark] = marks.Marks(lake.lake, METHOD).read().values()
    assert (mark.claimed, mark.writer) == (None, None)
    lake.arrive(NEW)
    assert lake.run([GAME]).documents.applied == 1
    assert lake.rows(GAME) == NEW.rows
    assert lake.watermarks(GAME)[GAME][:2] == (NEW.as_of, NEW.digest)


def test_whole_documents_can_be_told_from_half_written_ones(lake: DeltaLaws, kill: Callable[[int], None]) -> None:
    lake.arrive(OLD)
    kill(STEPS.index("plays"))
    [mark] = marks.Marks(lake.lake, METHOD).read().values()
    assert mark.claimed is not None
    assert not mark.is_held  # its writer is gone
    assert lake.rows(GAME) != OLD.rows


# ------------------------------------------------------------------------------------------------------- two writers


class Stops:
    """Stops a thread before one of its commits, until it may go on."""

    def __init__(self, commit: int) -> None:
        self._left = commit
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __call__(self) -> None:
        if self._left == 0:
            self.reached.set()
            assert self.go_on.wait(30)
        self._left -= 1


@pytest.mark.parametrize(
    ("order", "first_stop", "second_stop"),
    [("older first", first, second) for first in range(1, 5) for second in range(8 if first > 1 else 5)]
    + [("newer first", first, 4) for first in range(1, 5)],
)
def test_two_writers_meet_at_each_pair_of_steps(
    lake: DeltaLaws, monkeypatch: pytest.MonkeyPatch, order: str, first_stop: int, second_stop: int
) -> None:
    """The second takes over from the first, which is only slow, and both go on.

    Both are threads, which start at once and can be stopped before any commit. Each opens its own tables and has its
    own claim, as in a process. They share DuckDB's connection, on which each has a cursor, and the list of units at
    work in `writer`, which is not asked here, as each claim is taken for abandoned.
    """
    lake.arrive(OLD)
    lake.run([GAME])
    first, second = (NEW, LATER) if order == "older first" else (LATER, NEW)
    stops = {"first": Stops(first_stop), "second": Stops(second_stop)}

    def hook() -> None:
        if (stop := stops.get(threading.current_thread().name)) is not None:
            stop()

    def work(name: str, of: Snapshot) -> str:
        threading.current_thread().name = name
        try:
            return lake.apply_one(of)
        except DatabaseUnavailable:
            return "lost"
        finally:
            threading.current_thread().name = "idle"
            stops[name].reached.set()

    # whoever claimed the documents is taken for dead
    monkeypatch.setattr(marks, "may_be_at_work", lambda *_: False)
    with before_commits(monkeypatch, hook), ThreadPoolExecutor(2) as threads:
        one = threads.submit(work, "first", first)
        assert stops["first"].reached.wait(30)
        two = threads.submit(work, "second", second)
        assert stops["second"].reached.wait(30)
        stops["first"].go_on.set()
        assert one.result(60) == ("lost" if second_stop else "applied"), "it was taken over, or not yet"
        stops["second"].go_on.set()
        two.result(60)
    lake.arrive(NEW, LATER)
    lake.run([GAME])
    ends(lake, LATER)


def test_four_writers_at_once_lose_and_double_nothing(lake: DeltaLaws, processes: ForkServerContext) -> None:
    """Four processes, and one that writes small files together."""
    games = [1, 2, 3]
    made = [
        game(minute, [minute % 3, game_pk % 3, 2, 0, *[1] * minute], game_pk)
        for minute in range(4)
        for game_pk in games
    ]
    lake.arrive(*made)
    newest = {each.game_pk: each for each in made}
    start = processes.Barrier(5)
    writers = [
        processes.Process(target=laws_workers.transform_at_once, args=(lake.lake.root, games, start)) for _ in range(4)
    ]
    compacting = processes.Process(target=laws_workers.compact_at_once, args=(lake.lake.root, start))
    for each in (*writers, compacting):
        each.start()
    for each in (*writers, compacting):
        each.join(200)
    assert [each.exitcode for each in (*writers, compacting)] == [0] * 5
    for game_pk in games:
        ends(lake, newest[game_pk])


@pytest.mark.parametrize("commit", [2, 3], ids=["before the table is opened", "before its commit"])
def test_a_key_that_two_documents_have_is_refused_whoever_is_first(
    lake: DeltaLaws, monkeypatch: pytest.MonkeyPatch, commit: int
) -> None:
    """Where keys do not tell the document, what was compared holds only if nobody has written since."""
    plays = replace(METHOD.tables[1], identity=("at_bat_index",), primary_key=("at_bat_index",))
    method = replace(METHOD, tables=(METHOD.tables[0], plays))
    one, other = game(0, PLAYS, 1), game(0, PLAYS, 2)
    left = [commit]  # keys were compared after the first commit, and before the second, which is the claim

    def hook() -> None:
        left[0] -= 1
        if left[0] == -1:
            lake.apply_one(other, method)

    with before_commits(monkeypatch, hook), pytest.raises(DatabaseUnavailable, match=r"others wrote to it"):
        lake.apply_one(one, method)
    assert lake.rows(2) == other.rows
    with pytest.raises(DuplicateKey, match="a row of another document has this key"):
        lake.apply_one(one, method)


def test_a_key_that_two_documents_of_a_unit_have_is_refused(lake: DeltaLaws) -> None:
    plays = replace(METHOD.tables[1], identity=("at_bat_index",), primary_key=("at_bat_index",))
    method = replace(METHOD, tables=(METHOD.tables[0], plays))
    with pytest.raises(DuplicateKey, match="two rows have one key"):
        lake.apply([game(0, PLAYS, 1), game(0, PLAYS, 2)], method)
    assert not any(some(lake.rows(1, 2).values()))


def test_rows_of_other_documents_that_have_a_part_of_the_key_stay(lake: DeltaLaws) -> None:
    key = ("at_bat_index", "rbi")
    method = replace(METHOD, tables=(METHOD.tables[0], replace(METHOD.tables[1], identity=key, primary_key=key)))
    one, other, fewer = game(0, [1] * 12, 1), game(0, [2] * 12, 2), game(1, [2] * 11, 2)
    assert [lake.apply_one(each, method) for each in (one, other, fewer)] == ["applied"] * 3
    assert (lake.rows(1), lake.rows(2)) == (one.rows, fewer.rows)


def test_a_document_that_another_writer_has_is_waited_for(lake: DeltaLaws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "_PATIENCE", 0.2)
    its = Watermark(LATER.as_of, LATER.digest, METHOD.fingerprint)
    claim = marks.Marks(lake.lake, METHOD).claim({json.dumps({"game_pk": GAME}): its})
    with pytest.raises(DatabaseUnavailable, match="other writers keep this document busy"):
        lake.apply_one(OLD)
    claim.give_back()
    assert lake.apply_one(OLD) == "applied"


def test_a_file_that_vanishes_while_it_is_read_is_no_bug(lake: DeltaLaws) -> None:
    """As after a vacuum: whoever opens the table again finds the files of its newest version."""
    lake.apply_one(OLD)
    plays = lake.lake.open("sample", "plays")
    lake.apply_one(NEW)
    for path in some(plays.file_uris()):
        Path(path.removeprefix("file://")).unlink()
    with pytest.raises(DatabaseUnavailable, match="plays/: the lake can't be read: a file was deleted meanwhile"):
        lakes.rows(plays)


def test_a_document_whose_first_writer_is_at_work_is_named_so(lake: DeltaLaws) -> None:
    lake.arrive(OLD)
    its = Watermark(OLD.as_of, OLD.digest, METHOD.fingerprint)
    claim = marks.Marks(lake.lake, METHOD).claim({json.dumps({"game_pk": GAME}): its})

    def why() -> str | None:
        [compared] = verify.compare_documents(lake.lake, METHOD, {})
        return compared.why

    assert why() == "a writer is at work on its first capture, and has written nothing yet: verify it again later"
    writer.finished(claim.writer)
    assert why() == "a writer that is gone was at work on its first capture, and wrote nothing: run `mlb-etl transform`"
    lake.run([GAME])
    assert why() is None


def test_only_what_changes_is_committed(lake: DeltaLaws) -> None:
    """No commit without a change, and files of other documents stay."""

    def plays() -> Any:
        return lake.lake.open("sample", "plays")

    lake.apply_one(game(0, PLAYS, 1))
    [first] = plays().file_uris()
    lake.apply_one(OLD)
    version, games = plays().version(), lake.lake.open("sample", "games").version()
    lake.apply_one(snapshot(METHOD, GAME, at(1), response(GAME, rbi=PLAYS, score=99)))
    assert (plays().version(), lake.lake.open("sample", "games").version()) == (version, games + 1)
    lake.apply_one(NEW)
    assert plays().version() == version + 1
    assert first in plays().file_uris()


def test_a_table_is_opened_from_a_few_versions_and_files(lake: DeltaLaws) -> None:
    """However many units there were: the log has checkpoints, and the marks of all units are in few files."""
    for number in range(1, 13):
        lake.apply_one(game(0, [0], number))
    log = Path(lake.lake.uri(lakes.CONTROL, marks.TABLE), "_delta_log")
    newest = lake.lake.open(lakes.CONTROL, marks.TABLE)
    since = newest.version() - json.loads((log / "_last_checkpoint").read_text())["version"]
    assert newest.version() > 24
    assert since <= 10
    assert len(newest.file_uris()) <= small_files.MOST
    assert len(lake.watermarks(*range(1, 13))) == 12


def test_a_lake_of_an_earlier_release_gets_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `schema init`, which leaves alone what was set since."""
    lake = Lake.at(str(tmp_path))
    with monkeypatch.context() as earlier:
        earlier.setattr(schema, "_FORGOTTEN", {"delta.logRetentionDuration": "interval 7 days"})
        schema.fingerprint.cache_clear()
        schema.apply(lake, PACKAGE)
    lakes.configure(lake.open("sample", "plays"), {"delta.logRetentionDuration": "interval 1 hours"})
    schema.fingerprint.cache_clear()
    assert schema.apply(lake, PACKAGE) == []
    found = lakes.facts(lake.open("sample", "plays"))
    assert (found["delta.checkpointInterval"], found["delta.logRetentionDuration"]) == ("10", "interval 1 hours")


def test_optimize_starts_again_where_a_writer_comes_first(lake: DeltaLaws, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (game(0, PLAYS, 1), OLD):
        lake.apply_one(each)
    plays, files = lake.lake.uri("sample", "plays"), lake.lake.open("sample", "plays").file_uris()
    coming, compact = [NEW], lakes.compact

    def late(table: Any) -> dict[str, Any]:
        if coming and table.table_uri.rstrip("/").endswith(plays):
            lake.apply_one(coming.pop())
        return compact(table)

    monkeypatch.setattr(lakes, "compact", late)
    [done] = [each for each in upkeep.optimize(lake.lake, PACKAGE) if each.table == "sample.plays"]
    assert (len(files), done.removed, done.added) == (2, 2, 1)
    assert (lake.rows(1), lake.rows(GAME)) == (game(0, PLAYS, 1).rows, NEW.rows)


@pytest.mark.parametrize(
    ("name", "age", "may"),
    [
        ("elsewhere/1/1/a", 0, True),
        ("elsewhere/1/1/a", 11, False),
        ("{here}/999999999/1/a", 0, False),
        ("{here}/1/another start/a", 0, False),
        ("not a name", 0, True),
    ],
)
def test_who_may_be_at_work(name: str, age: int, *, may: bool) -> None:
    here = writer.new_writer().partition("/")[0]
    claimed_at = datetime.now(UTC) - timedelta(minutes=age)
    assert writer.may_be_at_work(name.format(here=here), claimed_at) is may


def test_a_unit_of_this_process_is_at_work_until_it_ends() -> None:
    name = writer.new_writer()
    assert writer.may_be_at_work(name, datetime.now(UTC))
    writer.finished(name)
    assert not writer.may_be_at_work(name, datetime.now(UTC))


# ------------------------------------------------------------------------------------------------------------- schema


@pytest.fixture
def uncached(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that change what a package needs."""
    monkeypatch.setattr(schema, "fingerprint", schema.fingerprint.__wrapped__)


def test_a_lake_without_tables_says_what_to_do(tmp_path: Path) -> None:
    laws = DeltaLaws(tmp_path / "lake", PACKAGE, METHOD)
    with pytest.raises(EtlError, match=r"the lake lacks etl\.watermark: run `mlb-etl schema init --target delta:…`"):
        schema.require(Lake.at(str(tmp_path / "other")), PACKAGE)
    schema.require(laws.lake, PACKAGE)


@pytest.mark.parametrize("policy", ["again", "new"])
@pytest.mark.usefixtures("uncached")
def test_a_column_that_came_later_is_added_and_filled_by_a_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: Policy
) -> None:
    """Without a replay too, as the mapping has changed."""
    whole = schema.arrow.schema
    monkeypatch.setattr(schema.arrow, "schema", lambda table: _without(whole(table), "venue"))
    older = METHOD if policy == "again" else replace(METHOD, fingerprint="older")
    lake = DeltaLaws(tmp_path, PACKAGE, older)
    named = snapshot(METHOD, GAME, at(0), response(GAME, rbi=PLAYS, venue="Park"))
    lake.arrive(named)
    lake.run([GAME])
    monkeypatch.setattr(schema.arrow, "schema", whole)
    with pytest.raises(EtlError, match=r"the lake lacks sample\.games as the mapping has it: run `mlb-etl schema init"):
        schema.require(lake.lake, PACKAGE)
    [difference] = schema.differences(lake.lake, PACKAGE)
    assert (difference.table.qualified_name, [each.name for each in difference.added]) == ("sample.games", ["venue"])
    assert schema.apply(lake.lake, PACKAGE) == ["sample.games"]
    assert schema.differences(lake.lake, PACKAGE) == []
    assert lake.rows(GAME) != named.rows
    lake.method = METHOD
    assert lake.run([GAME], policy=policy).documents.applied == 1
    ends(lake, named)


@pytest.mark.usefixtures("uncached")
def test_a_column_that_the_mapping_gave_up_stays_and_is_null_in_new_rows(
    lake: DeltaLaws, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.arrive(snapshot(METHOD, GAME, at(0), response(GAME, rbi=PLAYS, venue="Park")))
    lake.run([GAME])
    whole = schema.arrow.schema
    monkeypatch.setattr(schema.arrow, "schema", lambda table: _without(whole(table), "venue"))
    assert schema.differences(lake.lake, PACKAGE) == []
    lake.arrive(game(0, PLAYS, 8), game(10, PLAYS[:-1]))
    assert lake.run([GAME, 8]).documents.applied == 2
    venues = {row["game_pk"]: row["venue"] for row in lakes.rows(lake.lake.open("sample", "games")).to_pylist()}
    assert venues == {GAME: "Park", 8: None}


@pytest.mark.usefixtures("uncached")
def test_other_partitions_are_refused(lake: DeltaLaws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema.arrow, "partition_columns", lambda _: ["game_pk"])
    with pytest.raises(
        EtlError, match=r"sample\.games: it is partitioned by season, the mapping has game_pk: a lake can't"
    ):
        schema.apply(lake.lake, PACKAGE)


@pytest.mark.usefixtures("uncached")
def test_a_table_whose_column_has_another_type_is_refused_and_made_again(
    lake: DeltaLaws, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.arrive(OLD)
    lake.run([GAME])
    whole = schema.arrow.schema
    with monkeypatch.context() as changed:
        changed.setattr(schema.arrow, "schema", lambda table: _retyped(whole(table), "rbi"))
        with pytest.raises(EtlError, match=r"sample\.plays: column rbi is int16, the mapping has string: .* --replay"):
            schema.apply(lake.lake, PACKAGE)
    shutil.rmtree(lake.lake.uri("sample", "plays"))
    assert schema.apply(lake.lake, PACKAGE) == ["sample.plays"]
    lake.run([GAME], policy="again")
    ends(lake, OLD)


def _retyped(columns: Any, name: str) -> Any:
    place = columns.get_field_index(name)
    return columns if place < 0 else columns.set(place, columns.field(place).with_type(pa.string()))


def _without(columns: Any, name: str) -> Any:
    return columns.remove(columns.get_field_index(name)) if name in columns.names else columns


@pytest.mark.parametrize("place", ["", "ftp://host/lake", "gs://bucket"])
def test_a_place_that_is_no_lake(place: str) -> None:
    with pytest.raises(EtlError, match=r"is not a lake: a folder or s3://bucket/prefix is expected"):
        Lake.at(place)
