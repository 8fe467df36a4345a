-- Copies the rows of new documents into the table
COPY "league"."league" (
    "league_id", "name", "name_short", "abbreviation", "org_code", "sport_id", "sort_order",
    "is_active", "season", "season_state", "num_games", "num_teams", "num_wildcard_teams",
    "has_wildcard", "has_split_season", "has_playoff_points", "conferences_in_use", "divisions_in_use",
    "season_id", "pre_season_start_date", "pre_season_end_date", "season_start_date",
    "spring_start_date", "spring_end_date", "regular_season_start_date", "last_date_1st_half",
    "all_star_date", "first_date_2nd_half", "regular_season_end_date", "post_season_start_date",
    "post_season_end_date", "season_end_date", "offseason_start_date", "offseason_end_date",
    "season_level_gameday_type", "game_level_gameday_type", "qualifier_plate_appearances",
    "qualifier_outs_pitched", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.league" (
    "league_id" int4, "sport_id" int2, "sort_order" int4, "is_active" bool, "season" int2,
    "num_games" int2, "num_teams" int2, "num_wildcard_teams" int2, "has_wildcard" bool,
    "has_split_season" bool, "has_playoff_points" bool, "conferences_in_use" bool,
    "divisions_in_use" bool, "season_id" int2, "pre_season_start_date" date,
    "pre_season_end_date" date, "season_start_date" date, "spring_start_date" date,
    "spring_end_date" date, "regular_season_start_date" date, "last_date_1st_half" date,
    "all_star_date" date, "first_date_2nd_half" date, "regular_season_end_date" date,
    "post_season_start_date" date, "post_season_end_date" date, "season_end_date" date,
    "offseason_start_date" date, "offseason_end_date" date, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.league"
    ADD COLUMN IF NOT EXISTS "name" text,
    ALTER COLUMN "name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "name_short" text,
    ALTER COLUMN "name_short" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "abbreviation" text,
    ALTER COLUMN "abbreviation" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "org_code" text,
    ALTER COLUMN "org_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "season_state" text,
    ALTER COLUMN "season_state" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "season_level_gameday_type" text,
    ALTER COLUMN "season_level_gameday_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "game_level_gameday_type" text,
    ALTER COLUMN "game_level_gameday_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "qualifier_plate_appearances" numeric,
    ALTER COLUMN "qualifier_plate_appearances" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "qualifier_outs_pitched" numeric,
    ALTER COLUMN "qualifier_outs_pitched" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.league"
    ALTER COLUMN "name" SET STORAGE EXTENDED,
    ALTER COLUMN "name_short" SET STORAGE EXTENDED,
    ALTER COLUMN "abbreviation" SET STORAGE EXTENDED,
    ALTER COLUMN "org_code" SET STORAGE EXTENDED,
    ALTER COLUMN "season_state" SET STORAGE EXTENDED,
    ALTER COLUMN "season_level_gameday_type" SET STORAGE EXTENDED,
    ALTER COLUMN "game_level_gameday_type" SET STORAGE EXTENDED,
    ALTER COLUMN "qualifier_plate_appearances" SET STORAGE EXTENDED,
    ALTER COLUMN "qualifier_outs_pitched" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.league" (
    "league_id", "name", "name_short", "abbreviation", "org_code", "sport_id", "sort_order",
    "is_active", "season", "season_state", "num_games", "num_teams", "num_wildcard_teams",
    "has_wildcard", "has_split_season", "has_playoff_points", "conferences_in_use", "divisions_in_use",
    "season_id", "pre_season_start_date", "pre_season_end_date", "season_start_date",
    "spring_start_date", "spring_end_date", "regular_season_start_date", "last_date_1st_half",
    "all_star_date", "first_date_2nd_half", "regular_season_end_date", "post_season_start_date",
    "post_season_end_date", "season_end_date", "offseason_start_date", "offseason_end_date",
    "season_level_gameday_type", "game_level_gameday_type", "qualifier_plate_appearances",
    "qualifier_outs_pitched", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."league" AS "old"
    USING UNNEST(%(league_id)s::integer[], %(captured_at)s::timestamptz[])
        AS "document"("league_id", "captured_at")
    WHERE
        "old"."league_id" = "document"."league_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.league" AS "new"
            WHERE
                "old"."league_id" = "new"."league_id"
        )
    RETURNING "old"."league_id", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "league_id",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "league_id";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."league_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_league.league" AS "new"
    LEFT JOIN "league"."league" AS "old"
        ON "old"."league_id" = "new"."league_id"
        AND "old"."league_id" = ANY(%(league_id)s::integer[])
    WHERE
        "old"."league_id" IS NULL
        OR (
            "old"."name", "old"."name_short", "old"."abbreviation", "old"."org_code", "old"."sport_id",
            "old"."sort_order", "old"."is_active", "old"."season", "old"."season_state", "old"."num_games",
            "old"."num_teams", "old"."num_wildcard_teams", "old"."has_wildcard", "old"."has_split_season",
            "old"."has_playoff_points", "old"."conferences_in_use", "old"."divisions_in_use",
            "old"."season_id", "old"."pre_season_start_date", "old"."pre_season_end_date",
            "old"."season_start_date", "old"."spring_start_date", "old"."spring_end_date",
            "old"."regular_season_start_date", "old"."last_date_1st_half", "old"."all_star_date",
            "old"."first_date_2nd_half", "old"."regular_season_end_date", "old"."post_season_start_date",
            "old"."post_season_end_date", "old"."season_end_date", "old"."offseason_start_date",
            "old"."offseason_end_date", "old"."season_level_gameday_type", "old"."game_level_gameday_type",
            "old"."qualifier_plate_appearances", "old"."qualifier_outs_pitched"
        ) IS DISTINCT FROM (
            "new"."name", "new"."name_short", "new"."abbreviation", "new"."org_code", "new"."sport_id",
            "new"."sort_order", "new"."is_active", "new"."season", "new"."season_state", "new"."num_games",
            "new"."num_teams", "new"."num_wildcard_teams", "new"."has_wildcard", "new"."has_split_season",
            "new"."has_playoff_points", "new"."conferences_in_use", "new"."divisions_in_use",
            "new"."season_id", "new"."pre_season_start_date", "new"."pre_season_end_date",
            "new"."season_start_date", "new"."spring_start_date", "new"."spring_end_date",
            "new"."regular_season_start_date", "new"."last_date_1st_half", "new"."all_star_date",
            "new"."first_date_2nd_half", "new"."regular_season_end_date", "new"."post_season_start_date",
            "new"."post_season_end_date", "new"."season_end_date", "new"."offseason_start_date",
            "new"."offseason_end_date", "new"."season_level_gameday_type", "new"."game_level_gameday_type",
            "new"."qualifier_plate_appearances"::numeric, "new"."qualifier_outs_pitched"::numeric
        )
), "written" AS (
    INSERT INTO "league"."league" AS "old" (
        "league_id", "name", "name_short", "abbreviation", "org_code", "sport_id", "sort_order",
        "is_active", "season", "season_state", "num_games", "num_teams", "num_wildcard_teams",
        "has_wildcard", "has_split_season", "has_playoff_points", "conferences_in_use", "divisions_in_use",
        "season_id", "pre_season_start_date", "pre_season_end_date", "season_start_date",
        "spring_start_date", "spring_end_date", "regular_season_start_date", "last_date_1st_half",
        "all_star_date", "first_date_2nd_half", "regular_season_end_date", "post_season_start_date",
        "post_season_end_date", "season_end_date", "offseason_start_date", "offseason_end_date",
        "season_level_gameday_type", "game_level_gameday_type", "qualifier_plate_appearances",
        "qualifier_outs_pitched", "captured_at"
    )
    SELECT
        "league_id", "name", "name_short", "abbreviation", "org_code", "sport_id", "sort_order",
        "is_active", "season", "season_state", "num_games", "num_teams", "num_wildcard_teams",
        "has_wildcard", "has_split_season", "has_playoff_points", "conferences_in_use", "divisions_in_use",
        "season_id", "pre_season_start_date", "pre_season_end_date", "season_start_date",
        "spring_start_date", "spring_end_date", "regular_season_start_date", "last_date_1st_half",
        "all_star_date", "first_date_2nd_half", "regular_season_end_date", "post_season_start_date",
        "post_season_end_date", "season_end_date", "offseason_start_date", "offseason_end_date",
        "season_level_gameday_type", "game_level_gameday_type", "qualifier_plate_appearances",
        "qualifier_outs_pitched", "captured_at"
    FROM "incoming"
    ON CONFLICT ("league_id") DO UPDATE SET
        "name" = "excluded"."name", "name_short" = "excluded"."name_short",
        "abbreviation" = "excluded"."abbreviation", "org_code" = "excluded"."org_code",
        "sport_id" = "excluded"."sport_id", "sort_order" = "excluded"."sort_order",
        "is_active" = "excluded"."is_active", "season" = "excluded"."season",
        "season_state" = "excluded"."season_state", "num_games" = "excluded"."num_games",
        "num_teams" = "excluded"."num_teams", "num_wildcard_teams" = "excluded"."num_wildcard_teams",
        "has_wildcard" = "excluded"."has_wildcard", "has_split_season" = "excluded"."has_split_season",
        "has_playoff_points" = "excluded"."has_playoff_points",
        "conferences_in_use" = "excluded"."conferences_in_use",
        "divisions_in_use" = "excluded"."divisions_in_use", "season_id" = "excluded"."season_id",
        "pre_season_start_date" = "excluded"."pre_season_start_date",
        "pre_season_end_date" = "excluded"."pre_season_end_date",
        "season_start_date" = "excluded"."season_start_date",
        "spring_start_date" = "excluded"."spring_start_date",
        "spring_end_date" = "excluded"."spring_end_date",
        "regular_season_start_date" = "excluded"."regular_season_start_date",
        "last_date_1st_half" = "excluded"."last_date_1st_half",
        "all_star_date" = "excluded"."all_star_date",
        "first_date_2nd_half" = "excluded"."first_date_2nd_half",
        "regular_season_end_date" = "excluded"."regular_season_end_date",
        "post_season_start_date" = "excluded"."post_season_start_date",
        "post_season_end_date" = "excluded"."post_season_end_date",
        "season_end_date" = "excluded"."season_end_date",
        "offseason_start_date" = "excluded"."offseason_start_date",
        "offseason_end_date" = "excluded"."offseason_end_date",
        "season_level_gameday_type" = "excluded"."season_level_gameday_type",
        "game_level_gameday_type" = "excluded"."game_level_gameday_type",
        "qualifier_plate_appearances" = "excluded"."qualifier_plate_appearances",
        "qualifier_outs_pitched" = "excluded"."qualifier_outs_pitched",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "league_id", TRUE AS "Written"
)
SELECT
    "league_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("league_id")
GROUP BY "league_id";
