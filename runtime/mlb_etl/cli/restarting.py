"""Copies captures from raw tables of older versions into new ones."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC

from mlb_contracts import Method
from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.capture.loader import Loader
from mlb_etl.capture.restored import Restored, RestoreFailure
from mlb_etl.errors import Rejected
from mlb_etl.http import answers
from mlb_etl.stores.encoding import StoredBody
from mlb_etl.stores.interfaces.archive import CaptureRecord
from mlb_etl.stores.interfaces.captures import Fate
from mlb_etl.stores.postgres import unreleased
from mlb_etl.stores.postgres.database import PostgresStores
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.unreleased import OldRawTable

_DIGITS = 16  # of a content hash, in names
log = logging.getLogger(__name__)


def copy(
    connection: Connection,
    reader: Connection,
    package: str,
    tables: Sequence[OldRawTable],
    progress: Callable[[Restored, int], None],
) -> Restored:
    """Store each missing capture, table by table in order of time; unreadable ones don't stop the others.

    `reader` is a second connection, so that each capture is committed once stored. `progress` receives the outcome of
    each capture and the total number.
    """
    total = sum(table.captures for table in tables)
    restored = Restored()
    progress(restored, total)
    for table in tables:
        for became in _copied(connection, reader, package, table):
            progress(became, total)
            restored += became
    return restored


def _copied(connection: Connection, reader: Connection, package: str, table: OldRawTable) -> Iterator[Restored]:
    """The outcomes for the captures of a table; existing captures are counted together at the end."""
    if table.method not in registry.methods(package):
        name = f"{table.captures} captures in {table.table}"
        yield _refused(name, Rejected(f"{package} has no mapping for it", path="method", value=table.method))
        return
    method, left = registry.method(package, table.method), table.captures
    loader = Loader(PostgresStores(connection, package), package)
    for timely, captured, kept in unreleased.missing_captures(reader, table, method):
        left -= 1
        name = f"{table.table} {captured.captured_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        try:
            _require_timely(captured, timely=timely)
            yield Restored.of(_copy(connection, loader, method, captured, kept))
        except Rejected as why:
            yield _refused(f"{name} {captured.content_hash.hex()[:_DIGITS]}", why)
    yield Restored(known=max(left, 0))


def _refused(name: str, why: Rejected) -> Restored:
    log.info("refused %s: %s", name, why)
    return Restored(failures=(RestoreFailure(name, why),))


def _require_timely(captured: CaptureRecord, *, timely: bool) -> None:
    if not timely:
        reason = "it was ahead of the database's clock when it was stored, so its time is wrong"
        raise Rejected(reason, path="captured_at", value=captured.captured_at.isoformat())


def _copy(connection: Connection, loader: Loader, method: Method, captured: CaptureRecord, kept: StoredBody) -> Fate:
    """Store a capture with `seen` and `last_seen_at`, all or nothing."""
    response = captured.response(kept)
    with connection.transaction():
        became = _store(loader, method, response)
        if became != "seen":
            unreleased.carry(connection, method, captured)
        elif captured.last_seen_at > response.as_of:  # the previous row has this content, which now lasts until then
            _store(loader, method, replace(response, captured_at=captured.last_seen_at))
    return became


def _store(loader: Loader, method: Method, response: Response) -> Fate:
    return loader.store(method, response, answers.read_documents(method, response))
