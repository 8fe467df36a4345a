"""Finds drift: how the tables differ from what the migrations created, such as keys lost by a DROP ... CASCADE.

Each migration records the definitions that it changes in etl.schema_made, as the server prints them. So a change made
by hand between two migrations remains visible.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, TypeAlias

from psycopg.types.json import Jsonb

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.stores.postgres import functions
from mlb_etl.stores.postgres.db import Connection

Objects: TypeAlias = Mapping[str, Mapping[str, str]]  # definitions by table and object, such as `column game_pk`
State: TypeAlias = Literal["missing", "changed", "extra"]

log = logging.getLogger(__name__)
CONTROL = "etl"  # the schema of the runtime's own tables
_READ = "SELECT objects FROM etl.schema_made WHERE history = %s"
_WRITE = """
INSERT INTO etl.schema_made (history, objects) VALUES (%s, %s)
ON CONFLICT (history) DO UPDATE SET objects = EXCLUDED.objects
"""
_FUNCTION = "SECURITY DEFINER, which `mlb-etl schema init` creates again"
# Tables that are named like partitions but are not attached: their rows are invisible, and block new ones.
_DETACHED = """
SELECT c.oid::regclass::text FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
WHERE n.nspname = %(schema)s AND c.relkind = 'r' AND c.relname ~ %(names)s
    AND (i.inhrelid IS NULL OR i.inhdetachpending)
ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class SchemaDifference:
    """An object as the migrations made it and as it was found; None stands for no such object."""

    table: str
    object: str
    made: str | None
    found: str | None

    @property
    def state(self) -> State:
        """The kind of difference; `extra` objects were added by users and do no harm."""
        if self.made is None:
            return "extra"
        return "missing" if self.found is None else "changed"

    def __str__(self) -> str:
        what = f"{self.table}: {self.object}"
        if self.state == "extra":
            return f"{what} was not created by a migration: {self.found}"
        if self.state == "missing":
            return f"{what} is missing: {self.made}"
        return f"{what} is {self.found}, but was created as {self.made}"


class Notes:
    """Records what migrations change in the tables of these schemas, each in its transaction.

    The definitions that a migration leaves are those that the next finds, since it follows under the same lock.
    """

    def __init__(self, history: str, schemas: Sequence[str]) -> None:
        self._history = history
        self._schemas = schemas
        self._left: Objects | None = None

    @contextmanager
    def noting(self, connection: Connection) -> Iterator[None]:
        """Record, in the current transaction, what the block changes."""
        before = _objects(connection, self._schemas) if self._left is None else self._left
        yield
        after = _objects(connection, self._schemas)
        made = {table: dict(its) for table, its in _made(connection, self._history).items()}
        for table in before.keys() | after.keys():
            old, new, its = before.get(table, {}), after.get(table, {}), made.setdefault(table, {})
            for name in old.keys() | new.keys():
                if name not in new:
                    its.pop(name, None)
                elif old.get(name) != new[name]:
                    its[name] = new[name]
            if not its:
                del made[table]
        connection.execute(_WRITE, [self._history, Jsonb(made)])
        self._left = after


def schemas(package: str) -> list[str]:
    """The schemas of the package's tables."""
    names = {method.raw_schema for method in _methods(package)}
    names |= {table.schema for method in _methods(package) for table in method.tables}
    return sorted(names)


def find_drift(connection: Connection, package: str, histories: Iterable[str]) -> list[SchemaDifference]:
    """Differences of the tables that these histories' migrations created, by table; all must be applied."""
    made: dict[str, Mapping[str, str]] = {}
    for history in histories:
        noted = _made(connection, history)
        made |= noted
        if not noted:
            log.warning("another tool applied the migrations of etl.%s, so their tables are not compared", history)
    found = _objects(connection, [*schemas(package), CONTROL])
    differing = [
        SchemaDifference(table, name, made[table].get(name), found.get(table, {}).get(name))
        for table in sorted(made)
        for name in sorted(made[table].keys() | found.get(table, {}).keys())
    ]
    partitions = (each for method in _methods(package) for each in _of_partitions(connection, method))
    dropped = (SchemaDifference(CONTROL, f"function {name}", _FUNCTION, None) for name in functions.lacking(connection))
    changed = (each for each in differing if each.made != each.found and not _implied(each, found))
    return [*changed, *partitions, *dropped]


def _implied(difference: SchemaDifference, found: Objects) -> bool:
    """Whether the whole table is missing, which implies this difference."""
    return difference.table not in found and difference.object != "table"


def _of_partitions(connection: Connection, method: Method) -> Iterator[SchemaDifference]:
    """Detached partitions of a method's tables."""
    if method.hydration is None:
        for name in (method.raw_table, method.documents_table):
            yield from _detached(connection, method.raw_schema, name, method.raw_partition.kind, "timestamptz")
    for table in method.tables:
        if table.partition is None:
            continue
        kind = next(column.type for column in table.columns if column.name == table.partition.column)
        yield from _detached(connection, table.schema, table.name, table.partition.kind, kind)


def _detached(connection: Connection, schema: str, name: str, by: str, kind: str) -> Iterator[SchemaDifference]:
    if by == "month":
        suffix = "[0-9]{4}_[0-9]{2}"
    elif kind in {"smallint", "integer", "bigint"}:
        suffix = "_?[0-9]+"
    else:  # values of other types can be any text
        return
    facts = {"schema": schema, "names": f"^{name}_{suffix}$"}
    for (detached,) in connection.execute(_DETACHED, facts):
        yield SchemaDifference(detached, "partition", f"attached to {schema}.{name}", "detached")


def _methods(package: str) -> list[Method]:
    return [registry.method(package, name) for name in registry.methods(package)]


def _objects(connection: Connection, schemas: Sequence[str]) -> Objects:
    text = (files(__package__) / "sql" / "catalog.sql").read_bytes()
    found: dict[str, dict[str, str]] = {}
    for table, name, definition in connection.execute(text, {"schemas": list(schemas)}):
        found.setdefault(table, {})[name] = definition
    return found


def _made(connection: Connection, history: str) -> Objects:
    row = connection.execute(_READ, [history]).fetchone()
    return {} if row is None else dict(row[0])
