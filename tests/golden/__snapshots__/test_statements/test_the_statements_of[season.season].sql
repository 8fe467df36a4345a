-- Copies the rows of new documents into the table
COPY "season"."season" (
    "sport_id", "season_id", "regular_season_start_date", "regular_season_end_date", "has_wildcard",
    "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_season.season" (
    "sport_id" int2, "season_id" int2, "regular_season_start_date" date,
    "regular_season_end_date" date, "has_wildcard" bool, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_season.season" (
    "sport_id", "season_id", "regular_season_start_date", "regular_season_end_date", "has_wildcard",
    "captured_at"
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
            "old"."regular_season_start_date", "old"."regular_season_end_date", "old"."has_wildcard"
        ) IS DISTINCT FROM (
            "new"."regular_season_start_date", "new"."regular_season_end_date", "new"."has_wildcard"
        )
), "written" AS (
    INSERT INTO "season"."season" AS "old" (
        "sport_id", "season_id", "regular_season_start_date", "regular_season_end_date", "has_wildcard",
        "captured_at"
    )
    SELECT
        "sport_id", "season_id", "regular_season_start_date", "regular_season_end_date", "has_wildcard",
        "captured_at"
    FROM "incoming"
    ON CONFLICT ("sport_id", "season_id") DO UPDATE SET
        "regular_season_start_date" = "excluded"."regular_season_start_date",
        "regular_season_end_date" = "excluded"."regular_season_end_date",
        "has_wildcard" = "excluded"."has_wildcard", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
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
