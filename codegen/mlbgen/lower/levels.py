"""`rows` and `let`: the loops that produce a table's rows, and the objects looked up elsewhere in the document."""

import re
from collections.abc import Container

from mlbgen import ir
from mlbgen.ir.columns import item_path
from mlbgen.language import paths, spec
from mlbgen.lower import containers, naming
from mlbgen.lower.report import Place, Report
from mlbgen.lower.scope import NOTHING_SEEN, PathScope, Variable, find_member, kind, value_type
from mlbgen.samples.shape import Shape

_LEVEL_IN_KEY = re.compile(r"\{(\w+)\}")
_ORDERED = ("integer", "number", "string")


def levels(report: Report, place: Place, rows: dict[str, str], scope: PathScope) -> tuple[ir.Level, ...]:
    """Lower the loops, outermost first; each becomes a variable of the scope."""
    found: list[ir.Level] = []
    for name, text in rows.items():
        at = place.at("rows", name)
        level = _level(report, at, name, text, scope)
        if level is not None:
            found.append(level)
    return tuple(found)


def _level(report: Report, place: Place, name: str, text: str, scope: PathScope) -> ir.Level | None:
    good = naming.check_variable(report, place.key, name, "level")
    if _is_taken(report, place, name, scope):
        return None
    target = scope.resolve(report, place, text)
    if target is None:
        scope.declare(name, None)
        return None
    yielded = containers.lower_container(report, place, target)
    if yielded is None:
        scope.declare(name, None)
        return None
    container, item = yielded
    where = None if target.each is None else target.each.where
    if where is not None:
        check_condition(report, place, where, item)
    level = ir.Level(name, target.reference, container, where)
    scope.declare(name, Variable(name, item, item_path(level), level))
    return level if good else None


def _is_taken(report: Report, place: Place, name: str, scope: PathScope) -> bool:
    """Whether the name is that of a variable already, with a report."""
    if name == scope.root:
        report.add("MG023", place.key, f'"{name}" already names the item in source.items')
    elif name in scope.variables:
        report.add("MG023", place.key, f'"{name}" is already a level or a look-up')
    return name in scope.variables


def check_condition(report: Report, place: Place, condition: paths.Condition, item: Shape) -> None:
    """Check that a filter names existing members, and compares them with values that they can have."""
    for test in paths.looked_at(condition):
        shape = find_member(report, place, item, test.members, test.offset)
        if shape is not None and isinstance(test, paths.Comparison):
            check_comparison(report, place, test, shape, ".".join(("@", *test.members)))


def check_comparison(report: Report, place: Place, comparison: paths.Comparison, shape: Shape, name: str) -> None:
    """Check that a value can equal the literal, or be ordered by it; `name` is what the filter calls it."""
    there, literal = value_type(shape), comparison.literal
    offset = comparison.offset
    if literal is None:
        if comparison.operator not in {"==", "!="}:
            report.add("MG036", place, "null can only be compared with == and !=", offset=offset)
    elif there not in _literal_types(literal):
        report.add("MG036", place, f"{name} is {kind(there)} and never equals {literal!r}", offset=offset)
    elif comparison.operator not in {"==", "!="} and there not in _ORDERED:
        report.add(
            "MG036", place, f"{name} is {kind(there)} and has no order", "compare it with == or !=", offset=offset
        )


def _literal_types(literal: paths.Literal) -> tuple[str, ...]:
    if isinstance(literal, bool):
        return ("boolean",)
    return ("string",) if isinstance(literal, str) else ("integer", "number")


def lookups(report: Report, place: Place, let: dict[str, spec.LookUp], scope: PathScope) -> tuple[ir.LookUp, ...]:
    """Lower the look-ups in order; each becomes a variable of the scope, available to those after it."""
    found: list[ir.LookUp] = []
    for name, declared in let.items():
        at = place.at("let", name)
        good = naming.check_variable(report, at.key, name, "look-up")
        if _is_taken(report, at, name, scope):
            continue
        lookup = _lookup(report, at, name, declared, scope)
        if lookup is None:
            scope.declare(name, None)
        elif good:
            found.append(lookup)
    return tuple(found)


def _lookup(report: Report, place: Place, name: str, declared: spec.LookUp, scope: PathScope) -> ir.LookUp | None:
    target = scope.resolve(report, place.at("in"), declared.in_)
    if target is None:
        return None
    needed = "map" if declared.key is not None else "array"
    if target.each is not None or target.reference.type != needed:
        container = "an object keyed by id" if needed == "map" else "a list"
        found = "a loop" if target.each is not None else kind(target.reference.type)
        report.add("MG035", place.at("in"), f"this look-up needs {container}, but {target.reference.path} is {found}")
        return None
    item = target.shape.items or NOTHING_SEEN
    path = target.reference.path + (".*" if needed == "map" else "[*]")
    by = _by(report, place, declared, item, scope)
    scope.declare(name, Variable(name, item, path))
    return None if by is None else ir.LookUp(name, target.reference, by)


def _by(
    report: Report, place: Place, declared: spec.LookUp, item: Shape, scope: PathScope
) -> ir.KeyOf | ir.MemberEquals | ir.AtIndex | None:
    if declared.key is not None:
        return _by_key(report, place.at("key"), declared.key, scope)
    if declared.index is not None:
        level = _scalar_level(report, place.at("index"), declared.index, scope, ("integer",))
        return None if level is None else ir.AtIndex(level)
    ((members_text, level_name),) = (declared.where or {}).items()
    at = place.at("where", members_text)
    try:
        members = paths.parse_members(members_text)
    except paths.PathError as error:
        report.add("MG030", at.key, f"can't parse the path: {error}")
        return None
    shape = find_member(report, at.key, item, members)
    if shape is None:
        return None
    if value_type(shape) not in _ORDERED:
        report.add(
            "MG035", at.key, f"{members_text} is {kind(value_type(shape))}, which can't equal an item of a level"
        )
        return None
    level = _scalar_level(report, at, level_name, scope, (value_type(shape),))
    return None if level is None else ir.MemberEquals(members, level)


def _by_key(report: Report, place: Place, text: str, scope: PathScope) -> ir.KeyOf | None:
    found = list(_LEVEL_IN_KEY.finditer(text))
    if len(found) != 1:
        report.add("MG035", place, "the key must name exactly one level, as in ID{id}")
        return None
    match = found[0]
    level = _scalar_level(report, place, match[1], scope, ("string", "integer"), offset=match.start())
    return None if level is None else ir.KeyOf(text[: match.start()], level, text[match.end() :])


def _scalar_level(
    report: Report, place: Place, name: str, scope: PathScope, types: tuple[str, ...], *, offset: int = 0
) -> str | None:
    """The name of the level, if its items have one of these types."""
    variable = scope.variable(report, place, name, offset=offset)
    if variable is None:
        return None
    if variable.level is None or variable.level.container.item not in types:
        found = "not a level" if variable.level is None else f"a level of {variable.level.container.item}s"
        wanted = " or ".join(types)
        report.add("MG034", place, f'"{name}" is {found}; expected a level of {wanted}s', offset=offset)
        return None
    return name


def check_used(report: Report, place: Place, declared: spec.Table | spec.Origin, used: Container[str]) -> None:
    """Report levels, look-ups and visited lists that nothing uses."""
    visited = declared.visit if isinstance(declared, spec.Table) else {}
    parts = (("rows", "level", declared.rows), ("let", "look-up", declared.let), ("visit", "visited list", visited))
    for part, what, names in parts:
        for name in names:
            if name not in used:
                report.add("MG037", place.at(part, name).key, f'nothing uses the {what} "{name}"', "remove it")
