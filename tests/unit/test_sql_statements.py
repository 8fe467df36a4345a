"""The text of the statements that move rows, as the store composes them, and what holds for any table."""

from dataclasses import replace

import pytest
from small_ir import KEY, column, facts, table
from small_ir import PLAYS as PLAYS_IR

from mlb_contracts import Check, DocumentKey, Table, limits, sql_types
from mlb_etl.stores.postgres.composing import stage_name
from mlb_etl.stores.postgres.statements import compose_statements
from mlbgen import ir
from mlbgen.ir.columns import wire

ALL_TYPES = [
    column(f"{name.replace(' ', '_')}_of_{seen}", name, json_type=seen)
    for name in sql_types.TYPES
    for seen in sql_types.json_types(sql_types.SqlType(name))
]
OWN_WIRE = {"smallint": "int2", "integer": "int4", "bigint": "int8", "double precision": "float8", "boolean": "bool"}
PLAYS = facts(PLAYS_IR)
KEYS_ONLY = facts(table("bench", [column("player_id", "integer", nullable=False)], ["player_id"]))
MOVING = facts(table("plays", PLAYS_IR.columns[2:5], ["play_index"], by=ir.MonthPartition("captured_at", ())))


def test_rows_are_copied_to_a_stage_or_to_the_table() -> None:
    made = compose_statements(PLAYS, KEY)
    assert (
        made.stage
        == """\
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.plays" (
    "game_pk" int8, "season" int2, "play_index" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.plays"
    ADD COLUMN IF NOT EXISTS "speed" numeric,
    ALTER COLUMN "speed" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "event" text,
    ALTER COLUMN "event" SET STORAGE PLAIN"""
    )
    assert made.load == made.copy.replace('"pg_temp"."stage_league.plays"', '"league"."plays"')
    assert (
        made.copy
        == """\
COPY "pg_temp"."stage_league.plays" (
    "game_pk", "season", "play_index", "speed", "event", "captured_at"
) FROM STDIN (FORMAT BINARY)"""
    )


def test_only_what_changed_is_upserted() -> None:
    assert (
        compose_statements(PLAYS, KEY).upsert
        == """\
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."game_pk" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_league.plays" AS "new"
    LEFT JOIN "league"."plays" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."play_index" = "new"."play_index"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."speed", "old"."event"
        ) IS DISTINCT FROM (
            "new"."speed"::numeric(5,1), "new"."event"
        )
), "written" AS (
    INSERT INTO "league"."plays" AS "old" (
        "game_pk", "season", "play_index", "speed", "event", "captured_at"
    )
    SELECT
        "game_pk", "season", "play_index", "speed", "event", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "play_index", "season") DO UPDATE SET
        "speed" = "excluded"."speed", "event" = "excluded"."event",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "play_index", "season", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "play_index", "season")
GROUP BY "game_pk"\
"""
    )


def test_what_vanished_is_deleted_within_the_document() -> None:
    assert (
        compose_statements(PLAYS, KEY).delete
        == """\
WITH "vanished" AS (
    DELETE FROM "league"."plays" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.plays" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."play_index" = "new"."play_index"
                AND "old"."season" = "new"."season"
        )
    RETURNING "old"."game_pk", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "game_pk"\
"""
    )


def test_a_table_of_keys_only_inserts() -> None:
    upsert = compose_statements(KEYS_ONLY, KEY).upsert
    assert "DISTINCT" not in upsert
    assert 'ON CONFLICT ("game_pk", "player_id", "season") DO NOTHING' in upsert


def test_a_row_partitioned_by_captured_at_is_the_same_at_another_time() -> None:
    upsert = compose_statements(MOVING, KEY).upsert
    joined = upsert[upsert.index("LEFT JOIN") : upsert.index("WHERE")]
    assert "captured_at" not in joined
    assert '), "updated" AS (\n    UPDATE "league"."plays" AS "old" SET\n' in upsert
    assert (
        '        "captured_at" = "new"."captured_at", "ingested_at" = DEFAULT\n    FROM "incoming" AS "new"\n' in upsert
    )


def test_every_document_key_is_a_parameter_of_its_type() -> None:
    day = DocumentKey("day", "date", lambda _document, _capture: None, parameter="day")
    listed = facts(table("listed", [column("day", "date", nullable=False)], ["day"], by=None))
    upsert = compose_statements(listed, (*KEY, day)).upsert
    assert '"old"."game_pk" = ANY(%(game_pk)s::bigint[])\n        AND "old"."day" = ANY(%(day)s::date[])' in upsert
    assert upsert.count("%") == 2


def test_only_numeric_is_sent_as_another_type() -> None:
    """Which the comparison with what is kept relies on."""
    for each in ALL_TYPES:
        own = OWN_WIRE.get(each.type.name, each.type.name)
        assert wire(each) == own or each.type.name == "numeric"


def test_stages_differ_between_schemas_and_fit() -> None:
    long = "a" * 55
    tables = [
        replace(PLAYS, schema=schema, name=name) for schema in ("a", "b", long) for name in ("a_c", f"{long}_c", long)
    ]
    names = {stage_name(each).as_string(None).removeprefix('"pg_temp".') for each in tables}
    assert len(names) == len(tables)
    assert all(len(each.strip('"')) <= limits.NAME_BYTES for each in names)
    assert stage_name(replace(PLAYS, schema="a_b", name="c")) != stage_name(replace(PLAYS, schema="a", name="b_c"))


def test_a_stage_can_be_widened() -> None:
    assert (
        compose_statements(PLAYS, KEY).widen
        == """\
ALTER TABLE "pg_temp"."stage_league.plays"
    ALTER COLUMN "speed" SET STORAGE EXTENDED,
    ALTER COLUMN "event" SET STORAGE EXTENDED"""
    )
    assert compose_statements(KEYS_ONLY, KEY).widen is None, "all its values have one size"


@pytest.mark.parametrize("of", [PLAYS, KEYS_ONLY, MOVING])
def test_ingested_at_is_never_sent(of: Table) -> None:
    made = compose_statements(of, KEY)
    assert "ingested_at" not in made.stage + made.copy
    assert made.upsert.count("ingested_at") == made.upsert.count('"ingested_at" = DEFAULT')


def test_percent_signs_are_doubled_where_parameters_are_sent_only() -> None:
    odd = Check("odd", ("event",), '"event" LIKE \'%s\' AND "play_index" % 2 = 0', "warn")
    made = compose_statements(replace(PLAYS, checks=(odd, replace(odd, name="even", severity="error"))), KEY)
    assert made.warn is not None
    sent = " ".join(made.warn.split())
    assert '"event" LIKE \'%%s\' AND "play_index" %% 2 = 0' in sent
    assert '"old"."game_pk" = ANY(%(game_pk)s::bigint[])' in sent
    assert '"event" LIKE \'%s\' AND "play_index" % 2 = 0' in made.violations["even"]


def test_what_a_check_says_stays_as_it_is() -> None:
    """Braces in a literal stay literal, and its line breaks stay where they are."""
    odd = Check("odd", ("event",), "\"event\" <> '{stage}\n  {} '' {{'", "error")
    made = compose_statements(replace(PLAYS, checks=(odd, replace(odd, name="told", severity="warn"))), KEY)
    assert f"NOT ({odd.expression})" in made.violations["odd"]
    assert made.warn is not None
    assert made.warn.count(f"NOT ({odd.expression})") == 2


def test_statements_are_composed_once() -> None:
    assert compose_statements(PLAYS, KEY) is compose_statements(replace(PLAYS), KEY)
