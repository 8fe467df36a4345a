-- Copies the rows of new documents into the table
COPY "league"."plays" (
    "level", "play_index", "event", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.plays" (
    "level" int2, "play_index" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.plays"
    ADD COLUMN IF NOT EXISTS "event" text,
    ALTER COLUMN "event" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.plays"
    ALTER COLUMN "event" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.plays" (
    "level", "play_index", "event", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."plays" AS "old"
    USING UNNEST(%(level)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("level", "captured_at")
    WHERE
        "old"."level" = "document"."level"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.plays" AS "new"
            WHERE
                "old"."level" = "new"."level"
                AND "old"."play_index" = "new"."play_index"
        )
    RETURNING "old"."level", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "level",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "level";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."level" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_league.plays" AS "new"
    LEFT JOIN "league"."plays" AS "old"
        ON "old"."level" = "new"."level"
        AND "old"."play_index" = "new"."play_index"
        AND "old"."level" = ANY(%(level)s::smallint[])
    WHERE
        "old"."level" IS NULL
        OR (
            "old"."event"
        ) IS DISTINCT FROM (
            "new"."event"
        )
), "written" AS (
    INSERT INTO "league"."plays" AS "old" (
        "level", "play_index", "event", "captured_at"
    )
    SELECT
        "level", "play_index", "event", "captured_at"
    FROM "incoming"
    ON CONFLICT ("level", "play_index") DO UPDATE SET
        "event" = "excluded"."event", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "level", "play_index", TRUE AS "Written"
)
SELECT
    "level",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("level", "play_index")
GROUP BY "level";

-- Copies the rows of new documents into the table
COPY "league"."runners" (
    "level", "play_index", "runner_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.runners" (
    "level" int2, "play_index" int2, "runner_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.runners" (
    "level", "play_index", "runner_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."runners" AS "old"
    USING UNNEST(%(level)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("level", "captured_at")
    WHERE
        "old"."level" = "document"."level"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.runners" AS "new"
            WHERE
                "old"."level" = "new"."level"
                AND "old"."play_index" = "new"."play_index"
                AND "old"."runner_id" = "new"."runner_id"
        )
    RETURNING "old"."level", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "level",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "level";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."level" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_league.runners" AS "new"
    LEFT JOIN "league"."runners" AS "old"
        ON "old"."level" = "new"."level"
        AND "old"."play_index" = "new"."play_index"
        AND "old"."runner_id" = "new"."runner_id"
        AND "old"."level" = ANY(%(level)s::smallint[])
    WHERE
        "old"."level" IS NULL
), "written" AS (
    INSERT INTO "league"."runners" AS "old" (
        "level", "play_index", "runner_id", "captured_at"
    )
    SELECT
        "level", "play_index", "runner_id", "captured_at"
    FROM "incoming"
    ON CONFLICT ("level", "play_index", "runner_id") DO NOTHING
    RETURNING "level", "play_index", "runner_id", TRUE AS "Written"
)
SELECT
    "level",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("level", "play_index", "runner_id")
GROUP BY "level";
