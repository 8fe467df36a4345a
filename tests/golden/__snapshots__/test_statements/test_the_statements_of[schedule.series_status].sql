-- Copies the rows of new documents into the table
COPY "schedule"."series_status" (
    "schedule_date", "sport_id", "game_pk", "season", "game_number", "total_games", "is_tied",
    "is_over", "wins", "losses", "winning_team_id", "winning_team_name", "losing_team_id",
    "losing_team_name", "description", "short_description", "result", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_schedule.series_status" (
    "schedule_date" date, "sport_id" int2, "game_pk" int8, "season" int2, "game_number" int2,
    "total_games" int2, "is_tied" bool, "is_over" bool, "wins" int2, "losses" int2,
    "winning_team_id" int4, "losing_team_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_schedule.series_status"
    ADD COLUMN IF NOT EXISTS "winning_team_name" text,
    ALTER COLUMN "winning_team_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "losing_team_name" text,
    ALTER COLUMN "losing_team_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "description" text,
    ALTER COLUMN "description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "short_description" text,
    ALTER COLUMN "short_description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "result" text,
    ALTER COLUMN "result" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_schedule.series_status"
    ALTER COLUMN "winning_team_name" SET STORAGE EXTENDED,
    ALTER COLUMN "losing_team_name" SET STORAGE EXTENDED,
    ALTER COLUMN "description" SET STORAGE EXTENDED,
    ALTER COLUMN "short_description" SET STORAGE EXTENDED,
    ALTER COLUMN "result" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_schedule.series_status" (
    "schedule_date", "sport_id", "game_pk", "season", "game_number", "total_games", "is_tied",
    "is_over", "wins", "losses", "winning_team_id", "winning_team_name", "losing_team_id",
    "losing_team_name", "description", "short_description", "result", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "schedule"."series_status" AS "old"
    USING UNNEST(%(schedule_date)s::date[], %(sport_id)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("schedule_date", "sport_id", "captured_at")
    WHERE
        "old"."schedule_date" = "document"."schedule_date"
        AND "old"."sport_id" = "document"."sport_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_schedule.series_status" AS "new"
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
    FROM "pg_temp"."stage_schedule.series_status" AS "new"
    LEFT JOIN "schedule"."series_status" AS "old"
        ON "old"."schedule_date" = "new"."schedule_date"
        AND "old"."sport_id" = "new"."sport_id"
        AND "old"."game_pk" = "new"."game_pk"
        AND "old"."season" = "new"."season"
        AND "old"."schedule_date" = ANY(%(schedule_date)s::date[])
        AND "old"."sport_id" = ANY(%(sport_id)s::smallint[])
    WHERE
        "old"."schedule_date" IS NULL
        OR (
            "old"."game_number", "old"."total_games", "old"."is_tied", "old"."is_over", "old"."wins",
            "old"."losses", "old"."winning_team_id", "old"."winning_team_name", "old"."losing_team_id",
            "old"."losing_team_name", "old"."description", "old"."short_description", "old"."result"
        ) IS DISTINCT FROM (
            "new"."game_number", "new"."total_games", "new"."is_tied", "new"."is_over", "new"."wins",
            "new"."losses", "new"."winning_team_id", "new"."winning_team_name", "new"."losing_team_id",
            "new"."losing_team_name", "new"."description", "new"."short_description", "new"."result"
        )
), "written" AS (
    INSERT INTO "schedule"."series_status" AS "old" (
        "schedule_date", "sport_id", "game_pk", "season", "game_number", "total_games", "is_tied",
        "is_over", "wins", "losses", "winning_team_id", "winning_team_name", "losing_team_id",
        "losing_team_name", "description", "short_description", "result", "captured_at"
    )
    SELECT
        "schedule_date", "sport_id", "game_pk", "season", "game_number", "total_games", "is_tied",
        "is_over", "wins", "losses", "winning_team_id", "winning_team_name", "losing_team_id",
        "losing_team_name", "description", "short_description", "result", "captured_at"
    FROM "incoming"
    ON CONFLICT ("schedule_date", "sport_id", "game_pk", "season") DO UPDATE SET
        "game_number" = "excluded"."game_number", "total_games" = "excluded"."total_games",
        "is_tied" = "excluded"."is_tied", "is_over" = "excluded"."is_over", "wins" = "excluded"."wins",
        "losses" = "excluded"."losses", "winning_team_id" = "excluded"."winning_team_id",
        "winning_team_name" = "excluded"."winning_team_name",
        "losing_team_id" = "excluded"."losing_team_id", "losing_team_name" = "excluded"."losing_team_name",
        "description" = "excluded"."description", "short_description" = "excluded"."short_description",
        "result" = "excluded"."result", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
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
