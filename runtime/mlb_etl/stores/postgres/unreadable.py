"""Values that could not be read and are NULL in the tables: etl.unreadable."""

from collections.abc import Mapping, Sequence

from psycopg.rows import class_row

from mlb_contracts.misfit import Misfit
from mlb_etl.stores.interfaces.operations import UnreadablePath
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.texts import storable_text

_FORGET = "DELETE FROM etl.unreadable WHERE method = %s AND document = ANY(%s::text[]::jsonb[])"
_ADD = """
INSERT INTO etl.unreadable (method, document, table_name, path, place, value, reason, number)
SELECT %s, new.* FROM unnest(
    %s::text[]::jsonb[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::integer[]
) AS new
"""
_COUNTED = """
SELECT
    method, table_name AS "table", path, count(*) AS documents, sum(number)::bigint AS "values",
    (array_agg(document ORDER BY document))[1] AS document,
    (array_agg(place ORDER BY document))[1] AS place,
    (array_agg(value ORDER BY document))[1] AS value,
    (array_agg(reason ORDER BY document))[1] AS reason
FROM etl.unreadable
GROUP BY method, table_name, path
ORDER BY method, table_name, path
LIMIT %s
"""


class Unreadable:
    """Records the unreadable values of a method; the caller holds the locks of the documents' watermarks."""

    def __init__(self, connection: Connection, method: str) -> None:
        self._connection = connection
        self._method = method

    def replace(self, found: Mapping[str, Sequence[Misfit]]) -> None:
        """Replace the recorded values of these documents."""
        if not found:
            return
        self._connection.execute(_FORGET, (self._method, list(found)))
        rows = [
            (
                document,
                each.table,
                *map(storable_text, (each.path, each.place, each.value, each.reason)),
                each.number,
            )
            for document, its in found.items()
            for each in its
        ]
        if rows:
            self._connection.execute(_ADD, (self._method, *map(list, zip(*rows, strict=True))))


def count_by_path(connection: Connection, limit: int | None = None) -> list[UnreadablePath]:
    """The unreadable values, grouped by method, table and path, of at most `limit` groups."""
    with connection.cursor(row_factory=class_row(UnreadablePath)) as cursor:
        return cursor.execute(_COUNTED, [limit]).fetchall()
