"""Captures that could not be applied, each with the reason: etl.quarantine."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from mlb_etl.errors import Rejected
from mlb_etl.laws.counts import Quarantined
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.stores.interfaces.operations import Entry, EntryFilter, require_found
from mlb_etl.stores.postgres.db import Connection, translate_errors
from mlb_etl.stores.texts import storable_text

# Waits for any worker that applies captures of the document, as that worker deletes entries under the same lock.
_ADD = """
WITH shown AS MATERIALIZED (
    SELECT as_of, content_hash, fingerprint FROM etl.watermark
    WHERE method = %(method)s AND document = %(document)s::jsonb
    FOR UPDATE
)
INSERT INTO etl.quarantine AS q (method, document, captured_at, content_hash, table_name, path, value, reason)
SELECT
    %(method)s, %(document)s::jsonb, %(captured_at)s, %(content_hash)s, %(table)s, %(path)s, %(value)s, %(reason)s
WHERE NOT EXISTS (
    SELECT FROM shown
    WHERE as_of > %(as_of)s
        OR (as_of = %(as_of)s AND content_hash = %(content_hash)s AND fingerprint = %(fingerprint)s)
)
ON CONFLICT (method, document, captured_at, content_hash) DO UPDATE
SET table_name = EXCLUDED.table_name, path = EXCLUDED.path, value = EXCLUDED.value, reason = EXCLUDED.reason,
    quarantined_at = DEFAULT
RETURNING id
"""
_LEAVE = """
DELETE FROM etl.quarantine AS q
USING unnest(%s::text[]::jsonb[], %s::timestamptz[], %s::bytea[]) AS gone (document, captured_at, content_hash)
WHERE q.method = %s AND q.document = gone.document AND q.captured_at = gone.captured_at
    AND q.content_hash = gone.content_hash
"""
# Keys are compared as text, because command-line options are text.
_LIST = """
SELECT id, method, document, captured_at, state, table_name AS "table", path, value, reason, quarantined_at
FROM etl.quarantine AS q
WHERE (cardinality(%(numbers)s::bigint[]) = 0 OR id = ANY(%(numbers)s))
    AND (%(state)s::text IS NULL OR state = %(state)s)
    AND (%(method)s::text IS NULL OR method = %(method)s)
    AND (%(table)s::text IS NULL OR table_name = %(table)s)
    AND (%(reason)s::text IS NULL OR strpos(lower(reason), lower(%(reason)s)) > 0)
    AND (%(since)s::timestamptz IS NULL OR captured_at >= %(since)s)
    AND (%(before)s::timestamptz IS NULL OR captured_at < %(before)s)
    AND NOT EXISTS (
        SELECT FROM jsonb_each(%(document)s) AS key (name, texts)
        WHERE coalesce(NOT key.texts ? (q.document ->> key.name), true)
    )
ORDER BY id
LIMIT %(limit)s
"""
_WAITING = """
SELECT id, document::text, captured_at, table_name, path, value, reason FROM etl.quarantine
WHERE id = ANY(%s) AND state = 'waiting' ORDER BY id
"""
_DROP = "UPDATE etl.quarantine SET state = 'dropped' WHERE id = ANY(%s)"


class Quarantine:
    """The quarantine of a method, on a connection.

    `fingerprint` identifies the mapping under which captures are applied; None if it does not matter.
    """

    def __init__(self, connection: Connection, method: str, fingerprint: str | None = None) -> None:
        self._connection = connection
        self._method = method
        self._fingerprint = fingerprint

    @translate_errors()
    def add(self, capture: StoredCapture, why: Rejected) -> int | None:
        """Record why the capture can't be applied; return the entry's id.

        Returns None if another worker has applied this capture or a newer one meanwhile.
        """
        entry = {
            "method": self._method,
            "document": capture.document,
            "captured_at": capture.captured_at,
            "as_of": capture.as_of,
            "content_hash": capture.content_hash,
            "fingerprint": self._fingerprint,
            "table": why.table,
            "path": storable_text(why.path),
            "value": None if why.value is None else storable_text(why.value),
            "reason": storable_text(why.reason),
        }
        added = self._connection.execute(_ADD, entry).fetchone()
        return added[0] if added else None

    @translate_errors()
    def leave(self, captures: Iterable[StoredCapture]) -> None:
        """Remove the entries of captures that need no decision any more, whichever worker recorded them."""
        gone = [(each.document, each.captured_at, each.content_hash) for each in captures]
        if gone:
            self._connection.execute(_LEAVE, (*map(list, zip(*gone, strict=True)), self._method))

    def waiting(self, numbers: Sequence[int]) -> Iterator[Quarantined]:
        """The undecided entries with these ids, by id."""
        with translate_errors():
            found = self._connection.execute(_WAITING, [list(numbers)]).fetchall()
        for id_, document, captured_at, table, path, value, reason in found:
            yield Quarantined(id_, document, captured_at, Rejected(reason, path=path, value=value, table=table))


def entries(connection: Connection, wanted: EntryFilter, limit: int | None = None) -> list[Entry]:
    """The selected entries, oldest first, at most `limit`; raises EtlError if one of the ids selects none."""
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        found = cursor.execute(_LIST, _facts(wanted) | {"limit": limit}).fetchall()
    require_found(wanted, found)
    return found


def _facts(wanted: EntryFilter) -> dict[str, Any]:
    document = {name: list(values) for name, values in wanted.document.items() if values}
    return asdict(wanted) | {"numbers": list(wanted.numbers), "document": Jsonb(document)}


def mark_dropped(connection: Connection, numbers: Sequence[int]) -> None:
    """Mark these captures as never to be applied; they stay in the raw table."""
    connection.execute(_DROP, [list(numbers)])
