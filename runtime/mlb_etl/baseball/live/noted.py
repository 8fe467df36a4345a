"""A fetcher that records which of its requests failed."""

import logging
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeAlias, TypeVar

from mlb_contracts.response import Response
from mlb_etl.apply.pipeline import Session
from mlb_etl.apply.transform import Transformer
from mlb_etl.errors import DatabaseUnavailable, NotFound, Rejected, Unreachable
from mlb_etl.http.client import Fetcher
from mlb_etl.http.request import Request

T = TypeVar("T")
_Why: TypeAlias = NotFound | Rejected | Unreachable
log = logging.getLogger(__name__)


class Noted:
    """Asks another source, in any thread; what became of requests is kept on a session, by the thread that owns it."""

    def __init__(self, source: Fetcher, session: Session) -> None:
        self._source = source
        self._session = session
        self._became: SimpleQueue[tuple[Request, _Why | None]] = SimpleQueue()

    def fetch(self, request: Request, read: Callable[[Response], T]) -> tuple[Response, T]:
        """As the other fetcher does."""
        try:
            found = self._source.fetch(request, read)
        except (NotFound, Rejected, Unreachable) as why:
            self._became.put((request, why))
            raise
        self._became.put((request, None))
        return found

    def close(self) -> None:
        """Close the other fetcher."""
        self._source.close()

    def keep(self) -> None:
        """Keep what became of requests since; a database that is away keeps nothing of them, and stops nobody."""
        try:
            while True:
                request, why = self._became.get_nowait()
                self._session.do(partial(_keep, request, why))
        except Empty:
            return
        except DatabaseUnavailable as error:
            log.warning("%s; what became of a request is not kept", error)


def _keep(request: Request, why: _Why | None, transformer: Transformer) -> None:
    failures = transformer.stores.failures()
    if why is None:
        failures.forget(request)
    else:
        failures.note(request, why)
