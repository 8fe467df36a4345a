"""The commands of the chart and of the workflows, run as processes in the order that Helm and Argo would run them.

Helm renders the chart for a simulator, a PostgreSQL that the chart's own script fills with roles and passwords,
SeaweedFS and Redis; `argo` walks the workflows. The simulated league opened yesterday, so the days of jobs have games.
"""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from zoneinfo import ZoneInfo

import psycopg
import pytest
import s3
import unmeasured
from argo import Argo, Outcome, Step
from cluster import Cluster
from databases import FAST, temporary_folder
from manifests import LOCAL, RELEASE, ROOT, Pod, one, pods, rendered
from obstore.store import S3Store
from psycopg.conninfo import conninfo_to_dict

from mlb_etl import registry
from mlb_etl.capture.capturer import CaptureTarget
from mlb_etl.http.request import build_request
from mlb_etl.jobs.worker import Share
from mlb_etl.stores.embedded import binaries
from mlb_etl.stores.embedded.server import Server
from mlb_sim import Simulator, fixtures, serve, times
from mlb_sim.server import Server as Api

NEW_YORK = ZoneInfo("America/New_York")
SECRETS = {f"{role}-password": f"secret of {role}" for role in ("owner", "writer", "reader", "postgres")}
RATE = 10  # requests per second and process, so that a process can be killed on its way
HBA = "local all all trust\nhost all all 127.0.0.0/8 scram-sha-256\n"
SEASON = 2026  # whatever the date: its first games are played
GAMES = 5  # a day
CAPTURED = "SELECT count(*) FROM game.live_game_v1"
FINAL = "SELECT game_pk FROM game.live_game_metadata WHERE coded_game_state = 'F'"


@dataclass(frozen=True)
class Run:
    """What the tests share: the rendered chart's pods, a cluster of processes, and the servers."""

    cluster: Cluster
    api: Api
    bucket: s3.S3
    day: date
    alerts: list[str]
    dsn: str

    def pod(self, component: str, name: str = "") -> Pod:
        [found] = [
            each
            for each in pods(self.cluster.resources)
            if each.labels["app.kubernetes.io/component"] == component and name in each.name
        ]
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    with ExitStack() as stack:
        home = temporary_folder()
        stack.callback(shutil.rmtree, home)
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        day = datetime.now(NEW_YORK).date() - timedelta(days=1)
        patch.setattr(fixtures, "opening_day", lambda _: day)
        api = stack.enter_context(serve(_few_games(Simulator(1, SEASON))))
        bucket = stack.enter_context(s3.serve())
        alerts = stack.enter_context(_alerts())
        address = f"127.{os.getpid() % 200 + 2}.{os.getpid() // 200 % 250}.2"
        secrets = SECRETS | {
            "s3-access-key": bucket.environment["AWS_ACCESS_KEY_ID"],
            "s3-secret-key": bucket.environment["AWS_SECRET_ACCESS_KEY"],
            "redis-password": "secret-of-redis",
            "alert-url": alerts.url,
        }
        values = {
            "api.baseUrl": api.url,
            "api.rate": RATE,
            "database.host": address,
            "database.sslmode": "disable",
            "objectStore.endpoint": bucket.endpoint,
            "cache.host": address,
        }
        resources = rendered(LOCAL, *(f"{name}={value}" for name, value in values.items()))
        found = Run(Cluster(home, address, resources, secrets), api, bucket, day, alerts.texts, "")
        dsn = stack.enter_context(_postgresql(found, home))
        yield replace(found, dsn=dsn)


def _few_games(simulator: Simulator) -> Simulator:
    """A season of two days, each with the first games of the real one."""
    by_day = simulator.calendar.by_day
    first, second = sorted(by_day)[:2]
    kept = {first: by_day[first][:GAMES], second: by_day[second][:GAMES]}
    by_day.clear()
    by_day.update(kept)
    return simulator


@contextmanager
def _postgresql(run: Run, home: Path) -> Iterator[str]:
    """The StatefulSet's server with its settings, filled by its script; yields the superuser's DSN."""
    [container] = run.pod("postgresql").containers
    settings = dict(each.split("=") for each in container["args"] if each != "-c")
    server = Server(home / "postgres", settings={**settings, **FAST, "listen_addresses": run.cluster.address})
    server.start()
    try:
        (home / "postgres" / "data" / "pg_hba.conf").write_text(HBA)
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("SELECT pg_reload_conf()")
        programs = binaries.find_programs("psql")
        own = unmeasured.environment() | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PGHOST": str(conninfo_to_dict(server.url())["host"]),
        }
        own |= {name: value for name, value in run.cluster.environment(container).items() if name != "PGDATA"}
        script = one(run.cluster.resources, "ConfigMap", f"{RELEASE}-postgresql-init")["data"]["init.sh"]
        subprocess.run(["sh", "-c", script], env=own, check=True, capture_output=True)
        yield server.url("mlb")
    finally:
        server.stop()


@dataclass(frozen=True)
class Alerts:
    url: str
    texts: list[str]


@contextmanager
def _alerts() -> Iterator[Alerts]:
    texts: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            texts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Alerts(f"http://127.0.0.1:{server.server_port}/hook", texts)
        server.shutdown()


def games(run: Run) -> list[fixtures.Fixture]:
    """Yesterday's games."""
    return [fixture for fixture, _ in run.api.simulator.calendar.by_day[run.day]]


def at(run: Run, hours: float) -> None:
    """Set the time of the API: this long after the first game of yesterday began."""
    first = min(slot.start for _, slot in run.api.simulator.calendar.by_day[run.day])
    run.api.simulator.clock.set(first + int(hours * times.HOUR))


def objects(run: Run, prefix: str) -> list[str]:
    """The names of captures in the bucket."""
    account = {"access_key_id": "tests", "secret_access_key": s3.SECRET}
    store = S3Store(s3.BUCKET, endpoint=run.bucket.endpoint, client_options={"allow_http": True}, **account)
    return [each["path"] for each in store.list(f"mlb/{prefix}").collect()]


def largest(run: Run, shares: int) -> str:
    """The share with the most of yesterday's games."""
    method = registry.method("mlb_tables", "game.liveGameV1")
    targets = [CaptureTarget(build_request(method, {"game_pk": str(each.pk)})) for each in games(run)]
    each = max((Share(number + 1, shares) for number in range(shares)), key=lambda share: len(share(targets)))
    return f"{each.number}/{each.of}"


def argo(run: Run, killed: str = "") -> tuple[Argo, list[int]]:
    """A controller; the first step with this argument is killed once something is captured. And the exit codes."""
    codes: list[int] = []

    def step(each: Step) -> Outcome:
        dies = each.attempt == 0 and killed in each.container["args"]
        before = run.rows(CAPTURED) if dies else []
        process = run.cluster.start(each.container)
        if dies:
            while run.rows(CAPTURED) == before:
                assert process.poll() is None, process.communicate()
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
        printed, said = process.communicate(timeout=120)
        codes.append(process.returncode)
        assert process.returncode in {0, 1, -signal.SIGKILL}, said
        return Outcome(process.returncode, printed)

    return Argo(ROOT / "workflows", step), codes


@pytest.mark.timeout(600)
def test_what_helm_and_argo_run_captures_and_transforms(run: Run) -> None:
    """In one database, one after the other, as an installation lives: each finds what came before."""
    pks = {each.pk for each in games(run)}
    at(run, 2)  # games are on
    for container in run.pod("migrations").containers:
        run.cluster.run(container)
    for container in run.pod("test").containers:
        run.cluster.run(container)
    assert run.rows("SELECT count(*) FROM schedule.schedule_dates") == [(1,)]
    run.cluster.run(run.pod("ingestion", "schedule-daily").containers[0])
    assert run.rows("SELECT count(*) FROM schedule.schedule_dates") == [(2,)]
    follow(run)

    # a season of one day, in two shares side by side, of which one is killed
    at(run, 6)  # some are over
    controller, codes = argo(run, killed=largest(run, 2))
    season = controller.submit("game-live-season", season=str(SEASON), shares="2")
    assert (season.status, codes.count(-signal.SIGKILL)) == ("Succeeded", 1)
    assert {pk for (pk,) in run.rows("SELECT game_pk FROM game.live_game_metadata")} == pks
    final = {pk for (pk,) in run.rows(FINAL)}
    assert 0 < len(final) < GAMES

    # the day, when it is over: what is not settled yet, then corrections
    at(run, 24)
    controller, codes = argo(run)
    day = controller.submit("game-live-daily", **{"from": str(run.day), "to": str(run.day)})
    assert (day.status, {*codes}) == ("Succeeded", {0})
    fetched = {int(step.container["args"][-2]) for step, _ in day.steps if step.template == "fetch"}
    assert fetched == pks - final
    shown = dict(run.rows("SELECT game_pk, (away_score, home_score)::text FROM game.live_game_metadata"))
    now = run.api.simulator.now
    for fixture in games(run):
        away, home = run.api.simulator.score(fixture, now)
        assert shown[fixture.pk] == f"({away},{home})"
    again = controller.submit("game-live-nightly", **{"from": str(run.day), "to": str(run.day)})
    assert [step.template for step, _ in again.steps] == ["schedule", "unsettled", "corrections", "refresh-views"]

    run.cluster.run(run.pod("freshness").containers[0])
    [(stored,)] = run.rows("SELECT count(*) FROM game.live_game_v1")
    assert len(objects(run, "endpoint=game/method=liveGameV1/")) >= stored

    # one game, and one that there is not
    assert controller.submit("game-live-single", game_pk=str(games(run)[0].pk)).status == "Succeeded"
    assert run.alerts == []
    assert controller.submit("game-live-single", game_pk="1").status == "Failed"
    [alert] = run.alerts
    assert alert.startswith("mlb-data-platform/game-live-single-1 Failed ")
    assert "fetch" in alert
    assert run.rows("SELECT count(*) FROM etl.quarantine") == [(0,)]


def follow(run: Run) -> None:
    """The live service keeps games that are on in Redis too, and ends when it is asked to."""
    [server] = run.pod("redis").containers
    address = run.cluster.address
    image = {"command": ["redis-server"], "args": [*server["args"], "--bind", address]}
    redis = run.cluster.start(server | image)
    [live] = run.pod("live").containers
    service = run.cluster.start(live)
    try:
        own = os.environ | run.cluster.environment(server)
        [*shell, probe] = server["readinessProbe"]["exec"]["command"]
        asked = probe.replace("redis-cli", f"redis-cli -h {address}")
        states = ["redis-cli", "-h", address, "--raw", "keys", "game:live:*"]
        _await(lambda: subprocess.run([*shell, asked], env=own, check=False).returncode == 0, redis)
        _await(
            lambda: subprocess.run(states, env=own, check=True, capture_output=True).stdout.count(b"\n") >= 2, service
        )
        port = live["ports"][0]["containerPort"]
        assert b"ok" in _get(f"http://{address}:{port}{live['readinessProbe']['httpGet']['path']}")
        assert b"\nmlb_etl_" in _get(f"http://{address}:{port}/metrics")
        service.terminate()
        printed, said = service.communicate(timeout=60)
        assert service.returncode == 0, said
        assert json.loads(printed.splitlines()[-1])
    finally:
        service.kill()
        redis.kill()
        redis.communicate()


def _get(url: str) -> bytes:
    with urlopen(url, timeout=10) as answer:  # noqa: S310 - of this test
        content: bytes = answer.read()
        return content


def _await(holds: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, process.args
        time.sleep(0.1)
