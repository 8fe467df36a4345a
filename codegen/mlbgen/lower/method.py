"""`source`: the raw table of an API method, its shrink guard, and the rules that its responses must meet."""

from collections.abc import Mapping, Sequence

from mlb_contracts import jsonpath
from mlb_contracts.jsonpath import Step, Steps
from mlb_contracts.sql_types import SqlType
from mlbgen import ir
from mlbgen.language import spec
from mlbgen.language.paths import Each, Path
from mlbgen.lower import naming
from mlbgen.lower.keys import lower_partition
from mlbgen.lower.report import Place, Report, did_you_mean
from mlbgen.lower.requests import check_parameter
from mlbgen.lower.scope import NOTHING_SEEN, PathScope, Root, kind, parse_path
from mlbgen.samples.shape import Shape

_CAPTURED: Mapping[str, SqlType] = {naming.CAPTURED_AT: SqlType("timestamptz")}
_BY_MONTH = ir.MonthPartition(naming.CAPTURED_AT, ())


def lower_raw_table(report: Report, place: Place, declared: spec.Source, others: Mapping[str, str]) -> ir.RawTable:
    """Lower the raw table, partitioned by month of captured_at; `others` gives tables of other mappings their file."""
    schema, name = naming.qualified(report, place.at("raw_table"), declared.raw_table, raw=True)
    naming.check_own(report, place.at("raw_table"), declared.raw_table, others)
    by_month: ir.Partition | None = None
    if declared.raw_partitions is not None:
        by_month = lower_partition(report, place.at("raw_partitions"), declared.raw_partitions, _CAPTURED)
    return ir.RawTable(schema, name, by_month or _BY_MONTH)


def shrink_guard(
    report: Report, place: Place, declared: spec.ShrinkGuard, tables: Sequence[ir.Table]
) -> ir.ShrinkGuard:
    """Lower the settings of the shrink guard."""
    known = [f"{table.schema}.{table.name}" for table in tables]
    for number, name in enumerate(declared.once):
        if name not in known:
            report.add("MG060", place.at("once", number), f'unknown table "{name}"', did_you_mean(name, known))
    return ir.ShrinkGuard(declared.share, declared.emptied_table_rows, tuple(declared.once))


def rules(
    report: Report, place: Place, declared: spec.Source, shape: Shape, items: ir.Items | None
) -> tuple[ir.Rule, ...]:
    """Lower the rules that a response must meet to be accepted."""
    scope = PathScope(Root(shape), set())
    found: list[ir.Rule] = []
    for number, rule in enumerate(declared.accept):
        at = place.at("accept", number)
        steps, good = _rule_steps(report, at, rule, scope, shape), True
        if rule.equals_parameter is not None:
            good = check_parameter(report, at.at("equals_parameter"), rule.equals_parameter, declared)
        if items is not None and steps is not None and steps[: len(items.steps)] == items.steps:
            message = f"a rule can't test {items.path}: each of these items is a document, which is read by itself"
            report.add(
                "MG032", at.at("path"), message, "remove the rule; asked_by says which documents a request asks for"
            )
            good = False
        if good and steps is not None:
            found.append(ir.Rule(rule.rule, steps, _rule_test(rule)))
    return tuple(found)


def _rule_test(rule: spec.Rule) -> ir.RuleTest:
    if rule.type is not None:
        return ir.HasType(rule.type)
    if rule.equals_parameter is not None:
        return ir.EqualsParameter(rule.equals_parameter)
    return ir.IsPresent() if rule.present else ir.IsAbsent()


def _rule_steps(report: Report, place: Place, rule: spec.Rule, scope: PathScope, shape: Shape) -> Steps | None:
    """The rule's path. It may loop, as in "no play has pitchEvents" or "each day is the requested one"."""
    at = place.at("path")
    path = parse_path(report, at, rule.path)
    if path is None:
        return None
    if rule.absent:
        return _looped(report, at, path, shape, seen=False)
    if rule.equals_parameter is not None and any(isinstance(each, Each) for each in path.segments):
        return _looped(report, at, path, shape, seen=True)
    return _there(report, place, rule, scope)


def _looped(report: Report, place: Place, path: Path, shape: Shape, *, seen: bool) -> Steps | None:
    """Lower a path that may loop; unless it must be `seen` in samples, only its form is checked."""
    loops = [each for each in path.segments if isinstance(each, Each)]
    if path.root != "$" or any(each.where is not None or each.names for each in loops):
        report.add("MG032", place, "a rule's path must start with $, have no filter, and name one member at a time")
        return None
    steps: list[str | int | Step] = []
    here = shape
    for segment, offset in zip(path.segments, path.offsets, strict=True):
        if isinstance(segment, Each):
            steps.append(Step.VALUE if "map" in here.types else Step.ITEM)
            inner = here.items
        else:
            steps.append(segment)
            inner = here.members.get(segment)
        if inner is None and seen:
            help_ = did_you_mean(str(segment), here.members) if isinstance(segment, str) else ""
            report.add("MG031", place, f"no sample response has {jsonpath.below('$', steps)}", help_, offset=offset)
            return None
        here = inner or NOTHING_SEEN
    return tuple(steps)


def _there(report: Report, place: Place, rule: spec.Rule, scope: PathScope) -> Steps | None:
    """Lower a path that samples have, with the type that the rule requires."""
    at = place.at("path")
    if rule.equals_parameter is not None:
        value = scope.value(report, at, rule.path)
        return None if value is None else value.members
    target = scope.resolve(report, at, rule.path)
    if target is None:
        return None
    if target.each is not None:
        report.add("MG032", at, "a rule tests one place, not every item", offset=target.each_offset)
        return None
    found = target.reference.type
    possible = {"map": ("object",), "integer": ("integer", "number")}.get(found, (found,))
    if rule.type is not None and rule.type not in possible:
        message = f"{target.reference.path} is {kind(possible[0])} in the samples, which this rule would reject"
        report.add("MG040", place.at("type"), message)
        return None
    return target.reference.members
