"""The tables and columns that a query names, looked up in those that exist."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from mlbgen.lower import did_you_mean
from mlbgen.views.files import WrittenView

Columns: TypeAlias = Mapping[str, Mapping[str, str]]  # the description of each column, by table and column
Found: TypeAlias = dict[str, tuple[int, str]]  # by name of a view's column: its place, and a description or ""


def check_query(written: WrittenView, known: Columns, views: Iterable[str]) -> Found:
    """The columns that the view has, in order; empty, with a report, if the query can't be resolved."""
    if not _tables_exist(written, known, views) or not _columns_are_named(written):
        return {}
    count = len(written.report.found)
    schema = _nested({name: dict.fromkeys(columns, "unknown") for name, columns in known.items()})
    try:
        tree = qualify(
            written.tree,
            dialect="postgres",
            schema=schema,
            allow_partial_qualification=True,
            expand_stars=False,
            isolate_tables=False,
            quote_identifiers=False,
            validate_qualify_columns=False,
        )
        scopes = traverse_scope(tree)
    except SqlglotError as error:
        written.report.add("MG123", written.base, f"the columns can't be resolved: {str(error).splitlines()[0]}")
        return {}
    seen: set[int] = set()  # an outer query has the columns of those within it, too
    for scope in scopes:
        for column in scope.columns:
            if id(column) not in seen:
                seen.add(id(column))
                _check(written, scope, column, known)
    if len(written.report.found) > count:
        return {}
    root = scopes[-1]
    return {each.alias_or_name: (_place(written, each), _described(each, root, known)) for each in _selected(root)}


def _nested(tables: Mapping[str, Mapping[str, str]]) -> dict[str, object]:
    nested: dict[str, dict[str, Mapping[str, str]]] = {}
    for name, columns in tables.items():
        schema, _, table = name.partition(".")
        nested.setdefault(schema, {})[table] = columns
    return dict(nested)


def _tables_exist(written: WrittenView, known: Columns, views: Iterable[str]) -> bool:
    """Report tables that do not exist, or that a search path would decide about."""
    common = {each.alias for each in written.tree.find_all(exp.CTE)}
    good = True
    for table in written.tree.find_all(exp.Table):
        name = f"{table.db}.{table.name}" if table.db else table.name
        if not isinstance(table.this, exp.Identifier) or name in common or name in known:
            continue
        good = False
        if name in views:
            continue  # one that has mistakes of its own
        if table.db:
            help_ = did_you_mean(name, known, "name a table of a mapping, or another view")
            written.report.add("MG122", _place(written, table), f'unknown table "{name}"', help_)
        else:
            message = f'"{name}" has no schema, and no part of WITH is named so'
            written.report.add(
                "MG122", _place(written, table), message, did_you_mean(name, common, "write schema.table")
            )
    return good


def _columns_are_named(written: WrittenView) -> bool:
    """Report `*`, which would mean the columns of the day the view was made, and names that are missing or double."""
    report, count = written.report, len(written.report.found)
    for select in written.tree.find_all(exp.Select):
        for each in select.expressions:
            if each.is_star:
                report.add("MG123", _place(written, each), "a view names its columns, so * is not allowed", "list them")
    names: set[str] = set()
    for each in written.tree.selects:
        name = each.alias_or_name
        if not name:
            report.add("MG123", _place(written, each), "a column of the view has no name", "add AS name")
        elif name in names:
            report.add("MG123", _place(written, each), f'the view has two columns named "{name}"', "add AS name")
        names.add(name)
    return len(report.found) == count


def _check(written: WrittenView, scope: Scope, column: exp.Column, known: Columns) -> None:
    if not column.table:
        available = {name for source in scope.sources.values() for name in _names(source, known) or ()}
        if column.name in available:
            help_ = "write the table or its alias before it"
            written.report.add("MG123", _place(written, column), f'"{column.name}" is ambiguous', help_)
        else:
            help_ = did_you_mean(column.name, available, "")
            written.report.add("MG123", _place(written, column), f'unknown column "{column.name}"', help_)
        return
    source = _source(scope, column.table)
    if source is None:
        help_ = did_you_mean(column.table, scope.sources)
        written.report.add("MG123", _place(written, column), f'unknown table or alias "{column.table}"', help_)
        return
    names = _names(source, known)
    if names is not None and column.name not in names:
        message = f'{_title(source, column.table)} has no column "{column.name}"'
        written.report.add("MG123", _place(written, column), message, did_you_mean(column.name, names, ""))


def _source(scope: Scope | None, name: str) -> exp.Expr | Scope | None:
    """What the name stands for in a query or in those around it, which a subquery and LATERAL can refer to."""
    while scope is not None:
        if name in scope.sources:
            source = scope.sources[name]
            if isinstance(source, Scope) and isinstance(source.expression, exp.Lateral):
                return source.sources.get("", source)
            return source
        scope = None if scope.is_cte else scope.parent
    return None


def _names(source: exp.Expr | Scope, known: Columns) -> list[str] | None:
    """The columns of a source; None if they are known to the server only, as those of a function."""
    if isinstance(source, Scope):
        return list(source.expression.named_selects) if isinstance(source.expression, exp.Query) else None
    if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
        columns = known.get(f"{source.db}.{source.name}")
        return None if columns is None else list(columns)
    return None


def _title(source: exp.Expr | Scope, alias: str) -> str:
    return f"{source.db}.{source.name}" if isinstance(source, exp.Table) else alias


def _selected(scope: Scope) -> list[exp.Expr]:
    return list(scope.expression.selects) if isinstance(scope.expression, exp.Query) else []


def _described(selected: exp.Expr, scope: Scope, known: Columns) -> str:
    """The description of the table's column that a selected one repeats, or an empty text."""
    column = selected.unalias()
    if isinstance(scope.expression, exp.SetOperation) or not isinstance(column, exp.Column):
        return ""
    source = _source(scope, column.table)
    if isinstance(source, exp.Table):
        return known.get(f"{source.db}.{source.name}", {}).get(column.name, "")
    if isinstance(source, Scope) and isinstance(source.expression, exp.Query):
        inner = (each for each in _selected(source) if each.alias_or_name == column.name)
        return next((_described(each, source, known) for each in inner), "")
    return ""


def _place(written: WrittenView, node: exp.Expr) -> int:
    """The offset in the file of the first name in a node, or of the query."""
    starts = [each.meta["start"] for each in node.find_all(exp.Identifier) if "start" in each.meta]
    return written.base + min(starts, default=0)
