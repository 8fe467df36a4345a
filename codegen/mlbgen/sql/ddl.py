"""Schemas, tables, partitions, indexes and comments: one syntax tree a statement."""

from collections.abc import Iterator

from sqlglot import exp

from mlbgen import ir
from mlbgen.sql import nodes
from mlbgen.sql.nodes import columns, name
from mlbgen.sql.relation import Field, Relation

_LAST_MONTH = 12
_PARTITIONED = {"list": "LIST", "month": "RANGE"}


def schema(schema_name: str) -> exp.Create:
    """CREATE SCHEMA, unless it is there."""
    return exp.Create(this=nodes.table(schema_name, None), kind="SCHEMA", exists=True)


def table(relation: Relation) -> exp.Create:
    """CREATE TABLE with columns, keys and checks."""
    constraints = [
        exp.PrimaryKey(expressions=columns(relation.primary_key)),
        *(_named(key.name, _foreign_key(key)) for key in relation.foreign_keys),
        *(
            _named(each.name, exp.CheckColumnConstraint(this=nodes.expression(each.expression)))
            for each in relation.checks
        ),
    ]
    parts = [*map(_column, relation.fields), *constraints]
    return exp.Create(
        this=exp.Schema(this=_name(relation), expressions=parts),
        kind="TABLE",
        properties=None if relation.partition is None else _properties(_partitioned_by(relation.partition)),
    )


def partitions(relation: Relation) -> Iterator[exp.Create]:
    """CREATE TABLE for each partition made ahead, such as live_game_plays_2024 or live_game_v1_2024_07."""
    if relation.partition is None:
        return
    for value in relation.partition.ahead:
        part_of = exp.PartitionedOfProperty(
            this=_name(relation), expression=_bounds(relation, relation.partition, value)
        )
        part = nodes.table(relation.schema, f"{relation.name}_{value}".replace("-", "_"))
        yield exp.Create(this=part, kind="TABLE", properties=_properties(part_of))


def indexes(relation: Relation) -> Iterator[exp.Create]:
    """CREATE INDEX."""
    for each in relation.indexes:
        keys = [exp.paren(nodes.expression(each.expression))] if each.expression is not None else columns(each.columns)
        where = None if each.where is None else exp.Where(this=nodes.expression(each.where))
        params = exp.IndexParameters(columns=keys, where=where)
        index = exp.Index(this=name(each.name), table=_name(relation), params=params)
        yield exp.Create(this=index, kind="INDEX", unique=each.unique)


def comments(relation: Relation) -> Iterator[exp.Comment]:
    """COMMENT ON the table and on each of its columns."""
    yield exp.Comment(this=_name(relation), kind="TABLE", expression=exp.Literal.string(relation.description))
    for field in relation.fields:
        of = exp.Column(this=name(field.name), table=name(relation.name), db=name(relation.schema))
        yield exp.Comment(this=of, kind="COLUMN", expression=exp.Literal.string(field.description))


def _name(relation: Relation) -> exp.Table:
    return nodes.table(relation.schema, relation.name)


def _properties(*properties: exp.Property) -> exp.Properties:
    return exp.Properties(expressions=list(properties))


def _column(field: Field) -> exp.ColumnDef:
    kinds: list[exp.Expr] = [] if field.nullable else [exp.NotNullColumnConstraint()]
    if field.now:
        kinds.append(exp.DefaultColumnConstraint(this=exp.CurrentTimestamp()))
    constraints = [exp.ColumnConstraint(kind=kind) for kind in kinds]
    return exp.ColumnDef(this=name(field.name), kind=nodes.sql_type(field.type), constraints=constraints)


def _named(constraint_name: str | None, constraint: exp.Expr) -> exp.Expr:
    return (
        constraint if constraint_name is None else exp.Constraint(this=name(constraint_name), expressions=[constraint])
    )


def _foreign_key(key: ir.ForeignKey) -> exp.ForeignKey:
    reference = exp.Reference(this=nodes.table(key.schema, key.table), expressions=columns(key.references))
    return exp.ForeignKey(expressions=columns(key.columns), reference=reference, options=["DEFERRABLE"])


def _partitioned_by(partition: ir.Partition) -> exp.PartitionedByProperty:
    how = exp.Anonymous(this=_PARTITIONED[partition.kind], expressions=columns([partition.column]))
    return exp.PartitionedByProperty(this=how)


def _bounds(relation: Relation, partition: ir.Partition, value: int | str) -> exp.PartitionBoundSpec:
    """`IN (2024)`, or from the first of a month to that of the next; timestamps at midnight UTC, wherever it runs."""
    if partition.kind == "list":
        return exp.PartitionBoundSpec(this=[exp.convert(value)])
    year, month = map(int, str(value).split("-"))
    after = (year + 1, 1) if month == _LAST_MONTH else (year, month + 1)
    clock = " 00:00:00+00" if relation.type_of(partition.column) == "timestamptz" else ""
    first, last = (exp.Literal.string(f"{y:04}-{m:02}-01{clock}") for y, m in ((year, month), after))
    return exp.PartitionBoundSpec(from_expressions=[first], to_expressions=[last])
