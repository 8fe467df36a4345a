"""`mlb-etl live`: what goes wrong, processes that end and go on, and what is shown."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from checks import some
from databases import FAST, create_database, create_template, temporary_folder
from samples import connect, stores
from stepped import PACKAGE, Live, SteppedClock

from mlb_etl.baseball.live.listing import GameScope
from mlb_etl.baseball.live.plan import Pace
from mlb_etl.capture.object_store import ObjectStore
from mlb_etl.capture.restore import restore_captures
from mlb_etl.errors import NotFound
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import failures
from mlb_sim import Server as Simulated
from mlb_sim import Simulator, serve
from mlb_sim.fixtures import Fixture
from mlb_sim.times import MINUTE, at, to_datetime

GAME = 20240505
PROGRAM = Path(sys.executable).with_name("mlb-etl")
PATIENCE = 60.0  # seconds, on a busy machine


@pytest.fixture
def simulated() -> Iterator[Simulated]:
    """A game in its first innings, in a league whose feeds can be asked for each second."""
    simulator = Simulator(3, 2024, wait=1)
    simulator.clock.set(simulator.timeline(fixture(simulator)).first_pitch + 20 * MINUTE)
    with serve(simulator) as server:
        yield server


@pytest.fixture
def live(simulated: Simulated, database: str, tmp_path: Path) -> Live:
    return Live(simulated, database, tmp_path, Pace.of(timedelta(minutes=1)))


def fixture(simulator: Simulator) -> Fixture:
    found = simulator.fixture(GAME)
    assert found is not None
    return found


def end(simulated: Simulated) -> datetime:
    """When the game is final."""
    return to_datetime(simulated.simulator.timeline(fixture(simulated.simulator)).final)


def state(dsn: str) -> Any:
    with connect(dsn) as connection:
        return connection.execute(
            "SELECT coded_game_state, current_inning FROM game.live_game_metadata WHERE game_pk = %s", [GAME]
        ).fetchone()


def outcomes(live: Live) -> list[str]:
    return [update.outcome for update in live.updates if update.outcome != "listed"]


def test_an_answer_that_fails_is_asked_for_again_later_and_later(live: Live, simulated: Simulated) -> None:
    simulated.faults.once("503", count=3, path="feed/live")
    summary = live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=10))
    assert outcomes(live)[:4] == ["failed"] * 3 + ["stored"]
    times = [update.at for update in live.updates if update.outcome != "listed"]
    assert [times[n + 1] - times[n] for n in range(4)] == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 1)]
    assert "503 Service Unavailable" in (live.updates[1].error or "")
    assert summary.outcomes["failed"] == 3


def test_a_failure_is_kept_until_an_answer_comes(live: Live, simulated: Simulated) -> None:
    simulated.faults.once("503", count=2, path="feed/live")
    live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=2))
    with connect(live.dsn) as connection:
        [kept] = failures.failed_requests(connection)
    assert (kept.method, kept.target, kept.error) == (
        "game.liveGameV1",
        f"/api/v1.1/game/{GAME}/feed/live",
        "Unreachable",
    )
    assert "503 Service Unavailable" in kept.cause
    live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=10))
    with connect(live.dsn) as connection:
        assert failures.failed_requests(connection) == []


def test_a_failure_of_patches_is_settled_by_the_games_next_answer(live: Live, simulated: Simulated) -> None:
    """Nobody asks for these URLs again: each has the time code of its moment."""
    simulated.faults.once("503", count=3, path="diffPatch")
    scope = GameScope(game_pks=(GAME,))
    live.follow(scope, end=live.now + timedelta(minutes=3), verify=30)
    with connect(live.dsn) as connection:
        assert "diffPatch?startTimecode=" in failures.failed_requests(connection)[0].target
    live.follow(scope, end=live.now + timedelta(minutes=15), verify=30)
    with connect(live.dsn) as connection:
        assert failures.failed_requests(connection) == []


def test_a_job_gives_up_in_the_end(live: Live, simulated: Simulated) -> None:
    simulated.faults.once("503", count=1000, path="/api/")
    began = live.now
    summary = live.follow(GameScope(game_pks=(GAME,)), patience=timedelta(minutes=20))
    assert timedelta(minutes=20) <= live.now - began < timedelta(minutes=40)
    assert summary.given_up is not None
    assert summary.given_up.startswith("given up after 0:20:00 without an answer:\nthe schedule: http")
    assert "503 Service Unavailable" in summary.given_up


def test_a_job_gives_up_a_game_whose_feed_never_comes(live: Live, simulated: Simulated) -> None:
    """Not before the schedule says that it is over, as the feed may come back."""
    simulated.faults.once("503", count=10_000, path="feed/live")
    summary = live.follow(GameScope(game_pks=(GAME,)), patience=timedelta(minutes=20))
    assert live.now >= end(simulated)
    assert summary.given_up is not None
    assert f"game {GAME}: " in summary.given_up


def test_a_job_that_meets_the_api_again_goes_on(live: Live, simulated: Simulated) -> None:
    live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=1))
    simulated.faults.once("503", count=5, path="/api/")
    summary = live.follow(GameScope(game_pks=(GAME,)), patience=timedelta(hours=1))
    assert summary.given_up is None
    assert state(live.dsn)[0] == "F"


def test_what_is_followed_goes_to_the_object_store_too(live: Live, database: str, tmp_path: Path) -> None:
    live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=5), store=True)
    raw = (
        "SELECT (path_params ->> 'game_pk')::bigint AS game_pk, captured_at,"
        " as_of, last_seen_at, seen, url, encoding, body FROM game.live_game_v1"
        " ORDER BY captured_at"
    )
    with connect(database) as connection:
        captured = connection.execute(raw).fetchall()
        connection.execute("TRUNCATE game.live_game_v1")
        restored = restore_captures(stores(connection), PACKAGE, ObjectStore(str(tmp_path / "store")), lambda *_: None)
        assert (restored.stored, restored.failures) == (len(captured), ())
        assert connection.execute(raw).fetchall() == captured
    assert len(captured) > 1


def test_the_api_is_left_alone_as_long_as_it_wishes(live: Live, simulated: Simulated) -> None:
    simulated.faults.once("429", path="feed/live")
    live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=3))
    assert outcomes(live)[0] == "failed"
    nows = [each["now"] for each in simulated.requests]
    refused = next(n for n, each in enumerate(simulated.requests) if each["status"] == 429)
    pause = datetime.fromisoformat(nows[refused + 1]) - datetime.fromisoformat(nows[refused])
    assert pause >= timedelta(seconds=2)


@pytest.mark.parametrize("fault", ["503", "502", "429", "reset"])
def test_a_schedule_and_changes_that_do_not_come_are_waited_for(live: Live, simulated: Simulated, fault: str) -> None:
    live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=1))
    simulated.simulator.clock.set(int(end(simulated).timestamp() * 1000) + MINUTE)
    simulated.faults.once(fault, count=2, path="changes")
    simulated.faults.once(fault, count=2, path="schedule")
    live.follow(GameScope(game_pks=(GAME,)))
    assert state(live.dsn)[0] == "F"
    asked = [each["target"].split("?")[0] for each in simulated.requests if each["fault"]]
    assert sorted(asked) == ["/api/v1/game/changes"] * 2 + ["/api/v1/schedule"] * 2


def test_no_schedule_to_begin_with(live: Live, simulated: Simulated) -> None:
    simulated.faults.once("404", path="schedule")
    with pytest.raises(NotFound, match="404 Not Found"):
        live.follow(GameScope(date(2024, 4, 30)))
    with pytest.raises(NotFound, match="the schedule of 2024-05-02 has no game 20240505; check the number"):
        live.follow(GameScope(date(2024, 5, 2), (GAME,)))


def test_an_empty_final_is_put_aside_and_the_game_goes_on(live: Live, simulated: Simulated) -> None:
    live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=3))
    shown = state(live.dsn)
    simulated.faults.once("empty-final", path="feed/live")
    live.updates.clear()
    summary = live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=3))
    assert summary.quarantined == 1
    [aside, after, *_] = [update for update in live.updates if update.outcome != "listed"]
    assert (aside.outcome, aside.counts.documents.quarantined) == ("stored", 1)
    assert aside.known.state == "I", "what is in quarantine tells nothing of the game"
    assert after.at - aside.at == live.pace.interval
    assert after.counts.documents.applied == 1
    assert state(live.dsn) >= shown


def test_patches_do_not_lead_on_from_what_is_in_quarantine(live: Live, simulated: Simulated) -> None:
    """Also where the answer is counted in one that an earlier run put there."""
    live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=3))
    simulated.faults.once("empty-final", count=2, path="feed/live")
    simulated.requests.clear()
    live.updates.clear()
    for _ in range(2):
        live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=2), verify=30)
    asked = [each["target"] for each in simulated.requests if "feed/live" in each["target"]]
    assert not any("diffPatch" in target for target in asked[:3])
    assert any("diffPatch" in target for target in asked[3:])


def test_an_old_answer_does_not_last(live: Live, simulated: Simulated, database: str) -> None:
    live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=8))
    simulated.faults.once("stale", path="feed/live")
    live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=4))
    body = json.loads(live.get(f"/api/v1.1/game/{GAME}/feed/live"))
    with connect(database) as connection:
        plays = connection.execute("SELECT count(*) FROM game.live_game_plays").fetchone()
    assert plays is not None
    assert 0 <= len(body["liveData"]["plays"]["allPlays"]) - plays[0] <= 2


def test_what_was_stored_but_not_applied_is_applied_first(live: Live, simulated: Simulated) -> None:
    """As after a kill between the two."""
    scope = GameScope(game_pks=(GAME,))
    simulated.simulator.clock.set(int(end(simulated).timestamp() * 1000) + MINUTE)
    live.follow(scope)
    with connect(live.dsn) as connection:
        connection.execute("TRUNCATE game.live_game_metadata CASCADE")
        connection.execute("DELETE FROM etl.watermark")
    simulated.requests.clear()
    live.follow(scope)
    assert state(live.dsn)[0] == "F"
    assert [each for each in simulated.requests if "feed/live" in each["target"]] == [], "only what is in the raw table"


def test_the_service_goes_on_from_day_to_day(live: Live, simulated: Simulated) -> None:
    """Without an end it follows what each day has, comes back for corrections, and lets go of what is done."""
    simulator = simulated.simulator
    hour = timedelta(hours=1)
    live.pace = Pace(2 * hour, 2 * hour, 4 * hour, 6 * hour, 3 * hour)
    simulator.clock.set(at(date(2024, 3, 23), 12))
    live.follow(GameScope(), end=live.now + 28 * hour)
    first, second = ({game.pk for game, _ in simulator.calendar.by_day[date(2024, 3, day)]} for day in (22, 23))
    with connect(live.dsn) as connection:
        found = connection.execute("SELECT game_pk, coded_game_state FROM game.live_game_metadata").fetchall()
    assert dict.fromkeys(first | second, "F").items() <= dict(found).items(), "also what came before it was started"
    targets = [each["target"] for each in simulated.requests]
    days = [target for target in targets if "/schedule?" in target]
    assert "startDate=2024-03-19&endDate=2024-03-23" in days[0]
    assert "startDate=2024-03-24&endDate=2024-03-24" in days[-1]
    asked = [sum(f"/{game}/" in target for target in targets) for game in first]
    assert min(asked) >= 3, "at once, after an hour, and after a day"
    assert max(asked) <= 5, "and for changes"


def test_a_final_feed_is_not_asked_for_twice(live: Live, simulated: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the schedule lags behind, and time goes by between a plan and its request."""
    monkeypatch.setattr(SteppedClock, "now", ticking)
    simulated.faults.once("stale", count=100, path="schedule")
    simulated.simulator.clock.set(int(end(simulated).timestamp() * 1000) - 2 * MINUTE)
    live.follow(GameScope(game_pks=(GAME,)))
    asked = [update.known.asked_at for update in live.updates if update.outcome != "listed"]
    assert "late" in {update.next.why for update in live.updates if update.next}
    assert all(first and later and later - first >= live.pace.interval for first, later in some(pairwise(asked)))


def ticking(clock: SteppedClock) -> datetime:
    clock._clock.advance(0.2)
    return to_datetime(clock._clock.now)


# ---------------------------------------------------------------- processes


@pytest.fixture
def environment(live: Live) -> dict[str, str]:
    own = {key: value for key, value in os.environ.items() if not key.startswith("MLB_")}
    return own | {
        "MLB_ETL_DSN": live.dsn,
        "MLB_ETL_DATA": str(live.data),
        "MLB_ETL_BASE_URL": live.server.url,
        "MLB_ETL_RATE": "off",
    }


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(environment: dict[str, str], log: Path) -> Iterator[Start]:
    """Starts `mlb-etl live` for the game; what it says of errors goes to the log."""
    processes = []

    def started(*arguments: str, **settings: str) -> subprocess.Popen[str]:
        command = [str(PROGRAM), "live", "--game-pk", str(GAME), "--interval", "1", *arguments]
        with log.open("w") as errors:
            process = subprocess.Popen(
                command, env=environment | settings, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        processes.append(process)
        return process

    yield started
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "errors"


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def captures(dsn: str) -> int:
    with connect(dsn) as connection:
        row = connection.execute("SELECT coalesce(sum(seen), 0) FROM game.live_game_v1").fetchone()
    assert row is not None
    return int(row[0])


def whole(live: Live) -> None:
    """The tables show the capture that the watermark names."""
    with connect(live.dsn) as connection:
        rows = connection.execute(
            "SELECT count(*) FROM etl.watermark AS w JOIN game.live_game_v1 AS r ON r.content_hash = w.content_hash"
        ).fetchone()
    assert rows == (1,)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(live: Live, start: Start, log: Path, number: signal.Signals) -> None:
    process = start()
    until(lambda: captures(live.dsn) > 1)
    process.send_signal(number)
    out, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, log.read_text()) == (0, "")
    assert out.splitlines()[-2].startswith("games 1: stored ")
    assert out.splitlines()[-1].startswith("milliseconds from response to committed rows: p50 ")
    whole(live)


def test_killed_in_the_middle_it_goes_on(live: Live, simulated: Simulated, start: Start, log: Path) -> None:
    for number in range(3):
        process = start()
        until(lambda least=number: captures(live.dsn) > least)  # type: ignore[misc]
        process.kill()
        process.communicate()
        simulated.simulator.clock.advance(15 * 60)
    simulated.simulator.clock.set(int(end(simulated).timestamp() * 1000) + MINUTE)
    process = start("--format", "json")
    out, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, log.read_text()) == (0, "")
    assert state(live.dsn)[0] == "F"
    *updates, last = map(json.loads, out.splitlines())
    assert updates[-1]["state"] == "F"
    assert (updates[-1]["why"], updates[-1]["game_pk"]) == ("correction", GAME)
    assert last["summary"]["latency_ms"]["max"] > 0
    whole(live)


@pytest.fixture
def mortal() -> Iterator[Server]:
    folder = temporary_folder()
    server = Server(folder / "postgres", settings=FAST | {"synchronous_commit": "on"})
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_database_that_goes_away_is_waited_for(
    simulated: Simulated, start: Start, log: Path, mortal: Server, *, comes_back: bool
) -> None:
    dsn = create_database(mortal, create_template(mortal, PACKAGE))
    process = start(MLB_ETL_DSN=dsn)
    until(lambda: captures(dsn) > 0)
    mortal.stop()
    until(lambda: "trying again" in log.read_text())
    if comes_back:
        mortal.start()
        before = captures(dsn)
        simulated.simulator.clock.advance(120)
        until(lambda: captures(dsn) > before)
    process.terminate()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
