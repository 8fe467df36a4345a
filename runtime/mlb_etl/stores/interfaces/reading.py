"""Reading whole tables and views, all from one moment, as Arrow data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from mlb_contracts import Method

if TYPE_CHECKING:
    import pyarrow as pa

SEASON = "season"
"""The column by which people choose rows, and by which files are kept apart."""


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """A column; `type` as the database spells it."""

    name: str
    type: str
    nullable: bool
    comment: str | None


@dataclass(frozen=True, slots=True)
class ReadForeignKey:
    """Columns that refer to those of another table, by its full name."""

    columns: tuple[str, ...]
    table: str
    referenced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view; a view has no keys. `populated` is False for a materialized view that was never refreshed."""

    schema: str
    name: str
    kind: Literal["table", "view"]
    populated: bool
    comment: str | None
    columns: tuple[ReadColumn, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ReadForeignKey, ...] = ()

    @property
    def qualified_name(self) -> str:
        """`schema.name`."""
        return f"{self.schema}.{self.name}"

    @property
    def has_season(self) -> bool:
        """Whether its rows belong to seasons."""
        return any(each.name == SEASON for each in self.columns)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of a relation: of these seasons, None for those that have none; of these documents, by their keys.

    Empty seasons stand for all. Without `keys`, the rows of all documents are wanted.
    """

    seasons: Sequence[int | None] = ()
    keys: Sequence[str] = ()
    documents: Sequence[Sequence[Any]] = field(default=(), repr=False)


class Snapshot(Protocol):
    """A database as it was at one moment; while it is open, rows that others write stay invisible."""

    @property
    def taken_at(self) -> datetime:
        """The moment."""

    def relations(self, names: Sequence[str]) -> list[Relation]:
        """The tables and views of these full names, in their order; raises EtlError for one that is not there."""

    def marks(self, method: Method) -> Mapping[str, str]:
        """A text for each document of a method, as JSON, that changes whenever the rows of the document may."""

    def seasons(self, relation: Relation, wanted: Wanted) -> list[int | None]:
        """The seasons of the wanted rows."""

    def schema(self, relation: Relation) -> "pa.Schema":
        """The columns of a relation as Arrow has them."""

    def batches(self, relation: Relation, wanted: Wanted) -> "pa.RecordBatchReader":
        """The wanted rows, to be read before others are asked for."""

    def close(self) -> None:
        """Give the moment up."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
