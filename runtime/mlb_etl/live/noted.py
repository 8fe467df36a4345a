"""A source that keeps which of its requests failed."""

import logging
from collections.abc import Callable
from typing import TypeVar

from mlb_etl.client import Source
from mlb_etl.client_request import Request
from mlb_etl.errors import DatabaseUnavailable, NotFound, Rejected, Unreachable
from mlb_etl.failures import Failures
from mlb_etl.pipeline import Session
from mlb_etl.raw import Response

T = TypeVar("T")
log = logging.getLogger(__name__)


class Noted:
    """Asks another source, and keeps what becomes of requests on a session.

    A database that is away keeps nothing of them, and stops nobody from asking.
    """

    def __init__(self, source: Source, session: Session) -> None:
        self._source = source
        self._session = session

    def fetch(self, request: Request, read: Callable[[Response], T]) -> tuple[Response, T]:
        """As of the other source."""
        try:
            found = self._source.fetch(request, read)
        except (NotFound, Rejected, Unreachable) as error:
            why = error  # which is gone when the block ends
            self._keep(lambda failures: failures.note(request, why))
            raise
        self._keep(lambda failures: failures.forget(request))
        return found

    def close(self) -> None:
        """Close the other source."""
        self._source.close()

    def _keep(self, work: Callable[[Failures], None]) -> None:
        try:
            self._session.do(lambda transformer: work(Failures(transformer.connection)))
        except DatabaseUnavailable as error:
            log.warning("%s; what became of a request is not kept", error)
