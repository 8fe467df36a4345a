"""Requests whose answers several databases need."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from mlb_contracts.response import Response
from mlb_etl.errors import NotFound, Rejected, Unreachable
from mlb_etl.http.client import Fetcher
from mlb_etl.http.request import Request

T = TypeVar("T")


class AskedOnce:
    """A fetcher that sends each request once, until it forgets; one that fails is not repeated either."""

    def __init__(self, source: Fetcher) -> None:
        self._source = source
        self._answers: dict[tuple[object, ...], tuple[Response, Any] | NotFound | Rejected | Unreachable] = {}

    def fetch(self, request: Request, read: Callable[[Response], T]) -> tuple[Response, T]:
        """As `Fetcher` says; `read` is the same each time."""
        if request.key not in self._answers:
            try:
                self._answers[request.key] = self._source.fetch(request, read)
            except (NotFound, Rejected, Unreachable) as why:
                self._answers[request.key] = why
        answer = self._answers[request.key]
        if isinstance(answer, Exception):
            raise answer
        return cast("tuple[Response, T]", answer)

    def forget(self) -> None:
        """Forget all answers, which may be large."""
        self._answers.clear()

    def close(self) -> None:
        """Close the source."""
        self._source.close()
