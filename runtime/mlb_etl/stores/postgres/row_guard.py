"""The second belt of write law 1: a row that is later than the capture stays, is counted, and puts the capture aside.

The watermark decides, so there are such rows only where someone changed rows, or lost the watermark.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from psycopg import sql

from mlb_contracts import DocumentKey, Table
from mlb_etl.errors import Rejected

_REMOVE = """
DELETE FROM {table} AS old
USING unnest({arrays}, %(captured_at)s::timestamptz[]) AS document ({keys}, captured_at)
WHERE {same} AND {later}
"""
_REASON = (
    "the table has rows that are later than the capture, so they were changed by hand or the watermark was: "
    "`mlb-etl verify rows` lists them, and `mlb-etl repair` brings the document's tables to its captures"
)


Counted: TypeAlias = dict[str, dict[tuple[Any, ...], Sequence[int]]]
"""What a statement counted, by table and keys of the document; the rows that were kept come last."""


class KeptOut(Rejected):
    """A table has rows of the document that are later than the capture."""


def require_none(keys: tuple[Any, ...], deleted: Counted, upserted: Counted) -> None:
    """Raise KeptOut where a table kept rows of the document with these keys."""
    for name in reversed(deleted):  # parents before children
        both = (of.get(name, {}).get(keys, (0,)) for of in (deleted, upserted))
        number = sum(counts[-1] for counts in both)
        if number:
            raise KeptOut(_REASON, value=f"{number} of its rows", table=name)


def removal(table: Table, document: Sequence[DocumentKey]) -> sql.Composed:
    """Deletes what would be kept; takes the documents' keys and `captured_at` as arrays by name.

    Where a row can move between partitions its key does not tell which rows are one, so there it deletes all.
    """
    keys = [sql.Identifier(key.name) for key in document]
    return sql.SQL(_REMOVE).format(
        table=sql.Identifier(table.schema, table.name),
        arrays=sql.SQL(", ").join(sql.SQL(f"%({key.name})s::{key.type}[]") for key in document),
        keys=sql.SQL(", ").join(keys),
        same=sql.SQL(" AND ").join(sql.SQL("old.{0} = document.{0}").format(key) for key in keys),
        later=sql.SQL("true" if table.rows_move else "old.captured_at > document.captured_at"),
    )


def latest(table: Table, document: Sequence[DocumentKey]) -> sql.Composed:
    """Selects the primary key and the time of a document's latest row; takes the document's keys."""
    return sql.SQL("SELECT {}, captured_at FROM {} WHERE {} ORDER BY captured_at DESC LIMIT 1").format(
        sql.SQL(", ").join(map(sql.Identifier, table.primary_key)),
        sql.Identifier(table.schema, table.name),
        sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(key.name)) for key in document),
    )
