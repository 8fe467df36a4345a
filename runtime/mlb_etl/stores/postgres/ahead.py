"""How far ahead tables have partitions, so that someone makes more before a load has to wait for them."""

from collections.abc import Iterator
from datetime import date
from itertools import count, takewhile

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.stores.interfaces.operations import PartitionsAhead
from mlb_etl.stores.postgres import premake
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.partitions import Partitioned

_EXISTING = """
SELECT parent_schema.nspname || '.' || parent.relname, array_agg(child.relname::text)
FROM pg_inherits
JOIN pg_class AS child ON child.oid = inhrelid
JOIN pg_class AS parent ON parent.oid = inhparent AND parent.relkind = 'p'
JOIN pg_namespace AS parent_schema ON parent_schema.oid = parent.relnamespace
GROUP BY 1
"""
_TODAY = "SELECT (now() AT TIME ZONE 'UTC')::date"


def partitions_ahead(connection: Connection, package: str) -> list[PartitionsAhead]:
    """How far ahead each table has partitions, of those that are partitioned by month or by year."""
    [(today,)] = connection.execute(_TODAY).fetchall()
    existing: dict[str, list[str]] = dict(connection.execute(_EXISTING).fetchall())
    names = sorted(registry.methods(package))
    tables = {each for name in names for each in _tables(registry.method(package, name))}
    return [
        _ahead(each, {*existing.get(each.qualified_name, ())}, today)
        for each in sorted(tables, key=lambda each: each.qualified_name)
    ]


def _tables(method: Method) -> Iterator[Partitioned]:
    """The raw table and the tables of a method whose next partitions are known."""
    yield Partitioned.of_raw(method)
    yield Partitioned.of_documents(method)
    for table in method.tables:
        found = Partitioned.of(table)
        if found is not None and (found.by.kind == "month" or premake.is_season(found)):
            yield found


def _ahead(table: Partitioned, existing: set[str], today: date) -> PartitionsAhead:
    """Count the partitions from that of today on until one is missing."""
    if table.by.kind == "month":
        first = today.year * 12 + today.month - 1
        there = takewhile(lambda n: table.partition(date(n // 12, n % 12 + 1, 1)) in existing, count(first))
        return PartitionsAhead(table.qualified_name, "month", sum(1 for _ in there) - 1)
    years = takewhile(lambda year: table.partition(year) in existing, count(today.year))
    return PartitionsAhead(table.qualified_name, "year", sum(1 for _ in years) - 1)
