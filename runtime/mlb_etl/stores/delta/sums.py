"""Compares sums that have to agree in a lake, and finds rows that break a check: DuckDB reads the tables' files."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from mlb_contracts import Method, Table
from mlb_etl.stores import sum_rules
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.expressions import CONFIGURATION
from mlb_etl.stores.delta.lake import Lake, quoted
from mlb_etl.stores.interfaces.operations import BrokenCheck, SumDifference
from mlb_etl.stores.sum_rules import Dialect


def different_sums(
    lake: Lake, method: Method, scope: Mapping[str, Sequence[Any]], season: int | None = None
) -> Iterator[SumDifference]:
    """As `sum_rules.different_sums`."""
    if method.sums is not None:
        with _database(lake, method.tables, scope) as on:
            yield from sum_rules.different_sums(on, method, scope, season)


def broken_checks(lake: Lake, method: Method, scope: Mapping[str, Sequence[Any]]) -> Iterator[BrokenCheck]:
    """As `sum_rules.broken_checks`."""
    with _database(lake, [each for each in method.tables if each.checks], scope) as on:
        yield from sum_rules.broken_checks(on, method, scope)


@contextmanager
def _database(lake: Lake, tables: Sequence[Table], scope: Mapping[str, Sequence[Any]]) -> Iterator[Dialect]:
    """A database in memory with a view of each table, under its own name, of the documents in scope.

    Filters stay in DuckDB: it passes those on texts to Arrow with a type that Arrow can't compare with a column's.
    """
    with closing(duckdb.connect(config=CONFIGURATION)) as database:
        on = Dialect(quoted, lakes.literal, lakes.any_of, lambda statement: database.execute(statement).fetchall())
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
            database.execute(f"CREATE VIEW {on.table(table)} AS SELECT * FROM files_{number}")  # noqa: S608 - our names
        yield on
