-- Copies the rows of new documents into the table
COPY "schedule"."broadcasts" (
    "schedule_date", "sport_id", "game_pk", "season", "broadcast_id", "name", "call_sign", "medium",
    "language", "side", "is_national", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_schedule.broadcasts" (
    "schedule_date" date, "sport_id" int2, "game_pk" int8, "season" int2, "broadcast_id" int4,
    "is_national" bool, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_schedule.broadcasts"
    ADD COLUMN IF NOT EXISTS "name" text,
    ALTER COLUMN "name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "call_sign" text,
    ALTER COLUMN "call_sign" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "medium" text,
    ALTER COLUMN "medium" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "language" text,
    ALTER COLUMN "language" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "side" text,
    ALTER COLUMN "side" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_schedule.broadcasts"
    ALTER COLUMN "name" SET STORAGE EXTENDED,
    ALTER COLUMN "call_sign" SET STORAGE EXTENDED,
    ALTER COLUMN "medium" SET STORAGE EXTENDED,
    ALTER COLUMN "language" SET STORAGE EXTENDED,
    ALTER COLUMN "side" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_schedule.broadcasts" (
    "schedule_date", "sport_id", "game_pk", "season", "broadcast_id", "name", "call_sign", "medium",
    "language", "side", "is_national", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "schedule"."broadcasts" AS "old"
    USING UNNEST(%(schedule_date)s::date[], %(sport_id)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("schedule_date", "sport_id", "captured_at")
    WHERE
        "old"."schedule_date" = "document"."schedule_date"
        AND "old"."sport_id" = "document"."sport_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_schedule.broadcasts" AS "new"
            WHERE
                "old"."schedule_date" = "new"."schedule_date"
                AND "old"."sport_id" = "new"."sport_id"
                AND "old"."game_pk" = "new"."game_pk"
                AND "old"."broadcast_id" = "new"."broadcast_id"
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
    FROM "pg_temp"."stage_schedule.broadcasts" AS "new"
    LEFT JOIN "schedule"."broadcasts" AS "old"
        ON "old"."schedule_date" = "new"."schedule_date"
        AND "old"."sport_id" = "new"."sport_id"
        AND "old"."game_pk" = "new"."game_pk"
        AND "old"."broadcast_id" = "new"."broadcast_id"
        AND "old"."season" = "new"."season"
        AND "old"."schedule_date" = ANY(%(schedule_date)s::date[])
        AND "old"."sport_id" = ANY(%(sport_id)s::smallint[])
    WHERE
        "old"."schedule_date" IS NULL
        OR (
            "old"."name", "old"."call_sign", "old"."medium", "old"."language", "old"."side",
            "old"."is_national"
        ) IS DISTINCT FROM (
            "new"."name", "new"."call_sign", "new"."medium", "new"."language", "new"."side",
            "new"."is_national"
        )
), "written" AS (
    INSERT INTO "schedule"."broadcasts" AS "old" (
        "schedule_date", "sport_id", "game_pk", "season", "broadcast_id", "name", "call_sign", "medium",
        "language", "side", "is_national", "captured_at"
    )
    SELECT
        "schedule_date", "sport_id", "game_pk", "season", "broadcast_id", "name", "call_sign", "medium",
        "language", "side", "is_national", "captured_at"
    FROM "incoming"
    ON CONFLICT ("schedule_date", "sport_id", "game_pk", "broadcast_id", "season") DO UPDATE SET
        "name" = "excluded"."name", "call_sign" = "excluded"."call_sign", "medium" = "excluded"."medium",
        "language" = "excluded"."language", "side" = "excluded"."side",
        "is_national" = "excluded"."is_national", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "schedule_date", "sport_id", "game_pk", "broadcast_id", "season", TRUE AS "Written"
)
SELECT
    "schedule_date", "sport_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("schedule_date", "sport_id", "game_pk", "broadcast_id", "season")
GROUP BY "schedule_date", "sport_id";
