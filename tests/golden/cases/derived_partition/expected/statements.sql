-- Copies the rows of new documents into the table
COPY "league"."pitches" (
    "game_pk", "season", "pitch_index", "balls", "strikes", "hits", "at_bats", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.pitches" (
    "game_pk" int8, "season" int2, "pitch_index" int2, "balls" int2, "strikes" int2, "hits" int2,
    "at_bats" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.pitches" (
    "game_pk", "season", "pitch_index", "balls", "strikes", "hits", "at_bats", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."pitches" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.pitches" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."pitch_index" = "new"."pitch_index"
                AND "old"."season" = "new"."season"
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
    FROM "pg_temp"."stage_league.pitches" AS "new"
    LEFT JOIN "league"."pitches" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."pitch_index" = "new"."pitch_index"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."balls", "old"."strikes", "old"."hits", "old"."at_bats"
        ) IS DISTINCT FROM (
            "new"."balls", "new"."strikes", "new"."hits", "new"."at_bats"
        )
), "written" AS (
    INSERT INTO "league"."pitches" AS "old" (
        "game_pk", "season", "pitch_index", "balls", "strikes", "hits", "at_bats", "captured_at"
    )
    SELECT
        "game_pk", "season", "pitch_index", "balls", "strikes", "hits", "at_bats", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "pitch_index", "season") DO UPDATE SET
        "balls" = "excluded"."balls", "strikes" = "excluded"."strikes", "hits" = "excluded"."hits",
        "at_bats" = "excluded"."at_bats", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "pitch_index", "season", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "pitch_index", "season")
GROUP BY "game_pk";

-- Finds a staged row that breaks pitches_average_check
SELECT "average"
FROM (
    SELECT
        *,
        (1.0 * "hits" / NULLIF("at_bats", 0))::numeric(4,3) AS "average"
    FROM "pg_temp"."stage_league.pitches"
) AS "staged"
WHERE
    NOT ("average" <= 1)
LIMIT 1;
