"""Statements that change tables in place, or drop them: one syntax tree a statement."""

from collections.abc import Iterable, Iterator, Sequence

from sqlglot import exp

from mlbgen import ir
from mlbgen.language.names import SqlName
from mlbgen.postgres import ddl, nodes
from mlbgen.postgres.difference import AlteredTable
from mlbgen.postgres.nodes import name
from mlbgen.postgres.printer import Add, Rename
from mlbgen.postgres.relation import Field, Relation

LOCK_TIMEOUT = "5s"


def wait_briefly() -> exp.Set:
    """SET LOCAL lock_timeout: while a statement waits for its lock, everyone else waits behind it."""
    setting = exp.EQ(this=exp.var("lock_timeout"), expression=exp.Literal.string(LOCK_TIMEOUT))
    return exp.Set(expressions=[exp.SetItem(this=setting, kind="LOCAL")])


def column_renames(table: AlteredTable) -> Iterator[exp.Expr]:
    """ALTER TABLE that gives columns new names, a statement for each."""
    for old, new in table.renames.columns:
        yield from _alter(table.old, [Rename(this=name(old), to=name(new), kind="COLUMN")])


def foreign_key_renames(table: AlteredTable) -> Iterator[exp.Expr]:
    """ALTER TABLE that gives foreign keys new names, a statement for each."""
    for old, new in table.renames.foreign_keys:
        yield from _alter(table.old, [Rename(this=name(old), to=name(new), kind="CONSTRAINT")])


def index_renames(table: AlteredTable) -> Iterator[exp.Expr]:
    """ALTER INDEX that gives new names to indexes."""
    for old, new in table.renames.indexes:
        renamed = nodes.table(table.old.schema, old)
        yield exp.Alter(this=renamed, kind="INDEX", actions=[Rename(to=name(new))])


def foreign_key_drops(table: AlteredTable) -> Iterator[exp.Expr]:
    """ALTER TABLE that drops foreign keys."""
    yield from _alter(table.old, (_drop("CONSTRAINT", name(each.name)) for each in table.foreign_keys.dropped))


def check_and_index_drops(table: AlteredTable) -> Iterator[exp.Expr]:
    """ALTER TABLE that drops checks, and DROP INDEX."""
    named = (each.name for each in table.checks.dropped if each.name is not None)
    yield from _alter(table.old, (_drop("CONSTRAINT", name(each)) for each in named))
    for index in table.indexes.dropped:
        yield _drop("INDEX", nodes.table(table.old.schema, index.name))


def table_drop(tables: Sequence[Relation]) -> exp.Drop:
    """DROP TABLE for all tables at once, so that foreign keys between them do not matter."""
    return exp.Drop(tables=[ddl.table_name(each) for each in tables], kind="TABLE")


def column_drops(table: AlteredTable) -> Iterator[exp.Expr]:
    """ALTER TABLE that drops columns, a statement for each."""
    for each in table.dropped:
        yield from _alter(table.old, [_drop("COLUMN", name(each.name))])


def column_changes(table: AlteredTable) -> Iterator[exp.Expr]:
    """ALTER TABLE that changes and adds columns in one statement, so that the table is rewritten at most once."""
    actions = (
        *(_change(each, dtype=nodes.sql_type(each.type)) for each in table.widened),
        *map(_nullability, table.nullability),
        *map(_default, table.defaults),
        *(Add(this=ddl.column_definition(each)) for each in table.added),
    )
    yield from _alter(table.new, actions)


def additions(table: AlteredTable) -> Iterator[exp.Expr]:
    """Statements that need all columns and tables: checks, foreign keys, indexes, partitions, comments."""
    yield from _alter(table.new, (Add(this=ddl.check_constraint(each)) for each in table.checks.added))
    yield from foreign_key_additions(table.new, table.foreign_keys.added)
    for index in table.indexes.added:
        yield ddl.create_index(table.new, index)
    for value in table.ahead:
        yield ddl.create_partition(table.new, value, exists=True)
    if table.is_described:
        yield ddl.table_comment(table.new)
    yield from ddl.column_comments(table.new, (*table.descriptions, *table.added))


def foreign_key_additions(table: Relation, keys: Iterable[ir.ForeignKey]) -> Iterator[exp.Expr]:
    """ALTER TABLE that adds foreign keys."""
    yield from _alter(table, (Add(this=ddl.foreign_key(each)) for each in keys))


def schema_drop(schema: SqlName) -> exp.Drop:
    """DROP SCHEMA, which fails unless the schema is empty."""
    return exp.Drop(tables=[nodes.table(schema, None)], kind="SCHEMA")


def _alter(table: Relation, actions: Iterable[exp.Expr]) -> Iterator[exp.Alter]:
    """ALTER TABLE, unless there are no actions."""
    listed = list(actions)
    if listed:
        yield exp.Alter(this=ddl.table_name(table), kind="TABLE", actions=listed)


def _drop(kind: str, what: exp.Expr) -> exp.Drop:
    return exp.Drop(tables=[what], kind=kind)


def _nullability(field: Field) -> exp.AlterColumn:
    return _change(field, drop=field.nullable or None, allow_null=field.nullable)


def _default(field: Field) -> exp.AlterColumn:
    return _change(field, default=exp.CurrentTimestamp()) if field.now else _change(field, drop=True)


def _change(field: Field, **how: object) -> exp.AlterColumn:
    return exp.AlterColumn(this=name(field.name), **how)
