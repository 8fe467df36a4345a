"""The text of a migration that changes what is there.

Tables that are made anew come first, in a schema of their own, where `mlb-etl rebuild` fills them while everyone reads
the old ones. What locks others out comes after that, and foreign keys, as they check all rows at once, last.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mlbgen import ir
from mlbgen.language.names import SqlName
from mlbgen.postgres import alter, ddl, nodes, printer, scripts
from mlbgen.postgres.difference import Difference
from mlbgen.postgres.relation import Relation
from mlbgen.postgres.scripts import statements
from mlbgen.rendering import render

_RELEASED = "Released: a further change of the mapping is another migration, by `mlbgen migrate`."
# What `mlb-etl rebuild` looks for: the tables that it fills, where, and when.
_REBUILDS = "-- Rebuilds: {tables}\n"
_APART = "{schema}_rebuild"
_FILL = "-- Here `mlb-etl rebuild` fills the new tables.\n"


@dataclass(frozen=True, slots=True)
class _Rebuilt:
    """A table that is made anew: its name as people write it, and, quoted, the table, the new one, and the schema."""

    name: str
    table: str
    shadow: str
    schema: str


def script(change: Difference, methods: Sequence[ir.Method]) -> str:
    """The migration that makes the change in tables of these methods."""
    again = [each.new for each in change.rebuilt]
    parts = (
        _head(change, methods),
        statements([alter.wait_briefly()] if _locks_others(change) else []),
        *_beside(again),
        *_drops(change),
        *(statements(alter.column_changes(each)) for each in change.altered),
        *_swaps(again),
        statements(map(ddl.schema, change.new_schemas)),
        *map(scripts.table, change.created),
        *(statements(alter.foreign_key_additions(each, each.foreign_keys)) for each in again),
        *(statements(alter.additions(each)) for each in change.altered),
    )
    return "\n".join(filter(None, parts))


def _head(change: Difference, methods: Sequence[ir.Method]) -> str:
    header = scripts.header(methods, _RELEASED)
    names = ", ".join(each.new.qualified_name for each in change.rebuilt)
    return header + _REBUILDS.format(tables=names) if names else header


def _beside(again: Sequence[Relation]) -> Iterator[str]:
    """The new tables beside the old ones, unless these have rows that nobody carries over."""
    yield from (render("guard.sql.jinja", _names(each)) for each in again)
    new = [replace(each, schema=_shadow(each), foreign_keys=()) for each in again]
    yield statements(map(ddl.schema, sorted({each.schema for each in new})))
    yield from map(scripts.unindexed, new)
    if new:
        yield _FILL
    yield from (statements((*ddl.indexes(each), *ddl.comments(each))) for each in new)


def _drops(change: Difference) -> Iterator[str]:
    """Foreign keys first, as they hold tables and columns."""
    yield "".join(statements(alter.foreign_key_drops(each)) for each in change.altered)
    yield "".join(statements(alter.check_and_index_drops(each)) for each in change.altered)
    gone = [*change.dropped, *(each.old for each in change.rebuilt)]
    if gone:
        yield _asked_for("ban-drop-table", statements([alter.table_drop(gone)]))
    for each in change.altered:
        if each.dropped:
            yield _asked_for("ban-drop-column", statements(alter.column_drops(each)))


def _swaps(again: Sequence[Relation]) -> Iterator[str]:
    """The new tables at the place of the old ones."""
    yield from (render("swap.sql.jinja", _names(each)) for each in again)
    for schema in sorted({_shadow(each) for each in again}):
        yield _asked_for("ban-drop-schema", statements([alter.schema_drop(schema)]))


def _locks_others(change: Difference) -> bool:
    """Whether the migration waits for tables that others use; a new table locks those that it refers to."""
    new = {each.qualified_name for each in change.created}
    referred = {f"{key.schema}.{key.table}" for each in change.created for key in each.foreign_keys}
    return bool(change.altered or change.dropped or change.rebuilt or referred - new)


def _asked_for(rule: str, statement: str) -> str:
    """A statement that a linter is right to warn of, and that was asked for."""
    return f"-- squawk-ignore {rule}\n{statement}"


def _shadow(relation: Relation) -> SqlName:
    return SqlName(_APART.format(schema=relation.schema))


def _names(relation: Relation) -> _Rebuilt:
    return _Rebuilt(
        name=relation.qualified_name,
        table=printer.line(ddl.of(relation)),
        shadow=printer.line(nodes.table(_shadow(relation), relation.name)),
        schema=printer.line(nodes.name(relation.schema)),
    )
