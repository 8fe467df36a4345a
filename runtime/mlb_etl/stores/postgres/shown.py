"""Finds the capture that the tables show of each document: the one in the raw table that its watermark identifies."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import sql
from psycopg.rows import TupleRow

from mlb_contracts import Capture, Method, Table
from mlb_etl.errors import EtlError
from mlb_etl.extract.answer import Answer
from mlb_etl.extract.extract import Extract
from mlb_etl.stores.encoding import StoredBody
from mlb_etl.stores.interfaces.operations import CaptureLost
from mlb_etl.stores.postgres import standing
from mlb_etl.stores.postgres.db import Connection

_SHOWN = """
SELECT DISTINCT ON (w.document)
    {keys}, w.document::text, d.captured_at, w.as_of, d.content_hash, d.parameters, d.request, d.answer_hash, d.places,
    w.fingerprint
FROM etl.watermark AS w
LEFT JOIN (
    SELECT d.*, r.as_of, r.last_seen_at, r.query_params || r.path_params AS parameters
    FROM {documents} AS d JOIN {raw} AS r ON {in_capture} AND {hydrated}
) AS d ON {same} AND w.as_of BETWEEN d.as_of AND d.last_seen_at AND d.content_hash = w.content_hash
WHERE w.method = {method} AND {wanted}
ORDER BY w.document, d.captured_at DESC
"""
_BODY = "SELECT encoding, body FROM {raw} WHERE request = %s AND captured_at = %s AND content_hash = %s"
_UNKNOWN = "SELECT {keys} FROM {table} EXCEPT SELECT {documents} FROM etl.watermark AS w WHERE w.method = %s LIMIT 1"
_STRAY = """
SELECT {document}::text AS document, count(*) FROM {table} AS t
WHERE {wanted} AND NOT EXISTS (
    SELECT FROM etl.watermark AS w WHERE w.method = {method} AND w.document = {document}
)
GROUP BY 1 ORDER BY 1
"""
_AT_A_TIME = 1000  # documents


class Shown(NamedTuple):
    """A document and the capture that the tables show of it; `keys` are the values of its key columns.

    `content_hash` covers the document's own bytes. `request`, `captured_at` and `answer_hash` identify the capture, and
    `places` are the positions in it, as in extract.answer.HeldDocument.
    """

    keys: tuple[Any, ...]
    document: str
    captured_at: datetime
    as_of: datetime
    content_hash: bytes
    parameters: dict[str, str]
    request: str
    answer_hash: bytes
    places: list[int] | None


class Documents:
    """The documents of a method that have a watermark."""

    def __init__(self, connection: Connection, method: Method) -> None:
        self._connection = connection
        self._method = method
        self._keys = [sql.Identifier(key.name) for key in method.document]
        self._of_watermark = standing.keys_from_json(method, "w")

    def shown(self) -> list[Shown]:
        """The capture shown of each document; raises CaptureLost if the raw table no longer has one."""
        found = self._connection.execute(self._query(sql.SQL("true"))).fetchall()
        return [self._read(row) for row in found]

    def of(self, document: str) -> tuple[Shown, str] | None:
        """The capture shown of a document, and the mapping's fingerprint at the time; None without a watermark.

        Raises CaptureLost if the raw table no longer has the capture.
        """
        query = self._query(sql.SQL("w.document = {}::jsonb").format(document))
        found = self._connection.execute(query).fetchone()
        return None if found is None else (self._read(found), found[-1])

    def names(self, scope: Mapping[str, Sequence[Any]]) -> Iterator[str]:
        """The documents with these values of some keys, as the database prints them, fetched a thousand at a time."""
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
        """Documents in scope that have rows in the table but no watermark, with the number of rows."""
        wanted = [sql.SQL("t.{} = ANY({})").format(sql.Identifier(key), list(values)) for key, values in scope.items()]
        query = sql.SQL(_STRAY).format(
            document=standing.document_json(self._method, "t"),
            table=sql.Identifier(table.schema, table.name),
            method=self._method.name,
            wanted=sql.SQL(" AND ").join((sql.SQL("true"), *wanted)),
        )
        yield from self._connection.execute(query)

    def _query(self, wanted: sql.Composable) -> sql.Composed:
        pairs = zip(self._keys, self._of_watermark, strict=True)
        return sql.SQL(_SHOWN).format(
            keys=standing.key_columns(self._method, "d"),
            documents=standing.documents_table(self._method),
            raw=standing.raw_table(self._method),
            in_capture=standing.in_capture("d", "r"),
            hydrated=standing.hydrated(self._method, "r"),
            same=sql.SQL(" AND ").join(sql.SQL("d.{} = {}").format(*pair) for pair in pairs),
            method=self._method.name,
            wanted=wanted,
        )

    def _read(self, row: TupleRow) -> Shown:
        size = len(self._keys)
        found = Shown._make((row[:size], *row[size:-1]))
        if row[size + 1] is None:  # captured_at: nothing was joined
            raise CaptureLost(self._method, found.document)
        return found

    def extract(self, of: Shown) -> Extract:
        """Extract its rows, without the values that no column can hold.

        Raises CaptureLost if the raw table no longer has the capture, and Rejected for a body that is damaged or can't
        be extracted.
        """
        query = sql.SQL(_BODY).format(raw=standing.raw_table(self._method))
        found = self._connection.execute(query, (of.request, of.captured_at, of.answer_hash)).fetchone()
        if found is None:
            raise CaptureLost(self._method, of.document)
        keys = {key.name: value for key, value in zip(self._method.document, of.keys, strict=True)}
        answer = Answer(self._method, Capture(of.as_of, of.parameters), StoredBody(*found).decoded())
        return answer.extract(keys, of.places, storable_only=True)

    def require_all(self, schema: str, table: str) -> None:
        """Raise EtlError if a table has rows of a document without a watermark, whose response is unknown."""
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
                "version that wrote them, or delete them"
            )
