"""The text of statements that alter tables."""

from collections.abc import Iterable
from dataclasses import replace

from small_ir import GAMES, PLAYS
from sqlglot import exp

from mlbgen import ir
from mlbgen.postgres import alter, printer
from mlbgen.postgres.difference import AlteredTable, difference
from mlbgen.postgres.relation import Field, table_relation

OLD = table_relation(PLAYS)


def changed(**members: object) -> AlteredTable:
    """Plays with other members."""
    (only,) = difference([OLD], [replace(OLD, **members)]).altered  # type: ignore[arg-type]
    return only


def lines(statements: Iterable[exp.Expr]) -> list[str]:
    return [printer.line(each) for each in statements]


def test_all_columns_of_a_table_change_in_one_statement() -> None:
    fields = (
        *(replace(each, type="integer") if each.name == "play_index" else each for each in OLD.fields[:-2]),
        replace(OLD.fields[-2], nullable=True, now=True),
        replace(OLD.fields[-1], now=False),
        Field("extra", "numeric(5,1)", nullable=True, description="More."),
        Field("seen_at", "timestamptz", nullable=False, description="When.", now=True),
    )
    (statement,) = alter.column_changes(changed(fields=fields))
    assert (
        printer.block(statement)
        == """\
ALTER TABLE "league"."plays"
    ALTER COLUMN "play_index" SET DATA TYPE integer,
    ALTER COLUMN "captured_at" DROP NOT NULL,
    ALTER COLUMN "captured_at" SET DEFAULT CURRENT_TIMESTAMP,
    ALTER COLUMN "ingested_at" DROP DEFAULT,
    ADD COLUMN "extra" numeric(5,1),
    ADD COLUMN "seen_at" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP"""
    )


def test_what_may_not_be_null_any_more() -> None:
    fields = tuple(replace(each, nullable=False) if each.name == "event" else each for each in OLD.fields)
    assert lines(alter.column_changes(changed(fields=fields))) == [
        'ALTER TABLE "league"."plays" ALTER COLUMN "event" SET NOT NULL'
    ]


def test_drops() -> None:
    found = changed(foreign_keys=(), indexes=(), fields=tuple(each for each in OLD.fields if each.name != "speed"))
    assert lines(alter.foreign_key_drops(found)) == [
        'ALTER TABLE "league"."plays" DROP CONSTRAINT "plays_game_pk_fkey"'
    ]
    assert lines(alter.check_and_index_drops(found)) == [
        f'DROP INDEX "league"."{name}"' for name in ("plays_captured_at_idx", "plays_event_idx", "plays_event_key")
    ]
    assert lines(alter.column_drops(found)) == ['ALTER TABLE "league"."plays" DROP COLUMN "speed"']
    assert lines([alter.table_drop([OLD, table_relation(GAMES)]), alter.schema_drop("other")]) == [
        'DROP TABLE "league"."plays", "league"."games"',
        'DROP SCHEMA "other"',
    ]


def test_what_is_as_it_was_is_in_no_statement() -> None:
    found = changed(description="Other words; it's all.")
    steps = (alter.foreign_key_drops, alter.check_and_index_drops, alter.column_drops, alter.column_changes)
    assert [statement for step in steps for statement in step(found)] == []
    assert lines(alter.additions(found)) == ["""COMMENT ON TABLE "league"."plays" IS 'Other words; it''s all.'"""]


def test_a_partition_ahead_may_be_there_already() -> None:
    found = changed(partition=ir.ListPartition("season", (2024, 2026)))
    assert lines(alter.additions(found)) == [
        'CREATE TABLE IF NOT EXISTS "league"."plays_2026" PARTITION OF "league"."plays" FOR VALUES IN (2026)'
    ]
