"""Sources of column values."""

from dataclasses import dataclass
from typing import TypeAlias

from mlbgen.ir.carry import CarryValue
from mlbgen.ir.places import Reference, Scalar, ValueType
from mlbgen.language.names import SqlName


@dataclass(frozen=True, slots=True)
class PathValue:
    """The first reference that has a value."""

    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """A parameter of the request, in its path or its query; a string."""

    name: str


@dataclass(frozen=True, slots=True)
class OnlyFor:
    """Documents whose key, which stands at `value`, is one of the texts."""

    key: SqlName
    value: PathValue
    among: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndexValue:
    level: str
    start: int


@dataclass(frozen=True, slots=True)
class KeyValue:
    level: str


@dataclass(frozen=True, slots=True)
class ItemValue:
    """The item of a level over single values; `type` is its type in the response."""

    level: str
    type: ValueType
    path: str


@dataclass(frozen=True, slots=True)
class ConstantValue:
    value: Scalar


@dataclass(frozen=True, slots=True)
class NoValue:
    """Rows of this origin lack what the column is taken from: NULL, or the column's default."""


@dataclass(frozen=True, slots=True)
class CapturedAt:
    """When the request was made."""


@dataclass(frozen=True, slots=True)
class IngestedAt:
    """When the row was written: the column's default in the database, never sent."""


Value: TypeAlias = (
    PathValue
    | ParameterValue
    | IndexValue
    | KeyValue
    | ItemValue
    | ConstantValue
    | CarryValue
    | NoValue
    | CapturedAt
    | IngestedAt
)
