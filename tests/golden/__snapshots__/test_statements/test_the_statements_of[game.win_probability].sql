-- Copies the rows of new documents into the table
COPY "game"."win_probability" (
    "game_pk", "at_bat_index", "home_win_probability", "away_win_probability",
    "home_win_probability_added", "leverage_index", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.win_probability" (
    "game_pk" int8, "at_bat_index" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.win_probability"
    ADD COLUMN IF NOT EXISTS "home_win_probability" numeric,
    ALTER COLUMN "home_win_probability" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "away_win_probability" numeric,
    ALTER COLUMN "away_win_probability" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "home_win_probability_added" numeric,
    ALTER COLUMN "home_win_probability_added" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "leverage_index" numeric,
    ALTER COLUMN "leverage_index" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.win_probability"
    ALTER COLUMN "home_win_probability" SET STORAGE EXTENDED,
    ALTER COLUMN "away_win_probability" SET STORAGE EXTENDED,
    ALTER COLUMN "home_win_probability_added" SET STORAGE EXTENDED,
    ALTER COLUMN "leverage_index" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.win_probability" (
    "game_pk", "at_bat_index", "home_win_probability", "away_win_probability",
    "home_win_probability_added", "leverage_index", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."win_probability" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.win_probability" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."at_bat_index" = "new"."at_bat_index"
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
    FROM "pg_temp"."stage_game.win_probability" AS "new"
    LEFT JOIN "game"."win_probability" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."at_bat_index" = "new"."at_bat_index"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."home_win_probability", "old"."away_win_probability", "old"."home_win_probability_added",
            "old"."leverage_index"
        ) IS DISTINCT FROM (
            "new"."home_win_probability"::numeric, "new"."away_win_probability"::numeric,
            "new"."home_win_probability_added"::numeric, "new"."leverage_index"::numeric
        )
), "written" AS (
    INSERT INTO "game"."win_probability" AS "old" (
        "game_pk", "at_bat_index", "home_win_probability", "away_win_probability",
        "home_win_probability_added", "leverage_index", "captured_at"
    )
    SELECT
        "game_pk", "at_bat_index", "home_win_probability", "away_win_probability",
        "home_win_probability_added", "leverage_index", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "at_bat_index") DO UPDATE SET
        "home_win_probability" = "excluded"."home_win_probability",
        "away_win_probability" = "excluded"."away_win_probability",
        "home_win_probability_added" = "excluded"."home_win_probability_added",
        "leverage_index" = "excluded"."leverage_index", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "at_bat_index", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "at_bat_index")
GROUP BY "game_pk";
