-- Copies the rows of new documents into the table
COPY "league"."seasons" (
    "season_id", "first_day", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.seasons" (
    "first_day" date, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.seasons"
    ADD COLUMN IF NOT EXISTS "season_id" text,
    ALTER COLUMN "season_id" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.seasons"
    ALTER COLUMN "season_id" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.seasons" (
    "season_id", "first_day", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."seasons" AS "old"
    USING UNNEST(%(season_id)s::text[], %(captured_at)s::timestamptz[])
        AS "document"("season_id", "captured_at")
    WHERE
        "old"."season_id" = "document"."season_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.seasons" AS "new"
            WHERE
                "old"."season_id" = "new"."season_id"
        )
    RETURNING "old"."season_id", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "season_id",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "season_id";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."season_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_league.seasons" AS "new"
    LEFT JOIN "league"."seasons" AS "old"
        ON "old"."season_id" = "new"."season_id"
        AND "old"."season_id" = ANY(%(season_id)s::text[])
    WHERE
        "old"."season_id" IS NULL
        OR (
            "old"."first_day"
        ) IS DISTINCT FROM (
            "new"."first_day"
        )
), "written" AS (
    INSERT INTO "league"."seasons" AS "old" (
        "season_id", "first_day", "captured_at"
    )
    SELECT
        "season_id", "first_day", "captured_at"
    FROM "incoming"
    ON CONFLICT ("season_id") DO UPDATE SET
        "first_day" = "excluded"."first_day", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "season_id", TRUE AS "Written"
)
SELECT
    "season_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("season_id")
GROUP BY "season_id";
