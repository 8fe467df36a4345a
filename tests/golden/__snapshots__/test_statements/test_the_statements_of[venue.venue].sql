-- Copies the rows of new documents into the table
COPY "venue"."venue" (
    "venue_id", "season", "name", "is_active", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_venue.venue" (
    "venue_id" int4, "season" int2, "is_active" bool, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_venue.venue"
    ADD COLUMN IF NOT EXISTS "name" text,
    ALTER COLUMN "name" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_venue.venue"
    ALTER COLUMN "name" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_venue.venue" (
    "venue_id", "season", "name", "is_active", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "venue"."venue" AS "old"
    USING UNNEST(%(venue_id)s::integer[], %(season)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("venue_id", "season", "captured_at")
    WHERE
        "old"."venue_id" = "document"."venue_id"
        AND "old"."season" = "document"."season"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_venue.venue" AS "new"
            WHERE
                "old"."venue_id" = "new"."venue_id"
                AND "old"."season" = "new"."season"
        )
    RETURNING "old"."venue_id", "old"."season", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "venue_id", "season",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "venue_id", "season";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."venue_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_venue.venue" AS "new"
    LEFT JOIN "venue"."venue" AS "old"
        ON "old"."venue_id" = "new"."venue_id"
        AND "old"."season" = "new"."season"
        AND "old"."venue_id" = ANY(%(venue_id)s::integer[])
        AND "old"."season" = ANY(%(season)s::smallint[])
    WHERE
        "old"."venue_id" IS NULL
        OR (
            "old"."name", "old"."is_active"
        ) IS DISTINCT FROM (
            "new"."name", "new"."is_active"
        )
), "written" AS (
    INSERT INTO "venue"."venue" AS "old" (
        "venue_id", "season", "name", "is_active", "captured_at"
    )
    SELECT
        "venue_id", "season", "name", "is_active", "captured_at"
    FROM "incoming"
    ON CONFLICT ("venue_id", "season") DO UPDATE SET
        "name" = "excluded"."name", "is_active" = "excluded"."is_active",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "venue_id", "season", TRUE AS "Written"
)
SELECT
    "venue_id", "season",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("venue_id", "season")
GROUP BY "venue_id", "season";
