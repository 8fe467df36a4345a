"""`mlb-etl live` with several targets: each request is sent once, and one target that fails holds back no other."""

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feeds
import psycopg
import pytest
from commands import run
from delta_lake import DeltaLaws
from laws import Laws, snapshot
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from sample_tables import game as sample
from samples import at, connect, response
from stepped import PACKAGE, Live

from mlb_contracts.response import Response
from mlb_etl.baseball.live import several as several_targets
from mlb_etl.baseball.live import target
from mlb_etl.baseball.live.fetch import FetchedFeed
from mlb_etl.baseball.live.listing import GameScope
from mlb_etl.baseball.live.plan import Pace
from mlb_etl.baseball.live.several import SeveralTargets
from mlb_etl.baseball.live.target import LiveTarget
from mlb_etl.baseball.live.update import Update
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.extract.answer import one_document
from mlb_etl.stores.delta.database import DeltaStores
from mlb_etl.stores.embedded.server import Server
from mlb_sim import Server as Simulated
from mlb_sim import Simulator, serve
from mlb_sim.times import MINUTE

LATER = datetime(2099, 1, 1, tzinfo=UTC)
PACE = Pace(*(timedelta(minutes=minutes) for minutes in (40, 45, 60, 60, 60)))


@pytest.fixture
def simulated() -> Iterator[Simulated]:
    simulator = Simulator(3, 2024, wait=1)
    simulator.clock.set(simulator.calendar.fixtures[0].played.start - 5 * MINUTE)
    with serve(simulator) as server:
        yield server


def test_a_lake_that_fails_in_the_middle_holds_back_no_other(
    simulated: Simulated, database: str, tmp_path: Path
) -> None:
    """The next run catches it up: from its own raw table, and by what is due then because it lacks it."""
    lake = DeltaLaws(tmp_path / "lake", PACKAGE, feeds.METHOD)
    postgres = Laws(database, PACKAGE, feeds.METHOD)
    live = Live(simulated, database, tmp_path, PACE)
    live.databases = {"postgres": postgres.database, "lake": lake.database}
    game = simulated.simulator.calendar.fixtures[0].pk
    log = Path(lake.lake.uri("game", "live_game_plays")) / "_delta_log"
    whole_log, broken, no_folder = (tmp_path / name for name in ("log", "broken", "no folder"))
    log.rename(whole_log)
    log.symlink_to(whole_log)
    broken.symlink_to(no_folder)
    no_folder.touch()
    stored = 0

    def tell(update: Update) -> None:
        nonlocal stored
        stored += update.outcome == "stored"
        if stored == 3 and broken.is_symlink():
            broken.replace(log)  # at once, as the lake is writing meanwhile

    summary = live.follow(GameScope(game_pks=(game,)), tell=tell)
    assert stored >= 5
    of, whole = summary.targets, f"/api/v1.1/game/{game}/feed/live"
    asked = [each["target"] for each in simulated.requests if "feed/live" in each["target"]]
    assert len(asked) == sum(of["postgres"].fates.values()), "each request is sent once"
    assert (of["postgres"].fates["stored"], of["postgres"].missed, of["postgres"].error) == (stored, 0, None)
    assert of["lake"].missed >= 1
    last = snapshot(feeds.METHOD, game, datetime.now(UTC), live.get(whole)).rows
    assert postgres.rows(game) == last

    log.unlink()
    whole_log.rename(log)
    assert lake.rows(game) != last
    again = live.follow(GameScope(game_pks=(game,)))
    assert (again.targets["lake"].missed, again.targets["lake"].error) == (0, None)
    assert lake.rows(game) == last
    assert postgres.rows(game) == last
    postgres.connection.close()


JOB = """\
name: both
source: {endpoint: game, method: liveGameV1}
parameters:
  - {name: game_pk, type: "list[int]"}
storage:
  raw: [{backend: object_store}, {backend: postgres}]
  targets: [{backend: delta, place: lake}]
"""


def test_a_job_names_the_targets(
    simulated: Simulated, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL only keeps captures there, and the object store keeps them too."""
    monkeypatch.chdir(tmp_path)
    settings = {"DSN": database, "DATA": str(tmp_path), "BASE_URL": simulated.url, "RATE": "off"}
    for name, value in (settings | {"OBJECT_STORE": "store"}).items():
        monkeypatch.setenv(f"MLB_ETL_{name}", value)
    lake = DeltaLaws(tmp_path / "lake", PACKAGE, feeds.METHOD)
    fixture = simulated.simulator.calendar.fixtures[0]
    simulated.simulator.clock.set(simulated.simulator.timeline(fixture).final + MINUTE)
    Path("both.yaml").write_text(JOB)
    words = ("live", "--game-pk", str(fixture.pk), "--interval", "1", "--job")
    done = run(*words, "both.yaml", "--format", "json")
    assert done.exit_code == 0, done.output
    of = json.loads(done.stdout.splitlines()[-1])["summary"]["targets"]
    assert of.keys() == {"postgres", "delta:lake"}
    assert [each["outcomes"] for each in of.values()] == [{"stored": 1}] * 2
    assert [*Path("store").rglob("*.json.gz")]
    assert lake.watermarks(fixture.pk).keys() == {fixture.pk}
    with connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM game.live_game_v1").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM game.live_game_metadata").fetchone() == (0,)

    Path("lake/game/live_game_v1/_delta_log").rename("lake/log")
    done = run(*words, "both.yaml")
    assert done.exit_code == 1
    assert "Error: 1 of 2 targets lack something\ndelta:lake: " in done.stderr
    assert re.search("^delta:lake: quarantined 0, missed 0, failed$", done.stdout, re.MULTILINE)
    done = run(*words, "schedule_daily")
    assert (done.exit_code, "captures schedule.schedule, and live captures game.liveGameV1" in done.stderr) == (2, True)


@pytest.fixture
def lake(tmp_path: Path) -> DeltaLaws:
    return DeltaLaws(tmp_path / "lake", "sample_tables", sample.METHOD)


@pytest.fixture
def postgres(sample_database: str) -> Iterator[Laws]:
    laws = Laws(sample_database, "sample_tables", sample.METHOD)
    yield laws
    laws.connection.close()


Targets = Callable[..., SeveralTargets]


@pytest.fixture
def several(lake: DeltaLaws, postgres: Laws, monkeypatch: pytest.MonkeyPatch) -> Targets:
    monkeypatch.setattr(target, "WAIT", 0.05)
    monkeypatch.setattr(target, "_BACK", 0.05)
    databases = {"lake": lake.database, "postgres": postgres.database}
    return lambda: SeveralTargets(
        sample.METHOD, [LiveTarget(name, its, sample.METHOD) for name, its in databases.items()], lambda: False
    )


def found(game: int, minute: int) -> FetchedFeed:
    data = json.dumps(response(game, rbi=[minute % 4, 1, 1])).encode()
    path = {"game_pk": str(game)}
    (held,) = one_document(data, {"game_pk": game})
    return FetchedFeed(Response("sample", "game", path, {}, "http://x", 200, at(minute), data), held, 0.0)


def test_what_waits_while_a_target_is_away_is_kept_when_it_is_back(
    several: Targets, postgres: Laws, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If too much waits, it misses what was replaced meanwhile, so that it has the newest of each game."""
    monkeypatch.setattr(target, "BACKLOG", 3)
    with several() as targets:
        targets.keep(found(1, 0))
        with closed(postgres, server):
            kept = [targets.keep(found(*each)) for each in ((1, 1), (2, 2), (1, 3), (1, 4), (1, 5))]
            assert [each.fate for each in kept] == ["stored"] * 5, "the lake goes on"
            assert targets.catch_up({"game_pk": 2}).asked_at == at(2)
    summaries = targets.summaries()
    assert (summaries["lake"].fates, summaries["lake"].missed) == ({"stored": 6}, 0)
    late = summaries["postgres"]
    assert (sum(late.fates.values()) + late.missed, late.missed >= 1) == (6, True)
    with connect(str(postgres.settings.dsn)) as connection:
        shown = connection.execute("SELECT as_of FROM etl.watermark ORDER BY 1").fetchall()
    assert shown == [(at(2),), (at(5),)]


@contextmanager
def closed(laws: Laws, server: Server) -> Iterator[None]:
    """The database takes no connections, and those that it had are gone."""
    name = str(conninfo_to_dict(str(laws.settings.dsn))["dbname"])
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        yield
        connection.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


def test_a_target_that_a_user_has_to_repair_is_left_out(several: Targets, lake: DeltaLaws, postgres: Laws) -> None:
    with several() as targets:
        targets.keep(found(1, 0))
        postgres.connection.execute("ALTER TABLE sample.plays DROP COLUMN rbi CASCADE")
        for minute in (1, 2):
            assert targets.keep(found(1, minute)).fate == "stored"
        assert targets.catch_up({"game_pk": 1}).asked_at == at(2)
    summaries = targets.summaries()
    assert "; `mlb-etl schema status` lists all changes made by hand" in (summaries["postgres"].error or "")
    assert summaries["postgres"].missed >= 1
    assert (summaries["lake"].fates, summaries["lake"].error) == ({"stored": 3}, None)
    assert lake.watermarks(1)[1].as_of == at(2)


def test_what_a_slow_target_lacks_is_requested(several: Targets, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it may lack it: it had not said by then what it has."""
    monkeypatch.setattr(several_targets, "_SLOW", 0.05)
    go_on = threading.Event()
    monkeypatch.setattr(DeltaStores, "tidy", lambda *_: go_on.wait())
    with several() as targets:
        kept = targets.keep(found(1, 0))
        known = targets.catch_up({"game_pk": 1})
        go_on.set()
    assert (kept.fate, known.asked_at) == ("stored", None)
    assert targets.summaries()["lake"].fates == {"stored": 1}


def test_a_target_that_fails_at_the_start_is_left_out(several: Targets, lake: DeltaLaws, postgres: Laws) -> None:
    """Unless it is the last one."""
    shutil.rmtree(lake.lake.uri("etl", "watermark"))
    with several() as targets:
        assert targets.keep(found(1, 0)).fate == "stored"
        with pytest.raises(Rejected, match="clock"):
            targets.keep(replace(found(1, 1), response=replace(found(1, 1).response, captured_at=LATER)))
    assert targets.summaries()["postgres"].missed == 1, "of the response that it refused"
    assert "the lake lacks etl.watermark" in (targets.summaries()["lake"].error or "")
    postgres.connection.execute("DROP SCHEMA etl CASCADE")
    with pytest.raises(EtlError, match="schema init"), several():
        pass


def test_a_bug_in_one_target_ends_the_run(several: Targets, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(DeltaStores, "tidy", broken)
    with several() as targets:
        targets.keep(found(1, 0))
    with pytest.raises(ZeroDivisionError):
        targets.summaries()
