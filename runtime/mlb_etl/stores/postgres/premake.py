"""Premakes partitions for a range of months, so that no load has to wait for their creation."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from mlb_contracts import Method, Partition, times
from mlb_etl import registry
from mlb_etl.errors import EtlError
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.partitions import Partitioned, Partitions, months

LIMIT = 1000  # months
_SEASON = re.compile(r"(.*_)?(season|year)")
YEARS = frozenset({"smallint", "integer"})


@dataclass(frozen=True, slots=True)
class PremadeTable:
    """The partitions of a table in the range: `made` now, or `there` before.

    `skipped` says why a table gets none: the values of a list other than seasons are not known in advance.
    """

    table: str
    by: Partition
    made: tuple[str, ...]
    there: tuple[str, ...]
    skipped: str | None


def make(connection: Connection, package: str, first: date, last: date) -> list[PremadeTable]:
    """Create the partitions of the package's tables for the months from `first` to `last`, and for their seasons.

    Each month and each season is a separate transaction, so writers wait for one, not for all. Raises EtlError for an
    invalid range.
    """
    try:
        times.game_day(first), times.game_day(last)
    except ValueError as error:
        raise EtlError(f"from {first:%Y-%m} to {last:%Y-%m}: {error}") from error
    if not first <= last or len(months(first, last)) > LIMIT:
        raise EtlError(f"from {first:%Y-%m} to {last:%Y-%m} is not a range of 1 to {LIMIT} months")
    return [each for name in registry.methods(package) for each in _of_method(connection, package, name, first, last)]


def _of_method(connection: Connection, package: str, name: str, first: date, last: date) -> Iterator[PremadeTable]:
    method = registry.method(package, name)
    if method.hydration is None:  # a hydration shares the captures of its method
        raw = [Partitioned.of_raw(method), Partitioned.of_documents(method)]
        yield from _of_tables(Partitions.of_raw(connection, method), raw, first, last)
    yield from _of_tables(Partitions.of_method(connection, method), _partitioned(method), first, last)


def _partitioned(method: Method) -> list[Partitioned]:
    return [found for table in method.tables if (found := Partitioned.of(table)) is not None]


def _of_tables(
    partitions: Partitions, tables: Sequence[Partitioned], first: date, last: date
) -> Iterator[PremadeTable]:
    by_month = [table for table in tables if table.by.kind == "month"]
    by_season = [table for table in tables if is_season(table)]
    values: dict[Partitioned, Sequence[Any]] = dict.fromkeys(by_season, range(first.year, last.year + 1))
    values |= dict.fromkeys(by_month, months(first, last))
    made = {name for season in range(first.year, last.year + 1) for name in _ensure(partitions, by_season, season)}
    made |= {name for month in months(first, last) for name in _ensure(partitions, by_month, month)}
    for table in tables:
        names = [f"{table.schema}.{table.partition(value)}" for value in values.get(table, ())]
        yield PremadeTable(
            table.qualified_name,
            table.by,
            made=tuple(name for name in names if name in made),
            there=tuple(name for name in names if name not in made),
            skipped=None if table in values else f"it is partitioned by {table.by.column}, which is not a year",
        )


def _ensure(partitions: Partitions, tables: Sequence[Partitioned], value: object) -> list[str]:
    return partitions.ensure({table: [value] for table in tables})


def is_season(table: Partitioned) -> bool:
    """Whether the table has a partition per year: a list of integers in a column named season or year."""
    of_years = table.by.kind == "list" and table.type in YEARS
    return of_years and _SEASON.fullmatch(table.by.column) is not None
