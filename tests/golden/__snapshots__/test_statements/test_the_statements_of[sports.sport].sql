-- Copies the rows of new documents into the table
COPY "sports"."sport" (
    "sport_id", "code", "name", "abbreviation", "sort_order", "is_active", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_sports.sport" (
    "sport_id" int2, "sort_order" int4, "is_active" bool, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_sports.sport"
    ADD COLUMN IF NOT EXISTS "code" text,
    ALTER COLUMN "code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "name" text,
    ALTER COLUMN "name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "abbreviation" text,
    ALTER COLUMN "abbreviation" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_sports.sport"
    ALTER COLUMN "code" SET STORAGE EXTENDED,
    ALTER COLUMN "name" SET STORAGE EXTENDED,
    ALTER COLUMN "abbreviation" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_sports.sport" (
    "sport_id", "code", "name", "abbreviation", "sort_order", "is_active", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "sports"."sport" AS "old"
    USING UNNEST(%(sport_id)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("sport_id", "captured_at")
    WHERE
        "old"."sport_id" = "document"."sport_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_sports.sport" AS "new"
            WHERE
                "old"."sport_id" = "new"."sport_id"
        )
    RETURNING "old"."sport_id", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "sport_id",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "sport_id";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."sport_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_sports.sport" AS "new"
    LEFT JOIN "sports"."sport" AS "old"
        ON "old"."sport_id" = "new"."sport_id"
        AND "old"."sport_id" = ANY(%(sport_id)s::smallint[])
    WHERE
        "old"."sport_id" IS NULL
        OR (
            "old"."code", "old"."name", "old"."abbreviation", "old"."sort_order", "old"."is_active"
        ) IS DISTINCT FROM (
            "new"."code", "new"."name", "new"."abbreviation", "new"."sort_order", "new"."is_active"
        )
), "written" AS (
    INSERT INTO "sports"."sport" AS "old" (
        "sport_id", "code", "name", "abbreviation", "sort_order", "is_active", "captured_at"
    )
    SELECT
        "sport_id", "code", "name", "abbreviation", "sort_order", "is_active", "captured_at"
    FROM "incoming"
    ON CONFLICT ("sport_id") DO UPDATE SET
        "code" = "excluded"."code", "name" = "excluded"."name", "abbreviation" = "excluded"."abbreviation",
        "sort_order" = "excluded"."sort_order", "is_active" = "excluded"."is_active",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "sport_id", TRUE AS "Written"
)
SELECT
    "sport_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("sport_id")
GROUP BY "sport_id";
