"""How responses differ from the samples that the mappings were made with: etl.drift."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import class_row

from mlb_etl.laws import drift
from mlb_etl.stores.interfaces.database import DriftedCapture
from mlb_etl.stores.interfaces.operations import DriftCount, DriftedPath
from mlb_etl.stores.postgres.db import Connection, translate_errors
from mlb_etl.stores.texts import storable_text

# Rows are locked in the order of their keys, so concurrent workers can't deadlock. A capture that the tables show
# already, or that is the last one counted, is not counted again.
_RECORD = """
INSERT INTO etl.drift AS d (
    method, path, kind, seen, first_seen_at, last_seen_at, captures, document, request, content_hash
)
SELECT
    %(method)s, new.path, new.kind, new.seen, min(new.captured_at), max(new.captured_at),
    greatest(
        count(DISTINCT (new.request, new.captured_at)) FILTER (
            WHERE new.counts AND (new.request, new.captured_at) IS DISTINCT FROM (known.request, known.last_seen_at)
        ),
        CASE WHEN known.path IS NULL THEN 1 ELSE 0 END
    ),
    (array_agg(new.document ORDER BY new.captured_at DESC))[1],
    (array_agg(new.request ORDER BY new.captured_at DESC))[1],
    (array_agg(new.content_hash ORDER BY new.captured_at DESC))[1]
FROM (
    SELECT
        CASE WHEN beyond THEN '…' ELSE path END AS path, kind, CASE WHEN beyond THEN '' ELSE seen END AS seen,
        document, request, captured_at, content_hash, counts
    FROM (
        SELECT *, known IS NULL AND taken + dense_rank() OVER (ORDER BY known, path, kind, seen) > %(most)s AS beyond
        FROM unnest(
            %(paths)s::text[], %(kinds)s::text[], %(seen)s::text[], %(documents)s::text[]::jsonb[],
            %(requests)s::text[], %(captured_at)s::timestamptz[], %(hashes)s::bytea[], %(counts)s::boolean[]
        ) AS found (path, kind, seen, document, request, captured_at, content_hash, counts)
        LEFT JOIN LATERAL (
            SELECT true AS known FROM etl.drift AS k
            WHERE k.method = %(method)s AND k.path = found.path AND k.kind = found.kind AND k.seen = found.seen
        ) AS k ON true
        CROSS JOIN (SELECT count(*) AS taken FROM etl.drift WHERE method = %(method)s) AS room
    ) AS ranked
) AS new
LEFT JOIN etl.drift AS known
    ON known.method = %(method)s AND known.path = new.path AND known.kind = new.kind AND known.seen = new.seen
GROUP BY new.path, new.kind, new.seen, known.path
ORDER BY new.path, new.kind, new.seen
ON CONFLICT (method, path, kind, seen) DO UPDATE SET
    first_seen_at = least(d.first_seen_at, EXCLUDED.first_seen_at),
    last_seen_at = greatest(d.last_seen_at, EXCLUDED.last_seen_at),
    captures = d.captures + EXCLUDED.captures,
    document = CASE WHEN EXCLUDED.last_seen_at >= d.last_seen_at THEN EXCLUDED.document ELSE d.document END,
    request = CASE WHEN EXCLUDED.last_seen_at >= d.last_seen_at THEN EXCLUDED.request ELSE d.request END,
    content_hash = CASE WHEN EXCLUDED.last_seen_at >= d.last_seen_at THEN EXCLUDED.content_hash ELSE d.content_hash END
"""
_LIST = """
SELECT method, path, kind, seen, first_seen_at, last_seen_at, captures, document, request, content_hash
FROM etl.drift
WHERE (%(method)s::text IS NULL OR method = %(method)s)
    AND (%(since)s::timestamptz IS NULL OR last_seen_at >= %(since)s)
ORDER BY method, path, kind, seen
LIMIT %(limit)s
"""
_COUNT = "SELECT method, count(DISTINCT path) AS paths FROM etl.drift GROUP BY method ORDER BY method"
_FORGET = """
DELETE FROM etl.drift
WHERE (%(method)s::text IS NULL OR method = %(method)s)
    AND (%(since)s::timestamptz IS NULL OR last_seen_at >= %(since)s)
"""


class Drift:
    """Records how captures of a method differ, on a connection."""

    def __init__(self, connection: Connection, method: str) -> None:
        self._connection = connection
        self._method = method

    @translate_errors()
    def record(self, drifted: Sequence[DriftedCapture]) -> None:
        """Add the changes of captures to those recorded; without any, nothing is sent."""
        rows = [
            (
                *map(storable_text, (change.path, change.kind, change.seen)),
                *(each.capture.document, storable_text(each.capture.request)),
                *(each.capture.captured_at, each.capture.answer_hash, not each.capture.is_shown),
            )
            for each in drifted
            for change in each.changes
        ]
        if not rows:
            return
        names = ("paths", "kinds", "seen", "documents", "requests", "captured_at", "hashes", "counts")
        columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        self._connection.execute(_RECORD, {"method": self._method, "most": drift.MOST_PATHS, **columns})


def drifted_paths(
    connection: Connection, method: str | None = None, since: datetime | None = None, limit: int | None = None
) -> list[DriftedPath]:
    """The recorded changes, by method and path: of one method, or last seen at that time or later; at most `limit`."""
    with connection.cursor(row_factory=class_row(DriftedPath)) as cursor:
        return cursor.execute(_LIST, {"method": method, "since": since, "limit": limit}).fetchall()


def count_by_method(connection: Connection) -> list[DriftCount]:
    """The number of recorded paths of each method that has any."""
    with connection.cursor(row_factory=class_row(DriftCount)) as cursor:
        return cursor.execute(_COUNT).fetchall()


def forget(connection: Connection, method: str | None = None, since: datetime | None = None) -> None:
    """Forget the changes that `drifted_paths` lists, such as those that samples have by now."""
    connection.execute(_FORGET, {"method": method, "since": since})
