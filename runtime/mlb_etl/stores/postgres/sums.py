"""Compares sums that have to agree in PostgreSQL, and finds rows that break a check."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from psycopg import sql

from mlb_contracts import Method
from mlb_etl.stores import sum_rules
from mlb_etl.stores.interfaces.operations import BrokenCheck, SumDifference
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.sum_rules import Dialect


def different_sums(
    connection: Connection, method: Method, scope: Mapping[str, Sequence[Any]], season: int | None = None
) -> Iterator[SumDifference]:
    """As `sum_rules.different_sums`."""
    return sum_rules.different_sums(_dialect(connection), method, scope, season)


def broken_checks(connection: Connection, method: Method, scope: Mapping[str, Sequence[Any]]) -> Iterator[BrokenCheck]:
    """As `sum_rules.broken_checks`."""
    return sum_rules.broken_checks(_dialect(connection), method, scope)


def _dialect(connection: Connection) -> Dialect:
    return Dialect(
        quoted=lambda name: sql.Identifier(name).as_string(connection),
        literal=lambda text: sql.Literal(text).as_string(connection),
        any_of=partial(_any_of, connection),
        run=lambda statement: connection.execute(statement.encode()).fetchall(),
    )


def _any_of(connection: Connection, name: str, values: Sequence[Any]) -> str:
    condition = sql.SQL("{} = ANY({})").format(sql.Identifier(name), sql.Literal(list(values)))
    return condition.as_string(connection)
