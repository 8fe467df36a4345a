"""Drops old months of the raw tables, except those with captures that are still needed.

A partition is detached CONCURRENTLY, so readers and writers of the raw table continue. It is then checked again,
because captures may have arrived meanwhile, and dropped or reattached. A comment marks it first, so that the next run
completes what a killed process left half done.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal, TypeAlias

from psycopg import sql

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.stores.postgres import standing
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.partitions import LOCK, Partitioned, attach

State: TypeAlias = Literal["droppable", "needed", "dropped"]

log = logging.getLogger(__name__)
_MARK = "being dropped by mlb-etl schema partitions --drop-before"
# Partitions whose months ended before a time, and tables that were detached and marked.
_OLD = """
SELECT nspname, relname, inhrelid IS NOT NULL AND NOT inhdetachpending, coalesce(inhdetachpending, false)
FROM pg_class
JOIN pg_namespace ON pg_namespace.oid = relnamespace
LEFT JOIN pg_inherits ON inhrelid = pg_class.oid AND inhparent = to_regclass(%(table)s)
WHERE CASE
    WHEN inhrelid IS NULL THEN relkind = 'r' AND obj_description(pg_class.oid, 'pg_class') = %(mark)s
    ELSE substring(pg_get_expr(relpartbound, pg_class.oid) FROM 'TO \\(''([^'']*)''\\)')::timestamptz <= %(before)s
END
ORDER BY nspname, relname
"""
_CONTENT = """
SELECT
    count(DISTINCT (request, captured_at, answer_hash)) FILTER (WHERE shown),
    count(DISTINCT (request, captured_at, answer_hash)) FILTER (WHERE unapplied OR quarantine = 'waiting')
FROM ({captures}) AS capture
"""


@dataclass(frozen=True, slots=True)
class OldMonth:
    """A month of a raw table: its captures, and how many of them are still needed.

    `shown`: the tables show them, so a changed mapping is applied to them again; `waiting`: not applied, for whatever
    reason; bytes: size on disk.
    """

    partition: str
    captures: int
    bytes: int
    shown: int
    waiting: int
    state: State


@dataclass(frozen=True, slots=True)
class _Part:
    schema: str
    name: str
    attached: bool
    pending: bool

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)


def list_months(connection: Connection, package: str, before: date, *, needed: bool = False) -> Iterator[OldMonth]:
    """What `drop` would do with the months before that of `before`; changes nothing."""
    for methods in _methods(package):
        for part in _parts(connection, Partitioned.of_raw(methods[0]), before):
            yield _measured(connection, methods, part, needed=needed)


def drop_months(connection: Connection, package: str, before: date, *, needed: bool = False) -> Iterator[OldMonth]:
    """Drop the months before that of `before` one by one, including needed ones if `needed`; yield each outcome.

    Afterwards it drops the same months of the documents table. The connection is in autocommit mode, outside a
    transaction. Other processes can't create or drop partitions meanwhile.
    """
    with _alone(connection):
        for methods in _methods(package):
            raw, documents = Partitioned.of_raw(methods[0]), Partitioned.of_documents(methods[0])
            for part in _parts(connection, raw, before):
                yield _drop(connection, methods, part, needed=needed)
            kept = {part.name.removeprefix(raw.name) for part in _parts(connection, raw, before)}
            for part in _parts(connection, documents, before):
                if part.name.removeprefix(documents.name) not in kept:
                    _detach(connection, documents, part)
                    _drop_table(connection, part)


def _methods(package: str) -> list[list[Method]]:
    """The methods that have captures, each followed by its hydrations, which share them."""
    names = [name for name in registry.methods(package) if registry.method(package, name).hydration is None]
    return [[registry.method(package, each) for each in registry.with_hydrations(package, name)] for name in names]


def _parts(connection: Connection, table: Partitioned, before: date) -> list[_Part]:
    facts = {
        "table": table.quoted,
        "before": datetime(before.year, before.month, 1, tzinfo=UTC),
        "mark": _mark(table),
    }
    return [_Part(*row) for row in connection.execute(_OLD, facts)]


def _mark(table: Partitioned) -> str:
    return f"{_MARK}: {table.qualified_name}"


def _measured(connection: Connection, methods: Sequence[Method], part: _Part, *, needed: bool) -> OldMonth:
    """Count the captures in the partition."""
    shown = waiting = 0
    for method in methods:
        query = sql.SQL(_CONTENT).format(captures=standing.captures(method, part.identifier))
        ((its_shown, its_waiting),) = connection.execute(query).fetchall()
        shown, waiting = max(shown, its_shown), max(waiting, its_waiting)
    count = sql.SQL("SELECT count(*), pg_total_relation_size({}) FROM {}")
    query = count.format(sql.Literal(part.identifier.as_string()), part.identifier)
    ((captures, size),) = connection.execute(query).fetchall()
    keep = shown + waiting > 0 and not needed
    return OldMonth(f"{part.schema}.{part.name}", captures, size, shown, waiting, "needed" if keep else "droppable")


def _drop(connection: Connection, methods: Sequence[Method], part: _Part, *, needed: bool) -> OldMonth:
    table = Partitioned.of_raw(methods[0])
    if part.attached:
        found = _measured(connection, methods, part, needed=needed)
        if found.state == "needed":
            return found
    _detach(connection, table, part)
    found = _measured(connection, methods, part, needed=needed)  # it can receive no more captures
    if found.state == "needed":
        attach(connection, table, part.name)
        connection.execute(sql.SQL("COMMENT ON TABLE {} IS NULL").format(part.identifier))
        return found
    _drop_table(connection, part)
    return replace(found, state="dropped")


def _detach(connection: Connection, table: Partitioned, part: _Part) -> None:
    """Mark and detach the partition, or complete a detach that a killed process began."""
    parent = sql.Identifier(table.schema, table.name)
    if part.attached:
        connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(part.identifier, _mark(table)))
        detach = sql.SQL("ALTER TABLE {} DETACH PARTITION {} CONCURRENTLY")
        connection.execute(detach.format(parent, part.identifier))
    elif part.pending:
        connection.execute(sql.SQL("ALTER TABLE {} DETACH PARTITION {} FINALIZE").format(parent, part.identifier))


def _drop_table(connection: Connection, part: _Part) -> None:
    connection.execute(sql.SQL("DROP TABLE {}").format(part.identifier))
    log.info("dropped %s.%s", part.schema, part.name)


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
