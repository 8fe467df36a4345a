"""Records which requests failed and which were answered."""

import logging
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

from mlb_contracts.response import Response
from mlb_etl import tally
from mlb_etl.baseball.live.keep import Keeping, Missed
from mlb_etl.errors import DatabaseUnavailable, NotFound, Rejected, Unreachable
from mlb_etl.http.client import Fetcher
from mlb_etl.http.request import Request
from mlb_etl.stores.interfaces.operations import failure_kind

T = TypeVar("T")
log = logging.getLogger(__name__)


class RecordingFetcher:
    """Wraps a fetcher for use in any thread; the thread that owns the keeper records the outcomes."""

    def __init__(self, source: Fetcher, keeper: Keeping) -> None:
        self._source = source
        self._keeper = keeper
        self._outcomes: SimpleQueue[tuple[Request, Missed | None]] = SimpleQueue()

    def fetch(self, request: Request, read: Callable[[Response], T]) -> tuple[Response, T]:
        """As the wrapped fetcher; remembers the outcome."""
        try:
            found = self._source.fetch(request, read)
        except (NotFound, Rejected, Unreachable) as why:
            tally.add("failures", f"{request.endpoint}.{request.method}", failure_kind(why))
            self._outcomes.put((request, why))
            raise
        self._outcomes.put((request, None))
        return found

    def close(self) -> None:
        """Close the wrapped fetcher."""
        self._source.close()

    def keep(self) -> None:
        """Record the outcomes since the last call; if the database is unavailable, only log that they are lost."""
        try:
            while True:
                self._keeper.note(*self._outcomes.get_nowait())
        except Empty:
            return
        except DatabaseUnavailable as error:
            log.warning("%s; the outcome of a request was not recorded", error)
