-- Copies the rows of new documents into the table
COPY "game"."context_metrics" (
    "game_pk", "season", "coded_game_state", "home_win_probability", "away_win_probability",
    "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.context_metrics" (
    "game_pk" int8, "season" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.context_metrics"
    ADD COLUMN IF NOT EXISTS "coded_game_state" text,
    ALTER COLUMN "coded_game_state" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "home_win_probability" numeric,
    ALTER COLUMN "home_win_probability" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "away_win_probability" numeric,
    ALTER COLUMN "away_win_probability" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.context_metrics"
    ALTER COLUMN "coded_game_state" SET STORAGE EXTENDED,
    ALTER COLUMN "home_win_probability" SET STORAGE EXTENDED,
    ALTER COLUMN "away_win_probability" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.context_metrics" (
    "game_pk", "season", "coded_game_state", "home_win_probability", "away_win_probability",
    "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."context_metrics" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.context_metrics" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
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
    FROM "pg_temp"."stage_game.context_metrics" AS "new"
    LEFT JOIN "game"."context_metrics" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."season", "old"."coded_game_state", "old"."home_win_probability",
            "old"."away_win_probability"
        ) IS DISTINCT FROM (
            "new"."season", "new"."coded_game_state", "new"."home_win_probability"::numeric,
            "new"."away_win_probability"::numeric
        )
), "written" AS (
    INSERT INTO "game"."context_metrics" AS "old" (
        "game_pk", "season", "coded_game_state", "home_win_probability", "away_win_probability",
        "captured_at"
    )
    SELECT
        "game_pk", "season", "coded_game_state", "home_win_probability", "away_win_probability",
        "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk") DO UPDATE SET
        "season" = "excluded"."season", "coded_game_state" = "excluded"."coded_game_state",
        "home_win_probability" = "excluded"."home_win_probability",
        "away_win_probability" = "excluded"."away_win_probability",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk")
GROUP BY "game_pk";
