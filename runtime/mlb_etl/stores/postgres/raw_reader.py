"""Reads the raw tables: captures, their standing, and their bodies."""

import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from psycopg import pq, sql
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.rows import TupleRow

from mlb_contracts import Method, times
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.encoding import StoredBody
from mlb_etl.stores.interfaces.captures import Past
from mlb_etl.stores.postgres import standing
from mlb_etl.stores.postgres.db import Connection, translate_errors

log = logging.getLogger(__name__)
# The fields of laws.standing.StoredCapture after its keys; three of them make up `applied`.
_STORED = (
    *("document::text", "captured_at", "as_of", "content_hash", "parameters", "ahead", "note", "quarantine"),
    *("request", "answer_hash", "places", "shown_as_of", "shown_hash", "fingerprint"),
)

# A capture that was ahead of the database's clock when it was stored has a wrong time. It never represents the
# document, not even once that time has come.
TIMELY = sql.SQL("r.captured_at <= r.ingested_at + {}").format(times.TOLERANCE)

_LISTED = """
SELECT {facts} FROM ({captures}) AS capture WHERE {wanted}
ORDER BY {keys}, as_of, captured_at, content_hash, request
"""
_numbers = count(1)
_AT_A_TIME = 1000  # captures fetched at once
# Restricts keys first, which are indexed: whether a capture is in quarantine is known only after its look-up.
_NOTED = """
note = ANY(%(ids)s) AND ({keys}) IN (
    SELECT {values} FROM etl.quarantine AS q WHERE q.id = ANY(%(ids)s) AND q.method = %(method)s
)
"""
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
# OFFSET 0 forces one look-up per capture, whatever the planner estimates.
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


class RawReader:
    """The captures of a method, on a connection."""

    def __init__(self, connection: Connection, method: Method) -> None:
        self.connection = connection
        self._method = method
        raw, documents = standing.raw_table(method), standing.documents_table(method)
        self._captures = standing.captures(method)
        self._history = sql.SQL(_HISTORY).format(
            raw=raw,
            documents=documents,
            in_capture=standing.in_capture("d", "r"),
            method=method.name,
            document=standing.document_json(method, "d"),
            about=self._about("d"),
            timely=TIMELY,
        )
        noted = sql.SQL(_NOTED).format(
            keys=standing.key_columns(method, "capture"),
            values=sql.SQL(", ").join(standing.keys_from_json(method, "q")),
        )
        self._quarantined = self._listed(noted)
        self._read_all = sql.SQL(_READ_ALL).format(raw=raw)
        self._newest = sql.SQL(_NEWEST).format(raw=raw, timely=TIMELY)
        self._cursor = connection.cursor(binary=True)
        self._cursor.adapters.register_loader("bytea", _Unread)

    def captures(self, scope: Mapping[str, Sequence[Any]]) -> Iterator[StoredCapture]:
        """The captures of the documents in scope, by document and time; `scope` maps keys to the wanted values.

        They are one snapshot, taken when the first is requested, and are fetched a thousand at a time.
        """
        wanted = (sql.SQL("{} = ANY({})").format(sql.Identifier(key), list(values)) for key, values in scope.items())
        name = f"captures_{next(_numbers)}"  # one may be open while another is read
        with translate_errors(), self.connection.cursor(name, withhold=True) as cursor:
            cursor.itersize = _AT_A_TIME
            yield from map(
                self._stored, cursor.execute(self._listed(sql.SQL(" AND ").join((sql.SQL("true"), *wanted))))
            )

    @translate_errors()
    def quarantined(self, ids: Sequence[int]) -> list[StoredCapture]:
        """The captures with these quarantine ids, by document and time."""
        found = self.connection.execute(self._quarantined, {"ids": list(ids), "method": self._method.name})
        return [self._stored(row) for row in found]

    @translate_errors()
    def newer(self, keys: Mapping[str, Any]) -> list[StoredCapture]:
        """The captures of a document that are not older than what its tables show, oldest first."""
        wanted = sql.SQL("{} AND as_of >= coalesce(shown_as_of, '-infinity')").format(self._about("capture"))
        return [self._stored(row) for row in self.connection.execute(self._listed(wanted), keys)]

    def history(self, keys: Mapping[str, Any]) -> Generator[Past, None, None]:
        """The captures of a document, the last seen first; each is read as the caller iterates."""
        with (
            translate_errors(),
            self.connection.transaction(),
            self.connection.cursor("history", binary=True) as cursor,
        ):
            cursor.itersize = 1
            for as_of, last_seen_at, sound, *kept in cursor.execute(self._history, keys):
                data = self._whole(StoredBody(*kept), dict(keys))
                yield Past(as_of, last_seen_at, sound and data is not None, data)

    def _about(self, of: str) -> sql.Composed:
        """The condition under which a row of the alias `of` belongs to the document with the given keys."""
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

    def _stored(self, row: TupleRow) -> StoredCapture:
        size = len(self._method.document)
        *facts, request, answer_hash, places, as_of, content_hash, fingerprint = row[size:]
        applied = None if fingerprint is None else Watermark(as_of, content_hash, fingerprint)
        return StoredCapture._make(
            (row[:size], *facts, applied, request, answer_hash, None if places is None else tuple(places))
        )

    def read(self, capture: StoredCapture) -> bytes:
        """The body of a capture; raises Rejected for a damaged one."""
        [(_, kept)] = self.read_all([capture])
        return bytes(kept.decoded())

    def read_all(self, captures: Sequence[StoredCapture]) -> Iterator[tuple[StoredCapture, StoredBody]]:
        """The captures with the bodies of their responses, uncopied; captures of one response share one body.

        All bodies are read before the first is returned, so that decoding keeps its caches.
        """
        answers = list(dict.fromkeys(each.answer for each in captures))
        arrays = [list(values) for values in zip(*answers, strict=True)]
        with translate_errors():
            found = self._cursor.execute(self._read_all, arrays).fetchall() if captures else ()
        bodies = {
            answers[place - 1]: None if body is None else StoredBody(encoding, body) for place, encoding, body in found
        }
        for capture in captures:
            kept = bodies[capture.answer]
            if kept is None:
                raise EtlError(f"{capture.document}: the raw table lost the capture of {capture.captured_at}")
            yield capture, kept

    @translate_errors()
    def newest(self, request: str) -> bytes | None:
        """The body last seen for a request; None if there is none or it is damaged."""
        found = self._cursor.execute(self._newest, [request]).fetchone()
        return self._whole(StoredBody(*found), request) if found else None

    def _whole(self, kept: StoredBody, of: object) -> bytes | None:
        """The decoded body, or None with a warning if it is damaged."""
        try:
            return bytes(kept.decoded())
        except Rejected as why:
            log.warning("%s %s: %s", self._method.name, of, why)
            return None


class _Unread(Loader):
    """Loads bodies without copying them from libpq's buffer."""

    format = pq.Format.BINARY

    def load(self, data: Buffer) -> Buffer:
        return data
