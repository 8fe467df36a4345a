"""SQL expressions of a mapping: parsed, restricted to what is safe and immutable, and printed with quoted names."""

from collections.abc import Collection, Iterator, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from mlb_contracts.sql_types import SqlType
from mlbgen import ir
from mlbgen.lower import kinds, naming
from mlbgen.lower.report import Place, Report, did_you_mean

_CONDITIONS = (
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.Between, exp.In, exp.Is, exp.Like, exp.ILike,
)  # fmt: skip
_OPERATORS = (exp.Paren, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe, exp.Case, exp.If)
_OPERANDS = (exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null)
_FUNCTIONS = (
    exp.Abs, exp.Coalesce, exp.Greatest, exp.Least, exp.Length, exp.Lower, exp.Nullif, exp.Round, exp.Trim, exp.Upper,
)  # fmt: skip
_AGGREGATES = (exp.Sum, exp.Count, exp.Min, exp.Max)
_POSSIBLE = frozenset({*_CONDITIONS, *_OPERATORS, *_OPERANDS, *_FUNCTIONS})
_FUNCTION_NAMES = ", ".join(each.sql_name().lower() for each in _FUNCTIONS)
_DEEPEST = 100  # operators in operators; recursive functions need several calls for each
_HELP = f"allowed: the table's columns, literals, comparisons, arithmetic, AND, OR, NOT, CASE, {_FUNCTION_NAMES}"


def expression(report: Report, place: Place, text: str, columns: Mapping[str, SqlType]) -> ir.Expression | None:
    """Parse and normalize an expression over the table's columns; None, with a report, if it is not allowed."""
    tree = _read(report, place, text, columns)
    return None if tree is None else _written(report, tree)


def condition(report: Report, place: Place, text: str, columns: Mapping[str, SqlType]) -> ir.Expression | None:
    """As `expression`, for one that must be true or false."""
    tree = _read(report, place, text, columns)
    if tree is None:
        return None
    if not _is_condition(tree, columns):
        report.add(
            "MG071", place, "this is not a condition: its value is neither true nor false", "compare it with something"
        )
        return None
    return _written(report, tree)


def aggregate(report: Report, place: Place, text: str, columns: Mapping[str, SqlType]) -> ir.Expression | None:
    """As `expression`, for one number of several rows: with aggregates, or else summed."""
    tree = _read(report, place, text, columns, possible=_POSSIBLE | {*_AGGREGATES, exp.Star})
    if tree is None:
        return None
    if tree.find(*_AGGREGATES) is None:
        tree = exp.Sum(this=tree)
    for node in tree.find_all(exp.Column, *_AGGREGATES):
        around = sum(isinstance(each, _AGGREGATES) for each in _ancestors(node))
        if around != isinstance(node, exp.Column):
            shown = node.sql(dialect="postgres", comments=False)
            where = "stands beside an aggregate, outside of it" if not around else "is an aggregate within another"
            report.add("MG070", place, f"{shown} {where}", "put each column into one of sum, count, min and max")
            return None
    return _written(report, tree)


def _ancestors(node: exp.Expr) -> Iterator[exp.Expr]:
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def derivation(
    report: Report,
    place: Place,
    text: str,
    *,
    fills: SqlType,
    columns: Mapping[str, SqlType],
    barred: Mapping[str, str],
) -> ir.Expression | None:
    """As `expression`, for one that fills a column of a type; `barred` are columns it may not use, and why."""
    tree = _read(report, place, text, {**columns, **dict.fromkeys(barred, SqlType("unknown"))})
    if tree is None:
        return None
    for column in tree.find_all(exp.Column):
        if column.name in barred:
            message = f'"{column.name}" {barred[column.name]}, so no column can be derived from it'
            report.add("MG072", place, message, "use other columns of the row", offset=column.this.meta.get("start", 0))
            return None
    try:
        kind = kinds.of_expression(tree, columns)
    except kinds.KindError as error:
        report.add("MG072", place, str(error), error.help)
        return None
    if not kinds.fills(kind, fills):
        message = f"this is {kinds.article(kind)}, which a column of type {fills} does not hold"
        report.add("MG072", place, message, kinds.FILLS_HELP.get(kind, ""))
        return None
    return _written(report, tree)


def _read(
    report: Report, place: Place, text: str, columns: Mapping[str, SqlType], possible: Collection[type] = _POSSIBLE
) -> exp.Expr | None:
    try:
        tree: exp.Expr = sqlglot.parse_one(text, dialect="postgres", into=exp.Condition)
        _check_depth(tree)
    except RecursionError:
        report.add("MG070", place, "the expression is nested too deeply")
        return None
    except SqlglotError as error:
        offset = len(error.errors[0]["start_context"] or "") if isinstance(error, ParseError) and error.errors else 0
        report.add(
            "MG070", place, "this is not an SQL expression", "write one expression, without a semicolon", offset=offset
        )
        return None
    good = all(_check(report, place, node, columns, possible) for node in tree.walk())
    if good and tree.find(exp.Column, exp.Star) is None:
        report.add("MG070", place, "the expression uses no column of the table")
        return None
    return tree if good else None


def _check_depth(tree: exp.Expr) -> None:
    """Raise RecursionError if the expression is nested too deeply."""
    level = [tree]
    for _ in range(_DEEPEST):
        level = [inner for each in level for inner in each.iter_expressions()]
    if level:
        raise RecursionError


def _check(
    report: Report, place: Place, node: exp.Expr, columns: Mapping[str, SqlType], possible: Collection[type]
) -> bool:
    is_function = isinstance(node, exp.If) and node.arg_key != "ifs"  # and not a branch of CASE
    if is_function or type(node) not in possible or (isinstance(node, exp.Column) and node.table):
        shown = "if()" if is_function else node.sql(dialect="postgres", comments=False)
        report.add("MG070", place, f"{shown} is not allowed in an expression", _HELP)
        return False
    if isinstance(node, exp.Column) and node.name not in columns:
        offset = node.this.meta.get("start", 0)
        report.add("MG050", place, f'unknown column "{node.name}"', did_you_mean(node.name, columns), offset=offset)
        return False
    return True


def _is_condition(node: exp.Expr, columns: Mapping[str, SqlType]) -> bool:
    if isinstance(node, exp.Paren | exp.Not):
        return _is_condition(node.this, columns)
    if isinstance(node, exp.Connector):
        return _is_condition(node.left, columns) and _is_condition(node.right, columns)
    if isinstance(node, exp.Column):
        return columns[node.name].name in {"boolean", "unknown"}
    return isinstance(node, (*_CONDITIONS, exp.Coalesce, exp.Case))


def _written(report: Report, tree: exp.Expr) -> ir.Expression:
    """Print the tree with quoted names and without comments; its columns are listed in order of appearance."""
    columns = dict.fromkeys(naming.sql_name(report, each.name) for each in tree.find_all(exp.Column, bfs=False))
    return ir.Expression(tree.sql(dialect="postgres", identify=True, comments=False), tuple(columns))
