"""Exchanges with a server: bounded in time and size whatever it sends, and stopped at once on request.

httpx limits the time of each read, not of an exchange, and its synchronous HTTP/2 waits for locks without a limit. So
exchanges run in an event loop in a separate thread, where a deadline cancels any wait: for a host name, a connection,
TLS, headers or a body.
"""

import asyncio
import os
import socket
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version
from typing import Any, Final, TypeVar
from urllib.request import getproxies

import httpx

from mlb_etl.errors import CorruptResponse, EtlError, Rejected, Unreachable, printable
from mlb_etl.http.bodies import GzipBody, PlainBody

T = TypeVar("T")

_ERROR_BODY = 1 << 20  # bytes read of an error
_ENDED = 2.0  # seconds for closing connections
HEADERS: Final = {
    "User-Agent": f"mlb-etl/{version('mlb-etl')}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
}


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for a connection, for the next bytes, and for a whole exchange."""

    connect: float = 3.0
    read: float = 30.0
    whole: float = 60.0


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A server's response; `data` is its decompressed body."""

    status: int
    headers: httpx.Headers
    data: bytes


class Exchanges:
    """Connections to servers; threads may share them."""

    def __init__(self, timeouts: Timeouts, max_body: int, headers: Mapping[str, str] | None = None) -> None:
        """`headers` go with each request, in place of ours of the same name.

        Raises EtlError if the environment names proxies or certificates that can't be used.
        """
        self._timeouts = timeouts
        self._max_body = max_body
        self._http = _client(timeouts, headers or {})
        self._loop = _Loop()
        self._lock = threading.Lock()
        self._thread = threading.Thread()
        self._running = 0
        self._stopped = False

    def get(self, url: str) -> HttpAnswer:
        """The server's response; raises Unreachable if none arrives, Rejected if it is refused."""
        try:
            return self._run(self._get(url))
        except TimeoutError:
            raise Unreachable(f"{url}: no whole answer within {self._timeouts.whole:g} s") from None
        except httpx.TimeoutException as error:
            raise Unreachable(f"{url}: no answer in time ({type(error).__name__})") from error
        # ValueError, LookupError: httpx and httpcore convert some fields of a response without checking them
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ValueError, LookupError) as error:
            raise Unreachable(f"{url}: {_said(error)}") from error
        except CancelledError:
            raise Unreachable(f"{url}: given up, because the work was stopped") from None

    def stop(self) -> None:
        """End all exchanges at once, and start no more."""
        with self._lock:
            self._stopped = True
            if self._running:
                self._loop.call_soon_threadsafe(self._cancel)

    def close(self) -> None:
        """Close connections after the last request has ended; exchanges left by an interrupt are given up."""
        if self._loop.is_closed():
            return
        self.stop()
        self._cancel()
        with ThreadPoolExecutor(1) as other:  # the caller's thread may run a loop, as that of a notebook does
            other.submit(self._end).result()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run the loop only while it has work, because a process with threads can't be forked safely."""
        with self._lock:
            if self._stopped:
                work.close()
                raise CancelledError
            if not self._running:
                self._thread = threading.Thread(target=self._loop.run_forever, name="exchanges", daemon=True)
                self._thread.start()
            self._running += 1
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        finally:
            with self._lock:
                self._running -= 1
                if not self._running:
                    self._loop.call_soon_threadsafe(self._loop.stop)
                    self._thread.join()

    def _end(self) -> None:
        with suppress(TimeoutError):
            self._loop.run_until_complete(asyncio.wait_for(self._http.aclose(), _ENDED))
        self._loop.close()

    def _cancel(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    async def _get(self, url: str) -> HttpAnswer:
        async with asyncio.timeout(self._timeouts.whole), self._http.stream("GET", url) as answer:
            good = answer.status_code == HTTPStatus.OK
            try:
                body = _body(answer.headers, self._max_body if good else _ERROR_BODY)
                async for piece in answer.aiter_raw():
                    body.add(piece)
                return HttpAnswer(answer.status_code, answer.headers, body.whole())
            except Rejected:
                if good:
                    raise
                return HttpAnswer(answer.status_code, answer.headers, b"")  # the status is enough


def _said(error: BaseException) -> str:
    """The original cause, because errors of the libraries in between say less."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner.exceptions[0] if isinstance(inner, BaseExceptionGroup) else inner
    if isinstance(error, ConnectionError) and error.errno is not None:
        return os.strerror(error.errno)
    return printable(error) or type(error).__name__


def _body(headers: httpx.Headers, most: int) -> PlainBody:
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in {"gzip", "x-gzip"}:
        return GzipBody(most)
    if encoding in {"", "identity"}:
        return PlainBody(most)
    raise CorruptResponse("the answer has an encoding that was not asked for", path="Content-Encoding", value=encoding)


def _client(timeouts: Timeouts, headers: Mapping[str, str]) -> httpx.AsyncClient:
    """The client, without cookies, because a server could make it store more and more of them."""
    for name in ("http", "https", "all"):
        proxy = getproxies().get(name, "")
        scheme, found, _ = proxy.partition("://")
        if found and scheme.lower() not in {"http", "https"}:
            raise EtlError(f"{name.upper()}_PROXY names a proxy of {printable(scheme, 20)}: http or https is expected")
    try:
        context = httpx.create_ssl_context()
    except OSError as error:
        raise EtlError(f"SSL_CERT_FILE or SSL_CERT_DIR names no certificates: {error.strerror or error}") from error
    try:
        return httpx.AsyncClient(
            http2=True,
            verify=context,
            timeout=httpx.Timeout(timeouts.read, connect=timeouts.connect),
            headers=_with_ours(headers),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )
    except (httpx.InvalidURL, ValueError):  # the message may contain a password
        raise EtlError("HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or NO_PROXY can't be read: is it a URL?") from None


def _with_ours(headers: Mapping[str, str]) -> httpx.Headers:
    found = httpx.Headers(HEADERS)
    found.update(headers)
    return found


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that resolves names in detached threads, because a resolver can't be interrupted."""

    async def getaddrinfo(self, host: Any, port: Any, **hints: Any) -> Any:
        """As in the base class."""
        future = self.create_future()

        def report(result: Any, error: BaseException | None) -> None:
            if not future.done():
                future.set_exception(error) if error else future.set_result(result)

        def resolve() -> None:
            try:
                found: tuple[Any, BaseException | None] = socket.getaddrinfo(host, port, **hints), None
            except (OSError, UnicodeError) as error:
                found = None, error
            with suppress(RuntimeError):  # the loop is closed
                self.call_soon_threadsafe(report, *found)

        threading.Thread(target=resolve, name="resolver", daemon=True).start()
        return await future
