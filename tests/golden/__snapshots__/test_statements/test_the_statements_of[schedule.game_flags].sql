-- Copies the rows of new documents into the table
COPY "schedule"."game_flags" (
    "schedule_date", "sport_id", "game_pk", "season", "is_no_hitter", "is_perfect_game", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_schedule.game_flags" (
    "schedule_date" date, "sport_id" int2, "game_pk" int8, "season" int2, "is_no_hitter" bool,
    "is_perfect_game" bool, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_schedule.game_flags" (
    "schedule_date", "sport_id", "game_pk", "season", "is_no_hitter", "is_perfect_game", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "schedule"."game_flags" AS "old"
    USING UNNEST(%(schedule_date)s::date[], %(sport_id)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("schedule_date", "sport_id", "captured_at")
    WHERE
        "old"."schedule_date" = "document"."schedule_date"
        AND "old"."sport_id" = "document"."sport_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_schedule.game_flags" AS "new"
            WHERE
                "old"."schedule_date" = "new"."schedule_date"
                AND "old"."sport_id" = "new"."sport_id"
                AND "old"."game_pk" = "new"."game_pk"
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
    FROM "pg_temp"."stage_schedule.game_flags" AS "new"
    LEFT JOIN "schedule"."game_flags" AS "old"
        ON "old"."schedule_date" = "new"."schedule_date"
        AND "old"."sport_id" = "new"."sport_id"
        AND "old"."game_pk" = "new"."game_pk"
        AND "old"."season" = "new"."season"
        AND "old"."schedule_date" = ANY(%(schedule_date)s::date[])
        AND "old"."sport_id" = ANY(%(sport_id)s::smallint[])
    WHERE
        "old"."schedule_date" IS NULL
        OR (
            "old"."is_no_hitter", "old"."is_perfect_game"
        ) IS DISTINCT FROM (
            "new"."is_no_hitter", "new"."is_perfect_game"
        )
), "written" AS (
    INSERT INTO "schedule"."game_flags" AS "old" (
        "schedule_date", "sport_id", "game_pk", "season", "is_no_hitter", "is_perfect_game", "captured_at"
    )
    SELECT
        "schedule_date", "sport_id", "game_pk", "season", "is_no_hitter", "is_perfect_game", "captured_at"
    FROM "incoming"
    ON CONFLICT ("schedule_date", "sport_id", "game_pk", "season") DO UPDATE SET
        "is_no_hitter" = "excluded"."is_no_hitter", "is_perfect_game" = "excluded"."is_perfect_game",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "schedule_date", "sport_id", "game_pk", "season", TRUE AS "Written"
)
SELECT
    "schedule_date", "sport_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("schedule_date", "sport_id", "game_pk", "season")
GROUP BY "schedule_date", "sport_id";
