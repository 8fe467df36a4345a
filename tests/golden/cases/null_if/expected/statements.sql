-- Copies the rows of new documents into the table
COPY "league"."rates" (
    "game_pk", "rate_index", "era", "note", "grade", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.rates" (
    "game_pk" int8, "rate_index" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.rates"
    ADD COLUMN IF NOT EXISTS "era" numeric,
    ALTER COLUMN "era" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "note" text,
    ALTER COLUMN "note" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "grade" text,
    ALTER COLUMN "grade" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.rates"
    ALTER COLUMN "era" SET STORAGE EXTENDED,
    ALTER COLUMN "note" SET STORAGE EXTENDED,
    ALTER COLUMN "grade" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.rates" (
    "game_pk", "rate_index", "era", "note", "grade", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."rates" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.rates" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."rate_index" = "new"."rate_index"
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
    FROM "pg_temp"."stage_league.rates" AS "new"
    LEFT JOIN "league"."rates" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."rate_index" = "new"."rate_index"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."era", "old"."note", "old"."grade"
        ) IS DISTINCT FROM (
            "new"."era"::numeric(6,2), "new"."note", "new"."grade"
        )
), "written" AS (
    INSERT INTO "league"."rates" AS "old" (
        "game_pk", "rate_index", "era", "note", "grade", "captured_at"
    )
    SELECT
        "game_pk", "rate_index", "era", "note", "grade", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "rate_index") DO UPDATE SET
        "era" = "excluded"."era", "note" = "excluded"."note", "grade" = "excluded"."grade",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "rate_index", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "rate_index")
GROUP BY "game_pk";
