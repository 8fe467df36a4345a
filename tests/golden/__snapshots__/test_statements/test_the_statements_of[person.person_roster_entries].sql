-- Copies the rows of new documents into the table
COPY "person"."person_roster_entries" (
    "person_id", "entry_index", "team_id", "team_name", "start_date", "end_date", "status_date",
    "status_code", "status_description", "is_active", "is_active_forty_man", "jersey_number",
    "position_code", "position_name", "position_type", "position_abbreviation", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_person.person_roster_entries" (
    "person_id" int4, "entry_index" int2, "team_id" int4, "start_date" date, "end_date" date,
    "status_date" date, "is_active" bool, "is_active_forty_man" bool, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_person.person_roster_entries"
    ADD COLUMN IF NOT EXISTS "team_name" text,
    ALTER COLUMN "team_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "status_code" text,
    ALTER COLUMN "status_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "status_description" text,
    ALTER COLUMN "status_description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "jersey_number" text,
    ALTER COLUMN "jersey_number" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_code" text,
    ALTER COLUMN "position_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_name" text,
    ALTER COLUMN "position_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_type" text,
    ALTER COLUMN "position_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_abbreviation" text,
    ALTER COLUMN "position_abbreviation" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_person.person_roster_entries"
    ALTER COLUMN "team_name" SET STORAGE EXTENDED,
    ALTER COLUMN "status_code" SET STORAGE EXTENDED,
    ALTER COLUMN "status_description" SET STORAGE EXTENDED,
    ALTER COLUMN "jersey_number" SET STORAGE EXTENDED,
    ALTER COLUMN "position_code" SET STORAGE EXTENDED,
    ALTER COLUMN "position_name" SET STORAGE EXTENDED,
    ALTER COLUMN "position_type" SET STORAGE EXTENDED,
    ALTER COLUMN "position_abbreviation" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_person.person_roster_entries" (
    "person_id", "entry_index", "team_id", "team_name", "start_date", "end_date", "status_date",
    "status_code", "status_description", "is_active", "is_active_forty_man", "jersey_number",
    "position_code", "position_name", "position_type", "position_abbreviation", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "person"."person_roster_entries" AS "old"
    USING UNNEST(%(person_id)s::integer[], %(captured_at)s::timestamptz[])
        AS "document"("person_id", "captured_at")
    WHERE
        "old"."person_id" = "document"."person_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_person.person_roster_entries" AS "new"
            WHERE
                "old"."person_id" = "new"."person_id"
                AND "old"."entry_index" = "new"."entry_index"
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
    FROM "pg_temp"."stage_person.person_roster_entries" AS "new"
    LEFT JOIN "person"."person_roster_entries" AS "old"
        ON "old"."person_id" = "new"."person_id"
        AND "old"."entry_index" = "new"."entry_index"
        AND "old"."person_id" = ANY(%(person_id)s::integer[])
    WHERE
        "old"."person_id" IS NULL
        OR (
            "old"."team_id", "old"."team_name", "old"."start_date", "old"."end_date", "old"."status_date",
            "old"."status_code", "old"."status_description", "old"."is_active", "old"."is_active_forty_man",
            "old"."jersey_number", "old"."position_code", "old"."position_name", "old"."position_type",
            "old"."position_abbreviation"
        ) IS DISTINCT FROM (
            "new"."team_id", "new"."team_name", "new"."start_date", "new"."end_date", "new"."status_date",
            "new"."status_code", "new"."status_description", "new"."is_active", "new"."is_active_forty_man",
            "new"."jersey_number", "new"."position_code", "new"."position_name", "new"."position_type",
            "new"."position_abbreviation"
        )
), "written" AS (
    INSERT INTO "person"."person_roster_entries" AS "old" (
        "person_id", "entry_index", "team_id", "team_name", "start_date", "end_date", "status_date",
        "status_code", "status_description", "is_active", "is_active_forty_man", "jersey_number",
        "position_code", "position_name", "position_type", "position_abbreviation", "captured_at"
    )
    SELECT
        "person_id", "entry_index", "team_id", "team_name", "start_date", "end_date", "status_date",
        "status_code", "status_description", "is_active", "is_active_forty_man", "jersey_number",
        "position_code", "position_name", "position_type", "position_abbreviation", "captured_at"
    FROM "incoming"
    ON CONFLICT ("person_id", "entry_index") DO UPDATE SET
        "team_id" = "excluded"."team_id", "team_name" = "excluded"."team_name",
        "start_date" = "excluded"."start_date", "end_date" = "excluded"."end_date",
        "status_date" = "excluded"."status_date", "status_code" = "excluded"."status_code",
        "status_description" = "excluded"."status_description", "is_active" = "excluded"."is_active",
        "is_active_forty_man" = "excluded"."is_active_forty_man",
        "jersey_number" = "excluded"."jersey_number", "position_code" = "excluded"."position_code",
        "position_name" = "excluded"."position_name", "position_type" = "excluded"."position_type",
        "position_abbreviation" = "excluded"."position_abbreviation",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "person_id", "entry_index", TRUE AS "Written"
)
SELECT
    "person_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("person_id", "entry_index")
GROUP BY "person_id";
