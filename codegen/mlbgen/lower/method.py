"""`source`: the API method, its documents, and what a response has to be."""

import keyword
import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

from mlbgen import ir, names, spec, types
from mlbgen.lower import naming
from mlbgen.lower.columns import UNKNOWN, column_type
from mlbgen.lower.keys import partition
from mlbgen.lower.report import Place, Report, did_you_mean
from mlbgen.lower.scope import NOTHING_SEEN, Scope, kind, parse
from mlbgen.paths import Each, step
from mlbgen.shape import Shape
from mlbgen.types import SqlType

RuleKind: TypeAlias = Literal["present", "absent", "type", "equals_parameter"]

_URL = re.compile(r"/(?:[A-Za-z0-9_.~-]|/|\{[a-z][a-z0-9_]*\})*")
_PARAMETER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_CAPTURED = {naming.CAPTURED_AT: SqlType("timestamptz")}
_BY_MONTH = ir.Partition(naming.CAPTURED_AT, "month", ())


def document(report: Report, place: Place, declared: spec.Source, scope: Scope) -> tuple[ir.DocumentKey, ...]:
    """The keys of the document."""
    found: list[ir.DocumentKey] = []
    for name, key in declared.document.items():
        at = place.at("document", name)
        good = naming.check_column(report, at.key, name)
        sql_type = column_type(report, at.at("type"), key.type)
        reference = scope.value(report, at.at("path"), key.path)
        if sql_type is UNKNOWN or reference is None:
            continue
        if types.decoding(sql_type, reference.type) is None:
            message = f"{reference.path} is {kind(reference.type)}, which can't fill {sql_type}"
            report.add("MG040", at.at("type"), message)
        elif good:
            found.append(ir.DocumentKey(name, sql_type, reference, key.description))
    return tuple(found)


def check_names(report: Report, place: Place, declared: spec.Source) -> None:
    """Endpoint and method name the generated package; the URL's parameters are plain."""
    for part, name in (("endpoint", declared.endpoint), ("method", declared.method)):
        if keyword.iskeyword(names.snake(name)):
            report.add("MG021", place.at(part), f'"{name}" is reserved and can\'t be the name of a package')
    if _URL.fullmatch(declared.url) is None:
        help_ = "such as /api/v1/people/{person_id}"
        report.add("MG080", place.at("url"), "the URL is no path with parameters in snake case", help_)


def raw_table(report: Report, place: Place, declared: spec.Source) -> ir.RawTable:
    """The table of the responses, by month of captured_at."""
    schema, name = naming.qualified(report, place.at("raw_table"), declared.raw_table, raw=True)
    by_month: ir.Partition | None = None
    if declared.raw_partitions is not None:
        by_month = partition(report, place.at("raw_partitions"), declared.raw_partitions, _CAPTURED)
    return ir.RawTable(schema, name, by_month or _BY_MONTH)


def shrink_guard(
    report: Report, place: Place, declared: spec.ShrinkGuard, tables: Sequence[ir.Table]
) -> ir.ShrinkGuard:
    """When a loss of rows is suspicious."""
    known = [f"{table.schema}.{table.name}" for table in tables]
    for number, name in enumerate(declared.once):
        if name not in known:
            report.add("MG060", place.at("once", number), f'unknown table "{name}"', did_you_mean(name, known))
    return ir.ShrinkGuard(declared.share, declared.emptied_table_rows, tuple(declared.once))


def rules(report: Report, place: Place, declared: spec.Source, shape: Shape) -> tuple[ir.Rule, ...]:
    """What a response has to be to be accepted."""
    scope = Scope(shape, set())
    parameters = _PARAMETER.findall(declared.url)
    found: list[ir.Rule] = []
    for number, rule in enumerate(declared.accept):
        at = place.at("accept", number)
        path = _absent(report, at.at("path"), rule.path, shape) if rule.absent else _there(report, at, rule, scope)
        argument = rule.type or rule.equals_parameter
        if rule.equals_parameter is not None and rule.equals_parameter not in parameters:
            message = f'the URL has no parameter "{rule.equals_parameter}"'
            help_ = did_you_mean(rule.equals_parameter, parameters)
            report.add("MG080", at.at("equals_parameter"), message, help_)
        elif path is not None:
            found.append(ir.Rule(rule.rule, path, _rule_kind(rule), argument))
    return tuple(found)


def _rule_kind(rule: spec.Rule) -> RuleKind:
    if rule.type is not None:
        return "type"
    if rule.equals_parameter is not None:
        return "equals_parameter"
    return "present" if rule.present else "absent"


def _absent(report: Report, place: Place, text: str, shape: Shape) -> str | None:
    """A path that no sample needs to have: only its form is looked at. It may loop, as in "no play has pitchEvents"."""
    path = parse(report, place, text)
    if path is None:
        return None
    if path.root != "$" or any(isinstance(each, Each) and each.where is not None for each in path.segments):
        report.add("MG032", place, "a rule's path starts at $ and has no filter")
        return None
    full, here = "$", shape
    for segment in path.segments:
        if isinstance(segment, Each):
            full += ".*" if "map" in here.types else "[*]"
            here = here.items or NOTHING_SEEN
        else:
            full += step(segment)
            here = here.members.get(segment, NOTHING_SEEN)
    return full


def _there(report: Report, place: Place, rule: spec.Rule, scope: Scope) -> str | None:
    """A path that samples have, of the type that the rule asks for."""
    at = place.at("path")
    if rule.equals_parameter is not None:
        value = scope.value(report, at, rule.path)
        return None if value is None else value.path
    target = scope.resolve(report, at, rule.path)
    if target is None:
        return None
    if target.each is not None:
        report.add("MG032", at, "a rule is about one place, not each item", offset=target.each_offset)
        return None
    found = target.reference.type
    possible = {"map": ("object",), "integer": ("integer", "number")}.get(found, (found,))
    if rule.type is not None and rule.type not in possible:
        message = f"{target.reference.path} is {kind(possible[0])} in the samples, which this rule would refuse"
        report.add("MG040", place.at("type"), message)
        return None
    return target.reference.path
