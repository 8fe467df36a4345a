"""What columns carry, over plain JSON: each value is looked up by its group whenever a rule or a row asks for it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, assert_never

from mlbgen import ir
from mlbgen.language import paths
from mlbgen.samples.values import value_at


@dataclass(frozen=True, slots=True)
class TypedValue:
    """A JSON value, and the type that the mapping expects there; None if any type will do."""

    value: object
    type: ir.ValueType | None = None


NOTHING: Final = TypedValue(None)
Variables: TypeAlias = Mapping[str, object]  # what levels and visited lists stand for


class Carried:
    """The values that a table's columns carry through one document."""

    def __init__(
        self,
        origin: ir.Origin,
        holds: Callable[[paths.Condition, object], bool],
    ) -> None:
        self.values = [each.value for each in origin.columns if isinstance(each.value, ir.CarryValue)]
        self.visits = origin.visits
        self._holds = holds
        self._kept: dict[tuple[int, str], TypedValue] = {}  # by id, as the hash of a value takes long

    def find(self, value: ir.CarryValue, seen: Variables) -> TypedValue:
        """What is carried now."""
        return self._kept.get(self._group(value, seen), TypedValue(value.start))

    def before(self, level: str, seen: Variables) -> None:
        """Apply the rules before the rows made in an item of the level, outer ones first."""
        self._apply(ir.Before(level), seen)
        for visit, inner in self._visited(level, seen):
            self._apply(ir.Before(visit.name), inner)

    def after(self, level: str, seen: Variables) -> None:
        """Apply the rules after the rows made in an item of the level, outer ones last."""
        for visit, inner in self._visited(level, seen):
            self._apply(ir.After(visit.name), inner)
        self._apply(ir.After(level), seen)

    def _visited(self, level: str, seen: Variables) -> Iterator[tuple[ir.Visit, Variables]]:
        for visit in self.visits:
            items = self._at(visit.source, seen) if visit.within == level else None
            for item in items if isinstance(items, list) else []:
                pairs = [(value_at(item, members), self._at(other, seen)) for members, other in visit.matches]
                if all(left is not None and left == right for left, right in pairs):
                    yield visit, {**seen, visit.name: item}

    def _apply(self, moment: ir.CarryMoment, seen: Variables) -> None:
        for value in self.values:
            for rule in value.rules:
                if rule.moment == moment and self._is_met(value, rule, seen):
                    self._change(value, rule.action, seen)

    def _is_met(self, value: ir.CarryValue, rule: ir.CarryRule, seen: Variables) -> bool:
        now = self.find(value, seen).value
        match rule.guard:
            case None:
                good = True
            case ir.Fills():
                good = now is None
            case ir.Replaces(reference):
                good = now is not None and now == self._at(reference, seen)
            case _:
                assert_never(rule.guard)
        return good and (rule.where is None or self._holds(rule.where, seen))

    def _change(self, value: ir.CarryValue, action: ir.CarryAction, seen: Variables) -> None:
        match action:
            case ir.Reset():
                self._kept[self._group(value, seen)] = TypedValue(value.start)
            case ir.SetTo(references):
                found = (TypedValue(self._at(each, seen), each.type) for each in references)
                there = next((each for each in found if each.value is not None), None)
                if there is not None:
                    self._kept[self._group(value, seen)] = there
            case _:
                assert_never(action)

    def _group(self, value: ir.CarryValue, seen: Variables) -> tuple[int, str]:
        return id(value), repr([self._at(each, seen) for each in value.by])

    def _at(self, reference: ir.Reference, seen: Variables) -> Any:
        return value_at(seen[reference.root], reference.members)
