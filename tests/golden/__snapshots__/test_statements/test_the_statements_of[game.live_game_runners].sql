-- Copies the rows of new documents into the table
COPY "game"."live_game_runners" (
    "game_pk", "season", "at_bat_index", "runner_index", "runner_id", "event_index", "origin_base",
    "start_base", "end_base", "out_base", "is_out", "out_number", "event", "event_type",
    "movement_reason", "responsible_pitcher_id", "is_scoring_event", "is_rbi", "is_earned",
    "is_team_unearned", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_runners" (
    "game_pk" int8, "season" int2, "at_bat_index" int2, "runner_index" int2, "runner_id" int4,
    "event_index" int2, "is_out" bool, "out_number" int2, "responsible_pitcher_id" int4,
    "is_scoring_event" bool, "is_rbi" bool, "is_earned" bool, "is_team_unearned" bool,
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_runners"
    ADD COLUMN IF NOT EXISTS "origin_base" text,
    ALTER COLUMN "origin_base" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "start_base" text,
    ALTER COLUMN "start_base" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "end_base" text,
    ALTER COLUMN "end_base" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "out_base" text,
    ALTER COLUMN "out_base" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "event" text,
    ALTER COLUMN "event" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "event_type" text,
    ALTER COLUMN "event_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "movement_reason" text,
    ALTER COLUMN "movement_reason" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_runners"
    ALTER COLUMN "origin_base" SET STORAGE EXTENDED,
    ALTER COLUMN "start_base" SET STORAGE EXTENDED,
    ALTER COLUMN "end_base" SET STORAGE EXTENDED,
    ALTER COLUMN "out_base" SET STORAGE EXTENDED,
    ALTER COLUMN "event" SET STORAGE EXTENDED,
    ALTER COLUMN "event_type" SET STORAGE EXTENDED,
    ALTER COLUMN "movement_reason" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_runners" (
    "game_pk", "season", "at_bat_index", "runner_index", "runner_id", "event_index", "origin_base",
    "start_base", "end_base", "out_base", "is_out", "out_number", "event", "event_type",
    "movement_reason", "responsible_pitcher_id", "is_scoring_event", "is_rbi", "is_earned",
    "is_team_unearned", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_runners" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_runners" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."at_bat_index" = "new"."at_bat_index"
                AND "old"."runner_index" = "new"."runner_index"
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
    FROM "pg_temp"."stage_game.live_game_runners" AS "new"
    LEFT JOIN "game"."live_game_runners" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."at_bat_index" = "new"."at_bat_index"
        AND "old"."runner_index" = "new"."runner_index"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."runner_id", "old"."event_index", "old"."origin_base", "old"."start_base", "old"."end_base",
            "old"."out_base", "old"."is_out", "old"."out_number", "old"."event", "old"."event_type",
            "old"."movement_reason", "old"."responsible_pitcher_id", "old"."is_scoring_event", "old"."is_rbi",
            "old"."is_earned", "old"."is_team_unearned"
        ) IS DISTINCT FROM (
            "new"."runner_id", "new"."event_index", "new"."origin_base", "new"."start_base", "new"."end_base",
            "new"."out_base", "new"."is_out", "new"."out_number", "new"."event", "new"."event_type",
            "new"."movement_reason", "new"."responsible_pitcher_id", "new"."is_scoring_event", "new"."is_rbi",
            "new"."is_earned", "new"."is_team_unearned"
        )
), "written" AS (
    INSERT INTO "game"."live_game_runners" AS "old" (
        "game_pk", "season", "at_bat_index", "runner_index", "runner_id", "event_index", "origin_base",
        "start_base", "end_base", "out_base", "is_out", "out_number", "event", "event_type",
        "movement_reason", "responsible_pitcher_id", "is_scoring_event", "is_rbi", "is_earned",
        "is_team_unearned", "captured_at"
    )
    SELECT
        "game_pk", "season", "at_bat_index", "runner_index", "runner_id", "event_index", "origin_base",
        "start_base", "end_base", "out_base", "is_out", "out_number", "event", "event_type",
        "movement_reason", "responsible_pitcher_id", "is_scoring_event", "is_rbi", "is_earned",
        "is_team_unearned", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "at_bat_index", "runner_index", "season") DO UPDATE SET
        "runner_id" = "excluded"."runner_id", "event_index" = "excluded"."event_index",
        "origin_base" = "excluded"."origin_base", "start_base" = "excluded"."start_base",
        "end_base" = "excluded"."end_base", "out_base" = "excluded"."out_base",
        "is_out" = "excluded"."is_out", "out_number" = "excluded"."out_number",
        "event" = "excluded"."event", "event_type" = "excluded"."event_type",
        "movement_reason" = "excluded"."movement_reason",
        "responsible_pitcher_id" = "excluded"."responsible_pitcher_id",
        "is_scoring_event" = "excluded"."is_scoring_event", "is_rbi" = "excluded"."is_rbi",
        "is_earned" = "excluded"."is_earned", "is_team_unearned" = "excluded"."is_team_unearned",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "at_bat_index", "runner_index", "season", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "at_bat_index", "runner_index", "season")
GROUP BY "game_pk";
