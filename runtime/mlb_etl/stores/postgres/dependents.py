"""Views that read what a migration changes: kept across it, ours and the user's own, in the migration's transaction.

PostgreSQL neither drops a table or a column nor changes a type while a view reads it. So these views are saved, dropped
and made again, with their indexes, comments, owner and grants. A script that itself drops a view answers for what
becomes of it; its owner and grants are kept all the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from importlib.resources import files

import psycopg
from psycopg import sql

from mlb_etl.errors import EtlError
from mlb_etl.stores.postgres.db import Connection, message
from mlb_etl.stores.postgres.grants import Grant, read_grants, restore_grants

_WAIT = "SET LOCAL lock_timeout = '5s'"  # as migrations that change tables have it
_NOW = """
SELECT c.oid, pg_catalog.pg_get_userbyid(c.relowner)::text,
    ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0)
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s
"""


@dataclass(frozen=True, slots=True)
class _View:
    """A view as it was; `reads` has the oids of what it reads, `extras` makes its indexes, rules and triggers."""

    oid: int
    schema: str
    name: str
    materialized: bool
    reads: Sequence[int]
    query: str
    options: str
    tablespace: str | None
    populated: bool
    owner: str
    extras: Sequence[str]
    comments: Sequence[str]
    grants: frozenset[Grant] = frozenset()

    @property
    def kind(self) -> str:
        """As statements name it."""
        return "MATERIALIZED VIEW" if self.materialized else "VIEW"

    @property
    def identifier(self) -> sql.Identifier:
        """Its name, quoted."""
        return sql.Identifier(self.schema, self.name)

    def is_left_to(self, script: str) -> bool:
        """Whether the script itself drops it, so that it is not made again unless the script does so."""
        return f'VIEW IF EXISTS "{self.schema}"."{self.name}";' in script


def run_keeping_views(connection: Connection, script: str, text: bytes, run: Callable[[], object]) -> None:
    """Run the text of a migration, or the rest of it, in the current transaction; only what it breaks is made again.

    `script` is the migration's name. Raises EtlError if a view can't be dropped or made again.
    """
    whole = text.decode("utf-8-sig")
    views = _affected(connection, whole)
    try:
        with connection.transaction():
            run()
    except (psycopg.errors.DependentObjectsStillExist, psycopg.errors.FeatureNotSupported):
        if not views:
            raise
        connection.execute(_WAIT)
        for view in reversed(views):
            _drop(connection, script, view)
        run()
    for view in views:
        _restore(connection, script, whole, view)


def _affected(connection: Connection, text: str) -> list[_View]:
    """The views that read a table or view named in the text, each after those that it reads."""
    query = (files(__package__) / "sql" / "dependent_views.sql").read_bytes()
    found = connection.execute(query, {"script": text}).fetchall()
    views = {row[0]: replace(_View(*row), grants=read_grants(connection, row[0])) for row in found}
    order = TopologicalSorter({oid: [each for each in view.reads if each in views] for oid, view in views.items()})
    return [views[oid] for oid in order.static_order()]


def _drop(connection: Connection, script: str, view: _View) -> None:
    try:
        connection.execute(sql.SQL(f"DROP {view.kind} {{}}").format(view.identifier))
    except psycopg.errors.LockNotAvailable:
        raise
    except psycopg.Error as error:
        raise _refused(script, view, "can't be dropped and made again", error) from error


def _restore(connection: Connection, script: str, text: str, view: _View) -> None:
    """Make the view again if it is gone; give one that is new the old owner and grants."""
    now = connection.execute(_NOW, [view.schema, view.name]).fetchall()
    if any(oid == view.oid for oid, *_ in now) or (not now and view.is_left_to(text)):
        return
    try:
        if not now:
            _create(connection, view)
            now = connection.execute(_NOW, [view.schema, view.name]).fetchall()
        _own(connection, view, *now[0])
    except psycopg.Error as error:
        raise _refused(script, view, "can't be made again after it", error) from error


def _create(connection: Connection, view: _View) -> None:
    options = f" WITH ({view.options})" if view.options else ""
    space = (
        sql.SQL("") if view.tablespace is None else sql.SQL(" TABLESPACE {}").format(sql.Identifier(view.tablespace))
    )
    data = "" if not view.materialized else " WITH DATA" if view.populated else " WITH NO DATA"
    head = sql.SQL(f"CREATE {view.kind} {{}}{options}{{}} AS ").format(view.identifier, space)
    connection.execute(head + sql.SQL(view.query) + sql.SQL(data))
    for statement in (*view.extras, *view.comments):
        connection.execute(statement.encode())


def _own(connection: Connection, view: _View, oid: int, owner: str, columns: Sequence[str]) -> None:
    """Restore owner and grants."""
    if owner != view.owner:
        alter = sql.SQL(f"ALTER {view.kind} {{}} OWNER TO {{}}")
        connection.execute(alter.format(view.identifier, sql.Identifier(view.owner)))
    restore_grants(connection, oid, view.identifier, view.grants, columns)


def _refused(script: str, view: _View, what: str, error: psycopg.Error) -> EtlError:
    return EtlError(
        f"{script}: the view {view.schema}.{view.name} reads what this changes, and {what}: {message(error)};"
        " nothing was applied: drop the view, or change it so that it does not need this, and try again"
    )
