"""Serves the simulator over HTTP on this machine; tests control its clock and faults under /sim."""

import gzip
import json
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Final, Self

from mlb_sim import faults, times
from mlb_sim.answers.errors import body
from mlb_sim.cache import Cache
from mlb_sim.faults import Context, Plan, Response
from mlb_sim.routes import Answer, encode
from mlb_sim.simulator import Simulator

HOST: Final = "127.0.0.1"
_GZIP_FROM: Final = 1024
_PIECES: Final = 20
_REMEMBERED: Final = 10_000


class Server(AbstractContextManager["Server"]):
    """Serves a simulator in a thread until it is closed; `url` is its base address."""

    def __init__(self, simulator: Simulator, port: int = 0, plan: Plan | None = None) -> None:
        self.simulator = simulator
        self.faults = plan or Plan()
        self.requests: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)
        self.closing = Event()
        self._zipped: Cache[bytes, bytes] = Cache(32)
        self._zipping = Lock()
        self._http = _Http((HOST, port), self)
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The base address, such as `http://127.0.0.1:8080`; the API is below `/api`."""
        return f"http://{HOST}:{self._http.server_address[1]}"

    def zip(self, content: bytes) -> bytes:
        """The content, gzipped."""
        with self._zipping:
            return self._zipped.get(content, lambda: gzip.compress(content, 1, mtime=0))

    def close(self) -> None:
        """Stop serving."""
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve(simulator: Simulator, port: int = 0, plan: Plan | None = None) -> Server:
    """Start a server for the simulator; port 0 selects a free one."""
    return Server(simulator, port, plan)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], server: Server) -> None:
        super().__init__(address, _Handler)
        self.owner = server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # sends headers and body together
    disable_nagle_algorithm = True
    server: _Http

    def do_GET(self) -> None:
        owner = self.server.owner
        if self.path.startswith("/sim/"):
            self._send(Response(_control(owner, "GET", self.path, {})))
            return
        kind = owner.faults.take(self.path)
        now = owner.simulator.now
        response = faults.respond(kind, Context(owner.simulator, self.path, now))
        owner.requests.append(
            {
                "target": self.path,
                "now": times.iso(now),
                "fault": kind,
                "status": response.answer.status,
                "agent": self.headers.get("User-Agent", ""),
            }
        )
        self._send(response)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        try:
            order = json.loads(self.rfile.read(length) or b"{}")
        except ValueError:
            order = None
        if not isinstance(order, dict):
            self._send(Response(Answer(HTTPStatus.BAD_REQUEST, encode(body("a JSON object is expected")))))
            return
        self._send(Response(_control(self.server.owner, "POST", self.path, order)))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name it has in the base class
        """Log nothing; requests are recorded instead."""

    def _send(self, response: Response) -> None:
        try:
            if response.silent:
                self.server.owner.closing.wait()
            if response.silent or response.reset:
                self.close_connection = True
                return
            self._write(response)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _write(self, response: Response) -> None:
        answer = response.answer
        content = answer.body
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        if len(content) >= _GZIP_FROM and "gzip" in self.headers.get("Accept-Encoding", ""):
            content = self.server.owner.zip(content)
            self.send_header("Content-Encoding", "gzip")
        for name, text in response.headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if response.cut:
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        elif response.seconds:
            self._trickle(content, response.seconds)
        else:
            self.wfile.write(content)

    def _trickle(self, content: bytes, seconds: float) -> None:
        size = max(1, -(-len(content) // _PIECES))
        for start in range(0, len(content), size):
            self.wfile.write(content[start : start + size])
            self.wfile.flush()
            self.server.owner.closing.wait(seconds / _PIECES)


def _control(server: Server, verb: str, path: str, order: dict[str, Any]) -> Answer:
    """Handle the paths under /sim: the clock, faults, and the list of requests."""
    controls: dict[tuple[str, str], Callable[[Server, dict[str, Any]], Any]] = {
        ("GET", "/sim/clock"): _clock,
        ("POST", "/sim/clock"): _set_clock,
        ("POST", "/sim/faults"): _set_faults,
        ("GET", "/sim/requests"): lambda owner, _: list(owner.requests),
    }
    control = controls.get((verb, path))
    if control is None:
        return Answer(HTTPStatus.NOT_FOUND, encode(body("Object not found")))
    try:
        return Answer(HTTPStatus.OK, encode(control(server, order)))
    except (ValueError, TypeError, KeyError) as error:
        return Answer(HTTPStatus.BAD_REQUEST, encode(body(str(error))))


def _clock(server: Server, _: dict[str, Any]) -> dict[str, Any]:
    clock = server.simulator.clock
    return {"now": times.iso(clock.now), "speed": clock.speed}


def _set_clock(server: Server, order: dict[str, Any]) -> dict[str, Any]:
    clock = server.simulator.clock
    if "now" in order:
        clock.set(times.from_iso(order["now"]))
    if "advance_seconds" in order:
        clock.advance(float(order["advance_seconds"]))
    if "speed" in order:
        clock.set(clock.now)
        clock.speed = float(order["speed"])
    return _clock(server, order)


def _set_faults(server: Server, order: dict[str, Any]) -> dict[str, Any]:
    if "plan" in order:
        server.faults.set(order["plan"])
    for wish in order.get("once", []):
        server.faults.once(wish["kind"], count=int(wish.get("count", 1)), path=wish.get("path", ""))
    return {"faults": list(faults.FAULTS)}
