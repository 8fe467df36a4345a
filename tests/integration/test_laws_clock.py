"""A capture ahead of the database's clock is stored and waits in quarantine; it neither blocks nor hides others."""

import copy
import itertools
import os
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import feeds
import pytest
from checks import some
from delta_lake import DeltaLaws
from laws import Laws, Snapshot, documents, snapshot
from sample_tables.game import METHOD
from samples import NOON, PACKAGE, load, response, stores, stub, write

from mlb_contracts import Partition, times
from mlb_contracts.response import Response
from mlb_etl.apply.pipeline import Session
from mlb_etl.baseball.live.fetch import FetchedFeed
from mlb_etl.baseball.live.keep import Keeper
from mlb_etl.capture import loader
from mlb_etl.capture.capturer import CaptureCounts, Capturer, CaptureTarget
from mlb_etl.errors import Rejected
from mlb_etl.http.request import Request
from mlb_etl.laws.verdict import Policy
from mlb_etl.stores.postgres.partitions import Partitioned

T = TypeVar("T")
KEYS = {"game_pk": 1}


def game(captured_at: datetime, score: int) -> Snapshot:
    return snapshot(METHOD, 1, captured_at, response(score=score))


def test_captures_after_it_are_applied(either: Laws) -> None:
    """In each order, even if the later ones have the same content as it or as the one before it.

    In a lake, in one order for each that is first.
    """
    now = either.now()
    old, ahead = game(now - timedelta(days=2), 1), game(now + timedelta(days=365), 2)
    middle, new = game(now - timedelta(days=1), 2), game(now, 1)
    orders = itertools.permutations((old, ahead, middle, new))
    for order in some(itertools.islice(orders, None, None, 6 if isinstance(either, DeltaLaws) else 1)):
        either.forget(1)
        for each in order:
            either.arrive(each)
            either.run([1])
        assert either.rows(1) == new.rows
        assert either.watermarks(1)[1][:2] == (new.as_of, new.digest)
        assert either.quarantine(1) == {ahead.note: "waiting"}


@pytest.mark.parametrize("policy", ["new", "accept"])
def test_it_stays_in_quarantine_under_every_policy(either: Laws, policy: Policy) -> None:
    ahead = game(either.now() + times.TOLERANCE + timedelta(minutes=1), 2)
    either.arrive(ahead)
    [told] = either.run([1]).quarantined
    assert (told.why.path, told.why.value) == ("captured_at", ahead.captured_at.isoformat())
    assert "ahead of the database's clock" in told.why.reason
    assert "quarantine retry" in told.why.reason
    assert documents(either.settle(ahead, policy=policy)) == (0, 0, 0, 1)
    assert not any(some(either.rows(1).values()))


def test_clocks_may_differ_a_little(either: Laws) -> None:
    near = game(either.now() + times.TOLERANCE - timedelta(minutes=1), 2)
    either.arrive(near)
    assert documents(either.run([1])) == (1, 0, 0, 0)


def test_it_can_be_applied_once_its_time_has_come(either: Laws) -> None:
    """Until then, a later capture with the same content counts by itself and does not wait."""
    ahead = game(either.now() + times.TOLERANCE + timedelta(seconds=1), 2)
    either.arrive(ahead)
    assert documents(either.run([1])) == (0, 0, 0, 1)
    time.sleep(1.2)
    assert documents(either.run([1])) == (0, 0, 0, 1), "it waits until someone decides"
    later = game(ahead.captured_at + timedelta(microseconds=1), 2)
    either.arrive(later)
    assert documents(either.run([1])) == (1, 0, 0, 1)
    assert documents(either.settle(ahead, policy="new")) == (0, 0, 1, 0)
    assert either.quarantine(1) == {}
    either.forget(1)
    either.arrive(ahead)
    assert documents(either.run([1])) == (1, 0, 0, 0), "by now it comes as any other"


def test_queries_of_the_raw_table_do_not_see_it(either: Laws) -> None:
    now = either.now()
    true, ahead = game(now, 1), game(now + timedelta(days=365), 2)
    either.arrive(true, ahead)
    with either.database.open() as stores:
        raw = stores.raw(METHOD)
        assert raw.newest(true.response.request) == true.response.data
        with closing(raw.history(KEYS)) as history:
            assert [each.last_seen_at for each in history] == [true.captured_at]


def test_status_asks_to_look_at_a_watermark_that_is_ahead(either: Laws) -> None:
    now = either.now()
    either.arrive(game(now, 1))
    either.run([1])
    either.arrive(game(now + timedelta(days=365), 2))
    [before] = either.status().methods
    assert (before.ahead, before.newest) == (0, now)
    either.set_watermark(1, now + timedelta(days=365))
    found = either.status()
    assert [each.ahead for each in found.methods] == [1]
    assert found.asks_for_attention


class Answering:
    """A source with a single response."""

    def __init__(self, response: Response) -> None:
        self.response = response

    def fetch(self, request: Request, read: Callable[[Response], T]) -> tuple[Response, T]:  # noqa: ARG002 - a protocol
        return self.response, read(self.response)

    def close(self) -> None:
        """Do nothing, since nothing is open."""


class Kept:
    """An object store that remembers what was put."""

    def __init__(self) -> None:
        self.put_: list[Response] = []

    def put(self, response: Response) -> None:
        self.put_.append(response)


def test_ingest_refuses_it_unless_it_was_recorded(sample: Laws) -> None:
    """Neither the raw table nor the object store gets it; the error names both clocks.

    A lake has no clock but this machine's, by which the response was captured.
    """
    now = sample.now()
    ahead = game(now + timedelta(hours=2), 2)
    store = Kept()
    target = CaptureTarget(Request("sample", "game", "/api/v1/sample/1", {"game_pk": "1"}, {}))

    def capture(*, recorded: bool) -> CaptureCounts:
        source = Answering(ahead.response)
        return Capturer(stores(sample.connection), METHOD, source, recorded=recorded, store=store).run(
            [target], lambda _: None
        )

    [failure] = capture(recorded=False).failures
    assert isinstance(failure.why, Rejected)
    for each in (ahead.captured_at, now):
        assert f"{each.astimezone(UTC):%Y-%m-%dT%H:%M}" in failure.why.reason
    assert store.put_ == []
    assert sample.connection.execute("SELECT count(*) FROM sample.raw_game").fetchone() == (0,)
    assert capture(recorded=True).stored == 1


def test_live_refuses_it(sample: Laws) -> None:
    """As above, where the database has a clock."""
    ahead = game(sample.now() + timedelta(hours=2), 2)
    store = Kept()
    with Session(sample.database, METHOD) as session, pytest.raises(Rejected, match="clock"):
        Keeper(session, METHOD, store).keep(FetchedFeed(ahead.response, KEYS, 0.0))
    assert store.put_ == []
    assert sample.connection.execute("SELECT count(*) FROM sample.raw_game").fetchone() == (0,)


@pytest.mark.parametrize(
    "member",
    [
        {"captured_at": "9999-12-31T23:59:59-14:00"},
        {"captured_at": "0001-01-01T00:00:00+14:00"},
        {"captured_at": "1999-12-31T23:59:59Z"},
        {"captured_at": "2100-01-01T00:00:00Z"},
        {"query_params": {"timecode": "99991231_235959"}},
        {"query_params": {"timecode": "00010101_000000"}},
    ],
    ids=lambda member: str(*member.values()),
)
def test_a_time_out_of_range_is_refused(sample: Laws, tmp_path: Path, member: dict[str, Any]) -> None:
    """Before any store sees it, so one store is enough."""
    loaded = load(sample.connection, tmp_path, stub(response()) | member, stub(response()))
    [refused] = loaded.refused
    assert "2000 to 2099" in refused.why.reason
    assert refused.why.path in {"$.captured_at", "$.query_params.timecode"}
    assert len(loaded.stored) == 1
    assert documents(sample.run([1])) == (1, 0, 0, 0)
    assert sample.status().methods[0].captures == 1


NO_SUCH_TIME = "the file system has no such time"


@pytest.mark.may_skip(NO_SUCH_TIME)
@pytest.mark.parametrize("modified", [0, 2**40])
def test_a_files_last_change_is_a_time_in_range(sample: Laws, tmp_path: Path, modified: int) -> None:
    file = write(tmp_path / "bare.json", response())
    try:
        os.utime(file, (modified, modified))
    except OSError:
        pytest.skip(NO_SUCH_TIME)
    [refused] = loader.load_files(stores(sample.connection), [file], package=PACKAGE).refused
    assert "2000 to 2099" in refused.why.reason


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_in_a_response_that_no_reader_could_read(real_either: Laws, stubs_dir: Path, time: str) -> None:
    """It becomes NULL and is reported, and every game is applied, including its own."""
    file = feeds.files(stubs_dir, 747175)[0]
    feed = feeds.small(feeds.feed(file, game_pk=1, plays=1))
    bad = copy.deepcopy(feed)
    bad["gamePk"] = bad["gameData"]["game"]["pk"] = 2
    bad["gameData"]["datetime"]["dateTime"] = time
    good = snapshot(feeds.METHOD, 1, NOON, feed)
    real_either.arrive(good, snapshot(feeds.METHOD, 2, NOON, bad, broken=True))
    counts = real_either.run([1, 2])
    assert documents(counts) == (2, 0, 0, 0)
    [told] = counts.unreadable
    assert (told.what.table, told.what.path) == ("game.live_game_metadata", "$.gameData.datetime.dateTime")
    [row], [other] = (real_either.rows(each)[told.what.table].values() for each in (1, 2))
    assert [one for one, two in zip(row, other, strict=True) if one is not None and two is None] == [
        datetime.fromisoformat(feed["gameData"]["datetime"]["dateTime"])
    ]


@pytest.mark.parametrize("day", [date(9999, 12, 31), date(1, 1, 1), date(1799, 12, 31), date(2200, 1, 1)])
def test_a_month_that_gets_no_partition(day: date) -> None:
    of = Partitioned("league", "games", Partition("game_date", "month"), "date")
    with pytest.raises(Rejected, match="from 1800 to 2199"):
        of.partition(day)
