"""Tables: their columns, keys, partitions, indexes and checks, and the levels that their rows come from."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from mlb_contracts.sql_types import SqlType
from mlbgen.ir.carry import Visit
from mlbgen.ir.places import Level, LookUp, Scalar
from mlbgen.ir.values import OnlyFor, Value
from mlbgen.language.diagnostics import Position
from mlbgen.language.names import SqlName


@dataclass(frozen=True, slots=True)
class ColumnReference:
    """A column of another table, of any mapping, which has the same values; nothing enforces it."""

    table: str
    column: str
    position: Position


@dataclass(frozen=True, slots=True)
class Column:
    name: SqlName
    type: SqlType
    value: Value
    nullable: bool
    description: str
    position: Position
    default: Scalar | None = None
    null_if: tuple[str, ...] = ()
    convert: str | None = None
    unreadable: Literal["null", "reject"] = "null"
    refers_to: ColumnReference | None = None
    renamed_from: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class ListPartition:
    """One partition per value; the migration premakes those for `values`."""

    column: SqlName
    values: tuple[int, ...]

    @property
    def ahead(self) -> tuple[int, ...]:
        """The values or months that the migration premakes partitions for."""
        return self.values


@dataclass(frozen=True, slots=True)
class MonthPartition:
    """One partition per calendar month (UTC); the migration premakes those for `months`, such as "2024-01"."""

    column: SqlName
    months: tuple[str, ...]

    @property
    def ahead(self) -> tuple[str, ...]:
        """The values or months that the migration premakes partitions for."""
        return self.months


Partition: TypeAlias = ListPartition | MonthPartition


@dataclass(frozen=True, slots=True)
class ForeignKey:
    name: SqlName
    columns: tuple[SqlName, ...]
    schema: SqlName
    table: SqlName
    references: tuple[SqlName, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """An SQL expression that lowering has parsed, checked and normalized; `columns` lists the columns it uses."""

    sql: str
    columns: tuple[SqlName, ...]


@dataclass(frozen=True, slots=True)
class DerivedColumn:
    """A column whose value each store computes from other columns of the row; rows are sent without it."""

    name: SqlName
    type: SqlType
    expression: Expression
    description: str
    position: Position
    refers_to: ColumnReference | None = None
    renamed_from: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnIndex:
    """An index over columns; `where` makes it partial, `using` is its access method."""

    name: SqlName
    columns: tuple[SqlName, ...]
    where: Expression | None
    unique: bool
    using: Literal["btree", "brin"] = "btree"


@dataclass(frozen=True, slots=True)
class ExpressionIndex:
    """An index over an expression, otherwise as ColumnIndex."""

    name: SqlName
    expression: Expression
    where: Expression | None
    unique: bool
    using: Literal["btree", "brin"] = "btree"


Index: TypeAlias = ColumnIndex | ExpressionIndex


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that rows must meet."""

    name: SqlName
    condition: Expression
    severity: Literal["error", "warn"]


@dataclass(frozen=True, slots=True)
class Origin:
    """A place that rows of a table come from, with the table's columns as they are filled there."""

    name: str
    levels: tuple[Level, ...]
    lookups: tuple[LookUp, ...]
    columns: tuple[Column, ...]
    visits: tuple[Visit, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` in their order in the database; captured_at and ingested_at are the last two, `derived` before them.

    `identity` identifies a row across captures: it is the primary key without a partition column that can change.
    `guarded`: the shrink guard counts its rows. `hydration`: only responses requested with it fill the table.
    `visits` are lists that only carried values look at. `only_for`: other documents have no rows in it.
    `subject` is the heading under which documentation lists it.
    """

    schema: SqlName
    name: SqlName
    description: str
    levels: tuple[Level, ...]
    lookups: tuple[LookUp, ...]
    columns: tuple[Column, ...]
    primary_key: tuple[SqlName, ...]
    identity: tuple[SqlName, ...]
    duplicates: Literal["error", "first", "last"]
    partition: Partition | None
    foreign_keys: tuple[ForeignKey, ...]
    indexes: tuple[Index, ...]
    checks: tuple[Check, ...]
    guarded: bool
    position: Position
    hydration: str | None = None
    visits: tuple[Visit, ...] = ()
    derived: tuple[DerivedColumn, ...] = ()
    origin: str = ""
    other_origins: tuple[Origin, ...] = ()
    only_for: OnlyFor | None = None
    subject: str = ""

    @property
    def qualified_name(self) -> str:
        """`schema.table`."""
        return f"{self.schema}.{self.name}"

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The places that its rows come from; the first is that of its own levels, look-ups, visits and columns."""
        return (Origin(self.origin, self.levels, self.lookups, self.columns, self.visits), *self.other_origins)
