-- Copies the rows of new documents into the table
COPY "schedule"."feeds" (
    "schedule_date", "sport_id", "game_pk", "season", "offer_index", "feed_index", "title", "feed_id",
    "content_id", "media_id", "media_state", "side", "audio_side", "team_id", "call_letters",
    "description", "rendition_name", "language", "is_free_game", "fox_auth_required",
    "tbs_auth_required", "espn_auth_required", "fs1_auth_required", "mlbn_auth_required",
    "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_schedule.feeds" (
    "schedule_date" date, "sport_id" int2, "game_pk" int8, "season" int2, "offer_index" int2,
    "feed_index" int2, "feed_id" int8, "team_id" int4, "is_free_game" bool, "fox_auth_required" bool,
    "tbs_auth_required" bool, "espn_auth_required" bool, "fs1_auth_required" bool,
    "mlbn_auth_required" bool, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_schedule.feeds"
    ADD COLUMN IF NOT EXISTS "title" text,
    ALTER COLUMN "title" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "content_id" text,
    ALTER COLUMN "content_id" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "media_id" text,
    ALTER COLUMN "media_id" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "media_state" text,
    ALTER COLUMN "media_state" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "side" text,
    ALTER COLUMN "side" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "audio_side" text,
    ALTER COLUMN "audio_side" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "call_letters" text,
    ALTER COLUMN "call_letters" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "description" text,
    ALTER COLUMN "description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "rendition_name" text,
    ALTER COLUMN "rendition_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "language" text,
    ALTER COLUMN "language" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_schedule.feeds"
    ALTER COLUMN "title" SET STORAGE EXTENDED,
    ALTER COLUMN "content_id" SET STORAGE EXTENDED,
    ALTER COLUMN "media_id" SET STORAGE EXTENDED,
    ALTER COLUMN "media_state" SET STORAGE EXTENDED,
    ALTER COLUMN "side" SET STORAGE EXTENDED,
    ALTER COLUMN "audio_side" SET STORAGE EXTENDED,
    ALTER COLUMN "call_letters" SET STORAGE EXTENDED,
    ALTER COLUMN "description" SET STORAGE EXTENDED,
    ALTER COLUMN "rendition_name" SET STORAGE EXTENDED,
    ALTER COLUMN "language" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_schedule.feeds" (
    "schedule_date", "sport_id", "game_pk", "season", "offer_index", "feed_index", "title", "feed_id",
    "content_id", "media_id", "media_state", "side", "audio_side", "team_id", "call_letters",
    "description", "rendition_name", "language", "is_free_game", "fox_auth_required",
    "tbs_auth_required", "espn_auth_required", "fs1_auth_required", "mlbn_auth_required",
    "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "schedule"."feeds" AS "old"
    USING UNNEST(%(schedule_date)s::date[], %(sport_id)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("schedule_date", "sport_id", "captured_at")
    WHERE
        "old"."schedule_date" = "document"."schedule_date"
        AND "old"."sport_id" = "document"."sport_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_schedule.feeds" AS "new"
            WHERE
                "old"."schedule_date" = "new"."schedule_date"
                AND "old"."sport_id" = "new"."sport_id"
                AND "old"."game_pk" = "new"."game_pk"
                AND "old"."offer_index" = "new"."offer_index"
                AND "old"."feed_index" = "new"."feed_index"
                AND "old"."season" = "new"."season"
        )
    RETURNING "old"."schedule_date", "old"."sport_id", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "schedule_date", "sport_id",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "schedule_date", "sport_id";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."schedule_date" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_schedule.feeds" AS "new"
    LEFT JOIN "schedule"."feeds" AS "old"
        ON "old"."schedule_date" = "new"."schedule_date"
        AND "old"."sport_id" = "new"."sport_id"
        AND "old"."game_pk" = "new"."game_pk"
        AND "old"."offer_index" = "new"."offer_index"
        AND "old"."feed_index" = "new"."feed_index"
        AND "old"."season" = "new"."season"
        AND "old"."schedule_date" = ANY(%(schedule_date)s::date[])
        AND "old"."sport_id" = ANY(%(sport_id)s::smallint[])
    WHERE
        "old"."schedule_date" IS NULL
        OR (
            "old"."title", "old"."feed_id", "old"."content_id", "old"."media_id", "old"."media_state",
            "old"."side", "old"."audio_side", "old"."team_id", "old"."call_letters", "old"."description",
            "old"."rendition_name", "old"."language", "old"."is_free_game", "old"."fox_auth_required",
            "old"."tbs_auth_required", "old"."espn_auth_required", "old"."fs1_auth_required",
            "old"."mlbn_auth_required"
        ) IS DISTINCT FROM (
            "new"."title", "new"."feed_id", "new"."content_id", "new"."media_id", "new"."media_state",
            "new"."side", "new"."audio_side", "new"."team_id", "new"."call_letters", "new"."description",
            "new"."rendition_name", "new"."language", "new"."is_free_game", "new"."fox_auth_required",
            "new"."tbs_auth_required", "new"."espn_auth_required", "new"."fs1_auth_required",
            "new"."mlbn_auth_required"
        )
), "written" AS (
    INSERT INTO "schedule"."feeds" AS "old" (
        "schedule_date", "sport_id", "game_pk", "season", "offer_index", "feed_index", "title", "feed_id",
        "content_id", "media_id", "media_state", "side", "audio_side", "team_id", "call_letters",
        "description", "rendition_name", "language", "is_free_game", "fox_auth_required",
        "tbs_auth_required", "espn_auth_required", "fs1_auth_required", "mlbn_auth_required",
        "captured_at"
    )
    SELECT
        "schedule_date", "sport_id", "game_pk", "season", "offer_index", "feed_index", "title", "feed_id",
        "content_id", "media_id", "media_state", "side", "audio_side", "team_id", "call_letters",
        "description", "rendition_name", "language", "is_free_game", "fox_auth_required",
        "tbs_auth_required", "espn_auth_required", "fs1_auth_required", "mlbn_auth_required",
        "captured_at"
    FROM "incoming"
    ON CONFLICT ("schedule_date", "sport_id", "game_pk", "offer_index", "feed_index", "season") DO UPDATE SET
        "title" = "excluded"."title", "feed_id" = "excluded"."feed_id",
        "content_id" = "excluded"."content_id", "media_id" = "excluded"."media_id",
        "media_state" = "excluded"."media_state", "side" = "excluded"."side",
        "audio_side" = "excluded"."audio_side", "team_id" = "excluded"."team_id",
        "call_letters" = "excluded"."call_letters", "description" = "excluded"."description",
        "rendition_name" = "excluded"."rendition_name", "language" = "excluded"."language",
        "is_free_game" = "excluded"."is_free_game", "fox_auth_required" = "excluded"."fox_auth_required",
        "tbs_auth_required" = "excluded"."tbs_auth_required",
        "espn_auth_required" = "excluded"."espn_auth_required",
        "fs1_auth_required" = "excluded"."fs1_auth_required",
        "mlbn_auth_required" = "excluded"."mlbn_auth_required", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "schedule_date", "sport_id", "game_pk", "offer_index", "feed_index", "season", TRUE AS "Written"
)
SELECT
    "schedule_date", "sport_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("schedule_date", "sport_id", "game_pk", "offer_index", "feed_index", "season")
GROUP BY "schedule_date", "sport_id";
