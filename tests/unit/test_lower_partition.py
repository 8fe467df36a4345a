"""Partitioning of single tables, and its effect on keys, columns and foreign keys."""

from lowering import GAMES, errors, method

from mlbgen import ir

BY_DATE = "    partition_by: {column: game_date, of: league.games, kind: month}\n"
PLAYS = """\
  - name: league.plays
    description: One row for each plate appearance.
    rows: {play: "$.plays[*]"}
    primary_key: [game_pk, at_bat_index]
    foreign_keys: [{columns: [game_pk], references: league.games}]
    columns:
      - {name: at_bat_index, type: smallint, path: play.about.atBatIndex, nullable: false, description: Its number.}
"""


def tables(games: str, plays: str) -> tuple[ir.Table, ir.Table]:
    parent, child = method(games + plays).tables
    return parent, child


def test_one_table_can_be_partitioned_by_another_column() -> None:
    games, plays = tables(GAMES, PLAYS + BY_DATE)
    assert games.primary_key == ("game_pk", "season")
    assert plays.partition == ir.MonthPartition("game_date", ())
    assert plays.primary_key == ("game_pk", "at_bat_index", "game_date")
    assert [each.name for each in plays.columns][:4] == ["game_pk", "season", "game_date", "at_bat_index"]
    [key] = plays.foreign_keys
    assert key.columns == ("game_pk", "season")


def test_the_partition_column_is_not_null_where_it_partitions() -> None:
    games, plays = tables(GAMES + BY_DATE, PLAYS + BY_DATE)
    nullable = {each.name: each.nullable for table in (games, plays) for each in table.columns}
    assert (nullable["game_date"], nullable["season"]) == (False, True)
    [key] = plays.foreign_keys
    assert key.columns == ("game_pk", "game_date")


def test_premade_partitions_are_those_that_the_table_declares() -> None:
    """Neither the child's nor the parent's partitions are added."""
    earlier = "    partition_by: {column: season, kind: list, from: 2022, to: 2024}\n"
    games, plays = tables(GAMES, PLAYS + earlier)
    assert games.partition == ir.ListPartition("season", (2024, 2025, 2026))
    assert plays.partition == ir.ListPartition("season", (2022, 2023, 2024))
    games, _ = tables(GAMES, PLAYS + BY_DATE.replace("month}", "month, from: 2024-03, to: 2024-04}"))
    assert games.partition == ir.ListPartition("season", (2024, 2025, 2026))


def test_a_table_prefers_its_own_partition_column() -> None:
    own = "      - {name: game_date, type: timestamptz, path: play.about.startTime, description: Start of the play.}\n"
    _, plays = tables(GAMES, PLAYS + own + BY_DATE)
    assert str(next(each.type for each in plays.columns if each.name == "game_date")) == "timestamptz"
    assert not errors(GAMES + PLAYS + own + BY_DATE)


def test_a_child_without_the_parents_partition_column_is_refused() -> None:
    """The report is in plain words, and there is only one."""
    [error] = errors(GAMES + BY_DATE + PLAYS)
    assert error.code == "MG064"
    assert 'games is partitioned by "game_date"; this table has no such column' in error.message
