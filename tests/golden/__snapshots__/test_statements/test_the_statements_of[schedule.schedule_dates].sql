-- Copies the rows of new documents into the table
COPY "schedule"."schedule_dates" (
    "schedule_date", "sport_id", "total_items", "total_events", "total_games",
    "total_games_in_progress", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_schedule.schedule_dates" (
    "schedule_date" date, "sport_id" int2, "total_items" int2, "total_events" int2, "total_games" int2,
    "total_games_in_progress" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_schedule.schedule_dates" (
    "schedule_date", "sport_id", "total_items", "total_events", "total_games",
    "total_games_in_progress", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "schedule"."schedule_dates" AS "old"
    USING UNNEST(%(schedule_date)s::date[], %(sport_id)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("schedule_date", "sport_id", "captured_at")
    WHERE
        "old"."schedule_date" = "document"."schedule_date"
        AND "old"."sport_id" = "document"."sport_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_schedule.schedule_dates" AS "new"
            WHERE
                "old"."schedule_date" = "new"."schedule_date"
                AND "old"."sport_id" = "new"."sport_id"
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
    FROM "pg_temp"."stage_schedule.schedule_dates" AS "new"
    LEFT JOIN "schedule"."schedule_dates" AS "old"
        ON "old"."schedule_date" = "new"."schedule_date"
        AND "old"."sport_id" = "new"."sport_id"
        AND "old"."schedule_date" = ANY(%(schedule_date)s::date[])
        AND "old"."sport_id" = ANY(%(sport_id)s::smallint[])
    WHERE
        "old"."schedule_date" IS NULL
        OR (
            "old"."total_items", "old"."total_events", "old"."total_games", "old"."total_games_in_progress"
        ) IS DISTINCT FROM (
            "new"."total_items", "new"."total_events", "new"."total_games", "new"."total_games_in_progress"
        )
), "written" AS (
    INSERT INTO "schedule"."schedule_dates" AS "old" (
        "schedule_date", "sport_id", "total_items", "total_events", "total_games",
        "total_games_in_progress", "captured_at"
    )
    SELECT
        "schedule_date", "sport_id", "total_items", "total_events", "total_games",
        "total_games_in_progress", "captured_at"
    FROM "incoming"
    ON CONFLICT ("schedule_date", "sport_id") DO UPDATE SET
        "total_items" = "excluded"."total_items", "total_events" = "excluded"."total_events",
        "total_games" = "excluded"."total_games",
        "total_games_in_progress" = "excluded"."total_games_in_progress",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "schedule_date", "sport_id", TRUE AS "Written"
)
SELECT
    "schedule_date", "sport_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("schedule_date", "sport_id")
GROUP BY "schedule_date", "sport_id";
