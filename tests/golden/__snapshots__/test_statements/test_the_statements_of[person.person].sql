-- Copies the rows of new documents into the table
COPY "person"."person" (
    "person_id", "full_name", "birth_date", "primary_position_code", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_person.person" (
    "person_id" int4, "birth_date" date, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_person.person"
    ADD COLUMN IF NOT EXISTS "full_name" text,
    ALTER COLUMN "full_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "primary_position_code" text,
    ALTER COLUMN "primary_position_code" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_person.person"
    ALTER COLUMN "full_name" SET STORAGE EXTENDED,
    ALTER COLUMN "primary_position_code" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_person.person" (
    "person_id", "full_name", "birth_date", "primary_position_code", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "person"."person" AS "old"
    USING UNNEST(%(person_id)s::integer[], %(captured_at)s::timestamptz[])
        AS "document"("person_id", "captured_at")
    WHERE
        "old"."person_id" = "document"."person_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_person.person" AS "new"
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
    FROM "pg_temp"."stage_person.person" AS "new"
    LEFT JOIN "person"."person" AS "old"
        ON "old"."person_id" = "new"."person_id"
        AND "old"."person_id" = ANY(%(person_id)s::integer[])
    WHERE
        "old"."person_id" IS NULL
        OR (
            "old"."full_name", "old"."birth_date", "old"."primary_position_code"
        ) IS DISTINCT FROM (
            "new"."full_name", "new"."birth_date", "new"."primary_position_code"
        )
), "written" AS (
    INSERT INTO "person"."person" AS "old" (
        "person_id", "full_name", "birth_date", "primary_position_code", "captured_at"
    )
    SELECT
        "person_id", "full_name", "birth_date", "primary_position_code", "captured_at"
    FROM "incoming"
    ON CONFLICT ("person_id") DO UPDATE SET
        "full_name" = "excluded"."full_name", "birth_date" = "excluded"."birth_date",
        "primary_position_code" = "excluded"."primary_position_code",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
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
