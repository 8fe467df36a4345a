"""The text of a migration that changes existing tables.

Rebuilt tables come first, in the shadow schema, where `mlb-etl rebuild` fills them while the old ones stay readable.
Statements that take exclusive locks come next, and foreign keys last, since they check all rows at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mlbgen.language.names import SqlName
from mlbgen.postgres import alter, ddl, nodes, printer, scripts, views
from mlbgen.postgres.difference import SchemaDifference
from mlbgen.postgres.relation import Relation
from mlbgen.postgres.scripts import statement_lines
from mlbgen.postgres.view_difference import ViewsDifference
from mlbgen.rendering import render

_RELEASED = "Released: never edit it. `mlbgen migrate` writes the next migration."
# Markers that `mlb-etl rebuild` looks for: which tables it fills, where, and when.
_REBUILDS = "-- Rebuilds: {tables}\n"
_APART = "{schema}_rebuild"
_FILL = "-- Here `mlb-etl rebuild` fills the new tables.\n"


@dataclass(frozen=True, slots=True)
class _Rebuilt:
    """A table that is rebuilt: its name for people; quoted, the old table, the shadow table and the schema."""

    name: str
    table: str
    shadow: str
    schema: str


def change_script(change: SchemaDifference, of_views: ViewsDifference, sources: str) -> str:
    """Write the migration for a change of tables and views that these files describe."""
    again = [each.new for each in change.rebuilt]
    parts = (
        _head(change, sources),
        statement_lines([alter.wait_briefly()] if of_views.dropped or _locks_others(change) else []),
        *_beside(again),
        views.drop_views(of_views.dropped),
        *_renames(change),
        *_drops(change),
        *(statement_lines(alter.column_changes(each)) for each in change.altered),
        *_swaps(again),
        statement_lines(map(ddl.create_schema, change.new_schemas)),
        *map(scripts.table_script, change.created),
        *(statement_lines(alter.foreign_key_additions(each, each.foreign_keys)) for each in again),
        *(statement_lines(alter.additions(each)) for each in change.altered),
        statement_lines(map(ddl.create_schema, views.new_schemas(of_views.created, _schemas(change, of_views)))),
        *map(views.create_view, of_views.created),
        *map(views.describe_view, of_views.described),
    )
    return "\n".join(filter(None, parts))


def _schemas(change: SchemaDifference, of_views: ViewsDifference) -> set[SqlName]:
    """The schemas that exist before the views are created."""
    return {each.schema for each in change.new} | {each.schema for each in of_views.dropped}


def _head(change: SchemaDifference, sources: str) -> str:
    header = scripts.sql_header(sources, _RELEASED)
    names = ", ".join(each.new.qualified_name for each in change.rebuilt)
    return header + _REBUILDS.format(tables=names) if names else header


def _beside(again: Sequence[Relation]) -> Iterator[str]:
    """Create the shadow tables, after a guard that stops if a table has rows and `mlb-etl rebuild` is not running."""
    yield from (render("guard.sql.jinja", _names(each)) for each in again)
    new = [replace(each, schema=_shadow(each), foreign_keys=()) for each in again]
    yield statement_lines(map(ddl.create_schema, sorted({each.schema for each in new})))
    yield from map(scripts.unindexed, new)
    if new:
        yield _FILL
    yield from (statement_lines((*ddl.create_indexes(each), *ddl.comments(each))) for each in new)


def _renames(change: SchemaDifference) -> Iterator[str]:
    """Rename first, since all other statements use the new names."""
    for each in change.altered:
        for statement in alter.column_renames(each):
            yield _asked_for("renaming-column", statement_lines([statement]))
        for statement in (*alter.foreign_key_renames(each), *alter.index_renames(each)):
            yield _asked_for("renaming-object", statement_lines([statement]))


def _drops(change: SchemaDifference) -> Iterator[str]:
    """Drop foreign keys first, since they depend on tables and columns."""
    yield "".join(statement_lines(alter.foreign_key_drops(each)) for each in change.altered)
    yield "".join(statement_lines(alter.check_and_index_drops(each)) for each in change.altered)
    gone = [*change.dropped, *(each.old for each in change.rebuilt)]
    if gone:
        yield _asked_for("ban-drop-table", statement_lines([alter.table_drop(gone)]))
    for each in change.altered:
        for statement in alter.column_drops(each):
            yield _asked_for("ban-drop-column", statement_lines([statement]))


def _swaps(again: Sequence[Relation]) -> Iterator[str]:
    """Move the shadow tables to the place of the old ones."""
    yield from (render("swap.sql.jinja", _names(each)) for each in again)
    for schema in sorted({_shadow(each) for each in again}):
        yield _asked_for("ban-drop-schema", statement_lines([alter.schema_drop(schema)]))


def _locks_others(change: SchemaDifference) -> bool:
    """Whether the migration locks tables that others use; a new table locks those that it references."""
    new = {each.qualified_name for each in change.created}
    referred = {f"{key.schema}.{key.table}" for each in change.created for key in each.foreign_keys}
    return bool(change.altered or change.dropped or change.rebuilt or referred - new)


def _asked_for(rule: str, statement: str) -> str:
    """Silence the linter for what the mapping (`renamed_from`) or an option of `mlbgen migrate` asked for."""
    return f"-- squawk-ignore {rule}\n{statement}"


def _shadow(relation: Relation) -> SqlName:
    return SqlName(_APART.format(schema=relation.schema))


def _names(relation: Relation) -> _Rebuilt:
    return _Rebuilt(
        name=relation.qualified_name,
        table=printer.line(ddl.table_name(relation)),
        shadow=printer.line(nodes.table(_shadow(relation), relation.name)),
        schema=printer.line(nodes.name(relation.schema)),
    )
