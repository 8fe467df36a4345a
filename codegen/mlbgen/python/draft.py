"""Collect the places of a response that a method's tables, rules and document keys read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from mlb_contracts import sql_types
from mlb_contracts.jsonpath import Step
from mlbgen import ir
from mlbgen.ir.columns import decoding_of, decodings
from mlbgen.language import paths
from mlbgen.language.names import identifier, snake
from mlbgen.samples.shape import Shape

# If values are read as several of these, the first one is used.
_NUMBERS = ("Int2", "Int4", "Int8", "int", "Decimal", "float", "int | float")
_TEXTS = frozenset({"str", *sql_types.FROM_TEXT})
# A list whose items are documents, which are decoded one by one.
RAW_ITEMS = "list[Raw]"
_NOTHING_SEEN = Shape(frozenset())
_BY_JSON_TYPE = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list[object]",
    "object": "dict[str, object]",
}


@dataclass(slots=True, eq=False)
class Draft:
    """A place of the document, while the types and members that are read there are collected.

    `titles` are the parts of its class's name, outermost first: ("live_data", "plays"). `annotations` has the type
    that each reader needs. `keeps_null`: a filter distinguishes null from absent. `can_lack`: the place can be absent.
    """

    titles: tuple[str, ...]
    annotations: set[str] = field(default_factory=set)
    members: dict[str, "Draft"] = field(default_factory=dict)
    container: str = ""
    item: "Draft | None" = None
    keeps_null: bool = False
    can_lack: bool = False

    def walk(self, members: tuple[str, ...]) -> "Draft":
        """The place that these members lead to."""
        place = self
        for name in members:
            place.can_lack |= place is not self
            titles = (*place.titles, snake(identifier(name)) or "item")
            place = place.members.setdefault(name, Draft(titles))
        return place

    def alike(self, names: tuple[str, ...], title: str) -> "tuple[Draft, bool]":
        """The members of these names as one place, and whether there were several before."""
        self.can_lack = True
        first, *others = (self.walk((name,)) for name in names)
        several = any(each is not first for each in others)
        if several:
            first.titles = (*self.titles, snake(title))
            joined = {name: first for name, place in self.members.items() if place in others}
            self.members.update(joined)
        return first, several

    def each(self, container: str, name: str) -> "Draft":
        """The items of a list or a map; the first name given here names their class."""
        if self.item is None:
            self.container, self.item = container, Draft((*self.titles[:-1], snake(name)))
        return self.item

    @property
    def inner(self) -> "tuple[Draft, ...]":
        """The places directly below: members, or the items."""
        return tuple(self.members.values()) if self.item is None else (self.item,)

    @property
    def annotation(self) -> str:
        """The annotation that suits all readers of the value."""
        wanted = self.annotations - {"object"} or {"object"}
        if RAW_ITEMS in wanted:
            return RAW_ITEMS
        if len(wanted) == 1:
            return next(iter(wanted))
        if wanted.issubset(_NUMBERS):
            return min(wanted, key=_NUMBERS.index)
        return "str" if wanted <= _TEXTS else "object"


def collect_document(method: ir.Method, shape: Shape) -> Draft:
    """All places of a document that the method reads, with members in the order of the responses.

    Decoders are fastest if members come in the order of the struct's fields.
    """
    root, at = Draft(()), shape
    _share(root, method)
    for key in method.document:
        for reference in key.value.references if isinstance(key.value, ir.PathValue) else ():
            if decoding := sql_types.decoding(key.type, reference.type):
                root.walk(reference.members).annotations.add(decoding.annotation)
    for origin in (origin for table in method.tables for origin in table.origins):
        _read_origin(root, origin)
    if method.items is None:
        _read_rules(root, method)
    else:
        for member in method.items.source.members:
            at = at.members[member]
        at = at.items or _NOTHING_SEEN
    _sort(root, at)
    return root


def collect_answer(method: ir.Method, items: ir.Items, shape: Shape) -> Draft:
    """The response around the documents: what rules read, and the items, which stay undecoded."""
    root = Draft(())
    _read_rules(root, method)
    root.walk(items.source.members).annotations.add(RAW_ITEMS)
    _sort(root, shape)
    return root


def _read_rules(root: Draft, method: ir.Method) -> None:
    for rule in method.rules:
        _read_rule(root, rule)


def _sort(place: Draft, shape: Shape) -> None:
    known = {name: position for position, name in enumerate(shape.members)}
    place.members = dict(sorted(place.members.items(), key=lambda each: known.get(each[0], len(known))))
    for name, member in place.members.items():
        _sort(member, shape.members.get(name, _NOTHING_SEEN))
    if place.item is not None:
        _sort(place.item, shape.items or _NOTHING_SEEN)


def _read_rule(root: Draft, rule: ir.Rule) -> None:
    place, members = root, list[str]()
    for step in rule.steps:
        if isinstance(step, str):
            members.append(step)
        else:
            place, members = place.walk(tuple(members)), []
            title = f"{place.titles[-1] if place.titles else 'response'}_item"
            place = place.each("map" if step is Step.VALUE else "array", title)
    place = place.walk(tuple(members))
    place.annotations.add(_BY_JSON_TYPE[rule.test.type] if isinstance(rule.test, ir.HasType) else "object")


def _share(root: Draft, method: ir.Method) -> None:
    """Make one place of members that a level takes to be alike, before anything else is read of them.

    Joining two places can reveal others to join, so it is repeated until there are none.
    """
    found = [origin.levels for table in method.tables for origin in table.origins]
    sharing = [each for each in found if any(isinstance(level.container, ir.MembersOf) for level in each)]
    while any(_enter(root, levels)[1] for levels in sharing):
        pass


def _enter(root: Draft, levels: tuple[ir.Level, ...]) -> tuple[dict[str, Draft], bool]:
    """The places of `$` and of the levels' items by name, and whether any were joined on the way."""
    places, several = {"$": root}, False
    for level in levels:
        source = places[level.source.root].walk(level.source.members)
        match level.container:
            case ir.ListOf():
                places[level.name] = source.each("array", level.name)
            case ir.MapOf():
                places[level.name] = source.each("map", level.name)
            case ir.MembersOf(names=names):
                places[level.name], joined = source.alike(names, level.name)
                several |= joined
            case ir.Single():
                places[level.name] = source
            case _:
                assert_never(level.container)
    return places, several


def _read_origin(root: Draft, origin: ir.Origin) -> None:
    items = {level.name: _BY_JSON_TYPE.get(level.container.item, "object") for level in origin.levels}
    places, _ = _enter(root, origin.levels)
    for level in origin.levels:
        if level.where is not None:
            _read_condition(places[level.name], level.where)
    for lookup in origin.lookups:
        source = places[lookup.source.root].walk(lookup.source.members)
        found = source.each("map" if isinstance(lookup.by, ir.KeyOf) else "array", lookup.name)
        found.can_lack = True
        places[lookup.by.level].annotations.add(items[lookup.by.level])
        if isinstance(lookup.by, ir.MemberEquals):
            found.walk(lookup.by.members).annotations.add(items[lookup.by.level])
        places[lookup.name] = found
    for visit in origin.visits:
        places[visit.name] = places[visit.source.root].walk(visit.source.members).each("array", visit.name)
        for members, reference in visit.matches:
            for place in (places[visit.name].walk(members), places[reference.root].walk(reference.members)):
                place.annotations.add(_BY_JSON_TYPE[reference.type])
    for column in origin.columns:
        _read_column(places, column)


def _read_column(places: Mapping[str, Draft], column: ir.Column) -> None:
    match column.value:
        case ir.PathValue(references):
            for reference, decoding in zip(references, decodings(column), strict=True):
                places[reference.root].walk(reference.members).annotations.add(decoding.annotation)
        case ir.ItemValue(level):
            places[level].annotations.update(each.annotation for each in decodings(column))
        case ir.CarryValue():
            _read_carried(places, column, column.value)
        case ir.ParameterValue() | ir.IndexValue() | ir.KeyValue() | ir.ConstantValue():
            pass  # not read by the decoder
        case ir.NoValue() | ir.CapturedAt() | ir.IngestedAt():
            pass
        case _:
            assert_never(column.value)


def _read_carried(places: Mapping[str, Draft], column: ir.Column, value: ir.CarryValue) -> None:
    guards = [rule.guard.reference for rule in value.rules if isinstance(rule.guard, ir.Replaces)]
    for reference in (*value.references, *guards):
        decoding = decoding_of(column, reference.type)
        places[reference.root].walk(reference.members).annotations.add(decoding.annotation)
    for reference in value.by:
        places[reference.root].walk(reference.members).annotations.add(_BY_JSON_TYPE.get(reference.type, "object"))
    for rule in value.rules:
        for test in () if rule.where is None else paths.looked_at(rule.where):
            _read_test(places[test.members[0]].walk(test.members[1:]), test)


def _read_condition(item: Draft, condition: paths.Condition) -> None:
    for test in paths.looked_at(condition):
        _read_test(item.walk(test.members), test)


def _read_test(place: Draft, test: paths.Comparison | paths.Exists) -> None:
    match test:
        case paths.Exists():
            place.annotations.add("object")
            place.keeps_null = True
        case paths.Comparison(literal=literal):
            place.annotations.add(_of_literal(literal))
            place.keeps_null |= literal is None
        case _:
            assert_never(test)


def _of_literal(literal: paths.Literal) -> str:
    match literal:
        case None:
            return "object"
        case bool():
            return "bool"
        case str():
            return "str"
        case _:
            return "int | float"
