"""The columns of tables that each column of a view is computed from, and its type where that follows from theirs.

sqlglot resolves names and scopes. Its own `lineage` does not enter LATERAL, so scopes are walked here.
"""

from collections.abc import Iterable, Iterator, Mapping

from sqlglot import exp, parse_one
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from mlb_contracts import sql_types
from mlbgen.postgres.view import View

_SAME = {"int": "integer", "decimal": "numeric"}  # as sqlglot writes them
_SUMS = {"smallint": "bigint", "integer": "bigint", "bigint": "numeric", "numeric": "numeric"}
_CHOICES = (exp.Paren, exp.Filter, exp.Window, exp.Coalesce, exp.Case)
_CERTAIN = {(exp.Count,): "bigint", (exp.Predicate, exp.Not, exp.And, exp.Or): "boolean"}
Lineage = dict[str, tuple[str, ...]]  # of each column of a view: `schema.table.column`, sorted


def of_views(views: Iterable[View], tables: Mapping[str, Iterable[str]]) -> dict[str, Lineage]:
    """The lineage of each view, by name; views follow those that they read. `tables` has the columns of each table.

    A column that a view takes from another view is followed to the tables. Conditions of WHERE and ON don't count: they
    decide which rows there are, not what a value is.
    """
    known = {name: list(columns) for name, columns in tables.items()}
    found: dict[str, Lineage] = {}
    for view in views:
        walk = _Walk(view.query, known)
        found[view.qualified_name] = {
            column.name: tuple(sorted({name for leaf in walk.column(column.name) for name in _tables(leaf, found)}))
            for column in view.columns
        }
        known[view.qualified_name] = [column.name for column in view.columns]
    return found


def types_of_views(views: Iterable[View], tables: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str | None]]:
    """The type of each column of each view, in the order of `of_views`; None where only a database tells it.

    `tables` has the type of each column. What is certain is told: a column that is passed on, a cast, a count, a
    condition, and choices among values of one type.
    """
    known: dict[str, Mapping[str, str | None]] = {**tables}
    found: dict[str, dict[str, str | None]] = {}
    for view in views:
        walk = _Walk(view.query, known)
        found[view.qualified_name] = {str(each.name): walk.type(str(each.name), known) for each in view.columns}
        known[view.qualified_name] = found[view.qualified_name]
    return found


def _tables(column: str, views: Mapping[str, Lineage]) -> tuple[str, ...]:
    of, _, name = column.rpartition(".")
    return views[of][name] if of in views else (column,)


def _nested(known: Mapping[str, Iterable[str]]) -> dict[str, object]:
    nested: dict[str, dict[str, dict[str, str]]] = {}
    for name, columns in known.items():
        schema, _, table = name.partition(".")
        nested.setdefault(schema, {})[table] = dict.fromkeys(columns, "unknown")
    return dict(nested)


class _Walk:
    """The scopes of one query, from its selected columns down to tables."""

    def __init__(self, query: str, known: Mapping[str, Iterable[str]]) -> None:
        names = {f"{each.db}.{each.name}" for each in parse_one(query, dialect="postgres").find_all(exp.Table)}
        schema = _nested({name: columns for name, columns in known.items() if name in names})
        tree = qualify(
            parse_one(query, dialect="postgres"),
            dialect="postgres",
            schema=schema,
            isolate_tables=False,
            quote_identifiers=False,
            validate_qualify_columns=False,
        )
        scopes = traverse_scope(tree)
        self.scopes = {id(scope.expression): scope for scope in scopes}
        self.root = scopes[-1]
        self.known: dict[tuple[int, str], frozenset[str]] = {}

    def column(self, name: str) -> frozenset[str]:
        """The columns of tables, or of other views, that the query's column of this name is computed from."""
        return self._selected(self.root, name)

    def _selected(self, scope: Scope, name: str) -> frozenset[str]:
        key = id(scope), name
        if key not in self.known:
            self.known[key] = frozenset()  # a recursive part adds nothing to itself
            self.known[key] = frozenset(self._of_select(scope, name))
        return self.known[key]

    def _of_select(self, scope: Scope, name: str) -> Iterator[str]:
        query = scope.expression
        if isinstance(query, exp.SetOperation):
            for inner in scope.set_operation_scopes:
                yield from self._selected(inner, _same_place(query, inner.expression, name))
        elif isinstance(query, exp.Query):
            named = [each for each in query.selects if each.alias_or_name == name]
            for each in named or query.selects:  # an alias may rename them all
                yield from self._of_expression(scope, each)

    def _of_expression(self, scope: Scope, node: exp.Expr) -> Iterator[str]:
        """What an expression in a scope is computed from; a query within it counts with what it selects."""
        if isinstance(node, exp.Query) and id(query := node.unnest()) in self.scopes:
            for name in _names(query):
                yield from self._selected(self.scopes[id(query)], name)
        elif isinstance(node, exp.Column):
            yield from self._of_column(scope, node)
        else:
            for child in node.iter_expressions():
                yield from self._of_expression(scope, child)

    def _of_column(self, scope: Scope, column: exp.Column) -> Iterator[str]:
        """Follow a column to its source, in this query or in one around it."""
        around, source = _source(scope, column)
        if around is None:
            return
        inner = self.query(source)
        node = source.expression if isinstance(source, Scope) else source
        if inner is not None:
            yield from self._selected(inner, column.name)
        elif isinstance(node, exp.Table) and node.db:
            yield f"{node.db}.{node.name}.{column.name}"
        elif node is not None:  # a function, whose columns are computed from its arguments
            yield from self._of_expression(around, node)

    def query(self, source: "Scope | exp.Expr | None") -> Scope | None:
        """The scope of a source that is a query, also of one in LATERAL."""
        node = source.expression if isinstance(source, Scope) else source
        if isinstance(node, exp.Lateral):
            return self.scopes.get(id(node.this.unnest()))
        return source if isinstance(source, Scope) and isinstance(node, exp.Query) else None

    def type(self, name: str, known: Mapping[str, Mapping[str, str | None]]) -> str | None:
        """The type of the query's column of this name, None if it does not follow from those of `known`."""
        return _Types(self, known).selected(self.root, name)


class _Types:
    """The types of a query's expressions, as far as they are certain."""

    def __init__(self, walk: _Walk, known: Mapping[str, Mapping[str, str | None]]) -> None:
        self._walk = walk
        self._known = known
        self._asked: set[tuple[int, str]] = set()

    def selected(self, scope: Scope, name: str) -> str | None:
        query = scope.expression
        if (id(scope), name) in self._asked:  # a recursive part
            return None
        self._asked.add((id(scope), name))
        try:
            if isinstance(query, exp.SetOperation):
                sides = scope.set_operation_scopes
                return _same([self.selected(each, _same_place(query, each.expression, name)) for each in sides])
            selects = query.selects if isinstance(query, exp.Query) else []
            named = [each for each in selects if each.alias_or_name == name]
            return self._of(scope, named[0].unalias()) if len(named) == 1 else None
        finally:
            self._asked.discard((id(scope), name))

    def _of(self, scope: Scope, node: exp.Expr) -> str | None:
        if isinstance(node, exp.Column):
            return self._of_column(scope, node)
        if isinstance(node, exp.Cast):
            name, bracket, arguments = node.to.sql("postgres").lower().partition("(")
            stated = sql_types.parse_type(_SAME.get(name, name) + bracket + arguments)
            return None if stated is None else str(stated)
        if isinstance(node, exp.Sum | exp.Max | exp.Min):
            base = (self._of(scope, node.this) or "").partition("(")[0]
            return _SUMS.get(base) if isinstance(node, exp.Sum) else base or None
        if isinstance(node, _CHOICES):
            return _same([self._of(scope, each) for each in _choices(node)])
        return next((name for kinds, name in _CERTAIN.items() if isinstance(node, kinds)), None)

    def _of_column(self, scope: Scope, column: exp.Column) -> str | None:
        around, source = _source(scope, column)
        inner = self._walk.query(source)
        if inner is not None:
            return self.selected(inner, column.name)
        if around is not None and isinstance(source, exp.Table) and source.db:
            return self._known.get(f"{source.db}.{source.name}", {}).get(column.name)
        return None


def _choices(node: exp.Expr) -> list[exp.Expr]:
    """The expressions of which one is the value; NULL is of any type."""
    if isinstance(node, exp.Case):
        found = [*(each.args["true"] for each in node.args["ifs"]), node.args.get("default")]
    else:
        found = [node.this, *(node.expressions if isinstance(node, exp.Coalesce) else ())]
    return [each for each in found if each is not None and not isinstance(each, exp.Null)]


def _same(types: list[str | None]) -> str | None:
    """The type that all have."""
    return types[0] if types and len({*types}) == 1 else None


def _source(scope: Scope, column: exp.Column) -> "tuple[Scope | None, Scope | exp.Expr | None]":
    """Where a column comes from, and the scope that names it: the column's own or one around it."""
    around: Scope | None = scope
    while around is not None and column.table not in around.sources:
        around = None if around.is_cte else around.parent
    return around, None if around is None else around.sources[column.table]


def _names(query: exp.Expr) -> list[str]:
    return query.named_selects if isinstance(query, exp.Query) else []


def _same_place(union: exp.SetOperation, side: exp.Expr, name: str) -> str:
    """The column of one side of a union that stands where the union has the column of this name."""
    names = union.named_selects
    return _names(side)[names.index(name)] if name in names else name
