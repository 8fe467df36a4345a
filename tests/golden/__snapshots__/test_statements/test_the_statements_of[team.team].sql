-- Copies the rows of new documents into the table
COPY "team"."team" (
    "team_id", "season", "name", "abbreviation", "team_name", "club_name", "short_name",
    "franchise_name", "location_name", "team_code", "file_code", "sport_id", "sport_name", "league_id",
    "league_name", "division_id", "division_name", "venue_id", "venue_name", "spring_league_id",
    "spring_league_name", "spring_league_abbreviation", "spring_venue_id", "first_year_of_play",
    "all_star_status", "is_active", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_team.team" (
    "team_id" int4, "season" int2, "sport_id" int2, "league_id" int4, "division_id" int4,
    "venue_id" int4, "spring_league_id" int4, "spring_venue_id" int4, "first_year_of_play" int2,
    "is_active" bool, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_team.team"
    ADD COLUMN IF NOT EXISTS "name" text,
    ALTER COLUMN "name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "abbreviation" text,
    ALTER COLUMN "abbreviation" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "team_name" text,
    ALTER COLUMN "team_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "club_name" text,
    ALTER COLUMN "club_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "short_name" text,
    ALTER COLUMN "short_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "franchise_name" text,
    ALTER COLUMN "franchise_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "location_name" text,
    ALTER COLUMN "location_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "team_code" text,
    ALTER COLUMN "team_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "file_code" text,
    ALTER COLUMN "file_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "sport_name" text,
    ALTER COLUMN "sport_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "league_name" text,
    ALTER COLUMN "league_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "division_name" text,
    ALTER COLUMN "division_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "venue_name" text,
    ALTER COLUMN "venue_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "spring_league_name" text,
    ALTER COLUMN "spring_league_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "spring_league_abbreviation" text,
    ALTER COLUMN "spring_league_abbreviation" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "all_star_status" text,
    ALTER COLUMN "all_star_status" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_team.team"
    ALTER COLUMN "name" SET STORAGE EXTENDED,
    ALTER COLUMN "abbreviation" SET STORAGE EXTENDED,
    ALTER COLUMN "team_name" SET STORAGE EXTENDED,
    ALTER COLUMN "club_name" SET STORAGE EXTENDED,
    ALTER COLUMN "short_name" SET STORAGE EXTENDED,
    ALTER COLUMN "franchise_name" SET STORAGE EXTENDED,
    ALTER COLUMN "location_name" SET STORAGE EXTENDED,
    ALTER COLUMN "team_code" SET STORAGE EXTENDED,
    ALTER COLUMN "file_code" SET STORAGE EXTENDED,
    ALTER COLUMN "sport_name" SET STORAGE EXTENDED,
    ALTER COLUMN "league_name" SET STORAGE EXTENDED,
    ALTER COLUMN "division_name" SET STORAGE EXTENDED,
    ALTER COLUMN "venue_name" SET STORAGE EXTENDED,
    ALTER COLUMN "spring_league_name" SET STORAGE EXTENDED,
    ALTER COLUMN "spring_league_abbreviation" SET STORAGE EXTENDED,
    ALTER COLUMN "all_star_status" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_team.team" (
    "team_id", "season", "name", "abbreviation", "team_name", "club_name", "short_name",
    "franchise_name", "location_name", "team_code", "file_code", "sport_id", "sport_name", "league_id",
    "league_name", "division_id", "division_name", "venue_id", "venue_name", "spring_league_id",
    "spring_league_name", "spring_league_abbreviation", "spring_venue_id", "first_year_of_play",
    "all_star_status", "is_active", "captured_at"
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
            "old"."name", "old"."abbreviation", "old"."team_name", "old"."club_name", "old"."short_name",
            "old"."franchise_name", "old"."location_name", "old"."team_code", "old"."file_code",
            "old"."sport_id", "old"."sport_name", "old"."league_id", "old"."league_name", "old"."division_id",
            "old"."division_name", "old"."venue_id", "old"."venue_name", "old"."spring_league_id",
            "old"."spring_league_name", "old"."spring_league_abbreviation", "old"."spring_venue_id",
            "old"."first_year_of_play", "old"."all_star_status", "old"."is_active"
        ) IS DISTINCT FROM (
            "new"."name", "new"."abbreviation", "new"."team_name", "new"."club_name", "new"."short_name",
            "new"."franchise_name", "new"."location_name", "new"."team_code", "new"."file_code",
            "new"."sport_id", "new"."sport_name", "new"."league_id", "new"."league_name", "new"."division_id",
            "new"."division_name", "new"."venue_id", "new"."venue_name", "new"."spring_league_id",
            "new"."spring_league_name", "new"."spring_league_abbreviation", "new"."spring_venue_id",
            "new"."first_year_of_play", "new"."all_star_status", "new"."is_active"
        )
), "written" AS (
    INSERT INTO "team"."team" AS "old" (
        "team_id", "season", "name", "abbreviation", "team_name", "club_name", "short_name",
        "franchise_name", "location_name", "team_code", "file_code", "sport_id", "sport_name", "league_id",
        "league_name", "division_id", "division_name", "venue_id", "venue_name", "spring_league_id",
        "spring_league_name", "spring_league_abbreviation", "spring_venue_id", "first_year_of_play",
        "all_star_status", "is_active", "captured_at"
    )
    SELECT
        "team_id", "season", "name", "abbreviation", "team_name", "club_name", "short_name",
        "franchise_name", "location_name", "team_code", "file_code", "sport_id", "sport_name", "league_id",
        "league_name", "division_id", "division_name", "venue_id", "venue_name", "spring_league_id",
        "spring_league_name", "spring_league_abbreviation", "spring_venue_id", "first_year_of_play",
        "all_star_status", "is_active", "captured_at"
    FROM "incoming"
    ON CONFLICT ("team_id", "season") DO UPDATE SET
        "name" = "excluded"."name", "abbreviation" = "excluded"."abbreviation",
        "team_name" = "excluded"."team_name", "club_name" = "excluded"."club_name",
        "short_name" = "excluded"."short_name", "franchise_name" = "excluded"."franchise_name",
        "location_name" = "excluded"."location_name", "team_code" = "excluded"."team_code",
        "file_code" = "excluded"."file_code", "sport_id" = "excluded"."sport_id",
        "sport_name" = "excluded"."sport_name", "league_id" = "excluded"."league_id",
        "league_name" = "excluded"."league_name", "division_id" = "excluded"."division_id",
        "division_name" = "excluded"."division_name", "venue_id" = "excluded"."venue_id",
        "venue_name" = "excluded"."venue_name", "spring_league_id" = "excluded"."spring_league_id",
        "spring_league_name" = "excluded"."spring_league_name",
        "spring_league_abbreviation" = "excluded"."spring_league_abbreviation",
        "spring_venue_id" = "excluded"."spring_venue_id",
        "first_year_of_play" = "excluded"."first_year_of_play",
        "all_star_status" = "excluded"."all_star_status", "is_active" = "excluded"."is_active",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
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
