"""Requests that failed when they were last made, each with the cause: etl.failure."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from mlb_etl.errors import CorruptResponse, EtlError, NotFound, Rejected, Unreachable
from mlb_etl.http.request import Request
from mlb_etl.stores.postgres import db
from mlb_etl.stores.postgres.db import Connection

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
"""


@dataclass(frozen=True, slots=True)
class Failed:
    """A request that failed, so many times since it was last answered; `error` is the class of the last failure."""

    method: str
    target: str
    error: str
    cause: str
    times: int
    first_failed_at: datetime
    failed_at: datetime


class Failures:
    """What is kept of requests that fail, on a connection in autocommit mode."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def noting(self, request: Request) -> Iterator[None]:
        """Keep of the request whether the block fails, and why; what was kept before is forgotten where it does not."""
        try:
            yield
        except (NotFound, Rejected, Unreachable) as why:
            self.note(request, why)
            raise
        self.forget(request)

    @db.translate_errors()
    def forget(self, request: Request) -> None:
        """The request was answered, and with it those that it settles."""
        self._connection.execute(_FORGET, (*_name(request), request.settles))

    def note(self, request: Request, why: NotFound | Rejected | Unreachable) -> None:
        """Where it can't be kept that is only logged: the failure itself matters more."""
        try:
            with db.translate_errors():
                self._connection.execute(_NOTE, (*_name(request), _kind(why), db.text(why)))
        except EtlError as error:
            log.warning("%s failed, which can't be noted: %s", request.target, error)


def listed(connection: Connection) -> list[Failed]:
    """All, the last failure first."""
    with connection.cursor(row_factory=class_row(Failed)) as cursor:
        return cursor.execute(_LIST).fetchall()


def forget_all(connection: Connection) -> None:
    """Forget what nobody will ask for again."""
    connection.execute("DELETE FROM etl.failure")


def _kind(why: Exception) -> str:
    """The class as etl.failure has it, where all that the database refuses is Rejected."""
    kinds = (CorruptResponse, NotFound, Rejected, Unreachable)
    return next(kind.__name__ for kind in kinds if isinstance(why, kind))


def _name(request: Request) -> tuple[str, str]:
    return f"{request.endpoint}.{request.method}", request.target
