"""The grants on tables and views, which are kept when a migration makes one of them again."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from psycopg import sql

from mlb_etl.stores.postgres.db import Connection

_FIND = """
SELECT to_regclass(%(name)s)::oid,
    ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass(%(name)s) AND attnum > 0)
"""
_PARTITIONS = """
SELECT n.nspname, c.relname FROM pg_inherits AS i
JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE i.inhparent = %s
"""
# A relation's grants, those of the whole and those of columns; NULL for a grantee is everyone.
_GRANTS = """
SELECT NULL, g.privilege_type, g.is_grantable, r.rolname
FROM pg_catalog.pg_class AS c
CROSS JOIN pg_catalog.aclexplode(coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))) AS g
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = g.grantee
WHERE c.oid = %(oid)s
UNION ALL
SELECT a.attname, g.privilege_type, g.is_grantable, r.rolname
FROM pg_catalog.pg_attribute AS a
CROSS JOIN pg_catalog.aclexplode(a.attacl) AS g
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = g.grantee
WHERE a.attrelid = %(oid)s AND NOT a.attisdropped
"""


class Grant(NamedTuple):
    """A privilege on a table or view, or on one of its columns, and who has it: None for everyone."""

    column: str | None
    privilege: str
    grantable: bool
    grantee: str | None

    def statement(self, verb: str, on: sql.Composable) -> sql.Composed:
        """GRANT or REVOKE."""
        column = sql.SQL("") if self.column is None else sql.SQL(" ({})").format(sql.Identifier(self.column))
        who = sql.SQL("PUBLIC") if self.grantee is None else sql.Identifier(self.grantee)
        option = " WITH GRANT OPTION" if verb == "GRANT" and self.grantable else ""
        words = f"{verb} {self.privilege}{{}} ON {{}} {'TO' if verb == 'GRANT' else 'FROM'} {{}}{option}"
        return sql.SQL(words).format(column, on, who)


def read_grants(connection: Connection, oid: int) -> frozenset[Grant]:
    """All grants on a table or view and on its columns, its owner's included."""
    return frozenset(Grant(*row) for row in connection.execute(_GRANTS, {"oid": oid}))


def restore_grants(
    connection: Connection, oid: int, on: sql.Composable, before: frozenset[Grant], columns: Collection[str]
) -> None:
    """Give a table or view that was made again its old grants, except those of columns that it no longer has."""
    now = read_grants(connection, oid)
    for grant in sorted(now - before, key=repr):
        connection.execute(grant.statement("REVOKE", on))
    for grant in sorted(before - now, key=repr):
        if grant.column is None or grant.column in columns:
            connection.execute(grant.statement("GRANT", on))


@contextmanager
def keeping_grants(connection: Connection, tables: Sequence[str]) -> Iterator[None]:
    """Keep the grants on tables, given as schema.table, that the block makes again; a reader reads their partitions."""
    found = {name: _find(connection, name)[0] for name in tables}
    before = {name: read_grants(connection, oid) for name, oid in found.items() if oid is not None}
    yield
    for name, grants in before.items():
        oid, columns = _find(connection, name)
        if oid is None or oid == found[name]:
            continue
        restore_grants(connection, oid, _identifier(name), grants, columns)
        readers = [each for each in grants if each.privilege == "SELECT" and each.column is None]
        for schema, partition in connection.execute(_PARTITIONS, [oid]).fetchall():
            for grant in readers:
                connection.execute(grant.statement("GRANT", sql.Identifier(schema, partition)))


def _find(connection: Connection, name: str) -> tuple[int | None, list[str]]:
    quoted = _identifier(name).as_string()
    ((oid, columns),) = connection.execute(_FIND, {"name": quoted}).fetchall()
    return oid, columns


def _identifier(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split(".", 1))
