-- Copies the rows of new documents into the table
COPY "standings"."split_record" (
    "standings_type", "season", "standings_date", "league_id", "division_id", "team_id", "split_type",
    "wins", "losses", "winning_percentage", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_standings.split_record" (
    "season" int2, "standings_date" date, "league_id" int4, "division_id" int4, "team_id" int4,
    "wins" int2, "losses" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_standings.split_record"
    ADD COLUMN IF NOT EXISTS "standings_type" text,
    ALTER COLUMN "standings_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "split_type" text,
    ALTER COLUMN "split_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "winning_percentage" numeric,
    ALTER COLUMN "winning_percentage" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_standings.split_record"
    ALTER COLUMN "standings_type" SET STORAGE EXTENDED,
    ALTER COLUMN "split_type" SET STORAGE EXTENDED,
    ALTER COLUMN "winning_percentage" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_standings.split_record" (
    "standings_type", "season", "standings_date", "league_id", "division_id", "team_id", "split_type",
    "wins", "losses", "winning_percentage", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "standings"."split_record" AS "old"
    USING UNNEST(%(standings_type)s::text[], %(season)s::smallint[], %(standings_date)s::date[], %(league_id)s::integer[], %(division_id)s::integer[], %(captured_at)s::timestamptz[])
        AS "document"("standings_type", "season", "standings_date", "league_id", "division_id", "captured_at")
    WHERE
        "old"."standings_type" = "document"."standings_type"
        AND "old"."season" = "document"."season"
        AND "old"."standings_date" = "document"."standings_date"
        AND "old"."league_id" = "document"."league_id"
        AND "old"."division_id" = "document"."division_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_standings.split_record" AS "new"
            WHERE
                "old"."standings_type" = "new"."standings_type"
                AND "old"."season" = "new"."season"
                AND "old"."standings_date" = "new"."standings_date"
                AND "old"."league_id" = "new"."league_id"
                AND "old"."division_id" = "new"."division_id"
                AND "old"."team_id" = "new"."team_id"
                AND "old"."split_type" = "new"."split_type"
        )
    RETURNING "old"."standings_type", "old"."season", "old"."standings_date", "old"."league_id", "old"."division_id", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "standings_type", "season", "standings_date", "league_id", "division_id",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "standings_type", "season", "standings_date", "league_id", "division_id";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."standings_type" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_standings.split_record" AS "new"
    LEFT JOIN "standings"."split_record" AS "old"
        ON "old"."standings_type" = "new"."standings_type"
        AND "old"."season" = "new"."season"
        AND "old"."standings_date" = "new"."standings_date"
        AND "old"."league_id" = "new"."league_id"
        AND "old"."division_id" = "new"."division_id"
        AND "old"."team_id" = "new"."team_id"
        AND "old"."split_type" = "new"."split_type"
        AND "old"."standings_type" = ANY(%(standings_type)s::text[])
        AND "old"."season" = ANY(%(season)s::smallint[])
        AND "old"."standings_date" = ANY(%(standings_date)s::date[])
        AND "old"."league_id" = ANY(%(league_id)s::integer[])
        AND "old"."division_id" = ANY(%(division_id)s::integer[])
    WHERE
        "old"."standings_type" IS NULL
        OR (
            "old"."wins", "old"."losses", "old"."winning_percentage"
        ) IS DISTINCT FROM (
            "new"."wins", "new"."losses", "new"."winning_percentage"::numeric
        )
), "written" AS (
    INSERT INTO "standings"."split_record" AS "old" (
        "standings_type", "season", "standings_date", "league_id", "division_id", "team_id", "split_type",
        "wins", "losses", "winning_percentage", "captured_at"
    )
    SELECT
        "standings_type", "season", "standings_date", "league_id", "division_id", "team_id", "split_type",
        "wins", "losses", "winning_percentage", "captured_at"
    FROM "incoming"
    ON CONFLICT ("standings_type", "season", "standings_date", "league_id", "division_id", "team_id", "split_type") DO UPDATE SET
        "wins" = "excluded"."wins", "losses" = "excluded"."losses",
        "winning_percentage" = "excluded"."winning_percentage", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "standings_type", "season", "standings_date", "league_id", "division_id", "team_id", "split_type", TRUE AS "Written"
)
SELECT
    "standings_type", "season", "standings_date", "league_id", "division_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("standings_type", "season", "standings_date", "league_id", "division_id", "team_id", "split_type")
GROUP BY "standings_type", "season", "standings_date", "league_id", "division_id";
