"""Every fault of the simulator over real HTTP, each passing and staying: what is captured, shown and told."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feeds
import pytest
from bodies import whole
from checks import some
from click.testing import CliRunner
from laws import Laws, Rows, snapshot
from stamina.instrumentation import set_on_retry_hooks

from mlb_etl import retries
from mlb_etl.baseball.listings import LISTINGS
from mlb_etl.cli import cli
from mlb_etl.errors import EtlError
from mlb_etl.http.client import Client, Timeouts
from mlb_etl.http.rate import RateLimit
from mlb_etl.jobs import job_files
from mlb_etl.jobs.ingest import IngestJob
from mlb_etl.jobs.worker import IngestOrder, IngestResult
from mlb_etl.retries import Retries
from mlb_sim import Plan, Server, Simulator, faults, serve, times
from mlb_sim.faults import FAULTS, STALE_BY
from mlb_sim.times import MINUTE, Moment

JOBS = Path(__file__).parents[2] / "config" / "jobs"


@dataclass(frozen=True)
class Fault:
    """How it is met: the error it becomes, None where it is an answer; the cause that is told; if it is tried again."""

    error: str | None
    cause: str = ""
    again: bool = True


KNOWN = {
    "429": Fault("Unreachable", "429 Too Many Requests: Too many requests"),
    "429-bare": Fault("Unreachable", "429 Too Many Requests: Too many requests"),
    "500": Fault("Unreachable", "500 Internal Server Error: Internal error occurred"),
    "502": Fault("Unreachable", "502 Bad Gateway"),
    "503": Fault("Unreachable", "503 Service Unavailable: Service unavailable"),
    "404": Fault("NotFound", "404 Not Found: Object not found", again=False),
    "404-html": Fault("NotFound", "404 Not Found", again=False),
    "200-html": Fault("CorruptResponse", "the API's answer is not JSON"),
    "200-error": Fault("CorruptResponse", "an error with the status of an answer: Object not found"),
    "timeout": Fault("Unreachable", "no answer in time (ReadTimeout)"),
    "reset": Fault("Unreachable", "Server disconnected without sending a response"),
    "slow": Fault(None),
    "cut": Fault("Unreachable", "peer closed connection without sending complete message body"),
    "truncated": Fault("CorruptResponse", "incomplete: Input data was truncated"),
    "malformed": Fault("CorruptResponse", "incomplete: JSON is malformed"),
    "wrong-game": Fault("CorruptResponse", "must be the feed of the requested game"),
    "empty-final": Fault(None),
    "stale": Fault(None),
}


class World:
    """An API with a game that is on, and a database that is to follow it."""

    def __init__(self, server: Server, dsn: str) -> None:
        self.server = server
        self.simulator = server.simulator
        self.fixture = self.simulator.calendar.fixtures[3]
        self.game = self.fixture.pk
        self.laws = Laws(dsn, feeds.PACKAGE, feeds.METHOD)
        self.timeouts = Timeouts(connect=10, read=30, whole=60)
        self.retries = Retries(attempts=2, first=0.01, longest=0.02, jitter=0.01)

    def at(self, moment: Moment) -> None:
        self.simulator.clock.set(moment)

    def ingest(self, job: str = "specific", **given: str) -> IngestResult:
        """What `mlb-etl ingest --transform` does, with waits that a test can bear."""
        values = {name: [value] for name, value in (given or {"game_pk": str(self.game)}).items()}
        unlimited = RateLimit(Path(), float("inf"))
        with closing(Client(self.server.url, unlimited, self.retries, self.timeouts)) as source:
            order = IngestOrder(
                job_files.read_job(JOBS / f"game_live_{job}.yaml"),
                self.laws.settings,
                {"postgres": self.laws.database},
                transform=True,
                listings=LISTINGS,
            )
            [done] = IngestJob(order, values, source).run(lambda _, __: None).values()
            return done

    def target(self, game: int) -> str:
        return f"/api/v1.1/game/{game}/feed/live"

    def feed(self, moment: Moment, game: int | None = None) -> Rows:
        """What the tables should have of the feed of that moment."""
        body = self._body(None, self.target(game or self.game), moment)
        rows = snapshot(feeds.METHOD, game or self.game, datetime.now(UTC), body).rows
        assert rows is not None
        return rows

    def shown(self, game: int | None = None) -> Rows:
        return self.laws.rows(game or self.game)

    def _body(self, kind: str | None, target: str, moment: Moment) -> bytes:
        return faults.respond(kind, faults.Context(self.simulator, target, moment)).answer.body

    def given(self) -> dict[int, list[bytes]]:
        """The answers that the API gave, by game, in their order; what came again at once is there once."""
        found: dict[int, list[bytes]] = {}
        for each in self.server.requests:
            if "feed/live" in each["target"] and (each["fault"] is None or KNOWN[each["fault"]].error is None):
                bodies = found.setdefault(int(each["target"].split("/")[4]), [])
                body = self._body(each["fault"], each["target"], times.from_iso(each["now"]))
                bodies += [body] if bodies[-1:] != [body] else []
        return found

    def kept(self) -> dict[int, list[bytes]]:
        """The captures in the raw table, in the same way."""
        found: dict[int, list[bytes]] = {}
        query = "SELECT (path_params ->> 'game_pk')::bigint, encoding, body FROM game.live_game_v1 ORDER BY as_of"
        for game, encoding, body in self.laws.connection.execute(query):
            found.setdefault(game, []).append(whole(encoding, body))
        return found


@pytest.fixture(scope="module")
def simulated() -> Iterator[Server]:
    with serve(Simulator(6, 2024)) as server:
        yield server


@pytest.fixture
def world(
    simulated: Server, database: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[World]:
    monkeypatch.setenv("MLB_ETL_DSN", database)
    caplog.set_level(logging.INFO, "mlb_etl")
    retries.set_up_logs()
    simulated.requests.clear()
    world = World(simulated, database)
    with closing(world.laws.connection):
        yield world
    simulated.faults.set("")
    set_on_retry_hooks(None)


def status() -> Mapping[str, Any]:
    """What `mlb-etl status` tells; its exit code says whether something is to be done."""
    run = CliRunner().invoke(cli, ("status", "--format", "json"))
    told: dict[str, Any] = json.loads(run.stdout)
    standing = next(each for each in told["methods"] if each["method"] == feeds.METHOD.name)
    assert standing["behind"] == 0
    assert run.exit_code == int(bool(told["failures"] or standing["quarantined"]))
    return {"failures": told["failures"], "quarantined": standing["quarantined"]}


QUIET = {"failures": [], "quarantined": 0}


def failed(done: IngestResult, fault: Fault, target: str, log: str) -> None:
    """It failed by that fault, which is told everywhere."""
    [failure] = done.captured.failures
    assert type(failure.why).__name__ == fault.error
    assert fault.cause in str(failure.why)
    assert fault.cause in log
    [told] = status()["failures"]
    assert (told["method"], told["target"], told["error"]) == ("game.liveGameV1", target, fault.error)
    assert fault.cause in told["cause"]
    assert told["times"] == 1


def test_every_fault_is_known() -> None:
    assert KNOWN.keys() == FAULTS.keys()


@pytest.mark.parametrize("stays", [False, True], ids=["passing", "staying"])
@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_loses_nothing_and_invents_nothing(
    world: World, caplog: pytest.LogCaptureFixture, kind: str, *, stays: bool
) -> None:
    fault = KNOWN[kind]
    if kind == "timeout":
        world.timeouts, world.retries = Timeouts(connect=10, read=1, whole=60), Retries(3, 0.01, 0.02, 0.01)
    before = world.simulator.timeline(world.fixture).first_pitch + 80 * MINUTE
    after = before + 10 * MINUTE
    world.at(before)
    assert world.ingest().captured.stored == 1
    world.at(after)
    caplog.clear()
    if stays:
        world.server.faults.set(f"{kind}:1")
    else:
        world.server.faults.once(kind)
    done = world.ingest()
    if fault.error is None:
        assert (done.captured.stored, done.captured.failures) == (1, ())
        empty = kind == "empty-final"
        assert status() == {"failures": [], "quarantined": int(empty)}
        assert world.shown() == world.feed({"slow": after, "stale": after - STALE_BY, "empty-final": before}[kind])
        assert ("quarantined game.liveGameV1" in caplog.text) == empty
    elif stays or not fault.again:
        failed(done, fault, world.target(world.game), caplog.text)
        assert world.shown() == world.feed(before)
    else:
        assert (done.captured.stored, done.captured.failures) == (1, ())
        assert fault.cause in caplog.text
        assert "trying again in" in caplog.text
        assert status() == QUIET
        assert world.shown() == world.feed(after)
    assert world.kept() == world.given()
    world.server.faults.set("")
    assert world.ingest().captured.failures == ()
    assert world.shown() == world.feed(after)
    assert world.kept() == world.given()
    assert status()["failures"] == []


ON_THE_SCHEDULE = [kind for kind, fault in KNOWN.items() if fault.error is not None and kind != "wrong-game"]


@pytest.mark.parametrize("kind", ON_THE_SCHEDULE)
def test_a_fault_of_the_schedule_is_told_too(world: World, kind: str) -> None:
    fault = KNOWN[kind]
    world.retries = Retries(attempts=1)
    if kind == "timeout":
        world.timeouts = Timeouts(connect=10, read=1, whole=60)
    world.at(times.at(world.simulator.calendar.first_day, 9))
    world.server.faults.once(kind, path="schedule")
    day = str(world.simulator.calendar.first_day)
    with pytest.raises(EtlError) as caught:
        world.ingest("date", date=day)
    assert (type(caught.value).__name__, fault.cause in str(caught.value)) == (fault.error, True)
    [told] = status()["failures"]
    assert told["target"] == f"/api/v1/schedule?sportId=1&date={day}"
    assert (told["method"], told["error"], fault.cause in told["cause"]) == ("schedule.schedule", fault.error, True)
    assert world.kept() == {}
    world.ingest("date", date=day)
    assert status()["failures"] == [], "it was answered"


def test_an_older_answer_after_a_newer_shows_until_the_next(world: World) -> None:
    """Times that documents tell of themselves don't order them, so it is the later capture that counts."""
    now = world.simulator.timeline(world.fixture).first_pitch + 60 * MINUTE
    newer, older = world.feed(now), world.feed(now - STALE_BY)
    assert newer != older
    world.at(now)
    world.ingest()
    world.server.faults.once("stale")
    for shown in (older, newer, newer):
        world.ingest()
        assert world.shown() == shown
        assert world.kept() == world.given()
    assert len(world.kept()[world.game]) == 3


def test_an_older_answer_for_a_game_that_is_over_is_asked_for_again(world: World) -> None:
    final = world.simulator.timeline(world.fixture).final
    day = str(world.fixture.slots[0].day)
    world.at(final + MINUTE)
    world.server.faults.once("stale", path=str(world.game))
    world.ingest("date", date=day)
    assert world.shown() == world.feed(final + MINUTE - STALE_BY) != world.feed(final + MINUTE)
    world.ingest("date", date=day)
    assert world.shown() == world.feed(final + MINUTE)
    asked = sum(str(world.game) in each["target"] for each in world.server.requests)
    world.ingest("date", date=day)
    assert sum(str(world.game) in each["target"] for each in world.server.requests) == asked == 2


def test_an_empty_final_before_all_else_is_asked_for_again(world: World) -> None:
    now = world.simulator.timeline(world.fixture).final + MINUTE
    day = str(world.fixture.slots[0].day)
    world.at(now)
    world.server.faults.once("empty-final", path=str(world.game))
    world.ingest("date", date=day)
    assert world.shown()["game.live_game_plays"] == {}
    world.ingest("date", date=day)
    assert world.shown() == world.feed(now)
    assert world.kept() == world.given()
    assert status() == QUIET


def test_a_day_on_which_everything_goes_wrong_ends_right(world: World) -> None:
    """As often as it takes, all kinds at once, those aside that only take time."""
    day = world.simulator.calendar.first_day
    now = times.at(day, 12) + 2 * times.DAY
    games = [fixture.pk for fixture, slot in world.simulator.calendar.by_day[day] if slot is fixture.played]
    world.at(now)
    kinds = KNOWN.keys() - {"429", "slow", "timeout"}
    world.server.faults = Plan(",".join(f"{kind}:{0.6 / len(kinds)}" for kind in sorted(kinds)))
    left = len(games)
    while left:
        try:
            left = len(games) - world.ingest("date", date=str(day)).captured.skipped
        except EtlError:
            continue
    met = {each["fault"] for each in world.server.requests} - {None}
    assert len(met) > 10
    assert all(world.shown(game) == world.feed(now, game) for game in some(games))
    assert world.kept() == world.given()
    assert status()["failures"] == []
