"""Migrations and the runtime agree on the names and bounds of partitions."""

from datetime import date

import pytest
from small_ir import column, table

from mlb_contracts import Partition, limits, partitions
from mlb_etl.stores.postgres.partitions import Partitioned
from mlbgen import ir
from mlbgen.postgres import ddl, printer
from mlbgen.postgres.relation import table_relation


@pytest.mark.parametrize(
    ("by", "of", "value"),
    [
        (ir.ListPartition("season", (2024,)), Partition("season", "list"), 2024),
        (ir.ListPartition("season", (-12345678,)), Partition("season", "list"), -12345678),
        (ir.MonthPartition("day", ("2024-07",)), Partition("day", "month"), date(2024, 7, 31)),
    ],
)
def test_generator_and_runtime_use_the_same_partition_names(by: ir.Partition, of: Partition, value: object) -> None:
    (made,) = ddl.partitions_ahead(table_relation(table("games", [column("day", "date", nullable=False)], by=by)))
    name = Partitioned("league", "games", of, "date").partition(value)
    assert printer.line(made).startswith(f'CREATE TABLE "league"."{name}" PARTITION OF "league"."games"')


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (2024, "t_2024"),
        (-5, "t__5"),
        ("mlb", "t_mlb"),
        ("123456789", "t_123456789"),
        ("1234567890", "t__c775e7b7"),
        ("a b", "t__c8687a08"),
        ("", "t__e3b0c442"),
    ],
)
def test_a_value_that_does_not_fit_a_name_becomes_a_hash(value: object, name: str) -> None:
    assert partitions.value_partition("t", value) == name
    assert len(name) <= len("t_") + limits.SUFFIX_BYTES


def test_a_month_ends_where_the_next_begins() -> None:
    assert partitions.month_bounds(2024, 12, "date") == ("2024-12-01", "2025-01-01")
    assert partitions.month_bounds(2024, 1, "timestamptz") == ("2024-01-01 00:00:00+00", "2024-02-01 00:00:00+00")
    assert partitions.month_partition("t", 2024, 1) == "t_2024_01"
