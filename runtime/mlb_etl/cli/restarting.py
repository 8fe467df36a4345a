"""Fills new raw tables with the captures of old ones, of whatever form, as if they came now."""

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
from mlb_etl.stores.encoding import Kept
from mlb_etl.stores.interfaces.archive import Captured
from mlb_etl.stores.interfaces.captures import Fate
from mlb_etl.stores.postgres import unreleased
from mlb_etl.stores.postgres.database import PostgresStores
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.unreleased import RawTable

_DIGITS = 16  # of a content's hash, in names
log = logging.getLogger(__name__)


def copy(
    connection: Connection,
    reader: Connection,
    package: str,
    tables: Sequence[RawTable],
    progress: Callable[[Restored, int], None],
) -> Restored:
    """Store each capture that is not there, a table's in the order of their times; bad ones do not stop others.

    They are read on a connection of their own, so that each is committed when it is stored. `progress` is told what
    became of each, and how many there are.
    """
    total = sum(table.captures for table in tables)
    restored = Restored()
    progress(restored, total)
    for table in tables:
        for became in _copied(connection, reader, package, table):
            progress(became, total)
            restored += became
    return restored


def _copied(connection: Connection, reader: Connection, package: str, table: RawTable) -> Iterator[Restored]:
    """What became of the captures of a table; those that are there already come last, together."""
    if table.method not in registry.methods(package):
        name = f"{table.captures} captures in {table.table}"
        yield _refused(name, Rejected(f"{package} has no mapping for it", path="method", value=table.method))
        return
    method, left = registry.method(package, table.method), table.captures
    loader = Loader(PostgresStores(connection, package), package)
    for timely, captured, kept in unreleased.captures(reader, table, method):
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


def _require_timely(captured: Captured, *, timely: bool) -> None:
    if not timely:
        reason = "ahead of the database's clock when it was stored, and is not to look as if its time had come"
        raise Rejected(reason, path="captured_at", value=captured.captured_at.isoformat())


def _copy(connection: Connection, loader: Loader, method: Method, captured: Captured, kept: Kept) -> Fate:
    """Store a capture with its sightings, all or nothing."""
    response = captured.response(kept)
    with connection.transaction():
        became = _store(loader, method, response)
        if became != "seen":
            unreleased.carry(connection, method, captured)
        elif captured.last_seen_at > response.as_of:  # the row before it has this content, now until then
            _store(loader, method, replace(response, captured_at=captured.last_seen_at))
    return became


def _store(loader: Loader, method: Method, response: Response) -> Fate:
    return loader.store(method, response, answers.read_documents(method, response))
