"""Compares sums that have to agree, and finds rows that break a check, in SQL that PostgreSQL and DuckDB share."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlb_contracts import Method, SumRule, SumSide, Table
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


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a database quotes a name and a text, says that a column has one of some values, and runs a statement."""

    quoted: Callable[[str], str]
    literal: Callable[[str], str]
    any_of: Callable[[str, Sequence[Any]], str]
    run: Callable[[str], Iterable[Sequence[Any]]]

    def names(self, names: Iterable[str]) -> str:
        return ", ".join(map(self.quoted, names))

    def table(self, table: Table) -> str:
        return f"{self.quoted(table.schema)}.{self.quoted(table.name)}"

    def within(self, scope: Mapping[str, Sequence[Any]]) -> str:
        """The condition that columns have one of the wanted values each."""
        return " AND ".join(self.any_of(name, values) for name, values in scope.items()) or "true"


def different_sums(
    on: Dialect, method: Method, scope: Mapping[str, Sequence[Any]], season: int | None
) -> Iterator[SumDifference]:
    """The groups whose sums differ, rule by rule; `scope` maps document keys to the wanted values.

    Raises EtlError for a season if the rules' documents have no column of that name.
    """
    if method.sums is None:
        return
    keys = on.names(key.name for key in method.document)
    chosen = _CHOSEN.format(
        keys=keys,
        only=on.table(season_table(method, method.sums, season)),
        final=method.sums.where,
        scope=on.within({**scope, **({} if season is None else {"season": [season]})}),
    )
    for rule in method.sums.rules:
        names = [name for name, _ in rule.left.by]
        for *by, left, right, exception in on.run(_statement(on, rule, names, chosen, keys)):
            group = dict(zip(names, by, strict=True))
            yield SumDifference(
                method.name, rule.name, rule.description, group, _number(left), _number(right), exception
            )


def broken_checks(on: Dialect, method: Method, scope: Mapping[str, Sequence[Any]]) -> Iterator[BrokenCheck]:
    """The rows that break a check, table by table."""
    for table in method.tables:
        for check in table.checks:
            statement = _BROKEN.format(
                identity=on.names(table.identity),
                table=on.table(table),
                condition=check.expression,
                scope=on.within(scope),
                most=MOST,
            )
            for row in on.run(statement):
                key = dict(zip(table.identity, row, strict=True))
                yield BrokenCheck(method.name, table.qualified_name, check.name, check.severity, key)


def _statement(on: Dialect, rule: SumRule, names: Sequence[str], chosen: str, keys: str) -> str:
    known = " ".join(f"WHEN {each.where} THEN {on.literal(each.reason)}" for each in rule.exceptions)
    return (_EQUAL if rule.kind == "equal" else _PRESENT).format(
        chosen=chosen,
        names=on.names(names),
        left=_side(on, rule.left, names, keys),
        right=_side(on, rule.right, names, keys),
        known=f"CASE {known} END" if known else "NULL",
        most=MOST,
    )


def _side(on: Dialect, side: SumSide, names: Sequence[str], keys: str) -> str:
    """The value of each group, as columns of those names and "Value"."""
    by = dict(side.by)
    made = _SIDE.format(
        columns=", ".join(f"{by[name]} AS {on.quoted(name)}" for name in names),
        value=side.value,
        table=".".join(map(on.quoted, side.table.split("."))),
        keys=keys,
        where="true" if side.where is None else side.where,
        groups=", ".join((*by.values(), *side.each)),
    )
    return _OF_EACH.format(names=on.names(names), inner=made) if side.each else made


def _number(value: Any) -> int | float:
    return int(value) if value == int(value) else float(value)
