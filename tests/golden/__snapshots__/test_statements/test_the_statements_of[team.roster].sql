-- Copies the rows of new documents into the table
COPY "team"."roster" (
    "team_id", "roster_type", "season", "roster_date", "person_id", "full_name", "jersey_number",
    "position_code", "position_name", "position_type", "position_abbreviation", "status_code",
    "status_description", "parent_team_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_team.roster" (
    "team_id" int4, "season" int2, "roster_date" date, "person_id" int4, "parent_team_id" int4,
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_team.roster"
    ADD COLUMN IF NOT EXISTS "roster_type" text,
    ALTER COLUMN "roster_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "full_name" text,
    ALTER COLUMN "full_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "jersey_number" text,
    ALTER COLUMN "jersey_number" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_code" text,
    ALTER COLUMN "position_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_name" text,
    ALTER COLUMN "position_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_type" text,
    ALTER COLUMN "position_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_abbreviation" text,
    ALTER COLUMN "position_abbreviation" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "status_code" text,
    ALTER COLUMN "status_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "status_description" text,
    ALTER COLUMN "status_description" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_team.roster"
    ALTER COLUMN "roster_type" SET STORAGE EXTENDED,
    ALTER COLUMN "full_name" SET STORAGE EXTENDED,
    ALTER COLUMN "jersey_number" SET STORAGE EXTENDED,
    ALTER COLUMN "position_code" SET STORAGE EXTENDED,
    ALTER COLUMN "position_name" SET STORAGE EXTENDED,
    ALTER COLUMN "position_type" SET STORAGE EXTENDED,
    ALTER COLUMN "position_abbreviation" SET STORAGE EXTENDED,
    ALTER COLUMN "status_code" SET STORAGE EXTENDED,
    ALTER COLUMN "status_description" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_team.roster" (
    "team_id", "roster_type", "season", "roster_date", "person_id", "full_name", "jersey_number",
    "position_code", "position_name", "position_type", "position_abbreviation", "status_code",
    "status_description", "parent_team_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "team"."roster" AS "old"
    USING UNNEST(%(team_id)s::integer[], %(roster_type)s::text[], %(season)s::smallint[], %(roster_date)s::date[], %(captured_at)s::timestamptz[])
        AS "document"("team_id", "roster_type", "season", "roster_date", "captured_at")
    WHERE
        "old"."team_id" = "document"."team_id"
        AND "old"."roster_type" = "document"."roster_type"
        AND "old"."season" = "document"."season"
        AND "old"."roster_date" = "document"."roster_date"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_team.roster" AS "new"
            WHERE
                "old"."team_id" = "new"."team_id"
                AND "old"."roster_type" = "new"."roster_type"
                AND "old"."season" = "new"."season"
                AND "old"."roster_date" = "new"."roster_date"
                AND "old"."person_id" = "new"."person_id"
        )
    RETURNING "old"."team_id", "old"."roster_type", "old"."season", "old"."roster_date", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "team_id", "roster_type", "season", "roster_date",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "team_id", "roster_type", "season", "roster_date";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."team_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_team.roster" AS "new"
    LEFT JOIN "team"."roster" AS "old"
        ON "old"."team_id" = "new"."team_id"
        AND "old"."roster_type" = "new"."roster_type"
        AND "old"."season" = "new"."season"
        AND "old"."roster_date" = "new"."roster_date"
        AND "old"."person_id" = "new"."person_id"
        AND "old"."team_id" = ANY(%(team_id)s::integer[])
        AND "old"."roster_type" = ANY(%(roster_type)s::text[])
        AND "old"."season" = ANY(%(season)s::smallint[])
        AND "old"."roster_date" = ANY(%(roster_date)s::date[])
    WHERE
        "old"."team_id" IS NULL
        OR (
            "old"."full_name", "old"."jersey_number", "old"."position_code", "old"."position_name",
            "old"."position_type", "old"."position_abbreviation", "old"."status_code",
            "old"."status_description", "old"."parent_team_id"
        ) IS DISTINCT FROM (
            "new"."full_name", "new"."jersey_number", "new"."position_code", "new"."position_name",
            "new"."position_type", "new"."position_abbreviation", "new"."status_code",
            "new"."status_description", "new"."parent_team_id"
        )
), "written" AS (
    INSERT INTO "team"."roster" AS "old" (
        "team_id", "roster_type", "season", "roster_date", "person_id", "full_name", "jersey_number",
        "position_code", "position_name", "position_type", "position_abbreviation", "status_code",
        "status_description", "parent_team_id", "captured_at"
    )
    SELECT
        "team_id", "roster_type", "season", "roster_date", "person_id", "full_name", "jersey_number",
        "position_code", "position_name", "position_type", "position_abbreviation", "status_code",
        "status_description", "parent_team_id", "captured_at"
    FROM "incoming"
    ON CONFLICT ("team_id", "roster_type", "season", "roster_date", "person_id") DO UPDATE SET
        "full_name" = "excluded"."full_name", "jersey_number" = "excluded"."jersey_number",
        "position_code" = "excluded"."position_code", "position_name" = "excluded"."position_name",
        "position_type" = "excluded"."position_type",
        "position_abbreviation" = "excluded"."position_abbreviation",
        "status_code" = "excluded"."status_code", "status_description" = "excluded"."status_description",
        "parent_team_id" = "excluded"."parent_team_id", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "team_id", "roster_type", "season", "roster_date", "person_id", TRUE AS "Written"
)
SELECT
    "team_id", "roster_type", "season", "roster_date",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("team_id", "roster_type", "season", "roster_date", "person_id")
GROUP BY "team_id", "roster_type", "season", "roster_date";
