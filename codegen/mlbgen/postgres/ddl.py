"""Schemas, tables, partitions, indexes and comments: one syntax tree a statement."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from sqlglot import exp

from mlb_contracts import partitions
from mlbgen import ir
from mlbgen.language.names import SqlName
from mlbgen.postgres import nodes
from mlbgen.postgres.nodes import columns, name
from mlbgen.postgres.printer import Generated
from mlbgen.postgres.relation import CheckConstraint, Field, Relation


def create_schema(schema_name: SqlName) -> exp.Create:
    """CREATE SCHEMA IF NOT EXISTS."""
    return exp.Create(this=nodes.table(schema_name, None), kind="SCHEMA", exists=True)


def create_table(relation: Relation) -> exp.Create:
    """CREATE TABLE with columns, keys and checks."""
    constraints = [
        exp.PrimaryKey(expressions=columns(relation.primary_key)),
        *map(foreign_key, relation.foreign_keys),
        *map(check_constraint, relation.checks),
    ]
    parts = [*map(column_definition, relation.fields), *constraints]
    return exp.Create(
        this=exp.Schema(this=table_name(relation), expressions=parts),
        kind="TABLE",
        properties=None if relation.partition is None else _properties(_partitioned_by(relation.partition)),
    )


def column_definition(field: Field) -> exp.ColumnDef:
    """A column, as in CREATE TABLE and ADD COLUMN."""
    kinds: list[exp.Expr] = [] if field.nullable else [exp.NotNullColumnConstraint()]
    if field.now:
        kinds.append(exp.DefaultColumnConstraint(this=exp.CurrentTimestamp()))
    if field.derived is not None:
        kinds.append(Generated(this=nodes.expression(field.derived)))
    constraints = [exp.ColumnConstraint(kind=kind) for kind in kinds]
    return exp.ColumnDef(this=name(field.name), kind=nodes.sql_type(field.type), constraints=constraints)


def check_constraint(of_table: CheckConstraint) -> exp.Expr:
    """A check, as in CREATE TABLE and ADD."""
    return _named(of_table.name, exp.CheckColumnConstraint(this=nodes.expression(of_table.condition)))


def foreign_key(key: ir.ForeignKey) -> exp.Expr:
    """A foreign key, as in CREATE TABLE and ADD."""
    reference = exp.Reference(this=nodes.table(key.schema, key.table), expressions=columns(key.references))
    made = exp.ForeignKey(expressions=columns(key.columns), reference=reference, options=["DEFERRABLE"])
    return _named(key.name, made)


def partitions_ahead(relation: Relation) -> Iterator[exp.Create]:
    """CREATE TABLE for each premade partition, such as live_game_plays_2024 or live_game_v1_2024_07."""
    for value in () if relation.partition is None else relation.partition.ahead:
        yield create_partition(relation, value)


def create_partition(relation: Relation, value: int | str, *, exists: bool = False) -> exp.Create:
    """CREATE TABLE for the partition of this value; `exists` adds IF NOT EXISTS, as it may have been needed before."""
    match relation.partition:
        case None:
            raise ValueError(f"{relation.qualified_name} is not partitioned")
        case ir.ListPartition():
            part = SqlName(partitions.value_partition(relation.name, value))
            bounds = exp.PartitionBoundSpec(this=[exp.convert(value)])
        case ir.MonthPartition(column):
            year, month = map(int, str(value).split("-"))
            part = SqlName(partitions.month_partition(relation.name, year, month))
            first, last = map(exp.Literal.string, partitions.month_bounds(year, month, relation.type_of(column)))
            bounds = exp.PartitionBoundSpec(from_expressions=[first], to_expressions=[last])
        case _:
            assert_never(relation.partition)
    part_of = exp.PartitionedOfProperty(this=table_name(relation), expression=bounds)
    named = nodes.table(relation.schema, part)
    return exp.Create(this=named, kind="TABLE", exists=exists, properties=_properties(part_of))


def create_indexes(relation: Relation) -> Iterator[exp.Create]:
    """CREATE INDEX for each index."""
    for each in relation.indexes:
        yield create_index(relation, each)


def create_index(relation: Relation, made: ir.Index) -> exp.Create:
    """CREATE INDEX."""
    match made:
        case ir.ColumnIndex():
            keys = columns(made.columns)
        case ir.ExpressionIndex():
            keys = [exp.Paren(this=nodes.expression(made.expression))]
        case _:
            assert_never(made)
    where = None if made.where is None else exp.Where(this=nodes.expression(made.where))
    using = None if made.using == "btree" else exp.Var(this=made.using)
    params = exp.IndexParameters(using=using, columns=keys, where=where)
    this = exp.Index(this=name(made.name), table=table_name(relation), params=params)
    return exp.Create(this=this, kind="INDEX", unique=made.unique)


def comments(relation: Relation) -> Iterator[exp.Comment]:
    """COMMENT ON the table and on each of its columns."""
    yield table_comment(relation)
    yield from column_comments(relation, relation.fields)


def table_comment(relation: Relation) -> exp.Comment:
    """COMMENT ON TABLE."""
    return exp.Comment(this=table_name(relation), kind="TABLE", expression=exp.Literal.string(relation.description))


def column_comments(relation: Relation, fields: Iterable[Field]) -> Iterator[exp.Comment]:
    """COMMENT ON COLUMN for each of these columns."""
    for field in fields:
        on = exp.Column(this=name(field.name), table=name(relation.name), db=name(relation.schema))
        yield exp.Comment(this=on, kind="COLUMN", expression=exp.Literal.string(field.description))


def table_name(relation: Relation) -> exp.Table:
    """The table's name."""
    return nodes.table(relation.schema, relation.name)


def _properties(*properties: exp.Property) -> exp.Properties:
    return exp.Properties(expressions=list(properties))


def _named(constraint_name: SqlName | None, constraint: exp.Expr) -> exp.Expr:
    return (
        constraint if constraint_name is None else exp.Constraint(this=name(constraint_name), expressions=[constraint])
    )


def _partitioned_by(partition: ir.Partition) -> exp.PartitionedByProperty:
    match partition:
        case ir.ListPartition():
            how = "LIST"
        case ir.MonthPartition():
            how = "RANGE"
        case _:
            assert_never(partition)
    return exp.PartitionedByProperty(this=exp.Anonymous(this=how, expressions=columns([partition.column])))
