-- Copies the rows of new documents into the table
COPY "game"."live_game_reviews" (
    "game_pk", "season", "at_bat_index", "event_index", "review_index", "review_type", "is_overturned",
    "in_progress", "challenge_team_id", "player_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_reviews" (
    "game_pk" int8, "season" int2, "at_bat_index" int2, "event_index" int2, "review_index" int2,
    "is_overturned" bool, "in_progress" bool, "challenge_team_id" int4, "player_id" int4,
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_reviews"
    ADD COLUMN IF NOT EXISTS "review_type" text,
    ALTER COLUMN "review_type" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_reviews"
    ALTER COLUMN "review_type" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_reviews" (
    "game_pk", "season", "at_bat_index", "event_index", "review_index", "review_type", "is_overturned",
    "in_progress", "challenge_team_id", "player_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_reviews" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_reviews" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."at_bat_index" = "new"."at_bat_index"
                AND "old"."event_index" = "new"."event_index"
                AND "old"."review_index" = "new"."review_index"
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
    FROM "pg_temp"."stage_game.live_game_reviews" AS "new"
    LEFT JOIN "game"."live_game_reviews" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."at_bat_index" = "new"."at_bat_index"
        AND "old"."event_index" = "new"."event_index"
        AND "old"."review_index" = "new"."review_index"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."review_type", "old"."is_overturned", "old"."in_progress", "old"."challenge_team_id",
            "old"."player_id"
        ) IS DISTINCT FROM (
            "new"."review_type", "new"."is_overturned", "new"."in_progress", "new"."challenge_team_id",
            "new"."player_id"
        )
), "written" AS (
    INSERT INTO "game"."live_game_reviews" AS "old" (
        "game_pk", "season", "at_bat_index", "event_index", "review_index", "review_type", "is_overturned",
        "in_progress", "challenge_team_id", "player_id", "captured_at"
    )
    SELECT
        "game_pk", "season", "at_bat_index", "event_index", "review_index", "review_type", "is_overturned",
        "in_progress", "challenge_team_id", "player_id", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "at_bat_index", "event_index", "review_index", "season") DO UPDATE SET
        "review_type" = "excluded"."review_type", "is_overturned" = "excluded"."is_overturned",
        "in_progress" = "excluded"."in_progress", "challenge_team_id" = "excluded"."challenge_team_id",
        "player_id" = "excluded"."player_id", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "at_bat_index", "event_index", "review_index", "season", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "at_bat_index", "event_index", "review_index", "season")
GROUP BY "game_pk";
