"""`visit` and `carry`: lists beside the levels, and values that are kept from one item to the next."""

from collections.abc import Iterable, Iterator, Mapping

from mlb_contracts import jsonpath, sql_types
from mlb_contracts.sql_types import SqlType
from mlbgen import ir
from mlbgen.ir.columns import item_path
from mlbgen.language import carry as spec
from mlbgen.language import paths
from mlbgen.lower import naming
from mlbgen.lower.levels import check_comparison
from mlbgen.lower.report import Place, Report
from mlbgen.lower.scope import NOTHING_SEEN, PathScope, Variable, find_member, kind, value_type
from mlbgen.samples.shape import Shape

# Types whose values are compared as they are decoded.
_COMPARABLE = ("smallint", "integer", "bigint", "boolean", "text")


def visits(report: Report, place: Place, declared: Mapping[str, spec.Visit], scope: PathScope) -> tuple[ir.Visit, ...]:
    """The visited lists; each becomes a variable of the scope that carried values see."""
    inner = scope.add_visits()
    for name, written in declared.items():
        at = place.at("visit", name)
        good = naming.check_variable(report, at.key, name, "visited list")
        if name in scope.variables:
            report.add("MG023", at.key, f'"{name}" is a level or a look-up already')
            continue
        found = _visit(report, at, name, written, inner)
        if found is None:
            inner.declare(name, None)
        elif good:
            inner.visits[name] = found
    return tuple(inner.visits.values())


def _visit(report: Report, place: Place, name: str, declared: spec.Visit, scope: PathScope) -> ir.Visit | None:
    target = scope.resolve(report, place.at("in"), declared.in_)
    if target is None:
        return None
    if target.each is not None or target.reference.type != "array":
        found = "a loop" if target.each is not None else kind(target.reference.type)
        help_ = "name the list itself, without a loop, and filter by `where`" if target.each else ""
        report.add(
            "MG035", place.at("in"), f"only a list can be visited, and {target.reference.path} is {found}", help_
        )
        return None
    item = target.shape.items or NOTHING_SEEN
    matches = []
    for text, path in declared.where.items():
        match = _match(report, place.at("where", text), (text, path), item, scope)
        if match is None:
            return None
        matches.append(match)
    roots = [target.reference.root, *(reference.root for _, reference in matches)]
    if any(root in scope.visits for root in roots):
        report.add("MG035", place, "a visited list can't start from another visited list")
        return None
    visit = ir.Visit(name, target.reference, tuple(matches), max(roots, key=lambda root: _depth(scope, root)))
    for members, _ in matches:
        scope.follow(jsonpath.below(item_path(visit), members))
    scope.declare(name, Variable(name, item, item_path(visit)))
    return visit


def _match(
    report: Report, place: Place, declared: tuple[str, str], item: Shape, scope: PathScope
) -> tuple[tuple[str, ...], ir.Reference] | None:
    """The members of an item, and the place of what they have to equal."""
    text, path = declared
    reference = scope.value(report, place, path)
    try:
        members = paths.parse_members(text)
    except paths.PathError as error:
        report.add("MG030", place.key, f"the path can't be read: {error}")
        return None
    shape = find_member(report, place.key, item, members)
    if shape is None or reference is None:
        return None
    if value_type(shape) != reference.type or reference.type in {"any", "object", "array", "map"}:
        message = f"{text} is {kind(value_type(shape))}, and {reference.path} is {kind(reference.type)}"
        report.add("MG035", place, message, "compare two values of one type")
        return None
    return members, reference


def carry_value(report: Report, place: Place, declared: spec.Carry, scope: PathScope) -> ir.CarryValue | None:
    """What the column carries, with its rules; None, and a report, where one of them is wrong."""
    inner, errors = scope.carrying, report.count
    by = [_by(report, place.at("by", number), text, inner) for number, text in enumerate(declared.by)]
    group = max((_depth(inner, each.root) for each in by if each is not None), default=0)
    if declared.by and report.count == errors and not group:
        report.add(
            "MG044", place.at("by").key, '"by" has no effect: a document has one value at these paths', "remove it"
        )
    rules = [_rule(report, place.at("rules", number), rule, inner, group) for number, rule in enumerate(declared.rules)]
    if all(rule.path is None for rule in declared.rules):
        report.add("MG038", place.at("rules"), "no rule takes a value from the response", "give one of them a path")
    for number, rule in enumerate(declared.rules):
        if rule.fills and declared.start is not None:
            message = '"fills" has no effect: with "start" there is always a value'
            report.add("MG044", place.at("rules", number, "fills").key, message, "remove one of the two")
    if report.count > errors:
        return None
    return ir.CarryValue(declared.start, tuple(filter(None, by)), tuple(each for each in rules if each is not None))


def _by(report: Report, place: Place, text: str, scope: PathScope) -> ir.Reference | None:
    reference = scope.value(report, place, text)
    if reference is not None and reference.root in scope.visits:
        report.add(
            "MG038",
            place,
            f'"by" can\'t start from the visited list "{reference.root}", of which a row has no item',
            _HELP_BY,
        )
        return None
    if reference is not None and reference.type == "any":
        report.add("MG038", place, f"{reference.path} is {kind('any')}, by which nothing can be kept apart")
        return None
    return reference


_HELP_BY = "start the path with a level of rows"


def _rule(report: Report, place: Place, declared: spec.CarryRule, scope: PathScope, group: int) -> ir.CarryRule | None:
    key, name = ("before", declared.before) if declared.before is not None else ("after", declared.after or "")
    at = place.at(key)
    if name == scope.root:
        report.add("MG033", at, "a rule needs a level or a visited list, not the document")
        return None
    if scope.variable(report, at, name) is None:
        return None
    depth = _depth(scope, name)
    if depth < group:
        message = f'"by" is not known {key} each {name}'
        report.add("MG038", at, message, "the paths of by start from inner levels: name one of them in the rule")
        return None
    seen = _Seen(report, scope, name, f"{key} each {name}")
    where = None if declared.where is None else seen.condition(place.at("where"), declared.where)
    guard: ir.CarryGuard | None = ir.Fills() if declared.fills else None
    if declared.replaces is not None:
        replaced = seen.value(place.at("replaces"), declared.replaces)
        guard = None if replaced is None else ir.Replaces(replaced)
    if declared.path is None:
        return ir.CarryRule(_moment(key, name), where, guard, ir.Reset())
    many = not isinstance(declared.path, str)
    texts = [declared.path] if isinstance(declared.path, str) else declared.path
    at = place.at("path")
    references = [seen.value(at.at(number) if many else at, text) for number, text in enumerate(texts)]
    action = ir.SetTo(tuple(each for each in references if each is not None))
    return ir.CarryRule(_moment(key, name), where, guard, action)


def _moment(key: str, name: str) -> ir.CarryMoment:
    return ir.Before(name) if key == "before" else ir.After(name)


class _Seen:
    """What a rule about the items of `name` can look at: they, and the levels around them."""

    def __init__(self, report: Report, scope: PathScope, name: str, when: str) -> None:
        self.report, self.scope, self.name, self.when = report, scope, name, when

    def value(self, place: Place, text: str) -> ir.Reference | None:
        """The place of a value that is known then."""
        reference = self.scope.value(self.report, place, text)
        return reference if reference is not None and self._knows(place, reference.root) else None

    def condition(self, place: Place, text: str) -> paths.Condition | None:
        """The condition, on what is known then."""
        try:
            condition = paths.parse_condition(text)
        except paths.PathError as error:
            self.report.add("MG030", place, f"the condition can't be read: {error}", offset=error.offset)
            return None
        return condition if all(self._test(place, test) for test in paths.looked_at(condition)) else None

    def _test(self, place: Place, test: paths.Comparison | paths.Exists) -> bool:
        root, *members = test.members
        variable = self.scope.variable(self.report, place, root, offset=test.offset)
        if variable is None or not self._knows(place, root, test.offset):
            return False
        shape = find_member(self.report, place, variable.shape, tuple(members), test.offset)
        if shape is not None and isinstance(test, paths.Comparison):
            check_comparison(self.report, place, test, shape, ".".join(test.members))
        self.scope.follow(jsonpath.below(variable.path, members))
        return shape is not None

    def _knows(self, place: Place, root: str, offset: int = 0) -> bool:
        visited = root in self.scope.visits
        if root == self.name or (not visited and _depth(self.scope, root) <= _depth(self.scope, self.name)):
            return True
        message = f'"{root}" is not known {self.when}'
        self.report.add("MG038", place, message, "a rule sees its own item and the levels around it", offset=offset)
        return False


def _depth(scope: PathScope, name: str) -> int:
    """In how many loops a level, or the level that a list is visited in, is known; 0 for the document."""
    if name in scope.visits:
        return _depth(scope, scope.visits[name].within)
    levels = [each for each, variable in scope.variables.items() if variable is None or variable.level]
    return levels.index(name) + 1 if name in levels else 0


def check_filters(report: Report, place: Place, levels: tuple[ir.Level, ...], columns: Iterable[ir.Column]) -> None:
    """What is carried passes all items, so only the innermost level, which holds the rows, can be filtered."""
    if not any(isinstance(each.value, ir.CarryValue) for each in columns):
        return
    for level in levels[:-1]:
        if level.where is not None:
            message = "a table that carries values can filter only its innermost level"
            report.add(
                "MG038",
                place.at("rows", level.name),
                message,
                "filter the innermost level instead; the other items still count for what is carried",
            )


def misfits(value: ir.CarryValue, sql_type: SqlType) -> Iterator[tuple[int, str]]:
    """The rules by number whose `replaces` can't be compared with what the column carries, and why."""
    types = {each.type for each in value.references}
    for number, rule in enumerate(value.rules):
        if not isinstance(rule.guard, ir.Replaces):
            continue
        found = rule.guard.reference
        if {found.type} != types:
            yield number, f"{found.path} is {kind(found.type)}, and what is carried is {kind(*sorted(types)[:1])}"
        elif sql_type.name not in _COMPARABLE or found.type not in sql_types.type_facts(sql_type).json:
            yield number, f"what is carried as {sql_type} can't be compared with {kind(found.type)}"
