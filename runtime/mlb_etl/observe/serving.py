"""Serves /metrics and /healthz over HTTP while a command runs."""

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from mlb_etl.errors import EtlError
from mlb_etl.observe.setting import Listen

log = logging.getLogger(__name__)
MOST = 32  # connections at a time; scrapers and probes need one or two
_PLAIN = "text/plain; charset=utf-8"


class _Bounded(ThreadingHTTPServer):
    """Answers each connection in a thread; where there are many, the oldest makes room for a new one."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: dict[Any, None] = {}  # sockets, the oldest first
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin to answer."""
        with self._lock:
            self._open[request] = None
            oldest = next(iter(self._open)) if len(self._open) > MOST else None
            self._open.pop(oldest, None)
        if oldest is not None:
            with suppress(OSError):
                oldest.shutdown(socket.SHUT_RDWR)  # its thread then reads the end of the request
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - as the library calls it
        """Log that a client went away, or had to."""
        log.debug("a request for metrics was not answered", exc_info=True)


class Server:
    """A server in threads of its own, until it is closed."""

    def __init__(self, at: Listen, registry: CollectorRegistry, problem: Callable[[], str | None]) -> None:
        """`problem` says why the run is not healthy, None if it is. Raises EtlError if the address can't be used."""

        class Handler(_Handler):
            pass

        Handler.registry, Handler.problem = registry, staticmethod(problem)
        try:
            [(family, _, _, _, address), *_] = socket.getaddrinfo(at.host, at.port, type=socket.SOCK_STREAM)
            kind = type("_Server", (_Bounded,), {"address_family": family})
            self._server: ThreadingHTTPServer = kind(address[:2], Handler)
        except OSError as error:
            raise EtlError(
                f"MLB_ETL_METRICS: can't listen on {at.host}, port {at.port}: {error.strerror or error}"
            ) from error
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    timeout = 10  # seconds for the request; a client that says nothing holds a thread no longer
    registry: ClassVar[CollectorRegistry]
    problem: ClassVar[Callable[[], str | None]]

    def do_GET(self) -> None:
        """Answer with the metrics, or with whether the run is healthy."""
        match self.path:
            case "/metrics":
                self._answer(HTTPStatus.OK, generate_latest(self.registry), CONTENT_TYPE_LATEST)
            case "/healthz":
                why = type(self).problem()
                status = HTTPStatus.OK if why is None else HTTPStatus.SERVICE_UNAVAILABLE
                self._answer(status, f"{why or 'ok'}\n".encode(), _PLAIN)
            case _:
                self._answer(HTTPStatus.NOT_FOUND, b"/metrics and /healthz are here\n", _PLAIN)

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        with suppress(OSError):  # the client has gone
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Log requests at the lowest level, since probes come every few seconds."""
        log.debug(format, *args)
