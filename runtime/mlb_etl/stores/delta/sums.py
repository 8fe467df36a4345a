"""Compares sums that have to agree in a lake, and finds rows that break a check: DuckDB reads the tables' files."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from mlb_contracts import Method, SumRule, SumSide, Table
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.expressions import CONFIGURATION
from mlb_etl.stores.delta.lake import Lake, quoted
from mlb_etl.stores.interfaces.operations import MOST, BrokenCheck, SumDifference, season_table

_CHOSEN = "WITH chosen AS (SELECT {keys} FROM {only} WHERE ({final}) AND {scope})"
_EQUAL = """
{chosen}
SELECT {names}, coalesce(l."Value", 0), coalesce(r."Value", 0), {known}
FROM ({left}) AS l FULL JOIN ({right}) AS r USING ({names})
WHERE coalesce(l."Value", 0) <> coalesce(r."Value", 0)
ORDER BY {names} LIMIT {most}
"""
_PRESENT = """
{chosen}
SELECT {names}, l."Value", 0, {known}
FROM ({left}) AS l LEFT JOIN ({right}) AS r USING ({names})
WHERE r."Value" IS NULL
ORDER BY {names} LIMIT {most}
"""
_SIDE = """
SELECT {columns}, {value} AS "Value" FROM {table}
WHERE ({keys}) IN (SELECT {keys} FROM chosen) AND ({where}) GROUP BY {groups}
"""
_OF_EACH = 'SELECT {names}, sum("Value") AS "Value" FROM ({inner}) AS each GROUP BY {names}'
_BROKEN = "SELECT {identity} FROM {table} WHERE NOT ({condition}) AND {scope} ORDER BY {identity} LIMIT {most}"


def different_sums(
    lake: Lake, method: Method, scope: Mapping[str, Sequence[Any]], season: int | None = None
) -> Iterator[SumDifference]:
    """The groups whose sums differ, rule by rule; `scope` maps document keys to the wanted values.

    Raises EtlError for a season if the rules' documents have no column of that name.
    """
    if method.sums is None:
        return
    only = season_table(method, method.sums, season)
    facts = {
        "keys": _names(key.name for key in method.document),
        "only": _table(only),
        "final": method.sums.where,
        "scope": _scope({**scope, **({} if season is None else {"season": [season]})}),
    }
    chosen = _CHOSEN.format(**facts)
    with _database(lake, method.tables, scope) as database:
        for rule in method.sums.rules:
            yield from _differences(database, method, rule, chosen, facts["keys"])


def broken_checks(lake: Lake, method: Method, scope: Mapping[str, Sequence[Any]]) -> Iterator[BrokenCheck]:
    """The rows that break a check, table by table."""
    with _database(lake, [each for each in method.tables if each.checks], scope) as database:
        for table in method.tables:
            for check in table.checks:
                query = _BROKEN.format(
                    identity=_names(table.identity),
                    table=_table(table),
                    condition=check.expression,
                    scope=_scope(scope),
                    most=MOST,
                )
                for row in database.execute(query).fetchall():
                    key = dict(zip(table.identity, row, strict=True))
                    yield BrokenCheck(method.name, table.qualified_name, check.name, check.severity, key)


@contextmanager
def _database(
    lake: Lake, tables: Sequence[Table], scope: Mapping[str, Sequence[Any]]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with a view of each table, under its own name, of the documents in scope.

    Filters stay in DuckDB: it passes those on texts to Arrow with a type that Arrow can't compare with a column's.
    """
    with closing(duckdb.connect(config=CONFIGURATION)) as database:
        database.execute("SET GLOBAL integer_division = true")  # as PostgreSQL divides
        database.execute("SET disabled_optimizers = 'filter_pushdown'")
        for number, table in enumerate(tables):
            opened = lake.open(table.schema, table.name)
            with lakes.translated(table.qualified_name):
                files = opened.to_pyarrow_dataset()
            for name, values in scope.items():
                files = files.filter(pc.field(name).isin(pa.array(values, files.schema.field(name).type)))
            database.register(f"files_{number}", files)
            database.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.schema)}")
            database.execute(f"CREATE VIEW {_table(table)} AS SELECT * FROM files_{number}")  # noqa: S608 - our names
        yield database


def _differences(
    database: duckdb.DuckDBPyConnection, method: Method, rule: SumRule, chosen: str, keys: str
) -> Iterator[SumDifference]:
    names = [name for name, _ in rule.left.by]
    known = " ".join(f"WHEN {each.where} THEN {lakes.literal(each.reason)}" for each in rule.exceptions)
    query = (_EQUAL if rule.kind == "equal" else _PRESENT).format(
        chosen=chosen,
        names=_names(names),
        left=_side(rule.left, names, keys),
        right=_side(rule.right, names, keys),
        known=f"CASE {known} END" if known else "NULL",
        most=MOST,
    )
    for *by, left, right, exception in database.execute(query).fetchall():
        group = dict(zip(names, by, strict=True))
        yield SumDifference(method.name, rule.name, rule.description, group, _number(left), _number(right), exception)


def _side(side: SumSide, names: Sequence[str], keys: str) -> str:
    """The value of each group, as columns of those names and "Value"."""
    by = dict(side.by)
    schema, _, name = side.table.partition(".")
    made = _SIDE.format(
        columns=", ".join(f"{by[name]} AS {quoted(name)}" for name in names),
        value=side.value,
        table=f"{quoted(schema)}.{quoted(name)}",
        keys=keys,
        where="true" if side.where is None else side.where,
        groups=", ".join((*by.values(), *side.each)),
    )
    return _OF_EACH.format(names=_names(names), inner=made) if side.each else made


def _scope(wanted: Mapping[str, Sequence[Any]]) -> str:
    return " AND ".join(lakes.any_of(name, values) for name, values in wanted.items()) or "true"


def _table(table: Table) -> str:
    return f"{quoted(table.schema)}.{quoted(table.name)}"


def _names(names: Iterator[str] | Sequence[str]) -> str:
    return ", ".join(map(quoted, names))


def _number(value: Any) -> int | float:
    return int(value) if value == int(value) else float(value)
