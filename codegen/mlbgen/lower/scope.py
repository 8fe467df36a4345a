"""The variables that paths start with, and the resolution of paths to places in the API's shape."""

import copy
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
    """`$`, a level or a look-up, with its shape and its full path; `level` is None unless it is a level.

    `name` is its name in the IR: `$` for the document, whatever its name in the mapping.
    """

    name: str
    shape: Shape
    path: str
    level: ir.Level | None = None


@dataclass(frozen=True, slots=True)
class PathTarget:
    """The place that a path leads to: its reference, its shape, and the path's last step if that is an `Each`."""

    reference: ir.Reference
    shape: Shape
    each: paths.Each | None = None
    each_offset: int = 0


@dataclass(frozen=True, slots=True)
class Root:
    """The document that paths start with: the whole response, named `$`, or an item of it, with the item's name.

    `path` is its path from the response.
    """

    shape: Shape
    name: str = RESPONSE
    path: str = RESPONSE


class PathScope:
    """The variables of a table, and which of them are used; each resolved path is added to `mapped`.

    `parameters` lists the request parameters that columns can take.
    """

    def __init__(self, root: Root, mapped: set[str], parameters: Collection[str] = ()) -> None:
        self.root = root.name
        self.variables: dict[str, Variable | None] = {root.name: Variable(RESPONSE, root.shape, root.path)}
        self.used: set[str] = set()
        self.mapped = mapped
        self.parameters = parameters
        self.besides = "look-up"  # what paths can start with, besides levels
        self.visits: dict[str, ir.Visit] = {}
        self.carrying = self
        self.origin = ""  # the name of the table's origin that it belongs to, if there are several

    def add_visits(self) -> "PathScope":
        """Start `carrying`, the scope of carried values: the document and the levels, and then the visited lists."""
        inner = copy.copy(self)
        inner.variables = {
            name: each for name, each in self.variables.items() if each is None or each.level or name == self.root
        }
        inner.besides = "visited list"
        self.carrying = inner
        return inner

    def declare(self, name: str, variable: Variable | None) -> None:
        """Add a variable; None for one whose declaration has an error."""
        self.variables[name] = variable

    def variable(self, report: Report, place: Place, name: str, *, offset: int = 0) -> Variable | None:
        """Look up a variable and mark it as used; None, with a report, if there is none."""
        self.used.add(name)
        if name in self.variables:
            return self.variables[name]
        if name == RESPONSE:
            message = "paths can't start with $ here: each item is read without the response around it"
            report.add("MG033", place, message, f"start the path with {self.root}, the item's name in source.items")
            return None
        known = self.variables.keys() - {RESPONSE}
        help_ = did_you_mean(
            name, known, f"a path starts with {self.root}, or with a level or a {self.besides} of its table"
        )
        report.add("MG033", place, f'unknown level or {self.besides} "{name}"', help_, offset=offset)
        return None

    def resolve(self, report: Report, place: Place, text: str) -> PathTarget | None:
        """Follow a path through the shape; only its last step can be an `Each`."""
        path = parse_path(report, place, text)
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
                report.add("MG032", place, "only the last step of a path can loop", _NAME_THE_LEVEL, offset=offset)
                return None
            if segment not in shape.members:
                report.add("MG031", place, *_not_there(variable, shape, members, segment, path), offset=offset)
                return None
            members.append(segment)
            shape = shape.members[segment]
        full = jsonpath.below(variable.path, members)
        self.follow(full)
        reference = ir.Reference(variable.name, tuple(members), full, value_type(shape))
        return PathTarget(reference, shape, each, path.offsets[-1] if each else 0)

    def reaches(self, place: Place, text: str) -> bool:
        """Whether the path leads anywhere from the variables of this scope; nothing counts as used by that."""
        probe = copy.copy(self)
        probe.used, probe.mapped = set(), set()
        return probe.resolve(Report(), place, text) is not None

    def follow(self, path: str) -> None:
        """Note that something takes what is at the path."""
        self.mapped.update(jsonpath.expanded(path))

    def value(self, report: Report, place: Place, text: str) -> ir.Reference | None:
        """Follow a path to a single value: no loop, no object, no list."""
        target = self.resolve(report, place, text)
        if target is None:
            return None
        if target.each is not None:
            message = "a column takes one value, not every item"
            report.add("MG032", place, message, _NAME_THE_LEVEL, offset=target.each_offset)
            return None
        if target.shape.types & {"object", "map", "array"}:
            found = next(iter(sorted(target.shape.types & {"object", "map", "array"})))
            help_ = members_help(target.shape)
            report.add("MG032", place, f"{target.reference.path} is {kind(found)}, not a value", help_)
            return None
        return target.reference


NOTHING_SEEN = Shape(frozenset())
_NAME_THE_LEVEL = "declare it as a level in rows, and start the path with the level's name"


def parse_path(report: Report, place: Place, text: str) -> paths.Path | None:
    """Parse a path; None, with a report, if it has an error."""
    try:
        return paths.parse(text)
    except paths.PathError as error:
        report.add("MG030", place, f"can't parse the path: {error}", offset=error.offset)
        return None


def value_type(shape: Shape) -> ir.ValueType:
    """The one type besides null that samples have; "any" if there are none or several."""
    seen = [each for each in shape.types if each != "null"]
    return seen[0] if len(seen) == 1 else "any"


def kind(value_type: str) -> str:
    """The type with its article, as in "an array"."""
    if value_type == "any":
        return "of several types or always null"
    return f"{'an' if value_type[0] in 'aeiou' else 'a'} {value_type}"


def members_help(shape: Shape) -> str:
    """The help that lists the members of a shape."""
    return f"available: {', '.join(sorted(shape.members))}" if shape.members else ""


def find_member(report: Report, place: Place, shape: Shape, members: tuple[str, ...], offset: int = 0) -> Shape | None:
    """The shape of a member of an item, as filters and look-ups name it."""
    for index, member in enumerate(members):
        if member not in shape.members:
            report.add(
                "MG031",
                place,
                f"no item in the samples has {'.'.join(members[: index + 1])}",
                did_you_mean(member, shape.members),
                offset=offset,
            )
            return None
        shape = shape.members[member]
    return shape


def _not_there(variable: Variable, shape: Shape, before: list[str], wrong: str, path: paths.Path) -> tuple[str, str]:
    """The message and the help for a member that no sample has."""
    here = jsonpath.below(variable.path, before)
    message = f"no sample response has {here}{jsonpath.step_text(wrong)}"
    if shape.items is not None:
        looped = "[*]" if "array" in shape.types else ".*"
        return message, f"{here} is {kind(value_type(shape))}: declare a level over {here}{looped}"
    wanted = [segment for segment in path.segments if isinstance(segment, str)]
    near = _nearest(path.root, variable.shape, wanted)
    return message, f"did you mean {near}?" if near else members_help(shape)


def _nearest(root: str, shape: Shape, wanted: list[str]) -> str | None:
    """The path most similar to the wanted one, preferring paths that end in the same member."""
    text = jsonpath.below(root, wanted)
    there = list(_below(root, shape))
    same_end = [each for each in there if each.endswith(jsonpath.step_text(wanted[-1]))]
    near = difflib.get_close_matches(text, same_end or there, n=1, cutoff=0.6)
    if not near and same_end:
        near = difflib.get_close_matches(text, there, n=1, cutoff=0.6)
    return near[0] if near else None


def _below(path: str, shape: Shape) -> Iterator[str]:
    for name, member in shape.members.items():
        yield path + jsonpath.step_text(name)
        yield from _below(path + jsonpath.step_text(name), member)
