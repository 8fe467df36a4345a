-- Copies the rows of new documents into the table
COPY "person"."stats_positions" (
    "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
    "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "position_index",
    "position_code", "position_abbreviation", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_person.stats_positions" (
    "person_id" int4, "asked_season" int2, "asked_sport_id" int2, "season" int2, "team_id" int4,
    "game_pk" int8, "position_index" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_person.stats_positions"
    ADD COLUMN IF NOT EXISTS "stat_type" text,
    ALTER COLUMN "stat_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "stat_group" text,
    ALTER COLUMN "stat_group" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "asked_game_type" text,
    ALTER COLUMN "asked_game_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "asked_sit_codes" text,
    ALTER COLUMN "asked_sit_codes" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "game_type" text,
    ALTER COLUMN "game_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "split_code" text,
    ALTER COLUMN "split_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_code" text,
    ALTER COLUMN "position_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_abbreviation" text,
    ALTER COLUMN "position_abbreviation" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_person.stats_positions"
    ALTER COLUMN "stat_type" SET STORAGE EXTENDED,
    ALTER COLUMN "stat_group" SET STORAGE EXTENDED,
    ALTER COLUMN "asked_game_type" SET STORAGE EXTENDED,
    ALTER COLUMN "asked_sit_codes" SET STORAGE EXTENDED,
    ALTER COLUMN "game_type" SET STORAGE EXTENDED,
    ALTER COLUMN "split_code" SET STORAGE EXTENDED,
    ALTER COLUMN "position_code" SET STORAGE EXTENDED,
    ALTER COLUMN "position_abbreviation" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_person.stats_positions" (
    "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
    "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "position_index",
    "position_code", "position_abbreviation", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "person"."stats_positions" AS "old"
    USING UNNEST(%(person_id)s::integer[], %(stat_type)s::text[], %(stat_group)s::text[], %(asked_season)s::smallint[], %(asked_game_type)s::text[], %(asked_sport_id)s::smallint[], %(asked_sit_codes)s::text[], %(captured_at)s::timestamptz[])
        AS "document"("person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes", "captured_at")
    WHERE
        "old"."person_id" = "document"."person_id"
        AND "old"."stat_type" = "document"."stat_type"
        AND "old"."stat_group" = "document"."stat_group"
        AND "old"."asked_season" = "document"."asked_season"
        AND "old"."asked_game_type" = "document"."asked_game_type"
        AND "old"."asked_sport_id" = "document"."asked_sport_id"
        AND "old"."asked_sit_codes" = "document"."asked_sit_codes"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_person.stats_positions" AS "new"
            WHERE
                "old"."person_id" = "new"."person_id"
                AND "old"."stat_type" = "new"."stat_type"
                AND "old"."stat_group" = "new"."stat_group"
                AND "old"."asked_season" = "new"."asked_season"
                AND "old"."asked_game_type" = "new"."asked_game_type"
                AND "old"."asked_sport_id" = "new"."asked_sport_id"
                AND "old"."asked_sit_codes" = "new"."asked_sit_codes"
                AND "old"."season" = "new"."season"
                AND "old"."game_type" = "new"."game_type"
                AND "old"."team_id" = "new"."team_id"
                AND "old"."split_code" = "new"."split_code"
                AND "old"."game_pk" = "new"."game_pk"
                AND "old"."position_index" = "new"."position_index"
        )
    RETURNING "old"."person_id", "old"."stat_type", "old"."stat_group", "old"."asked_season", "old"."asked_game_type", "old"."asked_sport_id", "old"."asked_sit_codes", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."person_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_person.stats_positions" AS "new"
    LEFT JOIN "person"."stats_positions" AS "old"
        ON "old"."person_id" = "new"."person_id"
        AND "old"."stat_type" = "new"."stat_type"
        AND "old"."stat_group" = "new"."stat_group"
        AND "old"."asked_season" = "new"."asked_season"
        AND "old"."asked_game_type" = "new"."asked_game_type"
        AND "old"."asked_sport_id" = "new"."asked_sport_id"
        AND "old"."asked_sit_codes" = "new"."asked_sit_codes"
        AND "old"."season" = "new"."season"
        AND "old"."game_type" = "new"."game_type"
        AND "old"."team_id" = "new"."team_id"
        AND "old"."split_code" = "new"."split_code"
        AND "old"."game_pk" = "new"."game_pk"
        AND "old"."position_index" = "new"."position_index"
        AND "old"."person_id" = ANY(%(person_id)s::integer[])
        AND "old"."stat_type" = ANY(%(stat_type)s::text[])
        AND "old"."stat_group" = ANY(%(stat_group)s::text[])
        AND "old"."asked_season" = ANY(%(asked_season)s::smallint[])
        AND "old"."asked_game_type" = ANY(%(asked_game_type)s::text[])
        AND "old"."asked_sport_id" = ANY(%(asked_sport_id)s::smallint[])
        AND "old"."asked_sit_codes" = ANY(%(asked_sit_codes)s::text[])
    WHERE
        "old"."person_id" IS NULL
        OR (
            "old"."position_code", "old"."position_abbreviation"
        ) IS DISTINCT FROM (
            "new"."position_code", "new"."position_abbreviation"
        )
), "written" AS (
    INSERT INTO "person"."stats_positions" AS "old" (
        "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
        "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "position_index",
        "position_code", "position_abbreviation", "captured_at"
    )
    SELECT
        "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
        "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "position_index",
        "position_code", "position_abbreviation", "captured_at"
    FROM "incoming"
    ON CONFLICT ("person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "position_index") DO UPDATE SET
        "position_code" = "excluded"."position_code",
        "position_abbreviation" = "excluded"."position_abbreviation",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "position_index", TRUE AS "Written"
)
SELECT
    "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "position_index")
GROUP BY "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes";
