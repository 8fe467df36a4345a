-- Copies the rows of new documents into the table
COPY "game"."live_game_umpires" (
    "game_pk", "season", "official_type", "official_id", "official_name", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_umpires" (
    "game_pk" int8, "season" int2, "official_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_umpires"
    ADD COLUMN IF NOT EXISTS "official_type" text,
    ALTER COLUMN "official_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "official_name" text,
    ALTER COLUMN "official_name" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_umpires"
    ALTER COLUMN "official_type" SET STORAGE EXTENDED,
    ALTER COLUMN "official_name" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_umpires" (
    "game_pk", "season", "official_type", "official_id", "official_name", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_umpires" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_umpires" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."official_type" = "new"."official_type"
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
    FROM "pg_temp"."stage_game.live_game_umpires" AS "new"
    LEFT JOIN "game"."live_game_umpires" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."official_type" = "new"."official_type"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."official_id", "old"."official_name"
        ) IS DISTINCT FROM (
            "new"."official_id", "new"."official_name"
        )
), "written" AS (
    INSERT INTO "game"."live_game_umpires" AS "old" (
        "game_pk", "season", "official_type", "official_id", "official_name", "captured_at"
    )
    SELECT
        "game_pk", "season", "official_type", "official_id", "official_name", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "official_type", "season") DO UPDATE SET
        "official_id" = "excluded"."official_id", "official_name" = "excluded"."official_name",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "official_type", "season", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "official_type", "season")
GROUP BY "game_pk";
