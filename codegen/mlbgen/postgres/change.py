"""The text of a migration that changes what is there.

Tables that are made anew come first, in a schema of their own, where `mlb-etl rebuild` fills them while everyone reads
the old ones. What locks others out comes after that, and foreign keys, as they check all rows at once, last. Those
between partitions are added to whichever partitions there are, as loads make some that no mapping names.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from mlbgen import ir
from mlbgen.postgres import alter, ddl, nodes, printer, scripts
from mlbgen.postgres.difference import Altered, Difference
from mlbgen.postgres.relation import Relation, foreign_keys
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


@dataclass(frozen=True, slots=True)
class _Unlinked:
    """A table whose partitions lose foreign keys, as people write it and quoted, and the statement of one partition."""

    name: str
    table: str
    statement: str


@dataclass(frozen=True, slots=True)
class _Link:
    """A foreign key between partitions: both tables, its name, and the statement of two partitions; all literals."""

    child: str
    parent: str
    name: str
    statement: str


@dataclass(frozen=True, slots=True)
class _Linked:
    """Foreign keys between partitions, those of children before those of their parents."""

    links: tuple[_Link, ...]


def script(change: Difference, methods: Sequence[ir.Method]) -> str:
    """The migration that makes the change in tables of these methods."""
    again = [each.new for each in change.rebuilt]
    links = tuple(_links(change))
    parts = (
        _head(change, methods),
        statements([alter.wait_briefly()] if change.altered or change.dropped or again or links else []),
        *_beside(again),
        *_drops(change),
        *(statements(alter.column_changes(each)) for each in change.altered),
        *_swaps(again),
        statements(map(ddl.schema, change.new_schemas)),
        *_created(change),
        *(statements(alter.foreign_key_additions(each, foreign_keys(each, change.new)[0])) for each in again),
        *(statements(alter.additions(each)) for each in change.altered),
        render("link.sql.jinja", _Linked(links)) if links else "",
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
    yield from (
        render("unlink.sql.jinja", _unlinked(each)) for each in change.altered if each.between_partitions.dropped
    )
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


def _created(change: Difference) -> Iterator[str]:
    """The new tables; what partitions there are is known only of these, so that keys to others' come later."""
    for each in change.created:
        later = _later(each, change)
        own = tuple(key for key in each.foreign_keys if key not in later)
        yield scripts.table(replace(each, foreign_keys=own), change.created)


def _later(table: Relation, change: Difference) -> list[ir.ForeignKey]:
    """Foreign keys of the table between partitions that are not all there as soon as the table is."""
    _, at_once = foreign_keys(table, change.created if table in change.created else ())
    return [key for key in foreign_keys(table, change.new)[1] if key not in at_once]


def _links(change: Difference) -> Iterator[_Link]:
    """The foreign keys that partitions may lack then, and those of parents, which may get partitions by that."""
    altered = (each.new for each in change.altered if each.between_partitions.added or each.ahead)
    tables = {each.qualified_name for each in (*change.created, *(each.new for each in change.rebuilt), *altered)}
    for child in reversed(change.new):
        for key in _later(child, change) if child.qualified_name in tables else ():
            tables.add(f"{key.schema}.{key.table}")
            yield _Link(
                child=_literal(printer.line(ddl.of(child))),
                parent=_literal(printer.line(nodes.table(key.schema, key.table))),
                name=_literal(key.name),
                statement=_literal(printer.line(alter.between_partitions_addition(key))),
            )


def _unlinked(table: Altered) -> _Unlinked:
    name, statement = printer.line(ddl.of(table.old)), printer.line(alter.between_partitions_drop(table))
    return _Unlinked(table.old.qualified_name, _literal(name), _literal(statement))


def _literal(text: str) -> str:
    return printer.line(exp.Literal.string(text))


def _asked_for(rule: str, statement: str) -> str:
    """A statement that a linter is right to warn of, and that was asked for."""
    return f"-- squawk-ignore {rule}\n{statement}"


def _shadow(relation: Relation) -> str:
    return _APART.format(schema=relation.schema)


def _names(relation: Relation) -> _Rebuilt:
    return _Rebuilt(
        name=relation.qualified_name,
        table=printer.line(ddl.of(relation)),
        shadow=printer.line(nodes.table(_shadow(relation), relation.name)),
        schema=printer.line(nodes.name(relation.schema)),
    )
