"""Metrics: of runs in several processes, in files and in a Pushgateway, and of `live`, scraped by a real Prometheus."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import prometheus
import pytest
from checks import some
from click.testing import CliRunner, Result
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from samples import PACKAGE, response, stub, write
from stepped import PACKAGE as WHOLE
from stepped import Live

from mlb_etl.baseball.live.listing import GameScope
from mlb_etl.baseball.live.plan import Pace
from mlb_etl.cli import cli, running
from mlb_etl.errors import EtlError
from mlb_etl.observe import reporting, sending, serving, setting
from mlb_etl.observe.setting import Listen, Push, Textfile
from mlb_sim import Simulator, serve
from mlb_sim.times import MINUTE

PROGRAM = Path(sys.executable).with_name("mlb-etl")
GAME = 20240505
SUBJECT = {"command": "transform", "subject": "sample.game"}


@pytest.fixture
def loaded(sample_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with 40 captures, of which five break a check."""
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    monkeypatch.setenv("MLB_ETL_DSN", sample_database)
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    for number in range(1, 41):
        rbi = [9] if number % 8 == 0 else [1, 2]
        write(stubs / f"{number}.json", stub(response(number, rbi=rbi), game_pk=number))
    assert run("load", str(stubs)).exit_code == 0
    return sample_database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def value(text: str, name: str, **labels: str) -> float | None:
    """The value of a sample with these labels, among others."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    return None


def test_what_workers_counted_is_in_the_file(loaded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded
    folder = tmp_path / "metrics"
    folder.mkdir()
    monkeypatch.setenv("MLB_ETL_METRICS", f"textfile:{folder}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)
    command = [str(PROGRAM), "transform", "--method", "sample.game", "--workers", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert sorted(path.name for path in folder.iterdir()) == ["mlb_etl.prom", "mlb_etl_run_transform_sample.game.prom"]
    own = (folder / "mlb_etl_run_transform_sample.game.prom").read_text()
    rows = {table: value(own, "mlb_etl_rows_total", table=table, kind="inserted", **SUBJECT) for table in TABLES}
    assert rows == {"sample.games": 35, "sample.plays": 70}
    assert value(own, "mlb_etl_documents_total", method="sample.game", outcome="applied") == 35
    assert value(own, "mlb_etl_documents_total", method="sample.game", outcome="quarantined") == 5
    assert value(own, "mlb_etl_lag_seconds_count", method="sample.game") == 35
    assert value(own, "mlb_etl_lag_seconds_bucket", method="sample.game", le="86400.0") == 0, "captured in 2024"
    assert value(own, "mlb_etl_run_succeeded") == 0
    assert value(own, "mlb_etl_run_ended_timestamp_seconds") == pytest.approx(time.time(), abs=60)
    database = (folder / "mlb_etl.prom").read_text()
    assert value(database, "mlb_etl_quarantined", method="sample.game") == 5
    assert value(database, "mlb_etl_last_runs", command="transform", state="incomplete") == 1
    assert value(database, "mlb_etl_database_up") == 1


TABLES = ("sample.games", "sample.plays")


def test_a_file_is_replaced_as_a_whole(loaded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads the old one while it is replaced reads it to its end."""
    assert loaded
    monkeypatch.setenv("MLB_ETL_METRICS", f"textfile:{tmp_path}")
    file = tmp_path / "mlb_etl_run_transform_sample.game.prom"
    assert run("transform", "--method", "sample.game", "--workers", "1").exit_code == 1
    before = file.read_bytes()
    with file.open("rb", buffering=0) as reader:
        assert reader.read(100) == before[:100]
        assert run("transform", "--method", "sample.game", "--workers", "1").exit_code == 1
        assert reader.read() == before[100:]
    assert value(file.read_text(), "mlb_etl_documents_total", outcome="same") == 35
    assert not [*tmp_path.glob("*.tmp*")], "nothing is left"


def test_a_run_that_fails_is_pushed_too(loaded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded
    with prometheus.pushgateway(tmp_path) as url:
        monkeypatch.setenv("MLB_ETL_METRICS", f"push:{url}")
        assert run("transform", "--method", "sample.game", "--workers", "1").exit_code == 1
        pushed = httpx.get(f"{url}/metrics").text
        assert (
            value(pushed, "mlb_etl_rows_total", table="sample.games", kind="inserted", job="mlb_etl", **SUBJECT) == 35
        )
        assert value(pushed, "mlb_etl_quarantined", method="sample.game", job="mlb_etl") == 5
        monkeypatch.setattr("mlb_etl.cli.transform.run_transform", fail)
        assert run("transform", "--method", "sample.game").exit_code == 1
        pushed = httpx.get(f"{url}/metrics").text
        assert value(pushed, "mlb_etl_run_succeeded", **SUBJECT) == 0
        assert value(pushed, "mlb_etl_last_runs", command="transform", state="failed") == 1


def fail(*_: object, **__: object) -> None:
    raise EtlError("it can't be done")


@pytest.fixture
def hanging() -> Iterator[str]:
    """The URL of a server that answers byte by byte, and never comes to an end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def dribble() -> None:
            with suppress(OSError):
                line, _ = server.accept()
                line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not ended.wait(0.05):
                    line.sendall(b"a")

        thread = threading.Thread(target=dribble, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        ended.set()
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.timeout(60)
def test_a_pushgateway_that_hangs_or_is_away_keeps_nobody_waiting(
    loaded: str, hanging: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert loaded
    monkeypatch.setattr(sending, "PATIENCE", 1.0)
    for url, why in ((hanging, "no answer within 1 s"), ("http://127.0.0.1:9", "takes no metrics")):
        monkeypatch.setenv("MLB_ETL_METRICS", f"push:{url}")
        began = time.monotonic()
        done = run("transform", "--method", "sample.game", "--workers", "1")
        assert time.monotonic() - began < 30
        assert done.stderr.count("the metrics of the run are not complete") == 1
        assert why in done.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("listen:127.0.0.1:9464", Listen("127.0.0.1", 9464)),
        ("listen:[::1]:9464", Listen("::1", 9464)),
        ("textfile:/var/lib/metrics", Textfile(Path("/var/lib/metrics"))),
        ("push:http://gateway:9091/", Push("http://gateway:9091")),
    ],
)
def test_where_metrics_go(text: str, expected: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_METRICS", text)
    assert setting.destination() == expected


@pytest.mark.parametrize(
    "text",
    [
        "9464", "listen:", "listen:localhost", "listen:localhost:0x1", "listen:localhost:99999", "listen:a@b:1",
        "textfile:", "push:gateway:9091", "push:http://me:secret@gateway", "push:ftp://a", "udp:a:1", "push:http://a/?b",
        "listen:localhost:1\n", "textfile:" + "a" * 1000,
    ],
)  # fmt: skip
def test_a_destination_that_is_none(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_METRICS", text)
    with pytest.raises(EtlError, match=r"is expected, such as listen:127\.0\.0\.1:9464") as refused:
        setting.destination()
    assert "secret" not in str(refused.value)


def test_a_port_that_is_taken_is_an_error_before_anything_is_done(
    loaded: str, hanging: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert loaded
    monkeypatch.setenv("MLB_ETL_METRICS", f"listen:{hanging.removeprefix('http://')}")
    done = run("transform", "--method", "sample.game")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Address already in use" in done.stderr


class Away:
    """A database that does not answer."""

    package = PACKAGE
    batches_a_unit = 1

    def open(self) -> None:
        time.sleep(5)


def test_who_is_stuck_or_has_no_database_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "_ANSWER", 0.2)
    pace = running._Pace(time.monotonic())
    reporter = reporting.Reporter(Textfile(Path()), ("live", ""), Away(), pace.stuck)  # type: ignore[arg-type]
    assert reporter.problem() == "the database does not answer: no answer within 0.2 s"
    late = running._Pace(time.monotonic() - running.LATE - 1)
    stuck = reporting.Reporter(Textfile(Path()), ("live", ""), Away(), late.stuck)  # type: ignore[arg-type]
    assert stuck.problem() == "the last turn was due 121 s ago"


def test_many_connections_keep_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that say nothing, or little at a time, make room, so that a probe is answered and threads stay few."""
    monkeypatch.setattr(serving._Handler, "timeout", 600)
    at = Listen("127.0.0.1", prometheus.free_port())
    server, before = serving.Server(at, CollectorRegistry(), lambda: None), threading.active_count()
    silent = []
    try:
        for _ in range(4 * serving.MOST):
            silent.append(socket.create_connection((at.host, at.port)))
            silent[-1].sendall(b"GET /metrics HTTP/1.1\r\nSlow: ")
        prometheus.until(lambda: threading.active_count() - before <= serving.MOST)
        assert httpx.get(f"http://{at.host}:{at.port}/healthz", timeout=5).text == "ok\n"
        assert silent[0].recv(1) == b"", "the oldest was closed"
    finally:
        for each in silent:
            each.close()
        server.close()


def test_live_is_scraped_by_prometheus(database: str, tmp_path: Path) -> None:
    """With the chart's rules and each query of its dashboard."""
    simulator = Simulator(3, 2024, wait=1)
    fixture = simulator.fixture(GAME)
    assert fixture is not None
    simulator.clock.set(simulator.timeline(fixture).first_pitch + 20 * MINUTE)
    address = f"127.0.0.1:{prometheus.free_port()}"
    given = {"MLB_ETL_METRICS": f"listen:{address}", "MLB_ETL_TABLES": WHOLE, "MLB_ETL_DSN": database}
    with serve(simulator) as api, prometheus.scraping(address, tmp_path / "prometheus") as url:
        live = Live(api, database, tmp_path, Pace.of(timedelta(minutes=1)))
        live.follow(GameScope(game_pks=(GAME,)), end=live.now + timedelta(minutes=2))
        given |= {"MLB_ETL_BASE_URL": api.url, "MLB_ETL_RATE": "off", "MLB_ETL_DATA": str(tmp_path)}
        command = [str(PROGRAM), "live", "--game-pk", str(GAME), "--interval", "1"]
        with (tmp_path / "live.log").open("w") as log:
            process = subprocess.Popen(command, env=os.environ | given, stdout=log, stderr=log)
        try:
            prometheus.until(lambda: bool(prometheus.query(url, 'mlb_etl_captures_total{command="live"} > 0')))
            prometheus.until(lambda: bool(prometheus.query(url, "mlb_etl_changing_documents == 1")))
            assert httpx.get(f"http://{address}/healthz").text == "ok\n"
            assert httpx.get(f"http://{address}/other").status_code == 404
            assert prometheus.query(url, 'mlb_etl_last_runs{command="live",state="running"} == 1')
            for expression in some(prometheus.panel_queries()):
                prometheus.query(url, expression)
            prometheus.until(lambda: firing(url) >= {"MlbEtlLiveGameStale", "MlbEtlNothingCaptured"})
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0, (tmp_path / "live.log").read_text()


def firing(url: str) -> set[str]:
    """The alerts whose expression is true now; of a game that was played years ago."""
    groups = httpx.get(f"{url}/api/v1/rules").json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert not [rule["lastError"] for rule in rules if rule.get("lastError")], json.dumps(rules)
    return {rule["name"] for rule in rules if rule["state"] != "inactive"}
