-- Copies the rows of new documents into the table
COPY "game"."live_game_venue_details" (
    "game_pk", "season", "venue_id", "venue_name", "is_active", "venue_season", "address", "city",
    "state", "state_abbreviation", "postal_code", "country", "phone", "latitude", "longitude",
    "elevation", "azimuth_angle", "time_zone_id", "time_zone", "time_zone_offset",
    "time_zone_offset_at_game_time", "capacity", "turf_type", "roof_type", "left_line", "left_field",
    "left_center", "center_field", "right_center", "right_field", "right_line", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_venue_details" (
    "game_pk" int8, "season" int2, "venue_id" int4, "is_active" bool, "venue_season" int2,
    "latitude" float8, "longitude" float8, "elevation" int2, "azimuth_angle" float8, "capacity" int4,
    "left_line" int2, "left_field" int2, "left_center" int2, "center_field" int2, "right_center" int2,
    "right_field" int2, "right_line" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_venue_details"
    ADD COLUMN IF NOT EXISTS "venue_name" text,
    ALTER COLUMN "venue_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "address" text,
    ALTER COLUMN "address" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "city" text,
    ALTER COLUMN "city" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "state" text,
    ALTER COLUMN "state" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "state_abbreviation" text,
    ALTER COLUMN "state_abbreviation" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "postal_code" text,
    ALTER COLUMN "postal_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "country" text,
    ALTER COLUMN "country" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "phone" text,
    ALTER COLUMN "phone" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "time_zone_id" text,
    ALTER COLUMN "time_zone_id" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "time_zone" text,
    ALTER COLUMN "time_zone" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "time_zone_offset" numeric,
    ALTER COLUMN "time_zone_offset" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "time_zone_offset_at_game_time" numeric,
    ALTER COLUMN "time_zone_offset_at_game_time" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "turf_type" text,
    ALTER COLUMN "turf_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "roof_type" text,
    ALTER COLUMN "roof_type" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_venue_details"
    ALTER COLUMN "venue_name" SET STORAGE EXTENDED,
    ALTER COLUMN "address" SET STORAGE EXTENDED,
    ALTER COLUMN "city" SET STORAGE EXTENDED,
    ALTER COLUMN "state" SET STORAGE EXTENDED,
    ALTER COLUMN "state_abbreviation" SET STORAGE EXTENDED,
    ALTER COLUMN "postal_code" SET STORAGE EXTENDED,
    ALTER COLUMN "country" SET STORAGE EXTENDED,
    ALTER COLUMN "phone" SET STORAGE EXTENDED,
    ALTER COLUMN "time_zone_id" SET STORAGE EXTENDED,
    ALTER COLUMN "time_zone" SET STORAGE EXTENDED,
    ALTER COLUMN "time_zone_offset" SET STORAGE EXTENDED,
    ALTER COLUMN "time_zone_offset_at_game_time" SET STORAGE EXTENDED,
    ALTER COLUMN "turf_type" SET STORAGE EXTENDED,
    ALTER COLUMN "roof_type" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_venue_details" (
    "game_pk", "season", "venue_id", "venue_name", "is_active", "venue_season", "address", "city",
    "state", "state_abbreviation", "postal_code", "country", "phone", "latitude", "longitude",
    "elevation", "azimuth_angle", "time_zone_id", "time_zone", "time_zone_offset",
    "time_zone_offset_at_game_time", "capacity", "turf_type", "roof_type", "left_line", "left_field",
    "left_center", "center_field", "right_center", "right_field", "right_line", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_venue_details" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_venue_details" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."season" = "new"."season"
        )
    RETURNING "old"."game_pk", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "game_pk";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."game_pk" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_game.live_game_venue_details" AS "new"
    LEFT JOIN "game"."live_game_venue_details" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."venue_id", "old"."venue_name", "old"."is_active", "old"."venue_season", "old"."address",
            "old"."city", "old"."state", "old"."state_abbreviation", "old"."postal_code", "old"."country",
            "old"."phone", "old"."latitude", "old"."longitude", "old"."elevation", "old"."azimuth_angle",
            "old"."time_zone_id", "old"."time_zone", "old"."time_zone_offset",
            "old"."time_zone_offset_at_game_time", "old"."capacity", "old"."turf_type", "old"."roof_type",
            "old"."left_line", "old"."left_field", "old"."left_center", "old"."center_field",
            "old"."right_center", "old"."right_field", "old"."right_line"
        ) IS DISTINCT FROM (
            "new"."venue_id", "new"."venue_name", "new"."is_active", "new"."venue_season", "new"."address",
            "new"."city", "new"."state", "new"."state_abbreviation", "new"."postal_code", "new"."country",
            "new"."phone", "new"."latitude", "new"."longitude", "new"."elevation", "new"."azimuth_angle",
            "new"."time_zone_id", "new"."time_zone", "new"."time_zone_offset"::numeric,
            "new"."time_zone_offset_at_game_time"::numeric, "new"."capacity", "new"."turf_type",
            "new"."roof_type", "new"."left_line", "new"."left_field", "new"."left_center",
            "new"."center_field", "new"."right_center", "new"."right_field", "new"."right_line"
        )
), "written" AS (
    INSERT INTO "game"."live_game_venue_details" AS "old" (
        "game_pk", "season", "venue_id", "venue_name", "is_active", "venue_season", "address", "city",
        "state", "state_abbreviation", "postal_code", "country", "phone", "latitude", "longitude",
        "elevation", "azimuth_angle", "time_zone_id", "time_zone", "time_zone_offset",
        "time_zone_offset_at_game_time", "capacity", "turf_type", "roof_type", "left_line", "left_field",
        "left_center", "center_field", "right_center", "right_field", "right_line", "captured_at"
    )
    SELECT
        "game_pk", "season", "venue_id", "venue_name", "is_active", "venue_season", "address", "city",
        "state", "state_abbreviation", "postal_code", "country", "phone", "latitude", "longitude",
        "elevation", "azimuth_angle", "time_zone_id", "time_zone", "time_zone_offset",
        "time_zone_offset_at_game_time", "capacity", "turf_type", "roof_type", "left_line", "left_field",
        "left_center", "center_field", "right_center", "right_field", "right_line", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "season") DO UPDATE SET
        "venue_id" = "excluded"."venue_id", "venue_name" = "excluded"."venue_name",
        "is_active" = "excluded"."is_active", "venue_season" = "excluded"."venue_season",
        "address" = "excluded"."address", "city" = "excluded"."city", "state" = "excluded"."state",
        "state_abbreviation" = "excluded"."state_abbreviation", "postal_code" = "excluded"."postal_code",
        "country" = "excluded"."country", "phone" = "excluded"."phone", "latitude" = "excluded"."latitude",
        "longitude" = "excluded"."longitude", "elevation" = "excluded"."elevation",
        "azimuth_angle" = "excluded"."azimuth_angle", "time_zone_id" = "excluded"."time_zone_id",
        "time_zone" = "excluded"."time_zone", "time_zone_offset" = "excluded"."time_zone_offset",
        "time_zone_offset_at_game_time" = "excluded"."time_zone_offset_at_game_time",
        "capacity" = "excluded"."capacity", "turf_type" = "excluded"."turf_type",
        "roof_type" = "excluded"."roof_type", "left_line" = "excluded"."left_line",
        "left_field" = "excluded"."left_field", "left_center" = "excluded"."left_center",
        "center_field" = "excluded"."center_field", "right_center" = "excluded"."right_center",
        "right_field" = "excluded"."right_field", "right_line" = "excluded"."right_line",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "season", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "season")
GROUP BY "game_pk";
