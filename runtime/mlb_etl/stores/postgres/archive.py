"""The captures in the raw tables, for people to read."""

from collections.abc import Generator

from psycopg import sql
from psycopg.rows import TupleRow

from mlb_contracts import Method
from mlb_etl.errors import EtlError
from mlb_etl.stores import encoding
from mlb_etl.stores.encoding import StoredBody
from mlb_etl.stores.interfaces.archive import CaptureFilter, CaptureRecord
from mlb_etl.stores.postgres.db import Connection, translate_errors

FACTS = (  # columns of every raw table except the body
    "endpoint", "method", "path_params", "query_params", "url", "status_code", "captured_at", "as_of", "last_seen_at",
    "seen", "content_hash", "encoding",
)  # fmt: skip

# Neither size requires reading a whole body: its stored length is known, and a zstd frame begins with the decoded size.
_LIST = """
SELECT {facts}, octet_length(body), substring(body FROM 1 FOR {head}) FROM {table}
WHERE {wanted} ORDER BY captured_at DESC, content_hash LIMIT {limit}
"""
_COUNT = "SELECT count(*) FROM {table} WHERE {wanted}"
_READ = (
    "SELECT {facts}, octet_length(body), body FROM {table} WHERE {wanted} ORDER BY captured_at {order}, content_hash"
)
_CONTENTS = "SELECT count(DISTINCT content_hash) FROM {table} WHERE {wanted}"
_PARAMETER = sql.SQL("(query_params || path_params) ->> {} = ANY({})")  # as Response.parameters merges them


class Archive:
    """The raw table of a method, for people to read."""

    def __init__(self, connection: Connection, method: Method) -> None:
        self._connection = connection
        self._method = method
        self._table = sql.Identifier(method.raw_schema, method.raw_table)

    @translate_errors()
    def recent(self, wanted: CaptureFilter, limit: int) -> list[CaptureRecord]:
        """The newest captures, latest first."""
        query = self._composed(_LIST, wanted, head=sql.Literal(encoding.HEAD), limit=sql.Literal(limit))
        rows = self._connection.cursor(binary=True).execute(query)
        return [_captured(row) for row in rows]

    @translate_errors()
    def count(self, wanted: CaptureFilter) -> int:
        """The number of captures."""
        [(number,)] = self._connection.execute(self._composed(_COUNT, wanted)).fetchall()
        found: int = number
        return found

    @translate_errors()
    def newest(self, wanted: CaptureFilter) -> tuple[CaptureRecord, StoredBody] | None:
        """The latest capture, with its body; raises EtlError if the digest fits several contents."""
        if wanted.digest:
            [(contents,)] = self._connection.execute(self._composed(_CONTENTS, wanted)).fetchall()
            if contents > 1:
                raise EtlError(f"{contents} contents have a hash that begins with {wanted.digest}: give more digits")
        query = sql.SQL("{} LIMIT 1").format(self._composed(_READ, wanted, order=sql.SQL("DESC")))
        row = self._connection.cursor(binary=True).execute(query).fetchone()
        return with_body(row) if row else None

    def each(self, wanted: CaptureFilter) -> Generator[tuple[CaptureRecord, StoredBody], None, None]:
        """The captures with their bodies, oldest first: one snapshot, read one by one as the caller iterates."""
        query = self._composed(_READ, wanted, order=sql.SQL("ASC"))
        with (
            translate_errors(),
            self._connection.transaction(),
            self._connection.cursor("archive", binary=True) as cursor,
        ):
            cursor.itersize = 1  # a body may have many megabytes
            for row in cursor.execute(query):
                yield with_body(row)

    def _composed(self, text: str, wanted: CaptureFilter, **more: sql.Composable) -> sql.Composed:
        facts = sql.SQL(", ").join(map(sql.Identifier, FACTS))
        return sql.SQL(text).format(table=self._table, facts=facts, wanted=_condition(wanted), **more)


def _condition(wanted: CaptureFilter) -> sql.Composed:
    conditions: list[sql.Composable] = [
        _PARAMETER.format(sql.Literal(name), sql.Literal(list(values))) for name, values in wanted.parameters.items()
    ]
    if wanted.since is not None:
        conditions.append(sql.SQL("captured_at >= {}").format(sql.Literal(wanted.since)))
    if wanted.before is not None:
        conditions.append(sql.SQL("captured_at < {}").format(sql.Literal(wanted.before)))
    if wanted.digest:
        digest = sql.Literal(wanted.digest.lower())
        conditions.append(sql.SQL("starts_with(encode(content_hash, 'hex'), {})").format(digest))
    return sql.SQL(" AND ").join(conditions or [sql.SQL("true")])


def _captured(row: TupleRow) -> CaptureRecord:
    *facts, stored, head = row
    known = dict(zip(FACTS, facts, strict=True))
    return CaptureRecord(**known, stored=stored, size=encoding.size(StoredBody(known["encoding"], head), stored))


def with_body(row: TupleRow) -> tuple[CaptureRecord, StoredBody]:
    """The capture and its body in a row of FACTS, the body's length, and the body."""
    captured = _captured(row)
    return captured, StoredBody(captured.encoding, row[-1])
