"""The raw tables: every response as it came, and what of it is still to be applied."""

import hashlib
import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg import pq, sql
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from mlb_contracts import Method, times
from mlb_contracts.response import Response
from mlb_etl import settings
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.laws.standing import Stored
from mlb_etl.laws.verdict import Applied
from mlb_etl.stores.encoding import Kept, keep
from mlb_etl.stores.interfaces.captures import Fate, Past
from mlb_etl.stores.postgres.db import Connection, translate_errors
from mlb_etl.stores.postgres.partitions import Partitioned, Partitions

log = logging.getLogger(__name__)
_CAPTURE = ("captured_at", "content_hash")

# A capture that was ahead of the database's clock when it was stored says nothing about the time that it claims: it
# never stands for the document, not even when that time has come.
_TIMELY = sql.SQL("r.captured_at <= r.ingested_at + {}").format(times.TOLERANCE)

# Whether the capture is ahead of the database's clock, and the row that holds what the document was at its time. On a
# tie, prefer the row with different content, so that a conflicting row's `seen` never advances.
_BEFORE = """
SELECT %(captured_at)s > clock_timestamp() + {tolerance}, before.*
FROM (SELECT) AS always
LEFT JOIN LATERAL (
    SELECT captured_at, content_hash = %(content_hash)s, last_seen_at < %(as_of)s FROM {table} AS r
    WHERE {document} AND as_of <= %(as_of)s AND {timely}
    ORDER BY least(last_seen_at, %(as_of)s) DESC, content_hash <> %(content_hash)s DESC
    LIMIT 1
) AS before ON true
"""
_SEEN = """
UPDATE {table} SET seen = seen + 1, last_seen_at = %(as_of)s
WHERE {document} AND captured_at = %(captured_at)s AND content_hash = %(content_hash)s AND last_seen_at < %(as_of)s
"""

# Ordered by captures' own times, so that a document's are applied in the order of its states. Of a content that was
# seen again the last time counts, and of one that is new to the tables the first as well: another may lie between.
_CAPTURES = """
SELECT
    {keys}, key.document::text, r.captured_at, state.as_of, r.content_hash, r.query_params || r.path_params,
    greatest(r.captured_at, state.as_of) > clock_timestamp() + {tolerance}, q.id, q.state,
    w.as_of, w.content_hash, w.fingerprint
FROM {table} AS r
CROSS JOIN LATERAL jsonb_build_object({document}) AS key (document)
LEFT JOIN etl.watermark AS w ON w.method = {method} AND w.document = key.document
LEFT JOIN etl.quarantine AS q ON q.method = {method} AND q.document = key.document
    AND q.captured_at = r.captured_at AND q.content_hash = r.content_hash
CROSS JOIN LATERAL (
    SELECT r.last_seen_at
    UNION ALL
    SELECT r.as_of WHERE r.as_of < r.last_seen_at AND r.as_of > coalesce(w.as_of, '-infinity') AND q.state IS NULL
) AS state (as_of)
WHERE {wanted}
ORDER BY {keys}, state.as_of, r.captured_at, r.content_hash
"""
_AT_A_TIME = 1000  # captures listed
_FACTS = -11  # columns behind the keys
_HISTORY = """
SELECT r.as_of, r.last_seen_at, q.state IS NULL, r.encoding, r.body
FROM {table} AS r
CROSS JOIN LATERAL jsonb_build_object({document}) AS key (document)
LEFT JOIN etl.quarantine AS q ON q.method = {method} AND q.document = key.document
    AND q.captured_at = r.captured_at AND q.content_hash = r.content_hash
WHERE {about} AND {timely}
ORDER BY r.last_seen_at DESC, r.captured_at DESC
"""
_NEWEST = """
SELECT encoding, body FROM {table} AS r WHERE {about} AND {timely}
ORDER BY last_seen_at DESC, captured_at DESC LIMIT 1
"""
_CLOCK = "SELECT clock_timestamp()"

# OFFSET 0 makes it a look-up for each capture, whatever the planner thinks of the tables.
_READ_ALL = """
SELECT wanted.place, found.encoding, found.body
FROM unnest({arrays}) WITH ORDINALITY AS wanted ({columns}, place)
LEFT JOIN LATERAL (SELECT r.encoding, r.body FROM {table} AS r WHERE {same} OFFSET 0) AS found ON true
"""


class Raw:
    """The raw table of a method, on a connection."""

    def __init__(self, connection: Connection, method: Method) -> None:
        self.connection = connection
        self._method = method
        self._partitions = Partitions.of_raw(connection, method)
        self._partitioned = Partitioned.of_raw(method)
        self._table = sql.Identifier(method.raw_schema, method.raw_table)
        self._keys = [sql.Identifier(key.name) for key in method.document]
        key = (*self._keys, *map(sql.Identifier, _CAPTURE))
        types = (*(each.type for each in method.document), "timestamptz", "bytea")
        about = sql.SQL(" AND ").join(
            sql.SQL("{} = {}").format(column, sql.Placeholder(key.name))
            for column, key in zip(self._keys, method.document, strict=True)
        )
        self._about = about
        self._before = sql.SQL(_BEFORE).format(
            table=self._table, document=about, timely=_TIMELY, tolerance=times.TOLERANCE
        )
        self._seen = sql.SQL(_SEEN).format(table=self._table, document=about)
        self._read_all = sql.SQL(_READ_ALL).format(
            arrays=sql.SQL(", ").join(sql.SQL(f"%s::{each}[]") for each in types),
            columns=sql.SQL(", ").join(key),
            table=self._table,
            same=sql.SQL(" AND ").join(sql.SQL("r.{0} = wanted.{0}").format(column) for column in key),
        )
        pairs = (sql.SQL("{}, r.{}").format(key.name, sql.Identifier(key.name)) for key in method.document)
        self._document = sql.SQL(", ").join(pairs)
        self._newest = sql.SQL(_NEWEST).format(table=self._table, about=about, timely=_TIMELY)
        self._cursor = connection.cursor(binary=True)
        self._cursor.adapters.register_loader("bytea", _Unread)
        self._encoding = settings.raw_encoding()

    def store(self, response: Response, keys: Mapping[str, Any]) -> Fate:
        """Add a response about the document with these keys, or count it where the one before it had its content.

        Raises TooLarge for a body of more than MLB_ETL_MAX_BODY.
        """
        facts = {**keys, "as_of": response.as_of, "content_hash": hashlib.sha256(response.data).digest()}
        asked = facts | {"captured_at": response.captured_at}
        with translate_errors(self._method.qualified_raw_table):
            ((ahead, captured_at, same, later),) = self.connection.execute(self._before, asked).fetchall()
            if ahead or not same:
                return "stored" if self._insert(response, facts) else "known"
            if later and self.connection.execute(self._seen, facts | {"captured_at": captured_at}).rowcount:
                return "seen"
            return "known"

    @translate_errors()
    def now(self) -> datetime:
        """The time on the database's clock, which all processes share."""
        [(found,)] = self.connection.execute(_CLOCK).fetchall()
        now: datetime = found
        return now

    def require_present(self, response: Response) -> None:
        """Raise Rejected where this machine, whose time a response of now has, is ahead of the database's clock."""
        now = self.now()
        if response.captured_at > now + times.TOLERANCE:
            ours, theirs = (f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for time in (response.captured_at, now))
            raise Rejected(
                f"this machine's clock says {ours} and the database's {theirs}: set them, as such captures would hide "
                "all that come before that time",
                path="captured_at",
                value=ours,
            )

    def _insert(self, response: Response, facts: Mapping[str, Any]) -> bool:
        """Add a row; False where this capture is there already."""
        kept = keep(response.data, self._encoding)
        self._partitions.ensure({self._partitioned: [response.captured_at]})
        row = {
            **facts,
            "captured_at": response.captured_at,
            "last_seen_at": facts["as_of"],
            "seen": 1,
            "endpoint": response.endpoint,
            "method": response.method,
            "path_params": Jsonb(dict(response.path_params)),
            "query_params": Jsonb(dict(response.query_params)),
            "url": response.url,
            "status_code": response.status_code,
            "encoding": kept.encoding,
            "body": kept.body,
        }
        insert = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
            self._table, sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(map(sql.Placeholder, row))
        )
        return self.connection.execute(insert, row).rowcount == 1

    def captures(self, scope: Mapping[str, Sequence[Any]]) -> Iterator[Stored]:
        """The captures of the documents in scope, by document and time; `scope` has the values wanted of some keys.

        They are as they were when the first is asked for, and come a thousand at a time.
        """
        wanted = (sql.SQL("r.{} = ANY({})").format(sql.Identifier(key), list(values)) for key, values in scope.items())
        with translate_errors(), self.connection.cursor("captures", withhold=True) as cursor:
            cursor.itersize = _AT_A_TIME
            yield from map(_stored, cursor.execute(self._listed(sql.SQL(" AND ").join((sql.SQL("true"), *wanted)))))

    @translate_errors()
    def quarantined(self, ids: Sequence[int]) -> list[Stored]:
        """The captures that stand in quarantine under these numbers, by document and time."""
        return [_stored(row) for row in self.connection.execute(self._listed(sql.SQL("q.id = ANY(%s)")), [list(ids)])]

    @translate_errors()
    def newer(self, keys: Mapping[str, Any]) -> list[Stored]:
        """The captures of a document from the time on that its tables show, oldest first."""
        wanted = sql.SQL("{} AND state.as_of >= coalesce(w.as_of, '-infinity')").format(self._about)
        return [_stored(row) for row in self.connection.execute(self._listed(wanted), keys)]

    def history(self, keys: Mapping[str, Any]) -> Generator[Past, None, None]:
        """The captures of a document, the last that was seen first; each is read when it is asked for."""
        query = sql.SQL(_HISTORY).format(
            table=self._table,
            document=self._document,
            method=self._method.name,
            about=self._about,
            timely=_TIMELY,
        )
        with (
            translate_errors(),
            self.connection.transaction(),
            self.connection.cursor("history", binary=True) as cursor,
        ):
            cursor.itersize = 1
            for as_of, last_seen_at, sound, *kept in cursor.execute(query, keys):
                data = self._whole(Kept(*kept), keys)
                yield Past(as_of, last_seen_at, sound and data is not None, data)

    def _listed(self, wanted: sql.Composable) -> sql.Composed:
        return sql.SQL(_CAPTURES).format(
            keys=sql.SQL(", ").join(sql.SQL("r.{}").format(key) for key in self._keys),
            document=self._document,
            table=self._table,
            method=self._method.name,
            tolerance=times.TOLERANCE,
            wanted=wanted,
        )

    def read(self, capture: Stored) -> bytes:
        """The body of a capture; raises Rejected for a damaged one."""
        [(_, kept)] = self.read_all([capture])
        return bytes(kept.whole())

    def read_all(self, captures: Sequence[Stored]) -> Iterator[tuple[Stored, Kept]]:
        """The captures with their bodies, not copied: all read before one is given, so decoding keeps its caches."""
        keys = ((*each.keys, each.captured_at, each.content_hash) for each in captures)
        arrays = [list(values) for values in zip(*keys, strict=True)]
        with translate_errors():
            found = self._cursor.execute(self._read_all, arrays).fetchall() if captures else ()
        for place, encoding, body in found:
            capture = captures[place - 1]
            if body is None:
                raise EtlError(f"{capture.document}: the raw table lost the capture of {capture.captured_at}")
            yield capture, Kept(encoding, body)

    @translate_errors()
    def newest(self, keys: Mapping[str, Any]) -> bytes | None:
        """The body that the document had when it was last seen, None where it never was, or that is damaged."""
        found = self._cursor.execute(self._newest, keys).fetchone()
        return self._whole(Kept(*found), keys) if found else None

    def _whole(self, kept: Kept, keys: Mapping[str, Any]) -> bytes | None:
        """A body that the caller can do without, None where it is damaged."""
        try:
            return bytes(kept.whole())
        except Rejected as why:
            log.warning("%s %s: %s", self._method.name, dict(keys), why)
            return None


def _stored(row: TupleRow) -> Stored:
    applied = Applied(*row[-3:]) if row[-1] is not None else None
    return Stored._make((row[:_FACTS], *row[_FACTS:-3], applied))


class _Unread(Loader):
    """Leaves bodies where libpq has them."""

    format = pq.Format.BINARY

    def load(self, data: Buffer) -> Buffer:
        return data
