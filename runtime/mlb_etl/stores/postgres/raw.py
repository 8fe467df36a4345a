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
from mlb_etl.extract.answer import Held
from mlb_etl.laws.standing import Stored
from mlb_etl.laws.verdict import Applied
from mlb_etl.stores.encoding import Kept, keep
from mlb_etl.stores.interfaces.captures import Fate, Past
from mlb_etl.stores.postgres import standing
from mlb_etl.stores.postgres.db import Connection, translate_errors
from mlb_etl.stores.postgres.partitions import Partitioned, Partitions

log = logging.getLogger(__name__)
_COLUMNS = (
    *("request", "captured_at", "as_of", "last_seen_at", "seen", "endpoint", "method", "path_params", "query_params"),
    *("hydrations", "url", "status_code", "content_hash", "encoding", "body"),
)
# What laws.standing.Stored has of a capture behind its keys, but for what is put together.
_STORED = (
    *("document::text", "captured_at", "as_of", "content_hash", "parameters", "ahead", "note", "quarantine"),
    *("request", "answer_hash", "places", "shown_as_of", "shown_hash", "fingerprint"),
)

# A capture that was ahead of the database's clock when it was stored says nothing about the time that it claims: it
# never stands for the document, not even when that time has come.
_TIMELY = sql.SQL("r.captured_at <= r.ingested_at + {}").format(times.TOLERANCE)

# Whether the capture is ahead of the database's clock, and the row that holds what the answer to the request was at its
# time. On a tie, prefer the row with different content, so that a conflicting row's `seen` never advances.
_BEFORE = """
SELECT %(captured_at)s > clock_timestamp() + {tolerance}, before.*
FROM (SELECT) AS always
LEFT JOIN LATERAL (
    SELECT captured_at, content_hash = %(content_hash)s, last_seen_at < %(as_of)s FROM {raw} AS r
    WHERE request = %(request)s AND as_of <= %(as_of)s AND {timely}
    ORDER BY least(last_seen_at, %(as_of)s) DESC, content_hash <> %(content_hash)s DESC
    LIMIT 1
) AS before ON true
"""
_SEEN = """
UPDATE {raw} SET seen = seen + 1, last_seen_at = %(as_of)s
WHERE request = %(request)s AND captured_at = %(captured_at)s AND content_hash = %(content_hash)s
    AND last_seen_at < %(as_of)s
"""
# One statement, so that no capture is without its documents; they are there already where a capture was deleted.
_INSERT = """
WITH stored AS (
    INSERT INTO {raw} ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING RETURNING true
), held AS (
    INSERT INTO {documents} ({keys}, content_hash, places, request, captured_at, answer_hash)
    SELECT {keys}, item_hash, places::integer[], %(request)s, %(captured_at)s, %(content_hash)s
    FROM stored, unnest({arrays}) AS item ({keys}, item_hash, places)
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM stored
"""
_LISTED = """
SELECT {facts} FROM ({captures}) AS capture WHERE {wanted}
ORDER BY {keys}, as_of, captured_at, content_hash, request
"""
_AT_A_TIME = 1000  # captures listed
_HISTORY = """
SELECT r.as_of, r.last_seen_at, q.state IS NULL, r.encoding, r.body
FROM {documents} AS d
JOIN {raw} AS r ON {in_capture}
LEFT JOIN etl.quarantine AS q ON q.method = {method} AND q.document = {document}
    AND q.captured_at = d.captured_at AND q.content_hash = d.content_hash
WHERE {about} AND {timely}
ORDER BY r.last_seen_at DESC, r.captured_at DESC
"""
_NEWEST = """
SELECT encoding, body FROM {raw} AS r WHERE request = %s AND {timely}
ORDER BY last_seen_at DESC, captured_at DESC LIMIT 1
"""
_CLOCK = "SELECT clock_timestamp()"

# OFFSET 0 makes it a look-up for each capture, whatever the planner thinks of the tables.
_READ_ALL = """
SELECT wanted.place, found.encoding, found.body
FROM unnest(%s::text[], %s::timestamptz[], %s::bytea[])
    WITH ORDINALITY AS wanted (request, captured_at, content_hash, place)
LEFT JOIN LATERAL (
    SELECT r.encoding, r.body FROM {raw} AS r
    WHERE r.request = wanted.request AND r.captured_at = wanted.captured_at AND r.content_hash = wanted.content_hash
    OFFSET 0
) AS found ON true
"""


class Raw:
    """The raw table of a method, on a connection."""

    def __init__(self, connection: Connection, method: Method) -> None:
        self.connection = connection
        self._method = method
        self._partitions = Partitions.of_raw(connection, method)
        self._partitioned = [Partitioned.of_raw(method), Partitioned.of_documents(method)]
        raw, documents = standing.raw_table(method), standing.documents_table(method)
        self._before = sql.SQL(_BEFORE).format(raw=raw, timely=_TIMELY, tolerance=times.TOLERANCE)
        self._seen = sql.SQL(_SEEN).format(raw=raw)
        types = (*(each.type for each in method.document), "bytea", "text")
        names = sql.SQL(", ").join(sql.Identifier(key.name) for key in method.document)
        self._insert_into = sql.SQL(_INSERT).format(
            raw=raw,
            columns=sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)),
            values=sql.SQL(", ").join(map(sql.Placeholder, _COLUMNS)),
            documents=documents,
            keys=names,
            arrays=sql.SQL(", ").join(
                sql.SQL("{}::{}[]").format(sql.Placeholder(f"item_{number}"), sql.SQL(each))
                for number, each in enumerate(types)
            ),
        )
        self._captures = standing.captures(method)
        self._history = sql.SQL(_HISTORY).format(
            raw=raw,
            documents=documents,
            in_capture=standing.in_capture("d", "r"),
            method=method.name,
            document=standing.as_json(method, "d"),
            about=self._about("d"),
            timely=_TIMELY,
        )
        self._read_all = sql.SQL(_READ_ALL).format(raw=raw)
        self._newest = sql.SQL(_NEWEST).format(raw=raw, timely=_TIMELY)
        self._cursor = connection.cursor(binary=True)
        self._cursor.adapters.register_loader("bytea", _Unread)
        self._encoding = settings.raw_encoding()

    def store(self, response: Response, held: Sequence[Held]) -> Fate:
        """Add a response that holds these documents, or count it where the answer before it had its content.

        Raises TooLarge for a body of more than MLB_ETL_MAX_BODY.
        """
        facts = {
            "request": response.request,
            "as_of": response.as_of,
            "content_hash": hashlib.sha256(response.data).digest(),
        }
        asked = facts | {"captured_at": response.captured_at}
        with translate_errors(self._method.qualified_raw_table):
            ((ahead, captured_at, same, later),) = self.connection.execute(self._before, asked).fetchall()
            if ahead or not same:
                return "stored" if self._insert(response, held, asked) else "known"
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

    def _insert(self, response: Response, held: Sequence[Held], facts: Mapping[str, Any]) -> bool:
        """Add a row, and one for each document; False where this capture is there already."""
        kept = keep(response.data, self._encoding)
        self._partitions.ensure({table: [response.captured_at] for table in self._partitioned})
        row = {
            **facts,
            "last_seen_at": facts["as_of"],
            "seen": 1,
            "endpoint": response.endpoint,
            "method": response.method,
            "path_params": Jsonb(dict(response.path_params)),
            "query_params": Jsonb(dict(response.query_params)),
            "hydrations": response.hydrations,
            "url": response.url,
            "status_code": response.status_code,
            "encoding": kept.encoding,
            "body": kept.body,
        }
        items = [
            *([each.keys[key.name] for each in held] for key in self._method.document),
            [each.content_hash for each in held],
            [None if each.places is None else f"{{{','.join(map(str, each.places))}}}" for each in held],
        ]
        arrays = {f"item_{number}": values for number, values in enumerate(items)}
        ((number,),) = self.connection.execute(self._insert_into, row | arrays).fetchall()
        return bool(number)

    def captures(self, scope: Mapping[str, Sequence[Any]]) -> Iterator[Stored]:
        """The captures of the documents in scope, by document and time; `scope` has the values wanted of some keys.

        They are as they were when the first is asked for, and come a thousand at a time.
        """
        wanted = (sql.SQL("{} = ANY({})").format(sql.Identifier(key), list(values)) for key, values in scope.items())
        with translate_errors(), self.connection.cursor("captures", withhold=True) as cursor:
            cursor.itersize = _AT_A_TIME
            yield from map(
                self._stored, cursor.execute(self._listed(sql.SQL(" AND ").join((sql.SQL("true"), *wanted))))
            )

    @translate_errors()
    def quarantined(self, ids: Sequence[int]) -> list[Stored]:
        """The captures that stand in quarantine under these numbers, by document and time."""
        found = self.connection.execute(self._listed(sql.SQL("note = ANY(%s)")), [list(ids)])
        return [self._stored(row) for row in found]

    @translate_errors()
    def newer(self, keys: Mapping[str, Any]) -> list[Stored]:
        """The captures of a document from the time on that its tables show, oldest first."""
        wanted = sql.SQL("{} AND as_of >= coalesce(shown_as_of, '-infinity')").format(self._about("capture"))
        return [self._stored(row) for row in self.connection.execute(self._listed(wanted), keys)]

    def history(self, keys: Mapping[str, Any]) -> Generator[Past, None, None]:
        """The captures of a document, the last that was seen first; each is read when it is asked for."""
        with (
            translate_errors(),
            self.connection.transaction(),
            self.connection.cursor("history", binary=True) as cursor,
        ):
            cursor.itersize = 1
            for as_of, last_seen_at, sound, *kept in cursor.execute(self._history, keys):
                data = self._whole(Kept(*kept), dict(keys))
                yield Past(as_of, last_seen_at, sound and data is not None, data)

    def _about(self, of: str) -> sql.Composed:
        """Whether a row of a table with that name in the query is of the document with the keys that are given."""
        return sql.SQL(" AND ").join(
            sql.SQL("{} = {}").format(sql.Identifier(of, key.name), sql.Placeholder(key.name))
            for key in self._method.document
        )

    def _listed(self, wanted: sql.Composable) -> sql.Composed:
        names = sql.SQL(", ").join(sql.Identifier(key.name) for key in self._method.document)
        return sql.SQL(_LISTED).format(
            facts=sql.SQL(", ").join((names, *map(sql.SQL, _STORED))),
            captures=self._captures,
            wanted=wanted,
            keys=names,
        )

    def _stored(self, row: TupleRow) -> Stored:
        size = len(self._method.document)
        *facts, request, answer_hash, places, as_of, content_hash, fingerprint = row[size:]
        applied = None if fingerprint is None else Applied(as_of, content_hash, fingerprint)
        return Stored._make(
            (row[:size], *facts, applied, request, answer_hash, None if places is None else tuple(places))
        )

    def read(self, capture: Stored) -> bytes:
        """The body of a capture; raises Rejected for a damaged one."""
        [(_, kept)] = self.read_all([capture])
        return bytes(kept.whole())

    def read_all(self, captures: Sequence[Stored]) -> Iterator[tuple[Stored, Kept]]:
        """The captures with the bodies of their answers, not copied, and the same one for the same answer.

        All are read before one is given, so decoding keeps its caches.
        """
        answers = list(dict.fromkeys(each.answer for each in captures))
        arrays = [list(values) for values in zip(*answers, strict=True)]
        with translate_errors():
            found = self._cursor.execute(self._read_all, arrays).fetchall() if captures else ()
        bodies = {answers[place - 1]: None if body is None else Kept(encoding, body) for place, encoding, body in found}
        for capture in captures:
            kept = bodies[capture.answer]
            if kept is None:
                raise EtlError(f"{capture.document}: the raw table lost the capture of {capture.captured_at}")
            yield capture, kept

    @translate_errors()
    def newest(self, request: str) -> bytes | None:
        """The answer to a request when it was last seen, None where it never was, or that is damaged."""
        found = self._cursor.execute(self._newest, [request]).fetchone()
        return self._whole(Kept(*found), request) if found else None

    def _whole(self, kept: Kept, of: object) -> bytes | None:
        """A body that the caller can do without, None where it is damaged."""
        try:
            return bytes(kept.whole())
        except Rejected as why:
            log.warning("%s %s: %s", self._method.name, of, why)
            return None


class _Unread(Loader):
    """Leaves bodies where libpq has them."""

    format = pq.Format.BINARY

    def load(self, data: Buffer) -> Buffer:
        return data
