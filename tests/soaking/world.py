"""The API of a history: what it says of each game, what it answered, and what goes wrong on the way."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from soaking.content import Content

LARGEST = 1 << 20  # bytes: MLB_ETL_MAX_BODY of all commands


@dataclass(frozen=True)
class Answer:
    """A whole answer with status 200: which game was asked for, when it was sent, and its body."""

    game_pk: int
    at: datetime
    body: bytes


class World:
    """The truth of each game, the faults to come, and the answers so far."""

    def __init__(self) -> None:
        self.says: dict[int, Content] = {}
        self.faults: dict[int, list[str]] = defaultdict(list)
        self.answers: list[Answer] = []
        self.url = ""

    def answer(self, game_pk: int) -> tuple[int, bytes, int]:
        """Status, body, and how many bytes of it are not sent."""
        fault = self.faults[game_pk].pop() if self.faults[game_pk] else None
        if game_pk not in self.says:
            return 404, b"{}", 0
        said = self.says[game_pk].body
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
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(world: World) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            game_pk = int(self.path.rpartition("/")[2])
            status, body, missing = world.answer(game_pk)
            if status == 200 and not missing:
                world.answers.append(Answer(game_pk, datetime.now(UTC), body))
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
