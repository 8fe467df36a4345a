-- Copies the rows of new documents into the table
COPY "season"."season" (
    "sport_id", "season_id", "has_wildcard", "pre_season_start_date", "pre_season_end_date",
    "season_start_date", "spring_start_date", "spring_end_date", "regular_season_start_date",
    "last_date_1st_half", "all_star_date", "first_date_2nd_half", "regular_season_end_date",
    "post_season_start_date", "post_season_end_date", "season_end_date", "offseason_start_date",
    "offseason_end_date", "season_level_gameday_type", "game_level_gameday_type",
    "qualifier_plate_appearances", "qualifier_outs_pitched", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_season.season" (
    "sport_id" int2, "season_id" int2, "has_wildcard" bool, "pre_season_start_date" date,
    "pre_season_end_date" date, "season_start_date" date, "spring_start_date" date,
    "spring_end_date" date, "regular_season_start_date" date, "last_date_1st_half" date,
    "all_star_date" date, "first_date_2nd_half" date, "regular_season_end_date" date,
    "post_season_start_date" date, "post_season_end_date" date, "season_end_date" date,
    "offseason_start_date" date, "offseason_end_date" date, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_season.season"
    ADD COLUMN IF NOT EXISTS "season_level_gameday_type" text,
    ALTER COLUMN "season_level_gameday_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "game_level_gameday_type" text,
    ALTER COLUMN "game_level_gameday_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "qualifier_plate_appearances" numeric,
    ALTER COLUMN "qualifier_plate_appearances" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "qualifier_outs_pitched" numeric,
    ALTER COLUMN "qualifier_outs_pitched" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_season.season"
    ALTER COLUMN "season_level_gameday_type" SET STORAGE EXTENDED,
    ALTER COLUMN "game_level_gameday_type" SET STORAGE EXTENDED,
    ALTER COLUMN "qualifier_plate_appearances" SET STORAGE EXTENDED,
    ALTER COLUMN "qualifier_outs_pitched" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_season.season" (
    "sport_id", "season_id", "has_wildcard", "pre_season_start_date", "pre_season_end_date",
    "season_start_date", "spring_start_date", "spring_end_date", "regular_season_start_date",
    "last_date_1st_half", "all_star_date", "first_date_2nd_half", "regular_season_end_date",
    "post_season_start_date", "post_season_end_date", "season_end_date", "offseason_start_date",
    "offseason_end_date", "season_level_gameday_type", "game_level_gameday_type",
    "qualifier_plate_appearances", "qualifier_outs_pitched", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "season"."season" AS "old"
    USING UNNEST(%(sport_id)s::smallint[], %(season_id)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("sport_id", "season_id", "captured_at")
    WHERE
        "old"."sport_id" = "document"."sport_id"
        AND "old"."season_id" = "document"."season_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_season.season" AS "new"
            WHERE
                "old"."sport_id" = "new"."sport_id"
                AND "old"."season_id" = "new"."season_id"
        )
    RETURNING "old"."sport_id", "old"."season_id", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "sport_id", "season_id",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "sport_id", "season_id";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."sport_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_season.season" AS "new"
    LEFT JOIN "season"."season" AS "old"
        ON "old"."sport_id" = "new"."sport_id"
        AND "old"."season_id" = "new"."season_id"
        AND "old"."sport_id" = ANY(%(sport_id)s::smallint[])
        AND "old"."season_id" = ANY(%(season_id)s::smallint[])
    WHERE
        "old"."sport_id" IS NULL
        OR (
            "old"."has_wildcard", "old"."pre_season_start_date", "old"."pre_season_end_date",
            "old"."season_start_date", "old"."spring_start_date", "old"."spring_end_date",
            "old"."regular_season_start_date", "old"."last_date_1st_half", "old"."all_star_date",
            "old"."first_date_2nd_half", "old"."regular_season_end_date", "old"."post_season_start_date",
            "old"."post_season_end_date", "old"."season_end_date", "old"."offseason_start_date",
            "old"."offseason_end_date", "old"."season_level_gameday_type", "old"."game_level_gameday_type",
            "old"."qualifier_plate_appearances", "old"."qualifier_outs_pitched"
        ) IS DISTINCT FROM (
            "new"."has_wildcard", "new"."pre_season_start_date", "new"."pre_season_end_date",
            "new"."season_start_date", "new"."spring_start_date", "new"."spring_end_date",
            "new"."regular_season_start_date", "new"."last_date_1st_half", "new"."all_star_date",
            "new"."first_date_2nd_half", "new"."regular_season_end_date", "new"."post_season_start_date",
            "new"."post_season_end_date", "new"."season_end_date", "new"."offseason_start_date",
            "new"."offseason_end_date", "new"."season_level_gameday_type", "new"."game_level_gameday_type",
            "new"."qualifier_plate_appearances"::numeric, "new"."qualifier_outs_pitched"::numeric
        )
), "written" AS (
    INSERT INTO "season"."season" AS "old" (
        "sport_id", "season_id", "has_wildcard", "pre_season_start_date", "pre_season_end_date",
        "season_start_date", "spring_start_date", "spring_end_date", "regular_season_start_date",
        "last_date_1st_half", "all_star_date", "first_date_2nd_half", "regular_season_end_date",
        "post_season_start_date", "post_season_end_date", "season_end_date", "offseason_start_date",
        "offseason_end_date", "season_level_gameday_type", "game_level_gameday_type",
        "qualifier_plate_appearances", "qualifier_outs_pitched", "captured_at"
    )
    SELECT
        "sport_id", "season_id", "has_wildcard", "pre_season_start_date", "pre_season_end_date",
        "season_start_date", "spring_start_date", "spring_end_date", "regular_season_start_date",
        "last_date_1st_half", "all_star_date", "first_date_2nd_half", "regular_season_end_date",
        "post_season_start_date", "post_season_end_date", "season_end_date", "offseason_start_date",
        "offseason_end_date", "season_level_gameday_type", "game_level_gameday_type",
        "qualifier_plate_appearances", "qualifier_outs_pitched", "captured_at"
    FROM "incoming"
    ON CONFLICT ("sport_id", "season_id") DO UPDATE SET
        "has_wildcard" = "excluded"."has_wildcard",
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
    RETURNING "sport_id", "season_id", TRUE AS "Written"
)
SELECT
    "sport_id", "season_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("sport_id", "season_id")
GROUP BY "sport_id", "season_id";
