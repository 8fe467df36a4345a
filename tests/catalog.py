"""What a database says of its tables, as text: one a table, the same on every version of the server."""

from collections.abc import Iterable
from typing import Any

import psycopg

_TABLES = """
SELECT c.oid, n.nspname || '.' || c.relname, obj_description(c.oid, 'pg_class'), pg_get_partkeydef(c.oid)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY(%s)
ORDER BY n.nspname, c.relname
"""
_COLUMNS = """
SELECT
    a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
    col_description(a.attrelid, a.attnum)
FROM pg_attribute AS a
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""
_CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %s AND contype IN ('p', 'u', 'f', 'c') AND conparentid = 0
ORDER BY array_position('{p,u,f,c}', contype::text), conname
"""
_INDEXES = """
SELECT pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = %s AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
ORDER BY 1
"""
_PARTITIONS = """
SELECT inhrelid::regclass::text, pg_get_expr(relpartbound, inhrelid), inhrelid FROM pg_inherits
JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = %s
ORDER BY 1
"""
_FOREIGN_KEYS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %s AND contype = 'f' AND conparentid = 0
ORDER BY conname
"""


def tables(connection: psycopg.Connection[Any], schemas: Iterable[str]) -> dict[str, str]:
    """Each table of these schemas by its name: columns, keys, checks, indexes, partitions and comments, a line each."""
    connection.execute("SET TimeZone = 'UTC'")
    found = connection.execute(_TABLES, [list(schemas)]).fetchall()
    return {name: f"{name}: {comment}\n" + "\n".join(_lines(connection, oid, key)) for oid, name, comment, key in found}


def _lines(connection: psycopg.Connection[Any], oid: int, key: str | None) -> list[str]:
    lines = []
    for column, kind, not_null, default, said in connection.execute(_COLUMNS, [oid]):
        facts = [column, kind, *(["not null"] if not_null else []), *([f"default {default}"] if default else [])]
        lines.append(f"  {' '.join(facts)} -- {said}")
    lines += [f"{constraint}: {text}" for constraint, text in connection.execute(_CONSTRAINTS, [oid])]
    lines += [text for (text,) in connection.execute(_INDEXES, [oid])]
    if key is not None:
        lines.append(f"partition by {key}")
        for part, bounds, own in connection.execute(_PARTITIONS, [oid]).fetchall():
            lines.append(f"  {part} {bounds}")
            lines += [f"    {key}: {text}" for key, text in connection.execute(_FOREIGN_KEYS, [own])]
    return lines
