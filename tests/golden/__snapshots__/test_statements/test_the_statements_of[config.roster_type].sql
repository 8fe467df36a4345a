-- Copies the rows of new documents into the table
COPY "config"."roster_type" (
    "roster_type", "description", "lookup_name", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_config.roster_type" (
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_config.roster_type"
    ADD COLUMN IF NOT EXISTS "roster_type" text,
    ALTER COLUMN "roster_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "description" text,
    ALTER COLUMN "description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "lookup_name" text,
    ALTER COLUMN "lookup_name" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_config.roster_type"
    ALTER COLUMN "roster_type" SET STORAGE EXTENDED,
    ALTER COLUMN "description" SET STORAGE EXTENDED,
    ALTER COLUMN "lookup_name" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_config.roster_type" (
    "roster_type", "description", "lookup_name", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "config"."roster_type" AS "old"
    USING UNNEST(%(roster_type)s::text[], %(captured_at)s::timestamptz[])
        AS "document"("roster_type", "captured_at")
    WHERE
        "old"."roster_type" = "document"."roster_type"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_config.roster_type" AS "new"
            WHERE
                "old"."roster_type" = "new"."roster_type"
        )
    RETURNING "old"."roster_type", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "roster_type",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "roster_type";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."roster_type" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_config.roster_type" AS "new"
    LEFT JOIN "config"."roster_type" AS "old"
        ON "old"."roster_type" = "new"."roster_type"
        AND "old"."roster_type" = ANY(%(roster_type)s::text[])
    WHERE
        "old"."roster_type" IS NULL
        OR (
            "old"."description", "old"."lookup_name"
        ) IS DISTINCT FROM (
            "new"."description", "new"."lookup_name"
        )
), "written" AS (
    INSERT INTO "config"."roster_type" AS "old" (
        "roster_type", "description", "lookup_name", "captured_at"
    )
    SELECT
        "roster_type", "description", "lookup_name", "captured_at"
    FROM "incoming"
    ON CONFLICT ("roster_type") DO UPDATE SET
        "description" = "excluded"."description", "lookup_name" = "excluded"."lookup_name",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "roster_type", TRUE AS "Written"
)
SELECT
    "roster_type",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("roster_type")
GROUP BY "roster_type";
