-- Copies the rows of new documents into the table
COPY "team"."coach" (
    "team_id", "season", "roster_date", "person_id", "job_id", "full_name", "job", "title",
    "jersey_number", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_team.coach" (
    "team_id" int4, "season" int2, "roster_date" date, "person_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_team.coach"
    ADD COLUMN IF NOT EXISTS "job_id" text,
    ALTER COLUMN "job_id" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "full_name" text,
    ALTER COLUMN "full_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "job" text,
    ALTER COLUMN "job" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "title" text,
    ALTER COLUMN "title" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "jersey_number" text,
    ALTER COLUMN "jersey_number" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_team.coach"
    ALTER COLUMN "job_id" SET STORAGE EXTENDED,
    ALTER COLUMN "full_name" SET STORAGE EXTENDED,
    ALTER COLUMN "job" SET STORAGE EXTENDED,
    ALTER COLUMN "title" SET STORAGE EXTENDED,
    ALTER COLUMN "jersey_number" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_team.coach" (
    "team_id", "season", "roster_date", "person_id", "job_id", "full_name", "job", "title",
    "jersey_number", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "team"."coach" AS "old"
    USING UNNEST(%(team_id)s::integer[], %(season)s::smallint[], %(roster_date)s::date[], %(captured_at)s::timestamptz[])
        AS "document"("team_id", "season", "roster_date", "captured_at")
    WHERE
        "old"."team_id" = "document"."team_id"
        AND "old"."season" = "document"."season"
        AND "old"."roster_date" = "document"."roster_date"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_team.coach" AS "new"
            WHERE
                "old"."team_id" = "new"."team_id"
                AND "old"."season" = "new"."season"
                AND "old"."roster_date" = "new"."roster_date"
                AND "old"."person_id" = "new"."person_id"
                AND "old"."job_id" = "new"."job_id"
        )
    RETURNING "old"."team_id", "old"."season", "old"."roster_date", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "team_id", "season", "roster_date",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "team_id", "season", "roster_date";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."team_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_team.coach" AS "new"
    LEFT JOIN "team"."coach" AS "old"
        ON "old"."team_id" = "new"."team_id"
        AND "old"."season" = "new"."season"
        AND "old"."roster_date" = "new"."roster_date"
        AND "old"."person_id" = "new"."person_id"
        AND "old"."job_id" = "new"."job_id"
        AND "old"."team_id" = ANY(%(team_id)s::integer[])
        AND "old"."season" = ANY(%(season)s::smallint[])
        AND "old"."roster_date" = ANY(%(roster_date)s::date[])
    WHERE
        "old"."team_id" IS NULL
        OR (
            "old"."full_name", "old"."job", "old"."title", "old"."jersey_number"
        ) IS DISTINCT FROM (
            "new"."full_name", "new"."job", "new"."title", "new"."jersey_number"
        )
), "written" AS (
    INSERT INTO "team"."coach" AS "old" (
        "team_id", "season", "roster_date", "person_id", "job_id", "full_name", "job", "title",
        "jersey_number", "captured_at"
    )
    SELECT
        "team_id", "season", "roster_date", "person_id", "job_id", "full_name", "job", "title",
        "jersey_number", "captured_at"
    FROM "incoming"
    ON CONFLICT ("team_id", "season", "roster_date", "person_id", "job_id") DO UPDATE SET
        "full_name" = "excluded"."full_name", "job" = "excluded"."job", "title" = "excluded"."title",
        "jersey_number" = "excluded"."jersey_number", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "team_id", "season", "roster_date", "person_id", "job_id", TRUE AS "Written"
)
SELECT
    "team_id", "season", "roster_date",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("team_id", "season", "roster_date", "person_id", "job_id")
GROUP BY "team_id", "season", "roster_date";
