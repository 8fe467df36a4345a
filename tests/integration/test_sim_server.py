"""The simulator over real HTTP: every fault as a client meets it, the clock, the command, the documented examples."""

import gzip
import http.client
import json
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mlb_sim import Plan, Server, Simulator, serve
from mlb_sim.faults import FAULTS, STALE_BY
from mlb_sim.times import HOUR, MINUTE, iso

ROOT = Path(__file__).parents[2]
SIM = Path(sys.executable).parent / "mlb-sim"


class Client:
    """One connection that is kept open."""

    def __init__(self, url: str, timeout: float = 20) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)

    def ask(self, target: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        self.connection.request("GET", target, headers=headers)
        answer = self.connection.getresponse()
        return answer, answer.read()

    def json(self, target: str) -> Any:
        return json.loads(self.ask(target)[1])

    def order(self, target: str, **wishes: Any) -> Any:
        self.connection.request("POST", target, body=json.dumps(wishes))
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(Simulator(6, 2024)) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    client = Client(server.url)
    yield client
    client.connection.close()
    server.faults.set("")


@pytest.fixture(scope="module")
def target(server: Server) -> str:
    """The feed of a game in its second hour."""
    game = server.simulator.calendar.fixtures[3]
    server.simulator.clock.set(server.simulator.timeline(game).first_pitch + 80 * MINUTE)
    return f"/api/v1.1/game/{game.pk}/feed/live"


def test_a_feed_comes_whole_and_zipped_on_wish(client: Client, target: str) -> None:
    plain, body = client.ask(target)
    assert (plain.status, plain.getheader("Content-Type")) == (200, "application/json;charset=UTF-8")
    zipped, small = client.ask(target, **{"Accept-Encoding": "gzip"})
    assert zipped.getheader("Content-Encoding") == "gzip"
    assert gzip.decompress(small) == body
    assert len(small) < len(body) // 3


def test_faults_are_met_one_by_one(server: Server, client: Client, target: str) -> None:
    right = client.json(target)
    statuses = {}
    for kind in ("429", "429-bare", "500", "502", "503", "404", "404-html", "200-html", "200-error"):
        server.faults.once(kind)
        answer, body = client.ask(target)
        statuses[kind] = answer.status
        assert ("text/html" in answer.getheader("Content-Type", "")) == (kind == "502" or kind.endswith("html"))
        assert (answer.getheader("Retry-After") is not None) == (kind == "429")
        if "text/html" not in answer.getheader("Content-Type", ""):
            assert json.loads(body)["messageNumber"] == 10
    assert [*statuses.values()] == [429, 429, 500, 502, 503, 404, 404, 200, 200]
    assert client.json(target) == right


@pytest.mark.parametrize("kind", ["truncated", "malformed"])
def test_bodies_that_are_no_json(server: Server, client: Client, target: str, kind: str) -> None:
    server.faults.once(kind)
    answer, body = client.ask(target)
    assert answer.status == 200
    with pytest.raises(ValueError, match="line 1"):
        json.loads(body)


def test_another_games_body(server: Server, client: Client, target: str) -> None:
    server.faults.once("wrong-game")
    assert str(client.json(target)["gamePk"]) not in target


def test_an_empty_final(server: Server, client: Client, target: str) -> None:
    server.faults.once("empty-final")
    feed = client.json(target)
    assert str(feed["gamePk"]) in target
    assert feed["gameData"]["status"]["codedGameState"] == "F"
    assert feed["liveData"]["plays"]["allPlays"] == feed["liveData"]["linescore"]["innings"] == []
    assert feed["metaData"]["timeStamp"] > client.json(target)["metaData"]["timeStamp"]


def test_an_older_answer_after_a_newer(server: Server, client: Client, target: str) -> None:
    newer = client.json(target)
    server.faults.once("stale")
    older = client.json(target)
    assert older["metaData"]["timeStamp"] < newer["metaData"]["timeStamp"]
    now = server.simulator.now
    game = server.simulator.calendar.fixtures[3]
    assert older == json.loads(json.dumps(server.simulator.feed(game, now - STALE_BY)))


def test_connections_that_break(server: Server, target: str) -> None:
    for kind, error in (("cut", http.client.IncompleteRead), ("reset", http.client.RemoteDisconnected)):
        server.faults.once(kind)
        with pytest.raises(error):
            Client(server.url).ask(target)


def test_an_answer_that_never_comes(server: Server, target: str) -> None:
    server.faults.once("timeout")
    with pytest.raises(TimeoutError):
        Client(server.url, timeout=0.3).ask(target)


def test_a_slow_body_comes_in_the_end(server: Server, client: Client, target: str) -> None:
    server.faults.once("slow")
    began = time.monotonic()
    answer, body = client.ask(target)
    assert time.monotonic() - began > 1
    assert answer.status == 200
    assert json.loads(body)


def test_every_fault_is_tested() -> None:
    text = Path(__file__).read_text()
    assert [kind for kind in FAULTS if f'"{kind}"' not in text] == []


def test_a_plan_of_shares_and_what_came_of_it(server: Server, client: Client) -> None:
    server.requests.clear()
    status, known = client.order("/sim/faults", plan="500:0.5")
    assert (status, "stale" in known["faults"]) == (200, True)
    statuses = [client.ask("/api/v1/seasons?sportId=1", **{"User-Agent": "tester"})[0].status for _ in range(40)]
    assert 8 < statuses.count(500) < 32
    told = client.json("/sim/requests")
    assert [each["status"] for each in told] == statuses
    assert {each["agent"] for each in told} == {"tester"}
    assert client.order("/sim/faults", plan="418:1")[0] == 400
    assert client.order("/sim/faults", once=[{"kind": "404", "path": "seasons"}])[0] == 200
    client.order("/sim/faults", plan="")
    assert client.ask("/api/v1/seasons?sportId=1")[0].status == 404
    assert client.ask("/api/v1/seasons?sportId=1")[0].status == 200


def test_tests_step_the_clock(client: Client, target: str) -> None:
    before = client.json("/sim/clock")
    assert before["speed"] == 0
    first = client.json(target)
    assert client.json(target) == first
    client.order("/sim/clock", advance_seconds=600)
    later = client.json(target)
    assert later["metaData"]["timeStamp"] > first["metaData"]["timeStamp"]
    assert client.order("/sim/clock", now=before["now"])[1]["now"] == before["now"]
    assert client.json(target) == first
    assert client.order("/sim/clock", now="soon")[0] == 400
    assert client.order("/sim/nothing")[0] == 404


def test_a_clock_runs_fast() -> None:
    with serve(Simulator(6, 2024, speed=3600)) as server:
        before = server.simulator.now
        time.sleep(0.2)
        assert server.simulator.now - before >= 0.2 * HOUR


def test_unknown_ids_are_not_found(client: Client) -> None:
    for target in ("/api/v1.1/game/747175/feed/live", "/api/v1/people/660271", "/api/v1/teams/147", "/api/v1/no/such"):
        answer, body = client.ask(target)
        assert answer.status == 404
        assert json.loads(body)["message"] == "Object not found"
    assert client.ask("/api/v1/schedule?date=tomorrow")[0].status == 400
    assert client.ask("/api/v1.1/game/x/feed/live")[0].status == 400


def test_many_clients_at_once(server: Server, target: str) -> None:
    expected = Client(server.url).json(target)
    answers: list[Any] = []

    def poll() -> None:
        client = Client(server.url)
        answers.extend(client.json(target) for _ in range(3))

    threads = [threading.Thread(target=poll) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 24


def test_a_day_of_games_runs_to_its_end(server: Server) -> None:
    simulator = server.simulator
    client = Client(server.url)
    day = simulator.calendar.first_day + timedelta(days=4)
    start = min(slot.start for _, slot in simulator.calendar.by_day[day])
    seen: set[str] = set()
    kept = simulator.now
    for hour in range(-1, 14):
        client.order("/sim/clock", now=iso(start + hour * HOUR))
        answer = client.json(f"/api/v1/schedule?sportId=1&date={day}")
        states = [game["status"]["codedGameState"] for game in answer["dates"][0]["games"]]
        seen |= set(states)
    simulator.clock.set(kept)
    assert {"S", "P", "I", "F"} <= seen
    assert set(states) <= {"F", "D"}


def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen([SIM, "serve", *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, process.stdout.readline().strip()


def test_the_command_serves_until_sigterm() -> None:
    process, url = start("--date", "2024-06-05", "--seed", "6", "--speed", "120", "--faults", "503:1")
    try:
        client = Client(url)
        assert client.json("/sim/clock")["speed"] == 120
        assert client.ask("/api/v1/schedule?sportId=1")[0].status == 503
        client.order("/sim/faults", plan="")
        assert client.json("/api/v1/schedule?sportId=1")["dates"][0]["date"] == "2024-06-05"
        client.order("/sim/faults", once=[{"kind": "timeout"}])
        waiting = http.client.HTTPConnection(urlsplit(url).netloc)
        waiting.request("GET", "/api/v1/teams")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_port_in_use_is_told(server: Server) -> None:
    port = str(urlsplit(server.url).port)
    run = subprocess.run([SIM, "serve", "--port", port], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert f"port {port} can't be used" in run.stderr
    wrong = subprocess.run([SIM, "serve", "--faults", "418:1"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "unknown fault '418'" in wrong.stderr


def test_a_plan_given_to_serve_is_used() -> None:
    with serve(Simulator(6, 2024), plan=Plan("404:1")) as server:
        assert Client(server.url).ask("/api/v1/teams")[0].status == 404


def examples() -> list[str]:
    """The commands of docs/simulator.md."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "simulator.md").read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def test_the_documented_python_runs() -> None:
    (script,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "simulator.md").read_text(), re.DOTALL)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("command", examples())
def test_documented_commands_run(command: str, tmp_path: Path) -> None:
    words = shlex.split(command)
    assert words[0] == "mlb-sim"
    if words[1] == "serve":
        process, url = start(*(word for word in words[2:] if word not in {"--port", "8080"}))
        try:
            assert Client(url).json("/sim/clock")["now"]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        return
    run = subprocess.run([SIM, *words[1:]], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert list(tmp_path.rglob("*.json.gz"))
