-- Copies the rows of new documents into the table
COPY "game"."live_game_actions" (
    "game_pk", "season", "at_bat_index", "event_index", "type", "event", "event_type", "description",
    "code", "play_id", "action_play_id", "start_time", "end_time", "balls", "strikes", "outs",
    "away_score", "home_score", "is_out", "is_scoring_play", "has_review", "player_id",
    "is_substitution", "replaced_player_id", "position_code", "position_name", "position_type",
    "position_abbreviation", "batting_order", "batting_slot", "batting_sequence", "base",
    "injury_type", "is_base_running_play", "from_catcher", "disengagement_num", "call_code",
    "call_description", "is_ball", "is_strike", "is_in_play", "pitch_number", "violation_type",
    "violation_description", "violation_player_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_actions" (
    "game_pk" int8, "season" int2, "at_bat_index" int2, "event_index" int2, "start_time" timestamptz,
    "end_time" timestamptz, "balls" int2, "strikes" int2, "outs" int2, "away_score" int2,
    "home_score" int2, "is_out" bool, "is_scoring_play" bool, "has_review" bool, "player_id" int4,
    "is_substitution" bool, "replaced_player_id" int4, "batting_slot" int2, "batting_sequence" int2,
    "base" int2, "is_base_running_play" bool, "from_catcher" bool, "disengagement_num" int2,
    "is_ball" bool, "is_strike" bool, "is_in_play" bool, "pitch_number" int2,
    "violation_player_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_actions"
    ADD COLUMN IF NOT EXISTS "type" text,
    ALTER COLUMN "type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "event" text,
    ALTER COLUMN "event" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "event_type" text,
    ALTER COLUMN "event_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "description" text,
    ALTER COLUMN "description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "code" text,
    ALTER COLUMN "code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "play_id" text,
    ALTER COLUMN "play_id" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "action_play_id" text,
    ALTER COLUMN "action_play_id" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_code" text,
    ALTER COLUMN "position_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_name" text,
    ALTER COLUMN "position_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_type" text,
    ALTER COLUMN "position_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_abbreviation" text,
    ALTER COLUMN "position_abbreviation" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "batting_order" text,
    ALTER COLUMN "batting_order" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "injury_type" text,
    ALTER COLUMN "injury_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "call_code" text,
    ALTER COLUMN "call_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "call_description" text,
    ALTER COLUMN "call_description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "violation_type" text,
    ALTER COLUMN "violation_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "violation_description" text,
    ALTER COLUMN "violation_description" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_actions"
    ALTER COLUMN "type" SET STORAGE EXTENDED,
    ALTER COLUMN "event" SET STORAGE EXTENDED,
    ALTER COLUMN "event_type" SET STORAGE EXTENDED,
    ALTER COLUMN "description" SET STORAGE EXTENDED,
    ALTER COLUMN "code" SET STORAGE EXTENDED,
    ALTER COLUMN "play_id" SET STORAGE EXTENDED,
    ALTER COLUMN "action_play_id" SET STORAGE EXTENDED,
    ALTER COLUMN "position_code" SET STORAGE EXTENDED,
    ALTER COLUMN "position_name" SET STORAGE EXTENDED,
    ALTER COLUMN "position_type" SET STORAGE EXTENDED,
    ALTER COLUMN "position_abbreviation" SET STORAGE EXTENDED,
    ALTER COLUMN "batting_order" SET STORAGE EXTENDED,
    ALTER COLUMN "injury_type" SET STORAGE EXTENDED,
    ALTER COLUMN "call_code" SET STORAGE EXTENDED,
    ALTER COLUMN "call_description" SET STORAGE EXTENDED,
    ALTER COLUMN "violation_type" SET STORAGE EXTENDED,
    ALTER COLUMN "violation_description" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_actions" (
    "game_pk", "season", "at_bat_index", "event_index", "type", "event", "event_type", "description",
    "code", "play_id", "action_play_id", "start_time", "end_time", "balls", "strikes", "outs",
    "away_score", "home_score", "is_out", "is_scoring_play", "has_review", "player_id",
    "is_substitution", "replaced_player_id", "position_code", "position_name", "position_type",
    "position_abbreviation", "batting_order", "batting_slot", "batting_sequence", "base",
    "injury_type", "is_base_running_play", "from_catcher", "disengagement_num", "call_code",
    "call_description", "is_ball", "is_strike", "is_in_play", "pitch_number", "violation_type",
    "violation_description", "violation_player_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_actions" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_actions" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."at_bat_index" = "new"."at_bat_index"
                AND "old"."event_index" = "new"."event_index"
                AND "old"."season" = "new"."season"
        )
    RETURNING "old"."game_pk", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "game_pk";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."game_pk" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_game.live_game_actions" AS "new"
    LEFT JOIN "game"."live_game_actions" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."at_bat_index" = "new"."at_bat_index"
        AND "old"."event_index" = "new"."event_index"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."type", "old"."event", "old"."event_type", "old"."description", "old"."code",
            "old"."play_id", "old"."action_play_id", "old"."start_time", "old"."end_time", "old"."balls",
            "old"."strikes", "old"."outs", "old"."away_score", "old"."home_score", "old"."is_out",
            "old"."is_scoring_play", "old"."has_review", "old"."player_id", "old"."is_substitution",
            "old"."replaced_player_id", "old"."position_code", "old"."position_name", "old"."position_type",
            "old"."position_abbreviation", "old"."batting_order", "old"."batting_slot",
            "old"."batting_sequence", "old"."base", "old"."injury_type", "old"."is_base_running_play",
            "old"."from_catcher", "old"."disengagement_num", "old"."call_code", "old"."call_description",
            "old"."is_ball", "old"."is_strike", "old"."is_in_play", "old"."pitch_number",
            "old"."violation_type", "old"."violation_description", "old"."violation_player_id"
        ) IS DISTINCT FROM (
            "new"."type", "new"."event", "new"."event_type", "new"."description", "new"."code",
            "new"."play_id", "new"."action_play_id", "new"."start_time", "new"."end_time", "new"."balls",
            "new"."strikes", "new"."outs", "new"."away_score", "new"."home_score", "new"."is_out",
            "new"."is_scoring_play", "new"."has_review", "new"."player_id", "new"."is_substitution",
            "new"."replaced_player_id", "new"."position_code", "new"."position_name", "new"."position_type",
            "new"."position_abbreviation", "new"."batting_order", "new"."batting_slot",
            "new"."batting_sequence", "new"."base", "new"."injury_type", "new"."is_base_running_play",
            "new"."from_catcher", "new"."disengagement_num", "new"."call_code", "new"."call_description",
            "new"."is_ball", "new"."is_strike", "new"."is_in_play", "new"."pitch_number",
            "new"."violation_type", "new"."violation_description", "new"."violation_player_id"
        )
), "written" AS (
    INSERT INTO "game"."live_game_actions" AS "old" (
        "game_pk", "season", "at_bat_index", "event_index", "type", "event", "event_type", "description",
        "code", "play_id", "action_play_id", "start_time", "end_time", "balls", "strikes", "outs",
        "away_score", "home_score", "is_out", "is_scoring_play", "has_review", "player_id",
        "is_substitution", "replaced_player_id", "position_code", "position_name", "position_type",
        "position_abbreviation", "batting_order", "batting_slot", "batting_sequence", "base",
        "injury_type", "is_base_running_play", "from_catcher", "disengagement_num", "call_code",
        "call_description", "is_ball", "is_strike", "is_in_play", "pitch_number", "violation_type",
        "violation_description", "violation_player_id", "captured_at"
    )
    SELECT
        "game_pk", "season", "at_bat_index", "event_index", "type", "event", "event_type", "description",
        "code", "play_id", "action_play_id", "start_time", "end_time", "balls", "strikes", "outs",
        "away_score", "home_score", "is_out", "is_scoring_play", "has_review", "player_id",
        "is_substitution", "replaced_player_id", "position_code", "position_name", "position_type",
        "position_abbreviation", "batting_order", "batting_slot", "batting_sequence", "base",
        "injury_type", "is_base_running_play", "from_catcher", "disengagement_num", "call_code",
        "call_description", "is_ball", "is_strike", "is_in_play", "pitch_number", "violation_type",
        "violation_description", "violation_player_id", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "at_bat_index", "event_index", "season") DO UPDATE SET
        "type" = "excluded"."type", "event" = "excluded"."event", "event_type" = "excluded"."event_type",
        "description" = "excluded"."description", "code" = "excluded"."code",
        "play_id" = "excluded"."play_id", "action_play_id" = "excluded"."action_play_id",
        "start_time" = "excluded"."start_time", "end_time" = "excluded"."end_time",
        "balls" = "excluded"."balls", "strikes" = "excluded"."strikes", "outs" = "excluded"."outs",
        "away_score" = "excluded"."away_score", "home_score" = "excluded"."home_score",
        "is_out" = "excluded"."is_out", "is_scoring_play" = "excluded"."is_scoring_play",
        "has_review" = "excluded"."has_review", "player_id" = "excluded"."player_id",
        "is_substitution" = "excluded"."is_substitution",
        "replaced_player_id" = "excluded"."replaced_player_id",
        "position_code" = "excluded"."position_code", "position_name" = "excluded"."position_name",
        "position_type" = "excluded"."position_type",
        "position_abbreviation" = "excluded"."position_abbreviation",
        "batting_order" = "excluded"."batting_order", "batting_slot" = "excluded"."batting_slot",
        "batting_sequence" = "excluded"."batting_sequence", "base" = "excluded"."base",
        "injury_type" = "excluded"."injury_type",
        "is_base_running_play" = "excluded"."is_base_running_play",
        "from_catcher" = "excluded"."from_catcher", "disengagement_num" = "excluded"."disengagement_num",
        "call_code" = "excluded"."call_code", "call_description" = "excluded"."call_description",
        "is_ball" = "excluded"."is_ball", "is_strike" = "excluded"."is_strike",
        "is_in_play" = "excluded"."is_in_play", "pitch_number" = "excluded"."pitch_number",
        "violation_type" = "excluded"."violation_type",
        "violation_description" = "excluded"."violation_description",
        "violation_player_id" = "excluded"."violation_player_id", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "at_bat_index", "event_index", "season", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "at_bat_index", "event_index", "season")
GROUP BY "game_pk";
