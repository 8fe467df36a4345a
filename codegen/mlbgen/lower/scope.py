"""The variables that paths start from, and the way from a path's text to a place in the API's shape."""

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from mlb_contracts import jsonpath
from mlbgen import ir
from mlbgen.language import paths
from mlbgen.lower.report import Place, Report, did_you_mean
from mlbgen.samples.shape import Shape

RESPONSE = "$"


@dataclass(frozen=True, slots=True)
class Variable:
    """`$`, a level or a look-up: its shape and its full path; `level` where it is one.

    `name` is what the IR calls it: `$` for the document, whatever the mapping calls that.
    """

    name: str
    shape: Shape
    path: str
    level: ir.Level | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where a path leads: the reference, its shape, and the path's last step where that is an `Each`."""

    reference: ir.Reference
    shape: Shape
    each: paths.Each | None = None
    each_offset: int = 0


@dataclass(frozen=True, slots=True)
class Root:
    """The document as paths start from it: the whole response, as `$`, or an item of it by its name.

    `path` leads to it through the response.
    """

    shape: Shape
    name: str = RESPONSE
    path: str = RESPONSE


class Scope:
    """The variables of a table, and which of them something uses; `mapped` gets each path that was followed.

    `parameters` are those of the request that columns can take.
    """

    def __init__(self, root: Root, mapped: set[str], parameters: Collection[str] = ()) -> None:
        self.root = root.name
        self.variables: dict[str, Variable | None] = {root.name: Variable(RESPONSE, root.shape, root.path)}
        self.used: set[str] = set()
        self.mapped = mapped
        self.parameters = parameters

    def declare(self, name: str, variable: Variable | None) -> None:
        """Make a variable known; None for one whose own declaration is wrong."""
        self.variables[name] = variable

    def variable(self, report: Report, place: Place, name: str, *, offset: int = 0) -> Variable | None:
        """The variable of that name, which counts as used from now on; None, and a report, where there is none."""
        self.used.add(name)
        if name in self.variables:
            return self.variables[name]
        if name == RESPONSE:
            message = "each item is read by itself, without the response around it"
            report.add("MG033", place, message, f"start the path with {self.root}, as source.items calls the item")
            return None
        known = self.variables.keys() - {RESPONSE}
        help_ = did_you_mean(name, known, f"a path starts with {self.root}, or with a level or a look-up of its table")
        report.add("MG033", place, f'there is no level or look-up "{name}" here', help_, offset=offset)
        return None

    def resolve(self, report: Report, place: Place, text: str) -> Target | None:
        """Follow the path through the shape; an `Each` is possible as its last step only."""
        path = parse(report, place, text)
        if path is None:
            return None
        variable = self.variable(report, place, path.root)
        if variable is None:
            return None
        each, last = None, len(path.segments)
        if path.segments and isinstance(path.segments[-1], paths.Each):
            each, last = path.segments[-1], last - 1
        members: list[str] = []
        shape = variable.shape
        for segment, offset in zip(path.segments[:last], path.offsets, strict=False):
            if isinstance(segment, paths.Each):
                report.add("MG032", place, "a loop is possible at a path's end only", _NAME_THE_LEVEL, offset=offset)
                return None
            if segment not in shape.members:
                report.add("MG031", place, *_not_there(variable, shape, members, segment, path), offset=offset)
                return None
            members.append(segment)
            shape = shape.members[segment]
        full = jsonpath.below(variable.path, members)
        self.mapped.add(full)
        reference = ir.Reference(variable.name, tuple(members), full, value_type(shape))
        return Target(reference, shape, each, path.offsets[-1] if each else 0)

    def value(self, report: Report, place: Place, text: str) -> ir.Reference | None:
        """Follow a path to a single value: no loop, no object, no list."""
        target = self.resolve(report, place, text)
        if target is None:
            return None
        if target.each is not None:
            message = "a column takes one value, not each item"
            report.add("MG032", place, message, _NAME_THE_LEVEL, offset=target.each_offset)
            return None
        if target.shape.types & {"object", "map", "array"}:
            found = next(iter(sorted(target.shape.types & {"object", "map", "array"})))
            help_ = members_help(target.shape)
            report.add("MG032", place, f"{target.reference.path} is {kind(found)}, not a value", help_)
            return None
        return target.reference


NOTHING_SEEN = Shape(frozenset())
_NAME_THE_LEVEL = "make it a level of rows, and start the path with the level's name"


def parse(report: Report, place: Place, text: str) -> paths.Path | None:
    """The path of that text."""
    try:
        return paths.parse(text)
    except paths.PathError as error:
        report.add("MG030", place, f"the path can't be read: {error}", offset=error.offset)
        return None


def value_type(shape: Shape) -> ir.ValueType:
    """The one type that was seen there; "any" where none was, or several."""
    seen = [each for each in shape.types if each != "null"]
    return seen[0] if len(seen) == 1 else "any"


def kind(value_type: str) -> str:
    """The type with its article, as in "an array"."""
    if value_type == "any":
        return "of no one type"
    return f"{'an' if value_type[0] in 'aeiou' else 'a'} {value_type}"


def members_help(shape: Shape) -> str:
    """What can follow there."""
    return f"members there are {', '.join(sorted(shape.members))}" if shape.members else ""


def find_member(report: Report, place: Place, shape: Shape, members: tuple[str, ...], offset: int = 0) -> Shape | None:
    """The shape of a member below an item, as filters and look-ups name it."""
    for index, member in enumerate(members):
        if member not in shape.members:
            report.add(
                "MG031",
                place,
                f"no sample response has {'.'.join(members[: index + 1])} there",
                did_you_mean(member, shape.members),
                offset=offset,
            )
            return None
        shape = shape.members[member]
    return shape


def _not_there(variable: Variable, shape: Shape, before: list[str], wrong: str, path: paths.Path) -> tuple[str, str]:
    """Message and help for a member that no sample has."""
    here = jsonpath.below(variable.path, before)
    message = f"no sample response has {here}{jsonpath.text(wrong)}"
    if shape.items is not None:
        looped = "[*]" if "array" in shape.types else ".*"
        return message, f"{here} is {kind(value_type(shape))}: make a level of it, as in {here}{looped}"
    wanted = [segment for segment in path.segments if isinstance(segment, str)]
    near = _nearest(path.root, variable.shape, wanted)
    return message, f"did you mean {near}?" if near else members_help(shape)


def _nearest(root: str, shape: Shape, wanted: list[str]) -> str | None:
    """The path that is most like the wanted one; those that end in the same member come first."""
    text = jsonpath.below(root, wanted)
    there = list(_below(root, shape))
    same_end = [each for each in there if each.endswith(jsonpath.text(wanted[-1]))]
    near = difflib.get_close_matches(text, same_end or there, n=1, cutoff=0.6)
    if not near and same_end:
        near = difflib.get_close_matches(text, there, n=1, cutoff=0.6)
    return near[0] if near else None


def _below(path: str, shape: Shape) -> Iterator[str]:
    for name, member in shape.members.items():
        yield path + jsonpath.text(name)
        yield from _below(path + jsonpath.text(name), member)
