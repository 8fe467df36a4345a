"""The facts about a table: columns, keys, partitions and checks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mlb_contracts.captures import Capture, Row


@dataclass(frozen=True, slots=True)
class ColumnReference:
    """A column of another table, by its full name; stated for people and tools, not enforced by the database."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `wire` is its type in binary COPY.

    `paths` says where its values come from: places in the response, or a parameter of the request. `refers_to` is a
    column of another table that has the same values.
    """

    name: str
    type: str
    wire: str
    paths: tuple[str, ...]
    refers_to: ColumnReference | None = None


@dataclass(frozen=True, slots=True)
class DerivedColumn:
    """A column that a store computes from other `columns` of the row, by an expression with quoted names.

    Rows don't contain it. The expression is immutable, and in the language that checks have.
    """

    name: str
    type: str
    columns: tuple[str, ...]
    expression: str
    refers_to: ColumnReference | None = None


@dataclass(frozen=True, slots=True)
class OnlyFor:
    """Documents whose key of this name has one of the values, which are texts."""

    key: str
    values: tuple[str, ...]

    def includes(self, keys: Mapping[str, Any]) -> bool:
        """Whether the document with these keys is one of them."""
        return keys[self.key] in self.values


@dataclass(frozen=True, slots=True)
class Partition:
    """How a table is partitioned: `list` has one partition per value, `month` one per calendar month (UTC)."""

    column: str
    kind: Literal["list", "month"]


@dataclass(frozen=True, slots=True)
class Check:
    """A condition on `columns`: the mapping's expression, with quoted names.

    A row that breaks it is rejected (error), or counted and reported (warn).
    """

    name: str
    columns: tuple[str, ...]
    expression: str
    severity: Literal["error", "warn"]


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """The facts about a table, from which a store composes its statements, and the function that extracts its rows.

    `columns` are in the order of the values in a row; ingested_at is added by the store. `identity` identifies a row
    across captures: the primary key without the column that only partitioning by month adds. `guarded` tells whether
    the shrink guard counts its rows. `derived` are further columns, which the store computes. `only_for`: other
    documents have no rows in it.
    """

    schema: str
    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    identity: tuple[str, ...]
    partition: Partition | None
    checks: tuple[Check, ...]
    guarded: bool
    extract: Callable[[Any, Capture], list[Row]]
    derived: tuple[DerivedColumn, ...] = ()
    only_for: OnlyFor | None = None

    def __repr__(self) -> str:
        return f"Table({self.qualified_name!r})"

    @property
    def qualified_name(self) -> str:
        return f"{self.schema}.{self.name}"

    def takes(self, keys: Mapping[str, Any]) -> bool:
        """Whether the document with these keys can have rows in it."""
        return self.only_for is None or self.only_for.includes(keys)

    @property
    def rows_move(self) -> bool:
        """Whether a row can move to another partition, so that its primary key does not identify it."""
        return {*self.identity} != {*self.primary_key}
