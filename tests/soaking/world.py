"""The API of a history: what it says of each game, what it answered, and what goes wrong on the way."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from soaking.content import Content

LARGEST = 4 << 20  # bytes: MLB_ETL_MAX_BODY of all commands


@dataclass(frozen=True)
class Answer:
    """A whole answer with status 200: the game, when it was sent by the client's clock, and its body."""

    game_pk: int
    at: datetime
    body: bytes


class World:
    """The truth of each game, the faults to come, and the answers so far.

    `enough`: whether a process that follows games is to end.
    """

    def __init__(self) -> None:
        self.says: dict[int, Content] = {}
        self.faults: dict[int, list[str]] = defaultdict(list)
        self.answers: list[Answer] = []
        self.clock = timedelta(0)  # how far the client's clock is ahead
        self.enough = Event()
        self.url = ""

    def follow(self, polls: int, pace: int) -> None:
        """Set `enough` after so many polls, each of which finds its game so many minutes further on."""
        raise NotImplementedError

    def said(self, path: str) -> tuple[int | None, int, bytes]:
        """What is asked for: the game, if it is one; and the status and the body of the right answer."""
        game_pk = int(path.rpartition("/")[2])
        return (game_pk, 200, self.says[game_pk].body) if game_pk in self.says else (game_pk, 404, b"{}")

    def answer(self, path: str) -> tuple[int, bytes, int]:
        """Status, body, and how many bytes of it are not sent."""
        game_pk, status, said = self.said(path)
        if game_pk is None or status != 200:
            return status, said, 0
        status, said, missing = self._faulty(game_pk, said)
        if status == 200 and not missing:
            self.answers.append(Answer(game_pk, datetime.now(UTC) + self.clock, said))
        return status, said, missing

    def _faulty(self, game_pk: int, said: bytes) -> tuple[int, bytes, int]:
        fault = self.faults[game_pk].pop() if self.faults[game_pk] else None
        match fault:
            case "404" | "503":
                return int(fault), b"{}", 0
            case "cut":
                return 200, said, len(said) // 2
            case "no JSON":
                said = said[:-2]
            case "html":
                said = b"<html><body>Maintenance</body></html>"
            case "another game":
                said = json.dumps(json.loads(said) | {"gamePk": game_pk + 1}).encode()
            case "too large":
                said += b" " * (LARGEST + 1)
            case _:
                pass
        return 200, said, 0

    @contextmanager
    def served(self) -> Iterator[None]:
        """Answer requests meanwhile."""
        server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing: who asked may have been killed."""


def _handler(world: World) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body, missing = world.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if status == 503:
                self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(body[: len(body) - missing])
            self.close_connection = bool(missing)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
