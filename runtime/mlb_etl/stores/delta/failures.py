"""Requests whose last attempt failed, each with the cause: etl.failure in a lake."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from mlb_etl.errors import EtlError, NotFound, Rejected, Unreachable
from mlb_etl.http.request import Request
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.arrow import TIME
from mlb_etl.stores.delta.lake import GONE, Lake
from mlb_etl.stores.delta.marks import again
from mlb_etl.stores.delta.records import records
from mlb_etl.stores.interfaces.operations import failure_kind
from mlb_etl.stores.texts import storable_text

log = logging.getLogger(__name__)
TABLE = "failure"
SCHEMA = pa.schema(
    [
        pa.field("method", pa.string(), nullable=False),
        pa.field("target", pa.string(), nullable=False),
        pa.field("error", pa.string()),
        pa.field("cause", pa.string()),
        pa.field("times", pa.int32()),
        pa.field("first_failed_at", TIME),
        pa.field("failed_at", TIME),
    ]
)
MATCHING = "t.method = s.method AND t.target = s.target"


class Failures:
    """Records failed requests."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    @contextmanager
    def noting(self, request: Request) -> Iterator[None]:
        """As `FailureStore` says."""
        try:
            yield
        except (NotFound, Rejected, Unreachable) as why:
            self.note(request, why)
            raise
        self.forget(request)

    def note(self, request: Request, why: NotFound | Rejected | Unreachable) -> None:
        """As `FailureStore` says."""
        try:
            again(lambda: self._note(request, why))
        except EtlError as error:
            log.warning("%s failed, and the failure could not be recorded: %s", request.target, error)

    def forget(self, request: Request) -> None:
        """As `FailureStore` says."""
        again(lambda: self._forget(request))

    def _note(self, request: Request, why: Exception) -> None:
        table, now = self._open(), datetime.now(UTC)
        known = next((row for row in records(table) if _named(row) == _name(request)), None)
        method, target = _name(request)
        row = {
            "method": method,
            "target": target,
            "error": failure_kind(why),
            "cause": storable_text(why),
            "times": 1 + (known["times"] if known else 0),
            "first_failed_at": known["first_failed_at"] if known else now,
            "failed_at": now,
        }
        lakes.merge(table, lakes.changes(SCHEMA, [row]), MATCHING)

    def _forget(self, request: Request) -> None:
        table, (method, target) = self._open(), _name(request)
        settles = request.settles
        gone = [
            row | {GONE: True}
            for row in records(table)
            if row["method"] == method
            and (row["target"] == target or (settles is not None and row["target"].startswith(settles)))
        ]
        if gone:
            lakes.merge(table, lakes.changes(SCHEMA, gone), MATCHING, insert=False)

    def _open(self) -> Any:
        return self._lake.open(lakes.CONTROL, TABLE)


def _name(request: Request) -> tuple[str, str]:
    return f"{request.endpoint}.{request.method}", request.target


def _named(row: dict[str, Any]) -> tuple[str, str]:
    return row["method"], row["target"]
