"""Statements about rows that the row guard keeps; see `mlb_etl.laws.row_guard`."""

from collections.abc import Sequence

from psycopg import sql

from mlb_contracts import DocumentKey, Table

_REMOVE = """
DELETE FROM {table} AS old
USING unnest({arrays}, %(captured_at)s::timestamptz[]) AS document ({keys}, captured_at)
WHERE {same} AND {later}
"""


def removal(table: Table, document: Sequence[DocumentKey]) -> sql.Composed:
    """Deletes the rows that the guard would keep; takes the documents' keys and `captured_at` as arrays by name.

    If rows can move between partitions, their key does not identify them, so it deletes all rows of the documents.
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
    """Selects the primary key and `captured_at` of a document's latest row; takes the document's keys."""
    return sql.SQL("SELECT {}, captured_at FROM {} WHERE {} ORDER BY captured_at DESC LIMIT 1").format(
        sql.SQL(", ").join(map(sql.Identifier, table.primary_key)),
        sql.Identifier(table.schema, table.name),
        sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(key.name)) for key in document),
    )
