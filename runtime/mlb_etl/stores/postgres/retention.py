"""Drops old months of the raw tables, but not those that the tables still rest on.

A partition is detached CONCURRENTLY, which lets readers and writers of the raw table go on, looked at once more, as
captures may have come until then, and dropped or attached again. A comment marks it before: what a killed process left
half done, the next run finishes.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal, TypeAlias

from psycopg import sql

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.partitions import LOCK, Partitioned, attach

State: TypeAlias = Literal["droppable", "needed", "dropped"]

log = logging.getLogger(__name__)
_MARK = "being dropped by mlb-etl schema partitions --drop-before"
# Of the raw table's own schema: partitions whose months are over before a time, and what is detached and marked.
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
    count(*),
    count(*) FILTER (WHERE w.as_of BETWEEN r.as_of AND r.last_seen_at AND w.content_hash = r.content_hash),
    count(*) FILTER (
        WHERE w.as_of IS NULL
            OR w.as_of < r.last_seen_at
            OR w.as_of = r.last_seen_at AND w.content_hash <> r.content_hash
    )
FROM {table} AS r
LEFT JOIN etl.watermark AS w ON w.method = {method} AND w.document = jsonb_build_object({document})
"""


@dataclass(frozen=True, slots=True)
class Old:
    """A month of a raw table: its captures, and how many of them are still needed.

    `shown` are those whose rows the tables have, and which a changed mapping is applied to again; `waiting` were not
    applied, for whatever reason.
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


def old(connection: Connection, package: str, before: date, *, needed: bool = False) -> Iterator[Old]:
    """What `drop` would do with the raw tables' partitions of months before that of `before`; nothing is changed."""
    for method in _methods(package):
        for part in _parts(connection, method, before):
            yield _measured(connection, method, part, needed=needed)


def drop(connection: Connection, package: str, before: date, *, needed: bool = False) -> Iterator[Old]:
    """Drop them one by one, those too that are needed only if it is said so; yields what became of each.

    The connection is in autocommit mode and in no transaction. Partitions are neither made nor dropped by others then.
    """
    with _alone(connection):
        for method in _methods(package):
            for part in _parts(connection, method, before):
                yield _drop(connection, method, part, needed=needed)


def _methods(package: str) -> list[Method]:
    return [registry.method(package, name) for name in registry.methods(package)]


def _parts(connection: Connection, method: Method, before: date) -> list[_Part]:
    facts = {
        "table": sql.Identifier(method.raw_schema, method.raw_table).as_string(),
        "before": datetime(before.year, before.month, 1, tzinfo=UTC),
        "mark": f"{_MARK}: {method.qualified_raw_table}",
    }
    return [_Part(*row) for row in connection.execute(_OLD, facts)]


def _measured(connection: Connection, method: Method, part: _Part, *, needed: bool) -> Old:
    """What is in the partition."""
    pairs = (sql.SQL("{}, r.{}").format(key.name, sql.Identifier(key.name)) for key in method.document)
    document = sql.SQL(", ").join(pairs)
    query = sql.SQL(_CONTENT).format(table=part.identifier, method=method.name, document=document)
    ((captures, shown, waiting),) = connection.execute(query).fetchall()
    ((size,),) = connection.execute("SELECT pg_total_relation_size(%s)", [part.identifier.as_string()]).fetchall()
    keep = shown + waiting > 0 and not needed
    return Old(f"{part.schema}.{part.name}", captures, size, shown, waiting, "needed" if keep else "droppable")


def _drop(connection: Connection, method: Method, part: _Part, *, needed: bool) -> Old:
    parent = sql.Identifier(method.raw_schema, method.raw_table)
    if part.attached:
        found = _measured(connection, method, part, needed=needed)
        if found.state == "needed":
            return found
        mark = f"{_MARK}: {method.qualified_raw_table}"
        connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(part.identifier, mark))
        detach = sql.SQL("ALTER TABLE {} DETACH PARTITION {} CONCURRENTLY")
        connection.execute(detach.format(parent, part.identifier))
    elif part.pending:
        connection.execute(sql.SQL("ALTER TABLE {} DETACH PARTITION {} FINALIZE").format(parent, part.identifier))
    found = _measured(connection, method, part, needed=needed)  # from now on nothing comes in
    if found.state == "needed":
        attach(connection, Partitioned.of_raw(method), part.name)
        connection.execute(sql.SQL("COMMENT ON TABLE {} IS NULL").format(part.identifier))
        return found
    connection.execute(sql.SQL("DROP TABLE {}").format(part.identifier))
    log.info("dropped %s", found.partition)
    return replace(found, state="dropped")


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
