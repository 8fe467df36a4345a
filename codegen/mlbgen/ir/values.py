"""What fills a column."""

from dataclasses import dataclass
from typing import TypeAlias

from mlbgen.ir.places import Reference, ValueType

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class PathValue:
    """The first of the references that is there."""

    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """A parameter of the request, in its path or its query: a text."""

    name: str


@dataclass(frozen=True, slots=True)
class IndexValue:
    level: str
    start: int


@dataclass(frozen=True, slots=True)
class KeyValue:
    level: str


@dataclass(frozen=True, slots=True)
class ItemValue:
    """The scalar that a level yields; `type` as in the response."""

    level: str
    type: ValueType
    path: str


@dataclass(frozen=True, slots=True)
class ConstantValue:
    value: Scalar


@dataclass(frozen=True, slots=True)
class CapturedAt:
    """When the request was made."""


@dataclass(frozen=True, slots=True)
class IngestedAt:
    """When the row was written; the database's default, never sent."""


Value: TypeAlias = (
    PathValue | ParameterValue | IndexValue | KeyValue | ItemValue | ConstantValue | CapturedAt | IngestedAt
)
