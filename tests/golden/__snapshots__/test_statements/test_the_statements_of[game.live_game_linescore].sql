-- Copies the rows of new documents into the table
COPY "game"."live_game_linescore" (
    "game_pk", "season", "inning", "inning_ordinal", "home_runs_scored", "away_runs_scored",
    "home_hits", "away_hits", "home_errors", "away_errors", "home_left_on_base", "away_left_on_base",
    "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_linescore" (
    "game_pk" int8, "season" int2, "inning" int2, "home_runs_scored" int2, "away_runs_scored" int2,
    "home_hits" int2, "away_hits" int2, "home_errors" int2, "away_errors" int2,
    "home_left_on_base" int2, "away_left_on_base" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_linescore"
    ADD COLUMN IF NOT EXISTS "inning_ordinal" text,
    ALTER COLUMN "inning_ordinal" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_linescore"
    ALTER COLUMN "inning_ordinal" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_linescore" (
    "game_pk", "season", "inning", "inning_ordinal", "home_runs_scored", "away_runs_scored",
    "home_hits", "away_hits", "home_errors", "away_errors", "home_left_on_base", "away_left_on_base",
    "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_linescore" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_linescore" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."inning" = "new"."inning"
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
    FROM "pg_temp"."stage_game.live_game_linescore" AS "new"
    LEFT JOIN "game"."live_game_linescore" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."inning" = "new"."inning"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."inning_ordinal", "old"."home_runs_scored", "old"."away_runs_scored", "old"."home_hits",
            "old"."away_hits", "old"."home_errors", "old"."away_errors", "old"."home_left_on_base",
            "old"."away_left_on_base"
        ) IS DISTINCT FROM (
            "new"."inning_ordinal", "new"."home_runs_scored", "new"."away_runs_scored", "new"."home_hits",
            "new"."away_hits", "new"."home_errors", "new"."away_errors", "new"."home_left_on_base",
            "new"."away_left_on_base"
        )
), "written" AS (
    INSERT INTO "game"."live_game_linescore" AS "old" (
        "game_pk", "season", "inning", "inning_ordinal", "home_runs_scored", "away_runs_scored",
        "home_hits", "away_hits", "home_errors", "away_errors", "home_left_on_base", "away_left_on_base",
        "captured_at"
    )
    SELECT
        "game_pk", "season", "inning", "inning_ordinal", "home_runs_scored", "away_runs_scored",
        "home_hits", "away_hits", "home_errors", "away_errors", "home_left_on_base", "away_left_on_base",
        "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "inning", "season") DO UPDATE SET
        "inning_ordinal" = "excluded"."inning_ordinal", "home_runs_scored" = "excluded"."home_runs_scored",
        "away_runs_scored" = "excluded"."away_runs_scored", "home_hits" = "excluded"."home_hits",
        "away_hits" = "excluded"."away_hits", "home_errors" = "excluded"."home_errors",
        "away_errors" = "excluded"."away_errors", "home_left_on_base" = "excluded"."home_left_on_base",
        "away_left_on_base" = "excluded"."away_left_on_base", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "inning", "season", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "inning", "season")
GROUP BY "game_pk";

-- Finds a staged row that breaks live_game_linescore_inning_check
SELECT "inning"
FROM "pg_temp"."stage_game.live_game_linescore"
WHERE
    NOT ("inning" >= 1)
LIMIT 1;
