"""A simulated day of fifteen games, delayed, postponed and suspended ones among them, followed to its corrections."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from bodies import whole
from databases import temporary_database, transform
from feeds import METHOD
from laws import Laws, Rows, changes, kept
from psycopg.conninfo import conninfo_to_dict
from samples import connect
from stepped import PACE, PACKAGE, Live

from mlb_contracts import Capture
from mlb_contracts.response import Response
from mlb_etl.baseball.live.listing import GameScope
from mlb_etl.extract.answer import one_document
from mlb_etl.extract.extract import extract
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres.raw import RawWriter
from mlb_sim import Simulator, serve
from mlb_sim.times import HOUR, to_datetime

# whichever test comes first follows fifteen games through a whole day
pytestmark = pytest.mark.timeout(600)

DAY = date(2024, 4, 30)
POSTPONED, SUSPENDED = 20240507, 20240506
GAMES = range(20240503, 20240518)
PLAYED = sorted(set(GAMES) - {POSTPONED, SUSPENDED})


@pytest.fixture(scope="module")
def live(server: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The day after it was followed to its end. Tests only read it: it is made once for all of them."""
    simulator = Simulator(3, 2024)
    with temporary_database(server, template) as dsn, serve(simulator) as api:
        simulator.clock.set(simulator.fixture(GAMES[0]).played.start - 6 * HOUR)  # type: ignore[union-attr]
        live = Live(api, dsn, tmp_path_factory.mktemp("live"))
        summary = live.follow(GameScope(DAY))
        assert (summary.games, summary.quarantined, summary.outcomes.get("failed")) == (15, 0, None)
        yield live


@pytest.fixture
def later(live: Live, server: Server, tmp_path: Path) -> Iterator[Live]:
    """A copy of it that a test may follow on."""
    simulator = Simulator(3, 2024)
    simulator.clock.set(live.server.simulator.clock.now)
    template = str(conninfo_to_dict(live.dsn)["dbname"])
    with temporary_database(server, template) as dsn, serve(simulator) as api:
        yield Live(api, dsn, tmp_path)


@pytest.fixture
def laws(live: Live) -> Iterator[Laws]:
    laws = Laws(live.dsn, PACKAGE, METHOD)
    with closing(laws.connection):
        yield laws


def loaded_at_once(live: Live, server: Server, template: str) -> Rows:
    """The tables after a load of the feeds as they are now."""
    with temporary_database(server, template) as dsn, connect(dsn) as connection:
        raw = RawWriter(connection, METHOD)
        for game_pk in GAMES:
            body = live.get(f"/api/v1.1/game/{game_pk}/feed/live")
            asked = Response("game", "liveGameV1", {"game_pk": str(game_pk)}, {}, "", 200, live.now, body)
            assert raw.store(asked, one_document(asked.data, {"game_pk": game_pk})) == "stored"
        assert transform(connection, METHOD, PACKAGE).documents.applied == len(GAMES)
        laws = Laws(dsn, PACKAGE, METHOD)
        with closing(laws.connection):
            return laws.rows(*GAMES)


def states(laws: Laws) -> dict[int, str]:
    found = laws.connection.execute("SELECT game_pk, coded_game_state FROM game.live_game_metadata").fetchall()
    return dict(found)


def asked(live: Live) -> dict[int, list[datetime]]:
    """When each game was asked for."""
    found = defaultdict(list)
    for each in live.server.requests:
        if "feed/live" in each["target"]:
            found[int(each["target"].split("/")[4])].append(datetime.fromisoformat(each["now"]))
    return found


def test_the_tables_equal_those_of_the_last_feeds(live: Live, laws: Laws, server: Server, template: str) -> None:
    moved = {POSTPONED: "S", SUSPENDED: "T"}  # the one is on its new date already, as the list of changes told
    assert states(laws) == dict.fromkeys(PLAYED, "F") | moved
    rows = laws.rows(*GAMES)
    assert rows == loaded_at_once(live, server, template)
    assert len(rows["game.live_game_plays"]) > 900
    assert laws.quarantine(*GAMES) == {}


def captures(laws: Laws, game_pk: int) -> Iterator[tuple[datetime, bytes]]:
    for as_of, encoding, body in laws.connection.execute(
        "SELECT as_of, encoding, body FROM game.live_game_v1 WHERE path_params ->> 'game_pk' = %s ORDER BY as_of",
        [str(game_pk)],
    ):
        yield as_of, whole(encoding, body)


def test_a_row_that_a_poll_did_not_change_was_not_rewritten(live: Live, laws: Laws) -> None:
    """Each row is from the capture that changed it last, and as many were written as changed."""
    written = sum(update.rows.inserted + update.rows.updated for update in live.updates)
    changed = 0
    for game_pk in GAMES:
        before: Rows = {}
        since: dict[tuple[str, Any], datetime] = {}
        for as_of, data in captures(laws, game_pk):
            after = kept(METHOD, extract(METHOD, Capture(as_of, {"game_pk": str(game_pk)}), data).rows)
            for table, change in changes(before, after).items():
                since |= dict.fromkeys(((table, key) for key in change.inserted | change.updated), as_of)
                changed += len(change.inserted | change.updated)
            before = after
        rows = {(table, key): since[table, key] for table, content in before.items() for key in content}
        shown = {
            (table, key): datetime.fromisoformat(place[3])
            for table, places in laws.places(game_pk).items()
            for key, place in places.items()
        }
        assert shown == rows
    assert written == changed


def test_polls_keep_their_pace(live: Live) -> None:
    simulator = live.server.simulator
    for game_pk in PLAYED:
        times = asked(live)[game_pk]
        fixture = simulator.fixture(game_pk)
        assert fixture is not None
        timeline = simulator.timeline(fixture)
        began, over = to_datetime(timeline.first_pitch), to_datetime(timeline.over)
        on = [at for at in times if began <= at <= over]
        assert min(after - before for before, after in pairwise(on)) >= PACE.interval
        assert len(on) > (over - began) / PACE.slow - 3
        assert 1 <= len([at for at in times if at < began]) <= 8, "before the start it is left alone"
        assert 1 <= len([at for at in times if at > to_datetime(timeline.final)]) <= 4, "it stops"


def test_delays_and_suspensions_are_polled_slowly(live: Live) -> None:
    slow = {}
    for update in live.updates:
        if update.outcome != "listed" and update.next is not None:
            slow.setdefault(update.next.why, set()).add(update.next.at - update.at)
    assert min(slow["on"]) == PACE.interval
    assert min(slow["delayed"]) == PACE.slow
    assert min(slow["suspended"]) == PACE.rare


def test_latency_is_measured(live: Live) -> None:
    measured = [update.latency for update in live.updates if update.outcome == "stored"]
    assert len(measured) > 15 * len(PLAYED)
    assert all(latency is not None and 0 < latency < 10 for latency in measured)
    assert {update.latency for update in live.updates if update.outcome != "stored"} == {None}


def again(live: Live, at: datetime) -> list[int]:
    """Follow the day once more, from another time on: the games that are asked for."""
    live.server.simulator.clock.set(int(at.timestamp() * 1000))
    live.server.requests.clear()
    live.updates.clear()
    live.follow(GameScope(DAY))
    return [update.known.listed.game_pk for update in live.updates if update.outcome != "listed"]


def test_nothing_is_asked_for_before_a_correction_is_due(later: Live) -> None:
    """Which is known from the raw table. Only what changed since the oldest capture is looked at, once."""
    games = again(later, later.now)
    assert len(games) == len(set(games))
    assert {update.outcome for update in later.updates} == {"listed", "seen"}


def test_corrections(later: Live, server: Server, template: str) -> None:
    """After an hour, a day and three, and as the list of changes says; the suspended game is played to its end."""
    final = later.now
    laws = Laws(later.dsn, PACKAGE, METHOD)
    with closing(laws.connection):
        before = laws.rows(*GAMES)
        assert set(again(later, final + timedelta(hours=1, minutes=5))) >= {GAMES[-1], GAMES[-2]}
        assert set(again(later, final + timedelta(hours=25))) == set(GAMES)
        assert states(laws) == dict.fromkeys(GAMES, "F")
        assert set(again(later, final + timedelta(hours=73))) >= set(PLAYED)
        assert again(later, final + timedelta(hours=100)) == [SUSPENDED]
        assert again(later, final + timedelta(hours=200)) == []
        after = laws.rows(*GAMES)
        assert after == loaded_at_once(later, server, template)
        corrected = changes(before, after)["game.live_game_pitch_events"].updated
        assert {key[0] for key in corrected} & set(PLAYED), "pitches were classified anew"
