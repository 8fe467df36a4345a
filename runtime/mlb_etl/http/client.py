"""Requests to the API, at a limited rate, with retries where they may help; every response is checked."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Protocol, Self, TypeVar

from mlb_contracts.response import Response
from mlb_etl import logs, spans
from mlb_etl.errors import CorruptResponse, EtlError, Rejected, Unreachable
from mlb_etl.http import answers
from mlb_etl.http.exchange import HEADERS, Exchanges, HttpAnswer, Timeouts
from mlb_etl.http.rate import RateLimit
from mlb_etl.http.request import Request
from mlb_etl.retries import Retries, retrying
from mlb_etl.settings import MAX_BODY, Settings

T = TypeVar("T")

PATIENCE = 120.0  # seconds; if the API asks for a longer wait, the request fails
log = logging.getLogger(__name__)


class Fetcher(Protocol):
    """Where responses come from: the API, or recordings of it."""

    def fetch(self, request: Request, read: Callable[[Response], T]) -> tuple[Response, T]:
        """Fetch the response, and return it with the result of `read`, which raises Rejected for a wrong answer.

        Raises Rejected, NotFound or Unreachable.
        """

    def close(self) -> None:
        """Close connections and files."""


RETRIES = Retries()
TIMEOUTS = Timeouts()


def _now() -> datetime:
    return datetime.now(UTC)


class Client:
    """A client of the API; threads may share it."""

    def __init__(
        self,
        api: str,
        limit: RateLimit,
        retries: Retries = RETRIES,
        timeouts: Timeouts = TIMEOUTS,
        *,
        now: Callable[[], datetime] = _now,
        max_body: int = MAX_BODY,
        headers: Mapping[str, str] | None = None,
        secrets: Collection[str] = (),
    ) -> None:
        """`secrets` are parts of headers that a message is not to repeat."""
        self._api = api
        self._now = now
        self._limit = limit
        self._retries = retries
        self._exchanges = Exchanges(timeouts, max_body, headers)
        self._secrets = [each.encode() for each in secrets if each]
        self._stopped = threading.Event()

    @classmethod
    def of(cls, settings: Settings, *, rate: float | None = None, retries: Retries = RETRIES) -> Self:
        """The client for these settings; `rate` can only make it slower.

        Raises EtlError if there is no API, or the environment lacks a header.
        """
        if not settings.api:
            raise EtlError("no API is set: write base_url in mlb-etl.toml, or set MLB_ETL_BASE_URL")
        headers = settings.request_headers()
        secrets = [max(text.split(), key=len, default="") for text in headers.values()]
        if (public := settings.public_api) is not None:
            headers = {"User-Agent": f"{HEADERS['User-Agent']} {public.agent}"} | headers
        timeouts = Timeouts(whole=settings.timeout)
        limit = RateLimit.of(settings.data, settings.api, settings.requests(rate))
        return cls(settings.api, limit, retries, timeouts, max_body=settings.max_body, headers=headers, secrets=secrets)

    def fetch(self, request: Request, read: Callable[[Response], T]) -> tuple[Response, T]:
        """As in `Fetcher`; retries if the API gives no answer or a corrupt one."""
        with logs.about({**request.parameters, "url": f"{self._api}{request.target}"}):
            return retrying(lambda: self._try(request, read), _again, self._retries)

    def stop(self) -> None:
        """Stop: running and waiting requests end as unreachable, and no new one starts."""
        self._stopped.set()
        self._exchanges.stop()

    def close(self) -> None:
        """Close the connections, after the last request has ended."""
        self._stopped.set()
        self._exchanges.close()
        self._limit.close()

    def _try(self, request: Request, read: Callable[[Response], T]) -> tuple[Response, T]:
        try:
            response = self._ask(request)
            return response, read(response)
        except Rejected as why:
            why.add_note(request.target)
            log.info("%s: rejected the answer: %s", request.target, why)
            raise

    def _ask(self, request: Request) -> Response:
        """One request and its response, without retries."""
        url = f"{self._api}{request.target}"
        self._limit.wait(self._stopped)
        captured_at, began = self._now(), time.monotonic()
        with spans.span("request", url=url, method=f"{request.endpoint}.{request.method}"):
            answer = self._exchanges.get(url)
        log.info("GET %s: %s, %d bytes, %.2f s", url, answer.status, len(answer.data), time.monotonic() - began)
        if (error := answers.response_error(url, answer.status, answer.headers, self._hidden(answer))) is not None:
            raise error
        return Response(
            endpoint=request.endpoint,
            method=request.method,
            path_params=request.path_params,
            query_params=request.query_params,
            url=url,
            status_code=answer.status,
            captured_at=captured_at,
            data=answer.data,
        )

    def _hidden(self, answer: HttpAnswer) -> bytes:
        """The body without secrets, which a server may repeat in an error; that of an answer is kept as it is."""
        data = answer.data
        for secret in self._secrets if answer.status != HTTPStatus.OK else ():
            data = data.replace(secret, b"***")
        return data


def _again(error: Exception) -> bool | float:
    """Whether to retry; the number of seconds to wait if the API gives one."""
    if isinstance(error, Unreachable):
        if error.retry_after is None:
            return True
        return error.retry_after if error.retry_after <= PATIENCE else False
    return isinstance(error, CorruptResponse)
