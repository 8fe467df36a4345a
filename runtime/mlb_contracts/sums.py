"""Sums that have to agree: rules across the rows of a document, such as the hits of a team and of its batters."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class SumSide:
    """One side of a rule: a number for each group of a table's rows.

    `table` is a full name; `value` an aggregate; `by` the names of the groups' columns, each with its expression;
    `where` a condition on rows. With `each`, the value is computed for each smaller group by these expressions, and
    those are summed. Names in expressions are quoted.
    """

    table: str
    value: str
    by: tuple[tuple[str, str], ...]
    where: str | None = None
    each: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SumException:
    """Groups that differ for a known reason: a condition on the names that a rule groups by."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class SumRule:
    """A rule across two sides.

    `equal`: both sides have the same number for each group, 0 where they have none; `present`: each group of the left
    side is on the right.
    """

    name: str
    description: str
    left: SumSide
    right: SumSide
    kind: Literal["equal", "present"] = "equal"
    exceptions: tuple[SumException, ...] = ()


@dataclass(frozen=True, slots=True)
class SumRules:
    """The rules of a method; they hold for documents whose row in `table` meets the condition."""

    table: str
    where: str
    rules: tuple[SumRule, ...]
