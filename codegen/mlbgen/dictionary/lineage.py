"""The columns of tables that each column of a view is computed from.

sqlglot resolves names and scopes. Its own `lineage` does not enter LATERAL, so scopes are walked here.
"""

from collections.abc import Iterable, Iterator, Mapping

from sqlglot import exp, parse_one
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from mlbgen.postgres.view import View

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
        around: Scope | None = scope
        while around is not None and column.table not in around.sources:
            around = None if around.is_cte else around.parent
        if around is None:
            return
        source = around.sources[column.table]
        node = source.expression if isinstance(source, Scope) else source
        inner = self.scopes.get(id(node.this.unnest())) if isinstance(node, exp.Lateral) else None
        if inner is not None:
            yield from self._selected(inner, column.name)
        elif isinstance(source, Scope) and isinstance(node, exp.Query):
            yield from self._selected(source, column.name)
        elif isinstance(node, exp.Table) and node.db:
            yield f"{node.db}.{node.name}.{column.name}"
        else:  # a function, whose columns are computed from its arguments
            yield from self._of_expression(around, node)


def _names(query: exp.Expr) -> list[str]:
    return query.named_selects if isinstance(query, exp.Query) else []


def _same_place(union: exp.SetOperation, side: exp.Expr, name: str) -> str:
    """The column of one side of a union that stands where the union has the column of this name."""
    names = union.named_selects
    return _names(side)[names.index(name)] if name in names else name
