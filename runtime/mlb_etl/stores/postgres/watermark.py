"""The capture that the tables show of each document: etl.watermark, whose rows lock their documents."""

from collections.abc import Mapping, Sequence

from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.postgres.db import Connection

# The WHERE that never holds locks existing rows without changing them; all sessions lock in the order of documents.
_LOCK = """
INSERT INTO etl.watermark (method, document, as_of, content_hash, fingerprint)
SELECT %(method)s, document, as_of, content_hash, fingerprint
FROM unnest(%(documents)s::text[]::jsonb[], %(times)s::timestamptz[], %(hashes)s::bytea[], %(fingerprints)s::text[])
    AS new (document, as_of, content_hash, fingerprint)
ORDER BY document
ON CONFLICT (method, document) DO UPDATE SET applied_at = DEFAULT WHERE false
RETURNING document::text
"""
_READ = """
SELECT document::text, as_of, content_hash, fingerprint FROM etl.watermark
WHERE method = %s AND document = ANY(%s::text[]::jsonb[])
"""
_MOVE = """
UPDATE etl.watermark AS old
SET as_of = new.as_of, content_hash = new.content_hash, fingerprint = new.fingerprint, applied_at = DEFAULT
FROM unnest(%(documents)s::text[]::jsonb[], %(times)s::timestamptz[], %(hashes)s::bytea[], %(fingerprints)s::text[])
    AS new (document, as_of, content_hash, fingerprint)
WHERE old.method = %(method)s AND old.document = new.document
"""


class Watermarks:
    """The watermarks of a method, on a connection; documents are JSON as the database prints it."""

    def __init__(self, connection: Connection, method: str) -> None:
        self._connection = connection
        self._method = method

    def lock(self, new: Mapping[str, Watermark]) -> dict[str, Watermark]:
        """Lock the documents until the transaction ends; return the existing watermarks.

        Documents without a watermark get theirs from `new`, so that other workers wait for them too.
        """
        added = {document for (document,) in self._connection.execute(_LOCK, self._arrays(new))}
        known = [document for document in new if document not in added]
        if not known:
            return {}
        found = self._connection.execute(_READ, (self._method, known))
        return {document: Watermark(*watermark) for document, *watermark in found}

    def move(self, new: Mapping[str, Watermark]) -> None:
        """Update the watermarks of documents that have one."""
        if new:
            self._connection.execute(_MOVE, self._arrays(new))

    def _arrays(self, new: Mapping[str, Watermark]) -> dict[str, str | Sequence[object]]:
        times, hashes, fingerprints = map(list, zip(*new.values(), strict=True))
        return {
            "method": self._method,
            "documents": list(new),
            "times": times,
            "hashes": hashes,
            "fingerprints": fingerprints,
        }
