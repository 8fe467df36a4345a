"""The text of DDL."""

from dataclasses import replace

import pytest
import sqlglot
from small_ir import GAMES, PLAYS, column, method, table
from sqlglot import exp

from mlbgen import ir
from mlbgen.postgres import ddl, printer
from mlbgen.postgres.relation import documents_relation, raw_relation, table_relation


def created(of: ir.Table) -> str:
    return printer.block(ddl.create_table(table_relation(of)))


def partitions(of: ir.Table) -> list[str]:
    return [printer.line(each) for each in ddl.partitions_ahead(table_relation(of))]


def test_a_table_has_its_keys_and_the_checks_that_are_errors() -> None:
    assert (
        created(GAMES)
        == """\
CREATE TABLE "league"."games" (
    "game_pk" bigint NOT NULL,
    "season" smallint NOT NULL,
    "home_team" integer,
    "away_team" integer,
    "note" text,
    "captured_at" timestamptz NOT NULL,
    "ingested_at" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY ("game_pk", "season"),
    CONSTRAINT "games_teams_check" CHECK ("home_team" <> "away_team")
) PARTITION BY LIST("season")"""
    )


def test_a_foreign_key_names_both_sides() -> None:
    assert (
        '    CONSTRAINT "plays_game_pk_fkey" FOREIGN KEY ("game_pk", "season")'
        ' REFERENCES "league"."games" ("game_pk", "season") DEFERRABLE\n'
    ) in created(PLAYS)


def test_a_partition_has_the_foreign_keys_of_its_table_and_states_none() -> None:
    assert partitions(PLAYS) == [
        f'CREATE TABLE "league"."plays_{year}" PARTITION OF "league"."plays" FOR VALUES IN ({year})'
        for year in (2024, 2025)
    ]


def test_a_table_need_not_be_partitioned() -> None:
    whole = table("games", [], by=None)
    assert created(whole).endswith('PRIMARY KEY ("game_pk")\n)')
    assert partitions(whole) == []


def test_list_partitions() -> None:
    assert partitions(GAMES) == [
        f'CREATE TABLE "league"."games_{year}" PARTITION OF "league"."games" FOR VALUES IN ({year})'
        for year in (2024, 2025)
    ]


@pytest.mark.parametrize(
    ("of_column", "bounds"),
    [
        ("captured_at", "FROM ('2024-12-01 00:00:00+00') TO ('2025-01-01 00:00:00+00')"),
        ("game_date", "FROM ('2024-12-01') TO ('2025-01-01')"),
    ],
)
def test_month_partitions_are_in_utc(of_column: str, bounds: str) -> None:
    by = ir.MonthPartition(of_column, ("2024-12",))
    of = table("games", [column("game_date", "date", nullable=False)], by=by)
    assert created(of).endswith(f') PARTITION BY RANGE("{of_column}")')
    assert partitions(of) == [
        f'CREATE TABLE "league"."games_2024_12" PARTITION OF "league"."games" FOR VALUES {bounds}'
    ]


def test_indexes() -> None:
    condition = "\"speed\" > 90.5 AND \"event\" <> 'it''s'"
    assert [printer.line(each) for each in ddl.create_indexes(table_relation(PLAYS))] == [
        'CREATE INDEX "plays_captured_at_idx" ON "league"."plays" USING brin ("captured_at")',
        f'CREATE INDEX "plays_event_idx" ON "league"."plays" ((LOWER("event"))) WHERE {condition}',
        'CREATE UNIQUE INDEX "plays_event_key" ON "league"."plays" ("game_pk", "play_index", "event", "season")',
    ]


def test_every_column_has_a_comment() -> None:
    texts = [printer.line(each) for each in ddl.comments(table_relation(PLAYS))]
    assert texts[0] == 'COMMENT ON TABLE "league"."plays" IS \'One row for each thing.\''
    assert 'COMMENT ON COLUMN "league"."plays"."event" IS \'What happened.\'' in texts
    assert len(texts) == 1 + len(PLAYS.columns)


@pytest.mark.parametrize(
    "text",
    ["it's", "x'; DROP TABLE games; --", "100 % \\ \\' $$ %(game_pk)s", "a\n\n  b \n", '"""', "/* */ --", "\t\r\n"],
)
def test_a_description_is_one_literal(text: str) -> None:
    comment = next(ddl.comments(table_relation(replace(GAMES, description=text))))
    (read,) = sqlglot.parse(printer.line(comment), dialect="postgres")
    assert isinstance(read, exp.Comment)
    assert read.expression.name == text


def test_a_long_check_stays_on_its_line() -> None:
    long = " AND ".join(f'("note" <> \'{number}\' OR "home_team" = {number})' for number in range(9))
    of = replace(GAMES, checks=(ir.Check("long_check", ir.Expression(long, ("note", "home_team")), "error"),))
    assert f'    CONSTRAINT "long_check" CHECK ({long})\n' in created(of)


def test_the_raw_table() -> None:
    assert (
        printer.block(ddl.create_table(raw_relation(method())))
        == """\
CREATE TABLE "league"."game_v1" (
    "request" text NOT NULL,
    "captured_at" timestamptz NOT NULL,
    "as_of" timestamptz NOT NULL,
    "last_seen_at" timestamptz NOT NULL,
    "seen" integer NOT NULL,
    "ingested_at" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endpoint" text NOT NULL,
    "method" text NOT NULL,
    "path_params" jsonb NOT NULL,
    "query_params" jsonb NOT NULL,
    "hydrations" text[] NOT NULL,
    "url" text NOT NULL,
    "status_code" smallint NOT NULL,
    "schema_version" text,
    "content_hash" bytea NOT NULL,
    "encoding" text NOT NULL,
    "body" bytea NOT NULL,
    PRIMARY KEY ("request", "captured_at", "content_hash"),
    CHECK (OCTET_LENGTH("content_hash") = 32),
    CHECK ("encoding" IN ('identity', 'zstd'))
) PARTITION BY RANGE("captured_at")"""
    )


def test_the_table_of_documents() -> None:
    documents = documents_relation(method())
    assert (
        printer.block(ddl.create_table(documents))
        == """\
CREATE TABLE "league"."game_v1_documents" (
    "game_pk" bigint NOT NULL,
    "captured_at" timestamptz NOT NULL,
    "content_hash" bytea NOT NULL,
    "request" text NOT NULL,
    "answer_hash" bytea NOT NULL,
    "places" integer[],
    PRIMARY KEY ("game_pk", "captured_at", "content_hash", "request", "answer_hash"),
    CHECK (OCTET_LENGTH("content_hash") = 32),
    CHECK (OCTET_LENGTH("answer_hash") = 32)
) PARTITION BY RANGE("captured_at")"""
    )
    assert list(ddl.create_indexes(documents)) == []
