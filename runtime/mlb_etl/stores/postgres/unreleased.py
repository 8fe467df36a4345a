"""Schemas from before the first release: sets them aside under other names, and reads their captures."""

from collections.abc import Generator
from dataclasses import dataclass, field

from psycopg import sql
from psycopg.types.json import Jsonb

from mlb_contracts import Method, times
from mlb_etl.errors import EtlError
from mlb_etl.stores.encoding import StoredBody
from mlb_etl.stores.interfaces.archive import CaptureRecord
from mlb_etl.stores.postgres import archive, migrate, schema_drift
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.session import require_writable

_ASIDE = "{schema}_unreleased"
_SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s) ORDER BY nspname"

# All versions of the raw tables have these columns, and the body in one of two forms.
_ALWAYS = [
    "endpoint", "method", "path_params", "query_params", "url", "status_code", "captured_at", "ingested_at",
    "content_hash",
]  # fmt: skip
_TEXT, _BYTES = ["data"], ["body", "encoding"]
_RAW_TABLES = """
SELECT s.nspname, t.relname, array_agg(c.attname::text) AS columns
FROM pg_class AS t
JOIN pg_namespace AS s ON s.oid = t.relnamespace
JOIN pg_attribute AS c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped
WHERE s.nspname = ANY(%(schemas)s) AND t.relkind IN ('p', 'r') AND NOT t.relispartition
GROUP BY s.nspname, t.relname
HAVING array_agg(c.attname::text) @> %(always)s
    AND (array_agg(c.attname::text) @> %(text)s OR array_agg(c.attname::text) @> %(bytes)s)
ORDER BY s.nspname, t.relname
"""
_METHODS = "SELECT endpoint, method, count(*) FROM {table} GROUP BY endpoint, method ORDER BY endpoint, method"

# Replaces columns that older versions lack: there, each response was a row of its own, with its body unencoded.
_INSTEAD = {"as_of": "r.captured_at", "last_seen_at": "r.captured_at", "seen": "1", "encoding": "'identity'"}
_CAPTURES = """
SELECT r.captured_at <= r.ingested_at + {tolerance}, {facts}, octet_length(kept.body), kept.body
FROM {old} AS r
CROSS JOIN LATERAL (SELECT {body}) AS kept (body)
WHERE r.endpoint = {endpoint} AND r.method = {method} AND NOT EXISTS (
    SELECT FROM {new} AS n
    WHERE n.captured_at = r.captured_at AND n.content_hash = r.content_hash
        AND n.path_params = r.path_params AND n.query_params = r.query_params
)
ORDER BY r.captured_at, r.content_hash
"""
_CARRY = """
UPDATE {table} SET seen = greatest(seen, %(seen)s), last_seen_at = greatest(last_seen_at, %(last_seen_at)s)
WHERE captured_at = %(captured_at)s AND content_hash = %(content_hash)s
    AND path_params = %(path_params)s AND query_params = %(query_params)s
"""


@dataclass(frozen=True, slots=True)
class OldRawTable:
    """The captures of a method in a raw table from before the first release."""

    table: str
    method: str
    captures: int
    place: tuple[str, str] = field(repr=False)
    asked: tuple[str, str] = field(repr=False)
    columns: frozenset[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schemas to set aside, with their new names; the schemas set aside already; and their raw tables."""

    to_move: dict[str, str]
    aside: tuple[str, ...]
    raw_tables: tuple[OldRawTable, ...]


def find_schemas(connection: Connection, package: str) -> Schemas:
    """Find the schemas to set aside, or already set aside; raises EtlError if there are none or names are taken."""
    names = {name: _ASIDE.format(schema=name) for name in (schema_drift.CONTROL, *schema_drift.schemas(package))}
    aside = _existing(connection, list(names.values()))
    if not migrate.is_superseded(connection, package):
        if not aside:
            raise EtlError("no migration has changed since it was applied, so there is nothing to restart")
        return Schemas({}, aside, _raw_tables(connection, aside))
    if aside:
        raise EtlError(
            f"{', '.join(aside)} is left from an earlier restart: rename it, or drop it if you don't need it any more"
        )
    there = _existing(connection, list(names))
    return Schemas({name: names[name] for name in there}, (), _raw_tables(connection, there))


def set_aside(connection: Connection, package: str) -> Schemas:
    """Rename the schemas, all or none, and create new ones with the migrations; completes an interrupted run."""
    require_writable(connection)
    with migrate.alone(connection):
        found = find_schemas(connection, package)
        with connection.transaction():
            for name, other in found.to_move.items():
                rename = sql.SQL("ALTER SCHEMA {} RENAME TO {}")
                connection.execute(rename.format(sql.Identifier(name), sql.Identifier(other)))
        migrate.apply_pending(connection, package)
        return find_schemas(connection, package)


def missing_captures(
    connection: Connection, table: OldRawTable, method: Method
) -> Generator[tuple[bool, CaptureRecord, StoredBody], None, None]:
    """The captures that the method's raw table lacks, oldest first; each is read as the caller iterates.

    The first value is False for a capture that was ahead of the database's clock when it was stored.
    """
    facts = (sql.Identifier("r", name) if name in table.columns else sql.SQL(_INSTEAD[name]) for name in archive.FACTS)
    body = "r.body" if "body" in table.columns else "convert_to(r.data, 'UTF8')"
    query = sql.SQL(_CAPTURES).format(
        tolerance=times.TOLERANCE,
        facts=sql.SQL(", ").join(facts),
        old=sql.Identifier(*table.place),
        body=sql.SQL(body),
        endpoint=sql.Literal(table.asked[0]),
        method=sql.Literal(table.asked[1]),
        new=sql.Identifier(method.raw_schema, method.raw_table),
    )
    with connection.transaction(), connection.cursor("unreleased", binary=True) as cursor:
        cursor.itersize = 1  # a body may have many megabytes
        for timely, *row in cursor.execute(query):
            yield timely, *archive.with_body(tuple(row))


def carry(connection: Connection, method: Method, captured: CaptureRecord) -> None:
    """Carry `seen` and `last_seen_at` over to the capture's row in the method's raw table."""
    update = sql.SQL(_CARRY).format(table=sql.Identifier(method.raw_schema, method.raw_table))
    facts = {
        "seen": captured.seen,
        "last_seen_at": captured.last_seen_at,
        "captured_at": captured.captured_at,
        "content_hash": captured.content_hash,
        "path_params": Jsonb(captured.path_params),
        "query_params": Jsonb(captured.query_params),
    }
    connection.execute(update, facts)


def _existing(connection: Connection, names: list[str]) -> tuple[str, ...]:
    return tuple(name for (name,) in connection.execute(_SCHEMAS, [names]))


def _raw_tables(connection: Connection, schemas: tuple[str, ...]) -> tuple[OldRawTable, ...]:
    asked = {"schemas": list(schemas), "always": _ALWAYS, "text": _TEXT, "bytes": _BYTES}
    found = []
    for schema, name, columns in connection.execute(_RAW_TABLES, asked).fetchall():
        methods = connection.execute(sql.SQL(_METHODS).format(table=sql.Identifier(schema, name))).fetchall()
        for endpoint, method, number in methods:
            place, request = (schema, name), (endpoint, method)
            table = OldRawTable(".".join(place), ".".join(request), number, place, request, frozenset(columns))
            found.append(table)
    return tuple(found)
