-- Copies the rows of new documents into the table
COPY "league"."people" (
    "person_id", "name", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.people" (
    "person_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.people"
    ADD COLUMN IF NOT EXISTS "name" text,
    ALTER COLUMN "name" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.people"
    ALTER COLUMN "name" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.people" (
    "person_id", "name", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."people" AS "old"
    USING UNNEST(%(person_id)s::integer[], %(captured_at)s::timestamptz[])
        AS "document"("person_id", "captured_at")
    WHERE
        "old"."person_id" = "document"."person_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.people" AS "new"
            WHERE
                "old"."person_id" = "new"."person_id"
        )
    RETURNING "old"."person_id", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "person_id",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "person_id";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."person_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_league.people" AS "new"
    LEFT JOIN "league"."people" AS "old"
        ON "old"."person_id" = "new"."person_id"
        AND "old"."person_id" = ANY(%(person_id)s::integer[])
    WHERE
        "old"."person_id" IS NULL
        OR (
            "old"."name"
        ) IS DISTINCT FROM (
            "new"."name"
        )
), "written" AS (
    INSERT INTO "league"."people" AS "old" (
        "person_id", "name", "captured_at"
    )
    SELECT
        "person_id", "name", "captured_at"
    FROM "incoming"
    ON CONFLICT ("person_id") DO UPDATE SET
        "name" = "excluded"."name", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "person_id", TRUE AS "Written"
)
SELECT
    "person_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("person_id")
GROUP BY "person_id";
