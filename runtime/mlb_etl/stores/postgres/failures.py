"""Requests whose last attempt failed, each with the cause: etl.failure."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.rows import class_row

from mlb_etl.errors import EtlError, NotFound, Rejected, Unreachable
from mlb_etl.http.request import Request
from mlb_etl.stores.interfaces.operations import FailedRequest, failure_kind
from mlb_etl.stores.postgres import db
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.texts import storable_text

log = logging.getLogger(__name__)

_NOTE = """
INSERT INTO etl.failure AS f (method, target, error, cause) VALUES (%s, %s, %s, %s)
ON CONFLICT (method, target) DO UPDATE
SET error = EXCLUDED.error, cause = EXCLUDED.cause, times = f.times + 1, failed_at = EXCLUDED.failed_at
"""
_FORGET = "DELETE FROM etl.failure WHERE method = %s AND (target = %s OR starts_with(target, %s))"
_LIST = """
SELECT method, target, error, cause, times, first_failed_at, failed_at FROM etl.failure
ORDER BY failed_at DESC, method, target
LIMIT %s
"""


class Failures:
    """Records failed requests, on a connection in autocommit mode."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def noting(self, request: Request) -> Iterator[None]:
        """Record the request as failed if the block raises; otherwise forget its earlier failures."""
        try:
            yield
        except (NotFound, Rejected, Unreachable) as why:
            self.note(request, why)
            raise
        self.forget(request)

    @db.translate_errors()
    def forget(self, request: Request) -> None:
        """Forget the failures of a request that was answered, and of the requests that it settles."""
        self._connection.execute(_FORGET, (*_name(request), request.settles))

    def note(self, request: Request, why: NotFound | Rejected | Unreachable) -> None:
        """Record that the request failed. If that fails too, only log it: the first failure matters more."""
        try:
            with db.translate_errors():
                self._connection.execute(_NOTE, (*_name(request), failure_kind(why), storable_text(why)))
        except EtlError as error:
            log.warning("%s failed, and the failure could not be recorded: %s", request.target, error)


def failed_requests(connection: Connection, limit: int | None = None) -> list[FailedRequest]:
    """The failed requests, the last failure first, at most `limit`."""
    with connection.cursor(row_factory=class_row(FailedRequest)) as cursor:
        return cursor.execute(_LIST, [limit]).fetchall()


def forget_all(connection: Connection) -> None:
    """Forget all failed requests, such as those that will never be repeated."""
    connection.execute("DELETE FROM etl.failure")


def _name(request: Request) -> tuple[str, str]:
    return f"{request.endpoint}.{request.method}", request.target
