"""The mapping's meaning over plain JSON: what the generated code does, by another way, to check it and the mapping."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from mlbgen import ir
from mlbgen.language import paths

_ABSENT: Final = object()  # RFC 9535 tells a missing member from one that is null


@dataclass(frozen=True, slots=True)
class Item:
    """What a variable stands for; a level's item has a place in its list, and a key where that is a map."""

    value: object
    index: int = 0
    key: str = ""


Scope: TypeAlias = dict[str, Item]


def documents(items: ir.Items | None, response: object) -> list[object]:
    """The documents of a response: its items, or itself."""
    if items is None:
        return [response]
    listed = _walk(response, items.source.members, None)
    return listed if isinstance(listed, list) else []


def scopes(table: ir.Table, document: object) -> Iterator[Scope]:
    """The variables of each row of the table, in the document's order."""
    return _loop(table.levels, {each.name: each for each in table.lookups}, {"$": Item(document)})


@dataclass(frozen=True, slots=True)
class Found:
    """A JSON value, and the type that the mapping was made for there; None where any will do."""

    value: object
    type: ir.ValueType | None = None


_NOTHING: Final = Found(None)


def find(source: ir.Value, scope: Scope, parameters: Mapping[str, str]) -> Found:
    """The value of a column in a row; null where the response, or the request with these parameters, has none."""
    return next((found for found in find_all(source, scope, parameters) if found.value is not None), _NOTHING)


def find_all(source: ir.Value, scope: Scope, parameters: Mapping[str, str]) -> Iterator[Found]:
    """What is there at each of the paths that the column can take its value from."""
    match source:
        case ir.PathValue(references):
            for reference in references:
                yield Found(_walk(scope[reference.root].value, reference.members, None), reference.type)
        case ir.ItemValue(level, item_type):
            yield Found(scope[level].value, item_type)
        case ir.ParameterValue(name):
            yield Found(parameters.get(name))
        case ir.IndexValue(level, start):
            yield Found(scope[level].index + start)
        case ir.KeyValue(level):
            yield Found(scope[level].key)
        case ir.ConstantValue(constant):
            yield Found(constant)
        case ir.CapturedAt() | ir.IngestedAt():
            yield _NOTHING  # which are not the response's
        case _:
            assert_never(source)


def _loop(levels: tuple[ir.Level, ...], lookups: Mapping[str, ir.LookUp], scope: Scope) -> Iterator[Scope]:
    """Scopes of the levels that are left; look-ups are made as soon as what they need is there."""
    scope = _with_lookups(lookups, scope)
    if not levels:
        yield scope
        return
    level = levels[0]
    for item in _items(_walk(scope[level.source.root].value, level.source.members, None)):
        if level.where is None or _holds(level.where, item.value):
            yield from _loop(levels[1:], lookups, {**scope, level.name: item})


def _items(container: object) -> Iterator[Item]:
    if isinstance(container, dict):
        for index, (key, each) in enumerate(container.items()):
            yield Item(each, index, key)
    elif isinstance(container, list):
        for index, each in enumerate(container):
            yield Item(each, index)


def _with_lookups(lookups: Mapping[str, ir.LookUp], scope: Scope) -> Scope:
    """The scope and all look-ups that can be made in it."""
    scope = dict(scope)
    ready = True
    while ready:
        ready = False
        for name, lookup in lookups.items():
            if name not in scope and {lookup.source.root, lookup.by.level} <= scope.keys():
                scope[name] = Item(_look_up(lookup, scope))
                ready = True
    return scope


def _look_up(lookup: ir.LookUp, scope: Scope) -> object:
    container = _walk(scope[lookup.source.root].value, lookup.source.members, None)
    wanted = scope[lookup.by.level].value
    match lookup.by:
        case ir.KeyOf(prefix, _, suffix):
            return container.get(f"{prefix}{wanted}{suffix}") if isinstance(container, dict) else None
        case ir.MemberEquals(members):
            items = container if isinstance(container, list) else []
            return next((each for each in items if _equal(_walk(each, members, _ABSENT), wanted)), None)
        case ir.AtIndex():
            items = container if isinstance(container, list) else []
            return items[wanted] if isinstance(wanted, int) and 0 <= wanted < len(items) else None
        case _:
            assert_never(lookup.by)


def _walk(start: object, members: tuple[str, ...], otherwise: object) -> object:
    for member in members:
        if not isinstance(start, dict):
            return otherwise
        start = start.get(member, otherwise)
    return start


def _holds(condition: paths.Condition, item: object) -> bool:
    match condition:
        case paths.Not(operand):
            return not _holds(operand, item)
        case paths.AllOf(operands):
            return all(_holds(each, item) for each in operands)
        case paths.AnyOf(operands):
            return any(_holds(each, item) for each in operands)
        case paths.Exists(members):
            return _walk(item, members, _ABSENT) is not _ABSENT
        case paths.Comparison(members, operator, literal):
            return _compare(_walk(item, members, _ABSENT), operator, literal)
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
    """As JSON compares: 1 is 1.0, and true is not 1."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _less(left: object, right: object) -> bool:
    """Only numbers and only texts have an order."""
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    return isinstance(left, int | float) and isinstance(right, int | float) and left < right
