"""Feeds by patches: the same tables, and every answer that is no patch falls back to the whole feed."""

import copy
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from api import NOT_FOUND, Answer, Api
from api import serve as answering
from databases import temporary_database
from feeds import METHOD
from laws import Laws
from stepped import PACKAGE, Live

from mlb_etl.baseball.live.fetch import FetchedFeed
from mlb_etl.baseball.live.listing import GameScope
from mlb_etl.baseball.live.patch import PATCHED, PatchCounts, PatchedFeeds
from mlb_etl.baseball.live.plan import Pace
from mlb_etl.errors import Unreachable
from mlb_etl.http.client import Client
from mlb_etl.http.rate import RateLimit
from mlb_etl.retries import Retries
from mlb_etl.stores.embedded.server import Server
from mlb_sim import Simulator, serve
from mlb_sim.times import HOUR, MINUTE, from_timecode, timecode

GAME = 20240505
WHOLE = f"/api/v1.1/game/{GAME}/feed/live"
Feed = dict[str, Any]


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(3, 2024)


@pytest.fixture
def live(simulator: Simulator, database: str, tmp_path: Path) -> Iterator[Live]:
    """Followed from its last innings on."""
    with serve(simulator) as server:
        simulator.clock.set(simulator.timeline(simulator.calendar.by_pk[GAME]).over - 15 * MINUTE)
        yield Live(server, database, tmp_path, Pace.of(timedelta(seconds=25)))


def tables(dsn: str) -> Any:
    laws = Laws(dsn, PACKAGE, METHOD)
    with closing(laws.connection):
        return laws.rows(GAME), laws.quarantine(GAME)


def raw(dsn: str) -> list[tuple[str, dict[str, str]]]:
    laws = Laws(dsn, PACKAGE, METHOD)
    with closing(laws.connection):
        return laws.connection.execute("SELECT url, query_params FROM game.live_game_v1 ORDER BY as_of").fetchall()


def test_patches_make_the_same_tables(live: Live, server: Server, template: str) -> None:
    began = live.server.simulator.now
    tally = live.follow(GameScope(game_pks=(GAME,)), verify=7).patches
    assert tally is not None
    assert tally.patched > 12
    assert tally.verified > 1
    assert (tally.surprises, tally.differing) == (0, 0)
    kept = raw(live.dsn)
    patched = [query for url, query in kept if url.endswith(PATCHED)]
    assert len(patched) > 12
    assert all(set(query) == {"startTimecode"} for query in patched)
    assert not kept[-1][0].endswith(PATCHED), "the last is a whole feed"
    with temporary_database(server, template) as dsn:
        live.server.simulator.clock.set(began)
        Live(live.server, dsn, live.data, live.pace).follow(GameScope(game_pks=(GAME,)))
        assert tables(dsn) == tables(live.dsn)
        assert [url for url, _ in raw(dsn) if PATCHED in url] == []


@pytest.mark.parametrize("fault", ["404", "404-html", "200-html", "200-error", "malformed", "truncated"])
def test_a_fault_falls_back_to_the_whole_feed_at_once(live: Live, fault: str) -> None:
    live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=1), verify=100)
    live.server.faults.once(fault, path="diffPatch")
    live.server.requests.clear()
    summary = live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=2), verify=100)
    assert summary.patches is not None
    assert summary.patches.surprises == 1
    assert "failed" not in summary.outcomes
    asked = [(each["target"].split("?")[0], each["fault"]) for each in live.server.requests if "feed" in each["target"]]
    place = asked.index((f"{WHOLE}/diffPatch", fault))
    assert asked[place + 1] == (WHOLE, None)


# ------------------------------------------------- against a server that answers as it is told


@pytest.fixture
def api() -> Iterator[Api]:
    with answering() as api:
        yield api


@pytest.fixture
def feeds(api: Api, tmp_path: Path) -> Iterator[PatchedFeeds]:
    limit = RateLimit(tmp_path / "rate", float("inf"))
    with closing(Client(api.url, limit, Retries(attempts=1))) as client:
        yield PatchedFeeds(client, METHOD, verify=3)


@pytest.fixture(scope="module")
def middle(simulator: Simulator) -> Feed:
    """The feed of a game in its second hour."""
    fixture = simulator.calendar.by_pk[GAME]
    return simulator.feed(fixture, simulator.timeline(fixture).first_pitch + HOUR)


def later(of: Feed, seconds: int = 20, **metadata: Any) -> Feed:
    """The same with another time code, and a ball more."""
    feed = copy.deepcopy(of)
    stamp = timecode(from_timecode(of["metaData"]["timeStamp"]) + 1000 * seconds)
    feed["metaData"] |= {"timeStamp": stamp} | metadata
    feed["liveData"]["linescore"]["balls"] = 3
    return feed


def leads_to(new: Feed) -> list[dict[str, Any]]:
    """The patches that make it of the one before."""
    stamp = {"op": "replace", "path": "/metaData/timeStamp", "value": new["metaData"]["timeStamp"]}
    ball = {"op": "replace", "path": "/liveData/linescore/balls", "value": new["liveData"]["linescore"]["balls"]}
    return [{"diff": [stamp]}, {"diff": [ball]}]


def patches_of(feed: Feed) -> str:
    return f"{WHOLE}/diffPatch?startTimecode={feed['metaData']['timeStamp']}"


def content(found: FetchedFeed | None) -> Feed:
    assert found is not None
    feed: Feed = json.loads(found.response.data)
    return feed


def test_a_patch_leads_on(api: Api, feeds: PatchedFeeds, middle: Feed) -> None:
    first, second = later(middle), later(middle, 40)
    api.says(WHOLE, middle)
    api.says(patches_of(middle), Answer(leads_to(first)))
    api.says(patches_of(first), Answer(leads_to(second)))
    assert content(feeds.fetch(GAME, on=True)) == middle
    found = feeds.fetch(GAME, on=True)
    assert content(found) == first
    assert found is not None
    assert (found.held.keys, found.response.url) == ({"game_pk": GAME}, f"{api.url}{patches_of(middle)}{PATCHED}")
    assert content(feeds.fetch(GAME, on=True)) == second
    assert api.targets() == [WHOLE, patches_of(middle), patches_of(first)]
    assert feeds.tally == PatchCounts(patched=2)


def test_nothing_new(api: Api, feeds: PatchedFeeds, middle: Feed) -> None:
    """Not even a capture: what came says nothing of the document. The whole feed comes again all the same."""
    api.says(WHOLE, middle)
    api.says(patches_of(middle), Answer([]))
    assert [feeds.fetch(GAME, on=True) is None for _ in range(4)] == [False, True, True, False]
    assert feeds.tally == PatchCounts(unchanged=3, verified=1)


def test_a_whole_feed_that_comes_instead_is_taken(api: Api, feeds: PatchedFeeds, middle: Feed) -> None:
    first = later(middle)
    api.says(WHOLE, middle)
    api.says(patches_of(middle), first)
    feeds.fetch(GAME, on=True)
    found = feeds.fetch(GAME, on=True)
    assert content(found) == first
    assert found is not None
    assert found.response.url == f"{api.url}{patches_of(middle)}"
    assert found.response.data == json.dumps(first).encode(), "as it came"
    assert feeds.tally == PatchCounts(whole=1)


def test_a_whole_feed_without_a_time_comes_instead(api: Api, feeds: PatchedFeeds, middle: Feed) -> None:
    timeless = copy.deepcopy(middle)
    del timeless["metaData"]["timeStamp"]
    api.says(WHOLE, middle)
    api.says(patches_of(middle), timeless)
    feeds.fetch(GAME, on=True)
    assert content(feeds.fetch(GAME, on=True)) == timeless
    assert content(feeds.fetch(GAME, on=True)) == middle
    assert feeds.tally == PatchCounts(whole=1)


STAMP = "/metaData/timeStamp"
ODD: dict[str, Any] = {
    "an object": {"diff": []},
    "an empty object": {},
    "a text": Answer(b'"none"'),
    "null": Answer(b"null"),
    "a number": Answer(b"5"),
    "a list of numbers": [1],
    "a patch without diff": [{"patch": []}],
    "a diff that is no list": [{"diff": {}}],
    "an operation that is none": [{"diff": [1]}],
    "an operation without a name": [{"diff": [{"path": STAMP, "value": "x"}]}],
    "an unknown operation": [{"diff": [{"op": "turn", "path": STAMP}]}],
    "a path that is not there": [{"diff": [{"op": "replace", "path": "/liveData/plays/allPlays/999/x", "value": 1}]}],
    "a path that is none": [{"diff": [{"op": "remove", "path": "metaData"}]}],
    "a copy from nowhere": [{"diff": [{"op": "copy", "from": "/no/where", "path": "/liveData/x"}]}],
    "a test that fails": [{"diff": [{"op": "test", "path": STAMP, "value": "x"}]}],
    "a second patch that does not fit": [{"diff": []}, {"diff": [{"op": "remove", "path": "/none"}]}],
    "the whole document replaced by none": [{"diff": [{"op": "replace", "path": "", "value": []}]}],
    "another game": [{"diff": [{"op": "replace", "path": "/gamePk", "value": 1}]}],
    "no plays any more": [{"diff": [{"op": "remove", "path": "/liveData/plays/allPlays"}]}],
    "no time any more": [{"diff": [{"op": "remove", "path": STAMP}]}],
    "back in time": [{"diff": [{"op": "replace", "path": STAMP, "value": "20240101_000000"}]}],
    "a nest": Answer(b"[" * 100_000 + b"]" * 100_000),
    "not found": NOT_FOUND,
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_surprise_falls_back_to_the_whole_feed(api: Api, feeds: PatchedFeeds, middle: Feed, odd: Any) -> None:
    first = later(middle)
    second = later(middle, 40)
    api.says(WHOLE, middle, first)
    api.says(patches_of(middle), odd if isinstance(odd, Answer) else Answer(odd))
    api.says(patches_of(first), Answer(leads_to(second)))
    feeds.fetch(GAME, on=True)
    assert content(feeds.fetch(GAME, on=True)) == first
    assert content(feeds.fetch(GAME, on=True)) == second, "patches lead on from there"
    assert feeds.tally == PatchCounts(patched=1, surprises=1)


def test_an_api_that_is_down_is_no_surprise(api: Api, feeds: PatchedFeeds, middle: Feed) -> None:
    api.says(WHOLE, middle)
    api.says(patches_of(middle), Answer(status=503), Answer(leads_to(later(middle))))
    feeds.fetch(GAME, on=True)
    with pytest.raises(Unreachable):
        feeds.fetch(GAME, on=True)
    assert content(feeds.fetch(GAME, on=True)) == later(middle)
    assert feeds.tally == PatchCounts(patched=1)


def ways(api: Api, middle: Feed, last: Feed) -> None:
    """Three patches, then the whole feed."""
    feeds = [middle, *(later(middle, 20 * number) for number in (1, 2, 3))]
    api.says(WHOLE, middle, last)
    for old, new in pairwise(feeds):
        api.says(patches_of(old), Answer(leads_to(new)))


def test_the_whole_feed_is_taken_now_and_then(api: Api, feeds: PatchedFeeds, middle: Feed) -> None:
    ways(api, middle, later(middle, 60))
    urls = [found.response.url for found in (feeds.fetch(GAME, on=True) for _ in range(4)) if found]
    assert [url.endswith(PATCHED) for url in urls] == [False, True, True, False]
    assert feeds.tally == PatchCounts(patched=3, verified=1)


def test_patches_that_led_astray(api: Api, feeds: PatchedFeeds, middle: Feed, caplog: pytest.LogCaptureFixture) -> None:
    right = later(middle, 60)
    right["liveData"]["linescore"]["strikes"] = 2
    right["liveData"]["linescore"]["balls"] = 1
    ways(api, middle, right)
    *_, last = [feeds.fetch(GAME, on=True) for _ in range(4)]
    assert content(last) == right, "the feed wins"
    assert feeds.tally == PatchCounts(patched=3, verified=1, differing=1)
    assert "the patched document differs from the feed" in caplog.text
    assert "/liveData/linescore/" in caplog.text


def test_a_feed_that_has_gone_on_is_not_compared(api: Api, feeds: PatchedFeeds, middle: Feed) -> None:
    ways(api, middle, later(middle, 80))
    *_, last = [feeds.fetch(GAME, on=True) for _ in range(4)]
    assert content(last) == later(middle, 80)
    assert feeds.tally == PatchCounts(patched=3)


def test_no_feed_to_compare_with(api: Api, feeds: PatchedFeeds, middle: Feed) -> None:
    ways(api, middle, later(middle, 60))
    api.says(WHOLE, middle, Answer(status=503))
    *_, last = [feeds.fetch(GAME, on=True) for _ in range(4)]
    assert content(last) == later(middle, 60), "the patched one is kept"
    assert feeds.tally == PatchCounts(patched=3)


def test_a_state_that_changed_is_taken_whole(api: Api, feeds: PatchedFeeds, middle: Feed) -> None:
    over = later(middle)
    over["gameData"]["status"]["codedGameState"] = "O"
    state = {"op": "replace", "path": "/gameData/status/codedGameState", "value": "O"}
    api.says(WHOLE, middle, over)
    api.says(patches_of(middle), Answer([*leads_to(over), {"diff": [state]}]))
    feeds.fetch(GAME, on=True)
    found = feeds.fetch(GAME, on=True)
    assert found is not None
    assert not found.response.url.endswith(PATCHED)
    assert feeds.tally == PatchCounts(patched=1, verified=1)


def test_a_game_that_is_not_on_comes_whole(api: Api, feeds: PatchedFeeds, middle: Feed) -> None:
    """And is not kept in mind."""
    api.says(WHOLE, middle)
    for on in (True, False, True):
        feeds.fetch(GAME, on=on)
    assert api.targets() == [WHOLE] * 3
    feeds.forget(GAME)
    feeds.fetch(GAME, on=True)
    assert api.targets() == [WHOLE] * 4


def test_a_feed_without_a_time_is_no_ground_for_patches(api: Api, feeds: PatchedFeeds, middle: Feed) -> None:
    timeless = copy.deepcopy(middle)
    del timeless["metaData"]["timeStamp"]
    api.says(WHOLE, timeless)
    for _ in range(2):
        feeds.fetch(GAME, on=True)
    assert api.targets() == [WHOLE] * 2
