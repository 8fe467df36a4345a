-- Copies the rows of new documents into the table
COPY "person"."person_education" (
    "person_id", "kind", "school_index", "name", "city", "state", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_person.person_education" (
    "person_id" int4, "school_index" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_person.person_education"
    ADD COLUMN IF NOT EXISTS "kind" text,
    ALTER COLUMN "kind" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "name" text,
    ALTER COLUMN "name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "city" text,
    ALTER COLUMN "city" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "state" text,
    ALTER COLUMN "state" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_person.person_education"
    ALTER COLUMN "kind" SET STORAGE EXTENDED,
    ALTER COLUMN "name" SET STORAGE EXTENDED,
    ALTER COLUMN "city" SET STORAGE EXTENDED,
    ALTER COLUMN "state" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_person.person_education" (
    "person_id", "kind", "school_index", "name", "city", "state", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "person"."person_education" AS "old"
    USING UNNEST(%(person_id)s::integer[], %(captured_at)s::timestamptz[])
        AS "document"("person_id", "captured_at")
    WHERE
        "old"."person_id" = "document"."person_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_person.person_education" AS "new"
            WHERE
                "old"."person_id" = "new"."person_id"
                AND "old"."kind" = "new"."kind"
                AND "old"."school_index" = "new"."school_index"
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
    FROM "pg_temp"."stage_person.person_education" AS "new"
    LEFT JOIN "person"."person_education" AS "old"
        ON "old"."person_id" = "new"."person_id"
        AND "old"."kind" = "new"."kind"
        AND "old"."school_index" = "new"."school_index"
        AND "old"."person_id" = ANY(%(person_id)s::integer[])
    WHERE
        "old"."person_id" IS NULL
        OR (
            "old"."name", "old"."city", "old"."state"
        ) IS DISTINCT FROM (
            "new"."name", "new"."city", "new"."state"
        )
), "written" AS (
    INSERT INTO "person"."person_education" AS "old" (
        "person_id", "kind", "school_index", "name", "city", "state", "captured_at"
    )
    SELECT
        "person_id", "kind", "school_index", "name", "city", "state", "captured_at"
    FROM "incoming"
    ON CONFLICT ("person_id", "kind", "school_index") DO UPDATE SET
        "name" = "excluded"."name", "city" = "excluded"."city", "state" = "excluded"."state",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "person_id", "kind", "school_index", TRUE AS "Written"
)
SELECT
    "person_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("person_id", "kind", "school_index")
GROUP BY "person_id";
