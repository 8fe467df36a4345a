-- Copies the rows of new documents into the table
COPY "division"."division" (
    "division_id", "name", "name_short", "abbreviation", "season", "sport_id", "league_id",
    "has_wildcard", "num_playoff_teams", "sort_order", "is_active", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_division.division" (
    "division_id" int4, "season" int2, "sport_id" int2, "league_id" int4, "has_wildcard" bool,
    "num_playoff_teams" int2, "sort_order" int4, "is_active" bool, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_division.division"
    ADD COLUMN IF NOT EXISTS "name" text,
    ALTER COLUMN "name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "name_short" text,
    ALTER COLUMN "name_short" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "abbreviation" text,
    ALTER COLUMN "abbreviation" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_division.division"
    ALTER COLUMN "name" SET STORAGE EXTENDED,
    ALTER COLUMN "name_short" SET STORAGE EXTENDED,
    ALTER COLUMN "abbreviation" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_division.division" (
    "division_id", "name", "name_short", "abbreviation", "season", "sport_id", "league_id",
    "has_wildcard", "num_playoff_teams", "sort_order", "is_active", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "division"."division" AS "old"
    USING UNNEST(%(division_id)s::integer[], %(captured_at)s::timestamptz[])
        AS "document"("division_id", "captured_at")
    WHERE
        "old"."division_id" = "document"."division_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_division.division" AS "new"
            WHERE
                "old"."division_id" = "new"."division_id"
        )
    RETURNING "old"."division_id", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "division_id",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "division_id";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."division_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_division.division" AS "new"
    LEFT JOIN "division"."division" AS "old"
        ON "old"."division_id" = "new"."division_id"
        AND "old"."division_id" = ANY(%(division_id)s::integer[])
    WHERE
        "old"."division_id" IS NULL
        OR (
            "old"."name", "old"."name_short", "old"."abbreviation", "old"."season", "old"."sport_id",
            "old"."league_id", "old"."has_wildcard", "old"."num_playoff_teams", "old"."sort_order",
            "old"."is_active"
        ) IS DISTINCT FROM (
            "new"."name", "new"."name_short", "new"."abbreviation", "new"."season", "new"."sport_id",
            "new"."league_id", "new"."has_wildcard", "new"."num_playoff_teams", "new"."sort_order",
            "new"."is_active"
        )
), "written" AS (
    INSERT INTO "division"."division" AS "old" (
        "division_id", "name", "name_short", "abbreviation", "season", "sport_id", "league_id",
        "has_wildcard", "num_playoff_teams", "sort_order", "is_active", "captured_at"
    )
    SELECT
        "division_id", "name", "name_short", "abbreviation", "season", "sport_id", "league_id",
        "has_wildcard", "num_playoff_teams", "sort_order", "is_active", "captured_at"
    FROM "incoming"
    ON CONFLICT ("division_id") DO UPDATE SET
        "name" = "excluded"."name", "name_short" = "excluded"."name_short",
        "abbreviation" = "excluded"."abbreviation", "season" = "excluded"."season",
        "sport_id" = "excluded"."sport_id", "league_id" = "excluded"."league_id",
        "has_wildcard" = "excluded"."has_wildcard", "num_playoff_teams" = "excluded"."num_playoff_teams",
        "sort_order" = "excluded"."sort_order", "is_active" = "excluded"."is_active",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "division_id", TRUE AS "Written"
)
SELECT
    "division_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("division_id")
GROUP BY "division_id";
