-- Copies the rows of new documents into the table
COPY "league"."bench" (
    "game_pk", "player_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.bench" (
    "game_pk" int8, "player_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.bench" (
    "game_pk", "player_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."bench" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.bench" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."player_id" = "new"."player_id"
        )
    RETURNING "old"."game_pk", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "game_pk";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."game_pk" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_league.bench" AS "new"
    LEFT JOIN "league"."bench" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."player_id" = "new"."player_id"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
), "written" AS (
    INSERT INTO "league"."bench" AS "old" (
        "game_pk", "player_id", "captured_at"
    )
    SELECT
        "game_pk", "player_id", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "player_id") DO NOTHING
    RETURNING "game_pk", "player_id", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "player_id")
GROUP BY "game_pk";

-- Copies the rows of new documents into the table
COPY "league"."dates" (
    "game_pk", "game_date", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.dates" (
    "game_pk" int8, "game_date" date, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.dates" (
    "game_pk", "game_date", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."dates" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.dates" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."game_date" = "new"."game_date"
        )
    RETURNING "old"."game_pk", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "game_pk";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."game_pk" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_league.dates" AS "new"
    LEFT JOIN "league"."dates" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."game_date" = "new"."game_date"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
), "written" AS (
    INSERT INTO "league"."dates" AS "old" (
        "game_pk", "game_date", "captured_at"
    )
    SELECT
        "game_pk", "game_date", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "game_date") DO NOTHING
    RETURNING "game_pk", "game_date", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "game_date")
GROUP BY "game_pk";
