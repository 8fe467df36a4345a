-- Copies the rows of new documents into the table
COPY "team"."team" (
    "team_id", "season", "name", "abbreviation", "league_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_team.team" (
    "team_id" int4, "season" int2, "league_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_team.team"
    ADD COLUMN IF NOT EXISTS "name" text,
    ALTER COLUMN "name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "abbreviation" text,
    ALTER COLUMN "abbreviation" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_team.team"
    ALTER COLUMN "name" SET STORAGE EXTENDED,
    ALTER COLUMN "abbreviation" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_team.team" (
    "team_id", "season", "name", "abbreviation", "league_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "team"."team" AS "old"
    USING UNNEST(%(team_id)s::integer[], %(season)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("team_id", "season", "captured_at")
    WHERE
        "old"."team_id" = "document"."team_id"
        AND "old"."season" = "document"."season"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_team.team" AS "new"
            WHERE
                "old"."team_id" = "new"."team_id"
                AND "old"."season" = "new"."season"
        )
    RETURNING "old"."team_id", "old"."season", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "team_id", "season",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "team_id", "season";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."team_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_team.team" AS "new"
    LEFT JOIN "team"."team" AS "old"
        ON "old"."team_id" = "new"."team_id"
        AND "old"."season" = "new"."season"
        AND "old"."team_id" = ANY(%(team_id)s::integer[])
        AND "old"."season" = ANY(%(season)s::smallint[])
    WHERE
        "old"."team_id" IS NULL
        OR (
            "old"."name", "old"."abbreviation", "old"."league_id"
        ) IS DISTINCT FROM (
            "new"."name", "new"."abbreviation", "new"."league_id"
        )
), "written" AS (
    INSERT INTO "team"."team" AS "old" (
        "team_id", "season", "name", "abbreviation", "league_id", "captured_at"
    )
    SELECT
        "team_id", "season", "name", "abbreviation", "league_id", "captured_at"
    FROM "incoming"
    ON CONFLICT ("team_id", "season") DO UPDATE SET
        "name" = "excluded"."name", "abbreviation" = "excluded"."abbreviation",
        "league_id" = "excluded"."league_id", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "team_id", "season", TRUE AS "Written"
)
SELECT
    "team_id", "season",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("team_id", "season")
GROUP BY "team_id", "season";
