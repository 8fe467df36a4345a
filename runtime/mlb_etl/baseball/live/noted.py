"""Records which requests failed and which were answered."""

import logging
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeAlias, TypeVar

from mlb_contracts.response import Response
from mlb_etl import tally
from mlb_etl.apply.pipeline import Session
from mlb_etl.apply.transform import Transformer
from mlb_etl.errors import DatabaseUnavailable, NotFound, Rejected, Unreachable
from mlb_etl.http.client import Fetcher
from mlb_etl.http.request import Request
from mlb_etl.stores.interfaces.operations import failure_kind

T = TypeVar("T")
_Why: TypeAlias = NotFound | Rejected | Unreachable
log = logging.getLogger(__name__)


class RecordingFetcher:
    """Wraps a fetcher for use in any thread; the thread that owns the session writes the outcomes to the database."""

    def __init__(self, source: Fetcher, session: Session) -> None:
        self._source = source
        self._session = session
        self._outcomes: SimpleQueue[tuple[Request, _Why | None]] = SimpleQueue()

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
        """Write the outcomes since the last call to the database; if it is unavailable, only log that they are lost."""
        try:
            while True:
                request, why = self._outcomes.get_nowait()
                self._session.do(partial(_keep, request, why))
        except Empty:
            return
        except DatabaseUnavailable as error:
            log.warning("%s; the outcome of a request was not recorded", error)


def _keep(request: Request, why: _Why | None, transformer: Transformer) -> None:
    failures = transformer.stores.failures()
    if why is None:
        failures.forget(request)
    else:
        failures.note(request, why)
