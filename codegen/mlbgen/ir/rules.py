"""Tests that a response has to pass before anything is made of it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from mlb_contracts import jsonpath
from mlb_contracts.jsonpath import Step, Steps

RuleType = Literal["string", "integer", "number", "boolean", "object", "array"]


@dataclass(frozen=True, slots=True)
class IsPresent:
    """Something is there that is not null."""


@dataclass(frozen=True, slots=True)
class IsAbsent:
    """Nothing is there but null."""


@dataclass(frozen=True, slots=True)
class HasType:
    """What is there has the JSON type."""

    type: RuleType


@dataclass(frozen=True, slots=True)
class EqualsParameter:
    """What is there is the parameter of the request, as a text."""

    name: str


RuleTest: TypeAlias = IsPresent | IsAbsent | HasType | EqualsParameter


@dataclass(frozen=True, slots=True)
class Rule:
    """A test of the response before anything is made of it, at the place that `steps` lead to from its root."""

    text: str
    steps: Steps
    test: RuleTest

    @property
    def path(self) -> str:
        """The place in full from `$`."""
        return jsonpath.below("$", self.steps)

    @property
    def loops(self) -> bool:
        """Whether the path leads to several places."""
        return any(isinstance(step, Step) for step in self.steps)
