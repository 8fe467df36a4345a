"""Traces and lineage of runs, as a collector and an OpenLineage server get them; and what hangs or is away."""

import gzip
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from laws import snapshot
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from sample_tables.game import METHOD
from samples import PACKAGE, at, response, stub, write

from mlb_etl.capture.object_store import ObjectStore
from mlb_etl.cli import cli
from mlb_etl.observe import lineage, traces

PROGRAM = Path(sys.executable).with_name("mlb-etl")


class Receiver(ThreadingHTTPServer):
    """Takes what is sent, or with `pause` keeps senders waiting."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[tuple[str, bytes]] = []
        self.pause = threading.Event()
        self.pause.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def spans(self) -> list[Any]:
        bodies = [body for path, body in self.received if path == "/v1/traces"]
        requests = [ExportTraceServiceRequest.FromString(body) for body in bodies]
        return [span for each in requests for of in each.resource_spans for its in of.scope_spans for span in its.spans]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for path, body in self.received if path == "/api/v1/lineage"]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.received.append((self.path, body))
        self.server.pause.wait(60)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(autouse=True)
def _shut_down(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What one test could not send, the next would hear of."""
    made: list[TracerProvider] = []

    def provider(**options: Any) -> TracerProvider:
        made.append(TracerProvider(**options))
        return made[-1]

    monkeypatch.setattr(traces, "TracerProvider", provider)
    yield
    for each in made:
        each.shutdown()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.pause.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def loaded(sample_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with twelve captures; programs find the tables."""
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    monkeypatch.setenv("MLB_ETL_DSN", sample_database)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)
    for number in range(1, 13):
        write(tmp_path / f"{number}.json", stub(response(number), game_pk=number))
    assert run("load", str(tmp_path)).exit_code == 0
    return sample_database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def test_batches_of_workers_are_below_the_run(loaded: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    monkeypatch.setenv("MLB_ETL_RUN_ID", "traced")
    command = [str(PROGRAM), "transform", "--method", "sample.game", "--workers", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    by_name: dict[str, list[Any]] = {}
    for span in receiver.spans:
        by_name.setdefault(span.name, []).append(span)
    [whole] = by_name["mlb-etl transform"]
    assert {each.key: each.value.string_value for each in whole.attributes} == {
        "subject": "sample.game", "run_id": "traced",
    }  # fmt: skip
    assert {span.trace_id for span in receiver.spans} == {whole.trace_id}
    assert {span.parent_span_id for span in by_name["task"]} == {whole.span_id}
    assert {span.parent_span_id for span in by_name["batch"]} == {span.span_id for span in by_name["task"]}
    captures = [each.value.int_value for span in by_name["batch"] for each in span.attributes if each.key == "captures"]
    assert sum(captures) == 12


def test_a_run_tells_what_it_reads_and_writes(loaded: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded
    monkeypatch.setenv("OPENLINEAGE_URL", receiver.url)
    assert run("transform", "--method", "sample.game", "--workers", "1").exit_code == 0
    start, end = receiver.events
    assert [start["eventType"], end["eventType"]] == ["START", "COMPLETE"]
    assert start["run"]["runId"] == end["run"]["runId"]
    assert (end["job"]["namespace"], end["job"]["name"]) == ("mlb-etl", "transform.sample.game")
    [raw] = end["inputs"]
    assert (raw["namespace"], raw["name"].split(".", 1)[1]) == ("postgres://localhost:5432", "sample.raw_game")
    tables = {each["name"].split(".", 1)[1]: each["facets"] for each in end["outputs"]}
    columns = [(each["name"], each["type"]) for each in tables["sample.plays"]["schema"]["fields"]]
    assert ("rbi", "smallint") in columns
    [source] = tables["sample.plays"]["columnLineage"]["fields"]["rbi"]["inputFields"]
    assert (source["namespace"], source["name"], source["field"]) == (
        "https://statsapi.mlb.com", "sample.game", "$.plays[*].rbi",
    )  # fmt: skip


def test_load_replay_and_repair_tell_what_they_read_and_write(
    loaded: str, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which methods there are in files and in a store, they know in the end."""
    assert loaded
    monkeypatch.setenv("OPENLINEAGE_URL", receiver.url)
    files, kept = tmp_path / "more", ObjectStore(str(tmp_path / "kept"), make=True)
    files.mkdir()
    for number in (20, 21):
        write(files / f"{number}.json", stub(response(number), game_pk=number))
        kept.put(snapshot(METHOD, number, at(1), response(number)).response)
    assert run("load", str(files / "20.json"), str(files), "--transform").exit_code == 0
    assert run("replay", "--from", f"file://{tmp_path}/kept").exit_code == 0
    done = run("repair", "--method", "sample.game", "--param", "game_pk=20")
    assert done.exit_code == 0, done.output

    load, replay, repair = (each for each in receiver.events if each["eventType"] == "COMPLETE")
    assert datasets(load["inputs"]) == {("file", str(files))}
    assert datasets(replay["inputs"]) == {("file", str(tmp_path / "kept"))}
    [(_, raw)] = datasets(repair["inputs"])
    database = raw.removesuffix(".sample.raw_game")
    tables = {f"{database}.sample.{each}" for each in ("games", "plays")}
    assert tables < {name for _, name in datasets(load["outputs"])}
    assert raw in {name for _, name in datasets(load["outputs"])}
    assert {name for _, name in datasets(replay["outputs"])} == {raw}
    assert {name for _, name in datasets(repair["outputs"])} == tables


def datasets(of: Sequence[Mapping[str, Any]]) -> set[tuple[str, str]]:
    return {(each["namespace"], each["name"]) for each in of}


def test_a_run_that_fails_tells_so(loaded: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded
    monkeypatch.setenv("OPENLINEAGE_URL", receiver.url)
    assert run("replay", "--from", "/nowhere/at/all").exit_code == 1
    assert receiver.events == [], "it has not begun"
    monkeypatch.setenv("MLB_ETL_DSN", "postgresql:///nowhere?host=/nowhere")
    assert run("load", str(Path(__file__))).exit_code == 1
    assert [each["eventType"] for each in receiver.events] == ["START", "FAIL"]


def test_what_hangs_keeps_nobody_waiting_and_is_said_once(
    loaded: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert loaded
    receiver.pause.clear()
    monkeypatch.setattr(lineage, "PATIENCE", 0.5)
    monkeypatch.setattr(traces, "PATIENCE", 0.5)
    monkeypatch.setenv("OPENLINEAGE_URL", receiver.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    began = time.monotonic()
    done = run("transform", "--method", "sample.game", "--workers", "1")
    assert time.monotonic() - began < 30
    assert done.exit_code == 0
    assert done.stderr.count("OpenLineage takes no events") == 1
    assert done.stderr.count("spans are lost") == 1


def test_what_is_away_is_said_once(loaded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded
    monkeypatch.setattr(lineage, "PATIENCE", 0.5)
    monkeypatch.setattr(traces, "PATIENCE", 0.5)
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    done = run("transform", "--method", "sample.game", "--workers", "1")
    assert done.exit_code == 0
    lineage_lost, spans_lost = done.stderr.splitlines()
    assert "OpenLineage takes no events" in lineage_lost
    assert "127.0.0.1" in spans_lost


@pytest.mark.parametrize("switch", ["OTEL_SDK_DISABLED", "OPENLINEAGE_DISABLED"])
def test_the_standard_switches_turn_it_off(
    switch: str, loaded: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert loaded
    name = "OTEL_EXPORTER_OTLP_ENDPOINT" if switch.startswith("OTEL") else "OPENLINEAGE_URL"
    monkeypatch.setenv(name, receiver.url)
    monkeypatch.setenv(switch, "true")
    assert run("transform", "--method", "sample.game", "--workers", "1").exit_code == 0
    assert receiver.received == []
