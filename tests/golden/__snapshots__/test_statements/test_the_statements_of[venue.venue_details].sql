-- Copies the rows of new documents into the table
COPY "venue"."venue_details" (
    "venue_id", "season", "address", "city", "state", "state_abbreviation", "postal_code", "country",
    "phone", "latitude", "longitude", "elevation", "azimuth_angle", "time_zone_id", "time_zone",
    "time_zone_offset", "capacity", "turf_type", "roof_type", "left_line", "left_field", "left_center",
    "center_field", "right_center", "right_field", "right_line", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_venue.venue_details" (
    "venue_id" int4, "season" int2, "latitude" float8, "longitude" float8, "elevation" int2,
    "azimuth_angle" float8, "capacity" int4, "left_line" int2, "left_field" int2, "left_center" int2,
    "center_field" int2, "right_center" int2, "right_field" int2, "right_line" int2,
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_venue.venue_details"
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
    ADD COLUMN IF NOT EXISTS "turf_type" text,
    ALTER COLUMN "turf_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "roof_type" text,
    ALTER COLUMN "roof_type" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_venue.venue_details"
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
    ALTER COLUMN "turf_type" SET STORAGE EXTENDED,
    ALTER COLUMN "roof_type" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_venue.venue_details" (
    "venue_id", "season", "address", "city", "state", "state_abbreviation", "postal_code", "country",
    "phone", "latitude", "longitude", "elevation", "azimuth_angle", "time_zone_id", "time_zone",
    "time_zone_offset", "capacity", "turf_type", "roof_type", "left_line", "left_field", "left_center",
    "center_field", "right_center", "right_field", "right_line", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "venue"."venue_details" AS "old"
    USING UNNEST(%(venue_id)s::integer[], %(season)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("venue_id", "season", "captured_at")
    WHERE
        "old"."venue_id" = "document"."venue_id"
        AND "old"."season" = "document"."season"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_venue.venue_details" AS "new"
            WHERE
                "old"."venue_id" = "new"."venue_id"
                AND "old"."season" = "new"."season"
        )
    RETURNING "old"."venue_id", "old"."season", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "venue_id", "season",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "venue_id", "season";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."venue_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_venue.venue_details" AS "new"
    LEFT JOIN "venue"."venue_details" AS "old"
        ON "old"."venue_id" = "new"."venue_id"
        AND "old"."season" = "new"."season"
        AND "old"."venue_id" = ANY(%(venue_id)s::integer[])
        AND "old"."season" = ANY(%(season)s::smallint[])
    WHERE
        "old"."venue_id" IS NULL
        OR (
            "old"."address", "old"."city", "old"."state", "old"."state_abbreviation", "old"."postal_code",
            "old"."country", "old"."phone", "old"."latitude", "old"."longitude", "old"."elevation",
            "old"."azimuth_angle", "old"."time_zone_id", "old"."time_zone", "old"."time_zone_offset",
            "old"."capacity", "old"."turf_type", "old"."roof_type", "old"."left_line", "old"."left_field",
            "old"."left_center", "old"."center_field", "old"."right_center", "old"."right_field",
            "old"."right_line"
        ) IS DISTINCT FROM (
            "new"."address", "new"."city", "new"."state", "new"."state_abbreviation", "new"."postal_code",
            "new"."country", "new"."phone", "new"."latitude", "new"."longitude", "new"."elevation",
            "new"."azimuth_angle", "new"."time_zone_id", "new"."time_zone", "new"."time_zone_offset"::numeric,
            "new"."capacity", "new"."turf_type", "new"."roof_type", "new"."left_line", "new"."left_field",
            "new"."left_center", "new"."center_field", "new"."right_center", "new"."right_field",
            "new"."right_line"
        )
), "written" AS (
    INSERT INTO "venue"."venue_details" AS "old" (
        "venue_id", "season", "address", "city", "state", "state_abbreviation", "postal_code", "country",
        "phone", "latitude", "longitude", "elevation", "azimuth_angle", "time_zone_id", "time_zone",
        "time_zone_offset", "capacity", "turf_type", "roof_type", "left_line", "left_field", "left_center",
        "center_field", "right_center", "right_field", "right_line", "captured_at"
    )
    SELECT
        "venue_id", "season", "address", "city", "state", "state_abbreviation", "postal_code", "country",
        "phone", "latitude", "longitude", "elevation", "azimuth_angle", "time_zone_id", "time_zone",
        "time_zone_offset", "capacity", "turf_type", "roof_type", "left_line", "left_field", "left_center",
        "center_field", "right_center", "right_field", "right_line", "captured_at"
    FROM "incoming"
    ON CONFLICT ("venue_id", "season") DO UPDATE SET
        "address" = "excluded"."address", "city" = "excluded"."city", "state" = "excluded"."state",
        "state_abbreviation" = "excluded"."state_abbreviation", "postal_code" = "excluded"."postal_code",
        "country" = "excluded"."country", "phone" = "excluded"."phone", "latitude" = "excluded"."latitude",
        "longitude" = "excluded"."longitude", "elevation" = "excluded"."elevation",
        "azimuth_angle" = "excluded"."azimuth_angle", "time_zone_id" = "excluded"."time_zone_id",
        "time_zone" = "excluded"."time_zone", "time_zone_offset" = "excluded"."time_zone_offset",
        "capacity" = "excluded"."capacity", "turf_type" = "excluded"."turf_type",
        "roof_type" = "excluded"."roof_type", "left_line" = "excluded"."left_line",
        "left_field" = "excluded"."left_field", "left_center" = "excluded"."left_center",
        "center_field" = "excluded"."center_field", "right_center" = "excluded"."right_center",
        "right_field" = "excluded"."right_field", "right_line" = "excluded"."right_line",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "venue_id", "season", TRUE AS "Written"
)
SELECT
    "venue_id", "season",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("venue_id", "season")
GROUP BY "venue_id", "season";
