"""What the tables show of each document: the capture that its watermark names, in the raw table."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import sql
from psycopg.rows import TupleRow

from mlb_contracts import Capture, Method, Table
from mlb_etl.errors import EtlError
from mlb_etl.stores.encoding import Kept
from mlb_etl.stores.postgres.db import Connection

_SHOWN = """
SELECT DISTINCT ON (w.document)
    {keys}, w.document::text, r.captured_at, w.as_of, r.content_hash, r.query_params || r.path_params, w.fingerprint
FROM etl.watermark AS w
LEFT JOIN {raw} AS r ON {same} AND w.as_of BETWEEN r.as_of AND r.last_seen_at AND r.content_hash = w.content_hash
WHERE w.method = {method} AND {wanted}
ORDER BY w.document
"""
_BODY = "SELECT encoding, body FROM {raw} WHERE {same} AND captured_at = %s AND content_hash = %s"
_UNKNOWN = "SELECT {keys} FROM {table} EXCEPT SELECT {documents} FROM etl.watermark AS w WHERE w.method = %s LIMIT 1"
_STRAY = """
SELECT jsonb_build_object({document})::text AS document, count(*) FROM {table} AS t
WHERE {wanted} AND NOT EXISTS (
    SELECT FROM etl.watermark AS w WHERE w.method = {method} AND w.document = jsonb_build_object({document})
)
GROUP BY 1 ORDER BY 1
"""
_AT_A_TIME = 1000  # documents


class CaptureLost(EtlError):
    """The raw table no longer has the capture that the tables show of a document."""


class Shown(NamedTuple):
    """A document and the capture that the tables show of it; `keys` are the values of its key columns."""

    keys: tuple[Any, ...]
    document: str
    captured_at: datetime
    as_of: datetime
    content_hash: bytes
    parameters: dict[str, str]

    @property
    def capture(self) -> Capture:
        """What extraction has to know of it."""
        return Capture(self.as_of, self.parameters)


class Documents:
    """The documents of a method that have a watermark."""

    def __init__(self, connection: Connection, method: Method) -> None:
        self._connection = connection
        self._method = method
        self._raw = sql.Identifier(method.raw_schema, method.raw_table)
        self._keys = [sql.Identifier(key.name) for key in method.document]
        self._of_watermark = [
            sql.SQL("(w.document ->> {})::{}").format(key.name, sql.SQL(key.type)) for key in method.document
        ]

    def shown(self) -> list[Shown]:
        """The capture shown of each; raises CaptureLost where the raw table no longer has one."""
        found = self._connection.execute(self._query(sql.SQL("true"))).fetchall()
        return [self._read(row) for row in found]

    def of(self, document: str) -> tuple[Shown, str] | None:
        """The capture shown of one, and the fingerprint of the mapping it was applied under; None without watermark.

        Raises CaptureLost where the raw table no longer has the capture.
        """
        query = self._query(sql.SQL("w.document = {}::jsonb").format(document))
        found = self._connection.execute(query).fetchone()
        return None if found is None else (self._read(found), found[-1])

    def names(self, scope: Mapping[str, Sequence[Any]]) -> Iterator[str]:
        """Those with these values of some keys, as the database writes them, a thousand at a time."""
        of = dict(zip((key.name for key in self._method.document), self._of_watermark, strict=True))
        wanted = [sql.SQL("{} = ANY({})").format(of[key], list(values)) for key, values in scope.items()]
        query = sql.SQL("SELECT w.document::text FROM etl.watermark AS w WHERE {} ORDER BY w.document").format(
            sql.SQL(" AND ").join((sql.SQL("w.method = {}").format(self._method.name), *wanted))
        )
        with self._connection.cursor("documents", withhold=True) as cursor:
            cursor.itersize = _AT_A_TIME
            for (document,) in cursor.execute(query):
                yield document

    def without_watermark(self, table: Table, scope: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, int]]:
        """The documents with these values of some keys of which the table has rows all the same, and how many."""
        wanted = [sql.SQL("t.{} = ANY({})").format(sql.Identifier(key), list(values)) for key, values in scope.items()]
        pairs = (sql.SQL("{}, t.{}").format(key.name, sql.Identifier(key.name)) for key in self._method.document)
        query = sql.SQL(_STRAY).format(
            document=sql.SQL(", ").join(pairs),
            table=sql.Identifier(table.schema, table.name),
            method=self._method.name,
            wanted=sql.SQL(" AND ").join((sql.SQL("true"), *wanted)),
        )
        yield from self._connection.execute(query)

    def _query(self, wanted: sql.Composable) -> sql.Composed:
        pairs = zip(self._keys, self._of_watermark, strict=True)
        return sql.SQL(_SHOWN).format(
            keys=sql.SQL(", ").join(sql.SQL("r.{}").format(key) for key in self._keys),
            raw=self._raw,
            same=sql.SQL(" AND ").join(sql.SQL("r.{} = {}").format(*pair) for pair in pairs),
            method=self._method.name,
            wanted=wanted,
        )

    def _read(self, row: TupleRow) -> Shown:
        *keys, document, captured_at, as_of, content_hash, parameters, _ = row
        if content_hash is None:
            raise self._lost(document)
        return Shown(tuple(keys), document, captured_at, as_of, content_hash, parameters)

    def body(self, of: Shown) -> bytes:
        """The response; raises CaptureLost where the raw table no longer has it, and Rejected for a damaged body."""
        same = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(key) for key in self._keys)
        query = sql.SQL(_BODY).format(raw=self._raw, same=same)
        found = self._connection.execute(query, (*of.keys, of.captured_at, of.content_hash)).fetchone()
        if found is None:
            raise self._lost(of.document)
        return bytes(Kept(*found).whole())

    def require_all(self, schema: str, table: str) -> None:
        """Raise EtlError where a table has rows of a document without watermark, whose response nobody knows."""
        query = sql.SQL(_UNKNOWN).format(
            keys=sql.SQL(", ").join(self._keys),
            table=sql.Identifier(schema, table),
            documents=sql.SQL(", ").join(self._of_watermark),
        )
        unknown: Sequence[Any] | None = self._connection.execute(query, [self._method.name]).fetchone()
        if unknown is not None:
            pairs = zip(self._method.document, unknown, strict=True)
            document = ", ".join(f"{key.name} {value}" for key, value in pairs)
            raise EtlError(
                f"{schema}.{table} has rows of {document}, whose watermark is gone: run `mlb-etl transform` with the "
                "version that made them, or delete them"
            )

    def _lost(self, document: str) -> CaptureLost:
        return CaptureLost(
            f"{self._method.qualified_raw_table} no longer has the response that the tables show of {document}: its "
            "rows can't be made anew; restore it, or delete the document from the tables and etl.watermark"
        )
