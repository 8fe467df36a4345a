"""Interpret a mapping over plain JSON: an independent implementation that checks generated code and mappings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from mlbgen import ir
from mlbgen.language import paths
from mlbgen.samples.carried import NOTHING, Carried, TypedValue
from mlbgen.samples.values import value_at

_ABSENT: Final = object()  # RFC 9535 distinguishes a missing member from null


@dataclass(frozen=True, slots=True)
class Binding:
    """The value of a variable; an item of a level also has its index in a list, or its key in an object."""

    value: object
    index: int = 0
    key: str = ""


Bindings: TypeAlias = dict[str | int, Binding]  # by variable, or by the id of what is carried, whose hash takes long


def split_documents(items: ir.Items | None, response: object) -> list[object]:
    """The documents of a response: its items, or the whole response."""
    if items is None:
        return [response]
    listed = value_at(response, items.source.members)
    return listed if isinstance(listed, list) else []


def scopes(origin: ir.Origin, document: object) -> Iterator[Bindings]:
    """Yield the variables of each row of the table, in the document's order."""
    carried = Carried(origin, _holds)
    lookups = {each.name: each for each in origin.lookups}
    yield from _rows("$", origin.levels, lookups, {"$": Binding(document)}, carried)


def find_value(source: ir.Value, scope: Bindings, parameters: Mapping[str, str]) -> TypedValue:
    """The value of a column in a row; null if neither the response nor the request parameters have one."""
    return next((found for found in find_values(source, scope, parameters) if found.value is not None), NOTHING)


def find_values(source: ir.Value, scope: Bindings, parameters: Mapping[str, str]) -> Iterator[TypedValue]:
    """Yield the value at each of the column's paths."""
    match source:
        case ir.PathValue(references):
            for reference in references:
                yield TypedValue(value_at(scope[reference.root].value, reference.members), reference.type)
        case ir.ItemValue(level, item_type):
            yield TypedValue(scope[level].value, item_type)
        case ir.ParameterValue(name):
            yield TypedValue(parameters.get(name))
        case ir.IndexValue(level, start):
            yield TypedValue(scope[level].index + start)
        case ir.KeyValue(level):
            yield TypedValue(scope[level].key)
        case ir.ConstantValue(constant):
            yield TypedValue(constant)
        case ir.CarryValue():
            found = scope[id(source)].value
            yield found if isinstance(found, TypedValue) else NOTHING
        case ir.NoValue() | ir.CapturedAt() | ir.IngestedAt():
            yield NOTHING  # not from the response
        case _:
            assert_never(source)


def _rows(
    name: str, levels: tuple[ir.Level, ...], lookups: Mapping[str, ir.LookUp], scope: Bindings, carried: Carried
) -> Iterator[Bindings]:
    """Yield the variables of the rows in an item of the level called `name`, with the rules before and after them."""
    seen = {each: item.value for each, item in scope.items() if isinstance(each, str)}
    carried.before(name, seen)
    yield from _loop(levels, lookups, _with_lookups(lookups, scope), carried)
    carried.after(name, seen)


def _loop(
    levels: tuple[ir.Level, ...], lookups: Mapping[str, ir.LookUp], scope: Bindings, carried: Carried
) -> Iterator[Bindings]:
    """Yield the variables for the remaining levels."""
    if not levels:
        seen = {each: item.value for each, item in scope.items() if isinstance(each, str)}
        yield scope | {id(value): Binding(carried.find(value, seen)) for value in carried.values}
        return
    level = levels[0]
    for item in _items(level.container, value_at(scope[level.source.root].value, level.source.members)):
        passes = level.where is None or _holds(level.where, item.value)
        if passes or carried.values:
            rows = _rows(level.name, levels[1:], lookups, {**scope, level.name: item}, carried)
            yield from (each for each in rows if passes)


def _items(container: ir.Container, found: object) -> Iterator[Binding]:
    match container:
        case ir.ListOf():
            yield from (Binding(each, index) for index, each in enumerate(found if isinstance(found, list) else ()))
        case ir.MapOf():
            members = found.items() if isinstance(found, dict) else ()
            yield from (Binding(each, key=key) for key, each in members)
        case ir.MembersOf(names=names):
            named = [(name, value_at(found, (name,))) for name in names]
            yield from (Binding(each, key=name) for name, each in named if each is not None)
        case ir.Single():
            yield from (Binding(each) for each in [found] if each is not None)
        case _:
            assert_never(container)


def _with_lookups(lookups: Mapping[str, ir.LookUp], scope: Bindings) -> Bindings:
    """Add all look-ups whose variables exist."""
    scope = dict(scope)
    ready = True
    while ready:
        ready = False
        for name, lookup in lookups.items():
            if name not in scope and {lookup.source.root, lookup.by.level} <= scope.keys():
                scope[name] = Binding(_look_up(lookup, scope))
                ready = True
    return scope


def _look_up(lookup: ir.LookUp, scope: Bindings) -> object:
    container = value_at(scope[lookup.source.root].value, lookup.source.members)
    wanted = scope[lookup.by.level].value
    match lookup.by:
        case ir.KeyOf(prefix, _, suffix):
            return container.get(f"{prefix}{wanted}{suffix}") if isinstance(container, dict) else None
        case ir.MemberEquals(members):
            items = container if isinstance(container, list) else []
            return next((each for each in items if _equal(value_at(each, members, _ABSENT), wanted)), None)
        case ir.AtIndex():
            items = container if isinstance(container, list) else []
            return items[wanted] if isinstance(wanted, int) and 0 <= wanted < len(items) else None
        case _:
            assert_never(lookup.by)


def _holds(condition: paths.Condition, item: object) -> bool:
    match condition:
        case paths.Not(operand):
            return not _holds(operand, item)
        case paths.AllOf(operands):
            return all(_holds(each, item) for each in operands)
        case paths.AnyOf(operands):
            return any(_holds(each, item) for each in operands)
        case paths.Exists(members):
            return value_at(item, members, _ABSENT) is not _ABSENT
        case paths.Comparison(members, operator, literal):
            return _compare(value_at(item, members, _ABSENT), operator, literal)
        case _:
            assert_never(condition)


def _compare(left: object, operator: str, right: paths.Literal) -> bool:
    match operator:
        case "==":
            return _equal(left, right)
        case "!=":
            return not _equal(left, right)
        case "<" | "<=":
            return _less(left, right) or (operator == "<=" and _equal(left, right))
        case _:
            return _less(right, left) or (operator == ">=" and _equal(left, right))


def _equal(left: object, right: object) -> bool:
    """Compare as JSON does: 1 equals 1.0, and true does not equal 1."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _less(left: object, right: object) -> bool:
    """Order two numbers or two strings; other values have no order."""
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    return isinstance(left, int | float) and isinstance(right, int | float) and left < right
