"""A small HTTP server with prepared answers, which records its requests."""

import gzip
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """`body` is JSON unless it is bytes; `pause` is in seconds before it, `dribble` in seconds between its tenths."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0
    dribble: float = 0
    cut: bool = False  # close the connection before the announced length is reached
    raw: bool = False  # send the body as it is, whatever the client accepts

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


HTML = {"Content-Type": "text/html; charset=utf-8"}
NOT_FOUND = Answer({"messageNumber": 10, "message": "Object not found"}, status=404)


@dataclass(frozen=True)
class Asked:
    at: float
    target: str
    headers: Mapping[str, str]


class Api:
    """`answers` has the answers for each path with query, served in turn, then the last one repeatedly."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[Asked] = []
        self.url = ""
        self._given: defaultdict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def says(self, target: str, *answers: Answer | dict[str, Any]) -> None:
        self.answers[target] = [each if isinstance(each, Answer) else Answer(each) for each in answers]
        self._given[target] = 0

    def targets(self) -> list[str]:
        return [each.target for each in self.asked]

    def answer(self, target: str, headers: Mapping[str, str]) -> Answer:
        with self._lock:
            self.asked.append(Asked(time.monotonic(), target, headers))
            answers = self.answers.get(target, [NOT_FOUND])
            number = min(self._given[target], len(answers) - 1)
            self._given[target] += 1
            return answers[number]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: Api

    def do_GET(self) -> None:
        answer = self.api.answer(self.path, dict(self.headers))
        time.sleep(answer.pause)
        content = answer.content
        headers = {"Content-Type": "application/json;charset=UTF-8"} | dict(answer.headers)
        if not answer.raw and "gzip" in self.headers.get("Accept-Encoding", ""):
            content = gzip.compress(content)
            headers["Content-Encoding"] = "gzip"
        self.send_response(answer.status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self._send(answer, content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _send(self, answer: Answer, content: bytes) -> None:
        if answer.cut:
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return
        size = -(-len(content) // 10) if answer.dribble else len(content)
        for start in range(0, len(content), size or 1):
            self.wfile.write(content[start : start + size])
            self.wfile.flush()
            time.sleep(answer.dribble)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
        """Log nothing: tests read the recorded requests."""


@contextmanager
def serve() -> Iterator[Api]:
    """A server that lives as long as the block."""
    api = Api()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": api}))
    server.daemon_threads = True
    api.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
