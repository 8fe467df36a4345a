"""The raw tables: every response as it came, and what of it is still to be applied."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import pq, sql
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from mlb_etl.contracts import Method
from mlb_etl.db import Connection
from mlb_etl.errors import EtlError
from mlb_etl.partitions import Partitioned, Partitions

_CAPTURE = ("captured_at", "content_hash")

_CAPTURES = """
SELECT
    {keys}, key.document::text, r.captured_at, r.content_hash, r.path_params,
    w.captured_at, w.content_hash, w.fingerprint
FROM {table} AS r
CROSS JOIN LATERAL jsonb_build_object({document}) AS key (document)
LEFT JOIN etl.watermark AS w ON w.method = {method} AND w.document = key.document
WHERE {wanted}
ORDER BY {keys}, r.captured_at, r.content_hash
"""


@dataclass(frozen=True, slots=True)
class Response:
    """A response with the request it answers; `data` is its body, byte for byte."""

    endpoint: str
    method: str
    path_params: Mapping[str, str]
    query_params: Mapping[str, str]
    url: str
    status_code: int
    captured_at: datetime
    data: bytes


class Applied(NamedTuple):
    """What a document's tables show: a capture, and the mapping's fingerprint it was applied under."""

    captured_at: datetime
    content_hash: bytes
    fingerprint: str


class Stored(NamedTuple):
    """A capture in a raw table, without its body; `document` is its key as JSON, `applied` the document's watermark."""

    keys: tuple[Any, ...]
    document: str
    captured_at: datetime
    content_hash: bytes
    path_params: dict[str, str]
    applied: Applied | None


class Raw:
    """The raw table of a method, on a connection."""

    def __init__(self, connection: Connection, method: Method) -> None:
        self._connection = connection
        self._method = method
        self._partitions = Partitions.of_raw(connection, method)
        self._partitioned = Partitioned.of_raw(method)
        self._table = sql.Identifier(method.raw_schema, method.raw_table)
        self._keys = [sql.Identifier(key.name) for key in method.document]
        same = (sql.SQL("{} = %s").format(column) for column in (*self._keys, *map(sql.Identifier, _CAPTURE)))
        self._read = sql.SQL("SELECT data FROM {} WHERE {}").format(self._table, sql.SQL(" AND ").join(same))
        self._cursor = connection.cursor(binary=True)
        self._cursor.adapters.register_loader("text", _Bytes)

    def store(self, response: Response, keys: Mapping[str, Any]) -> bool:
        """Add a response about the document with these keys; False where this capture is there already."""
        self._partitions.ensure({self._partitioned: [response.captured_at]})
        row = {
            **keys,
            "captured_at": response.captured_at,
            "endpoint": response.endpoint,
            "method": response.method,
            "path_params": Jsonb(dict(response.path_params)),
            "query_params": Jsonb(dict(response.query_params)),
            "url": response.url,
            "status_code": response.status_code,
            "content_hash": hashlib.sha256(response.data).digest(),
            "data": response.data.decode(),
        }
        insert = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
            self._table, sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(map(sql.Placeholder, row))
        )
        return self._connection.execute(insert, row).rowcount == 1

    def captures(self, scope: Mapping[str, Sequence[Any]]) -> list[Stored]:
        """The captures of the documents in scope, by document and time; `scope` has the values wanted of some keys."""
        keys = sql.SQL(", ").join(sql.SQL("r.{}").format(key) for key in self._keys)
        pairs = (sql.SQL("{}, r.{}").format(key.name, sql.Identifier(key.name)) for key in self._method.document)
        wanted = (sql.SQL("r.{} = ANY({})").format(sql.Identifier(key), list(values)) for key, values in scope.items())
        query = sql.SQL(_CAPTURES).format(
            keys=keys,
            document=sql.SQL(", ").join(pairs),
            table=self._table,
            method=self._method.name,
            wanted=sql.SQL(" AND ").join((sql.SQL("true"), *wanted)),
        )
        return [_stored(row) for row in self._connection.execute(query)]

    def read(self, capture: Stored) -> bytes:
        """The body of a capture."""
        found = self._cursor.execute(self._read, (*capture.keys, capture.captured_at, capture.content_hash)).fetchone()
        if found is None:
            raise EtlError(
                f"{self._method.name} {capture.document}: the raw table lost the capture of {capture.captured_at}"
            )
        data: bytes = found[0]
        return data


def _stored(row: TupleRow) -> Stored:
    *keys, document, captured_at, content_hash, path_params = row[:-3]
    applied = Applied(*row[-3:]) if row[-1] is not None else None
    return Stored(tuple(keys), document, captured_at, content_hash, path_params, applied)


class _Bytes(Loader):
    """Takes text as the bytes it is sent as, for a decoder that wants bytes."""

    format = pq.Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return bytes(data)
