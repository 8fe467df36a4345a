"""Which rules of carried values stand together: those that need an object which only they look at."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from mlbgen import ir
from mlbgen.language import paths

Ruled: TypeAlias = tuple[ir.Column, ir.CarryValue, ir.CarryRule]


def grouped(
    origin: ir.Origin, moment: ir.CarryMoment, columns: Iterable[tuple[ir.Column, ir.CarryValue]]
) -> list[tuple[str | None, list[Ruled]]]:
    """The rules of the moment, each with the object of the item that it needs, or None.

    Columns don't see each other's values, so only the order of each column's own rules matters.
    """
    read = {(each.root, each.members[0]) for each in _read(origin, moment) if each.members}
    groups: list[tuple[str | None, list[Ruled]]] = []
    for column, value in columns:
        first = 0
        for rule in value.rules:
            if rule.moment != moment:
                continue
            needed = next((name for name in _needed(rule) if (moment.name, name) not in read), None)
            place = next((at for at in range(first, len(groups)) if groups[at][0] == needed), len(groups))
            if place == len(groups):
                groups.append((needed, []))
            groups[place][1].append((column, value, rule))
            first = place
    return groups


def _read(origin: ir.Origin, moment: ir.CarryMoment) -> Iterator[ir.Reference]:
    """What is read of the items anyway: by levels, by columns, and by rules of other moments."""
    yield from (level.source for level in origin.levels)
    for column in origin.columns:
        if isinstance(column.value, ir.PathValue):
            yield from column.value.references
        elif isinstance(column.value, ir.CarryValue):
            for rule in column.value.rules:
                if rule.moment != moment and isinstance(rule.action, ir.SetTo):
                    yield from rule.action.references


def _needed(rule: ir.CarryRule) -> Iterator[str]:
    """The objects of the item without which the rule changes nothing."""
    tests = rule.where.operands if isinstance(rule.where, paths.AllOf) else [rule.where]
    for test in tests:
        if isinstance(test, paths.Comparison) and test.operator == "==" and test.literal is not None:
            yield from _object(rule, test.members[0], test.members[1:])
    if isinstance(rule.guard, ir.Replaces):
        yield from _object(rule, rule.guard.reference.root, rule.guard.reference.members)
    if isinstance(rule.action, ir.SetTo) and len(rule.action.references) == 1:
        (reference,) = rule.action.references
        yield from _object(rule, reference.root, reference.members)


def _object(rule: ir.CarryRule, root: str, members: tuple[str, ...]) -> Iterator[str]:
    if root == rule.moment.name and len(members) > 1:
        yield members[0]
