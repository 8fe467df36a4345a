"""Tests that a response must pass before any rows are extracted."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from mlb_contracts import jsonpath
from mlb_contracts.jsonpath import Step, Steps

RuleType = Literal["string", "integer", "number", "boolean", "object", "array"]


@dataclass(frozen=True, slots=True)
class IsPresent:
    """The place has a value other than null."""


@dataclass(frozen=True, slots=True)
class IsAbsent:
    """The place is absent or null."""


@dataclass(frozen=True, slots=True)
class HasType:
    """The value has this JSON type."""

    type: RuleType


@dataclass(frozen=True, slots=True)
class EqualsParameter:
    """The value, as a string, equals this parameter of the request."""

    name: str


RuleTest: TypeAlias = IsPresent | IsAbsent | HasType | EqualsParameter


@dataclass(frozen=True, slots=True)
class Rule:
    """A test of the response at the place that `steps` lead to from its root."""

    text: str
    steps: Steps
    test: RuleTest

    @property
    def path(self) -> str:
        """The full path from `$`."""
        return jsonpath.below("$", self.steps)

    @property
    def loops(self) -> bool:
        """Whether the path leads to several places."""
        return any(isinstance(step, Step) for step in self.steps)
