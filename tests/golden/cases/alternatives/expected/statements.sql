-- Copies the rows of new documents into the table
COPY "league"."games" (
    "game_pk", "game_date", "season", "score", "era", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.games" (
    "game_pk" int8, "game_date" date, "season" int2, "score" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.games"
    ADD COLUMN IF NOT EXISTS "era" numeric,
    ALTER COLUMN "era" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.games"
    ALTER COLUMN "era" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.games" (
    "game_pk", "game_date", "season", "score", "era", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."games" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.games" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
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
    FROM "pg_temp"."stage_league.games" AS "new"
    LEFT JOIN "league"."games" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."game_date", "old"."score", "old"."era"
        ) IS DISTINCT FROM (
            "new"."game_date", "new"."score", "new"."era"::numeric
        )
), "written" AS (
    INSERT INTO "league"."games" AS "old" (
        "game_pk", "game_date", "season", "score", "era", "captured_at"
    )
    SELECT
        "game_pk", "game_date", "season", "score", "era", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "season") DO UPDATE SET
        "game_date" = "excluded"."game_date", "score" = "excluded"."score", "era" = "excluded"."era",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "season", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "season")
GROUP BY "game_pk";
