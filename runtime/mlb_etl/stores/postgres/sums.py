"""Compares sums that have to agree, and finds rows that break a check; statements are composed of the facts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from psycopg import sql

from mlb_contracts import Check, Method, SumRule, SumSide, Table
from mlb_etl.stores.interfaces.operations import MOST, BrokenCheck, SumDifference, season_table
from mlb_etl.stores.postgres.db import Connection

_EQUAL = """
WITH chosen AS (SELECT {keys} FROM {only} WHERE ({final}) AND {scope})
SELECT {names}, coalesce(l."Value", 0), coalesce(r."Value", 0), {known}
FROM ({left}) AS l FULL JOIN ({right}) AS r USING ({names})
WHERE coalesce(l."Value", 0) <> coalesce(r."Value", 0)
ORDER BY {names} LIMIT {most}
"""
_PRESENT = """
WITH chosen AS (SELECT {keys} FROM {only} WHERE ({final}) AND {scope})
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
    connection: Connection, method: Method, scope: Mapping[str, Sequence[Any]], season: int | None = None
) -> Iterator[SumDifference]:
    """The groups whose sums differ, rule by rule; `scope` maps document keys to the wanted values.

    Raises EtlError for a season if the rules' documents have no column of that name.
    """
    if method.sums is None:
        return
    only = season_table(method, method.sums, season)
    chosen = _scope({**scope, **({} if season is None else {"season": [season]})})
    facts = {
        "keys": _names(key.name for key in method.document),
        "only": sql.Identifier(only.schema, only.name),
        "final": _expression(method.sums.where),
        "scope": chosen,
        "most": sql.Literal(MOST),
    }
    for rule in method.sums.rules:
        yield from _differences(connection, method, rule, facts)


def broken_checks(connection: Connection, method: Method, scope: Mapping[str, Sequence[Any]]) -> Iterator[BrokenCheck]:
    """The rows that break a check, table by table."""
    for table in method.tables:
        for check in table.checks:
            query = sql.SQL(_BROKEN).format(
                identity=_names(table.identity),
                table=sql.Identifier(table.schema, table.name),
                condition=_expression(check.expression),
                scope=_scope(scope),
                most=sql.Literal(MOST),
            )
            for row in connection.execute(query).fetchall():
                yield _broken(method, table, check, row)


def _broken(method: Method, table: Table, check: Check, row: tuple[Any, ...]) -> BrokenCheck:
    key = dict(zip(table.identity, row, strict=True))
    return BrokenCheck(method.name, table.qualified_name, check.name, check.severity, key)


def _differences(
    connection: Connection, method: Method, rule: SumRule, facts: Mapping[str, sql.Composable]
) -> Iterator[SumDifference]:
    names = [name for name, _ in rule.left.by]
    known = [
        sql.SQL("WHEN {} THEN {}").format(_expression(each.where), sql.Literal(each.reason)) for each in rule.exceptions
    ]
    query = sql.SQL(_EQUAL if rule.kind == "equal" else _PRESENT).format(
        **facts,
        names=_names(names),
        left=_side(rule.left, names, facts["keys"]),
        right=_side(rule.right, names, facts["keys"]),
        known=sql.SQL("CASE {} END").format(sql.SQL(" ").join(known)) if known else sql.SQL("NULL"),
    )
    for *by, left, right, exception in connection.execute(query).fetchall():
        group = dict(zip(names, by, strict=True))
        yield SumDifference(method.name, rule.name, rule.description, group, _number(left), _number(right), exception)


def _side(side: SumSide, names: Sequence[str], keys: sql.Composable) -> sql.Composed:
    """The value of each group, as columns of those names and "Value"."""
    by = dict(side.by)
    columns = [sql.SQL("{} AS {}").format(_expression(by[name]), sql.Identifier(name)) for name in names]
    groups = [_expression(text) for text in (*by.values(), *side.each)]
    made = sql.SQL(_SIDE).format(
        columns=sql.SQL(", ").join(columns),
        value=_expression(side.value),
        table=sql.Identifier(*side.table.split(".")),
        keys=keys,
        where=sql.SQL("true") if side.where is None else _expression(side.where),
        groups=sql.SQL(", ").join(groups),
    )
    return sql.SQL(_OF_EACH).format(names=_names(names), inner=made) if side.each else made


def _scope(wanted: Mapping[str, Sequence[Any]]) -> sql.Composable:
    """The condition that columns have one of the wanted values each."""
    conditions = [
        sql.SQL("{} = ANY({})").format(sql.Identifier(name), sql.Literal(list(values)))
        for name, values in wanted.items()
    ]
    return sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("true")


def _names(names: Iterator[str] | Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _expression(text: str) -> sql.Composable:
    """An expression of a mapping, in which names are quoted; it has no placeholders."""
    return sql.SQL(text)


def _number(value: Any) -> int | float:
    return int(value) if value == int(value) else float(value)
