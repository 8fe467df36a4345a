"""`sums`: rules across the tables of a document, as facts for `mlb-etl verify sums`."""

from collections.abc import Collection, Mapping, Sequence

from mlb_contracts.sql_types import SqlType
from mlb_contracts.sums import SumException, SumRule, SumRules, SumSide
from mlbgen import ir
from mlbgen.language import spec
from mlbgen.lower import expressions, naming
from mlbgen.lower.expand import expand
from mlbgen.lower.report import Place, Report, did_you_mean

Types = Mapping[str, SqlType]


def lower_sums(
    report: Report, place: Place, declared: spec.Sums | None, tables: Sequence[ir.Table], keys: Collection[str]
) -> SumRules | None:
    """Lower the rules over these tables; `keys` are those of the document."""
    if declared is None:
        return None
    columns = {f"{table.schema}.{table.name}": _types(table) for table in tables if table.hydration is None}
    only = place.at("only")
    types = _table(report, only, declared.only.table, columns)
    where = None if types is None else expressions.condition(report, only.at("where"), declared.only.where, types)
    found: list[SumRule] = []
    for number, each in enumerate(declared.rules):
        for at, rule in expand(report, place.at("rules", number), each):
            naming.check_name(report, at.at("name"), rule.name, "sum")
            if any(rule.name == other.name for other in found):
                report.add("MG023", at.at("name"), f'the sum "{rule.name}" is declared twice')
            lowered = _rule(report, at, rule, columns, keys)
            if lowered is not None:
                found.append(lowered)
    return None if where is None else SumRules(declared.only.table, where.sql, tuple(found))


def _types(table: ir.Table) -> Types:
    own: Types = {str(each.name): each.type for each in table.columns}
    return {**own, **{str(each.name): each.type for each in table.derived}}


def _table(report: Report, place: Place, name: str, tables: Mapping[str, Types]) -> Types | None:
    if name not in tables:
        report.add("MG060", place.at("table"), f'unknown table "{name}"', did_you_mean(name, tables))
    return tables.get(name)


def _rule(
    report: Report, place: Place, rule: spec.Sum, tables: Mapping[str, Types], keys: Collection[str]
) -> SumRule | None:
    name, other = ("is", rule.is_) if rule.is_ is not None else ("in", rule.in_)
    left = _side(report, place.at("sum"), rule.sum, tables)
    right = None if other is None else _side(report, place.at(name), other, tables)
    exceptions = [_exception(report, place.at("except", at), each, left) for at, each in enumerate(rule.except_)]
    if left is None or right is None:
        return None
    names = [each for each, _ in left.by]
    if {*names} != {each for each, _ in right.by}:
        message = f"its groups are by {', '.join(each for each, _ in right.by)}, those of sum by {', '.join(names)}"
        report.add("MG074", place.at(name, "by"), message, "give the columns the same names: {user_id: author_id}")
    elif missing := [key for key in keys if key not in names]:
        message = f"the document's key {missing[0]} is missing, so groups of several documents would be one"
        report.add("MG074", place.at("sum", "by"), message, f"add {missing[0]} to `by` of both sides")
    known = tuple(each for each in exceptions if each is not None)
    return SumRule(rule.name, rule.description, left, right, "equal" if name == "is" else "present", known)


def _side(report: Report, place: Place, side: spec.SumSide, tables: Mapping[str, Types]) -> SumSide | None:
    types = _table(report, place, side.table, tables)
    if types is None:
        return None
    named = side.by if isinstance(side.by, dict) else {name: name for name in side.by}
    value = expressions.aggregate(report, place.at("value"), side.value, types)
    for name in named:
        naming.check_name(report, place.at("by"), name, "sum")
    by = [(name, expressions.expression(report, place.at("by"), text, types)) for name, text in named.items()]
    each = [expressions.expression(report, place.at("each"), text, types) for text in side.each]
    where = None if side.where is None else expressions.condition(report, place.at("where"), side.where, types)
    if value is None:
        return None
    return SumSide(
        side.table,
        value.sql,
        tuple((name, text.sql) for name, text in by if text is not None),
        None if where is None else where.sql,
        tuple(text.sql for text in each if text is not None),
    )


def _exception(report: Report, place: Place, declared: spec.SumException, side: SumSide | None) -> SumException | None:
    names = {} if side is None else dict.fromkeys((name for name, _ in side.by), SqlType("unknown"))
    where = expressions.condition(report, place.at("where"), declared.where, names) if names else None
    return None if where is None else SumException(where.sql, declared.reason)
