"""Values that are carried along a list: lists to visit, and rules that say when a value changes, and to what."""

from dataclasses import dataclass
from typing import TypeAlias

from mlbgen.ir.places import Reference, Scalar
from mlbgen.language.paths import Condition


@dataclass(frozen=True, slots=True)
class Visit:
    """A list beside the levels: run through for each item of the level `within`, which is `$` for the document.

    `matches` are members of an item, and what each has to equal.
    """

    name: str
    source: Reference
    matches: tuple[tuple[tuple[str, ...], Reference], ...]
    within: str


@dataclass(frozen=True, slots=True)
class Before:
    """For each item of a level or a visited list, before the rows made in it."""

    name: str


@dataclass(frozen=True, slots=True)
class After:
    """For each item of a level or a visited list, after the rows made in it."""

    name: str


CarryMoment: TypeAlias = Before | After


@dataclass(frozen=True, slots=True)
class Fills:
    """Only while nothing is carried."""


@dataclass(frozen=True, slots=True)
class Replaces:
    """Only while the value there is carried; nothing that is missing ever is."""

    reference: Reference


CarryGuard: TypeAlias = Fills | Replaces


@dataclass(frozen=True, slots=True)
class SetTo:
    """The first of the references that is there; without any, nothing changes."""

    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Reset:
    """The start again."""


CarryAction: TypeAlias = SetTo | Reset


@dataclass(frozen=True, slots=True)
class CarryRule:
    """One change of a carried value. The first member in `where` is the level or the visited list that it looks at."""

    moment: CarryMoment
    where: Condition | None
    guard: CarryGuard | None
    action: CarryAction


@dataclass(frozen=True, slots=True)
class CarryValue:
    """A value that is kept from item to item, one for each combination of the values at `by`.

    `rules` run in their order, those that are about the same items together, item by item.
    """

    start: Scalar | None
    by: tuple[Reference, ...]
    rules: tuple[CarryRule, ...]

    @property
    def references(self) -> tuple[Reference, ...]:
        """The places that the value is taken from, in the order of the rules."""
        return tuple(each for rule in self.rules if isinstance(rule.action, SetTo) for each in rule.action.references)
