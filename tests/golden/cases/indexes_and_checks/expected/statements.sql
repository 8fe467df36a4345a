-- Copies the rows of new documents into the table
COPY "league"."games" (
    "game_pk", "season", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.games" (
    "game_pk" int8, "season" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.games" (
    "game_pk", "season", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."games" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.games" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
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
    FROM "pg_temp"."stage_league.games" AS "new"
    LEFT JOIN "league"."games" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."season"
        ) IS DISTINCT FROM (
            "new"."season"
        )
), "written" AS (
    INSERT INTO "league"."games" AS "old" (
        "game_pk", "season", "captured_at"
    )
    SELECT
        "game_pk", "season", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk") DO UPDATE SET
        "season" = "excluded"."season", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk")
GROUP BY "game_pk";

-- Copies the rows of new documents into the table
COPY "league"."plays" (
    "game_pk", "play_index", "play_id", "event", "batter_id", "pitcher_id", "balls", "strikes",
    "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.plays" (
    "game_pk" int8, "play_index" int2, "play_id" uuid, "batter_id" int4, "pitcher_id" int4,
    "balls" int2, "strikes" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.plays"
    ADD COLUMN IF NOT EXISTS "event" text,
    ALTER COLUMN "event" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.plays"
    ALTER COLUMN "event" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.plays" (
    "game_pk", "play_index", "play_id", "event", "batter_id", "pitcher_id", "balls", "strikes",
    "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."plays" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.plays" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."play_index" = "new"."play_index"
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
    FROM "pg_temp"."stage_league.plays" AS "new"
    LEFT JOIN "league"."plays" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."play_index" = "new"."play_index"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."play_id", "old"."event", "old"."batter_id", "old"."pitcher_id", "old"."balls",
            "old"."strikes"
        ) IS DISTINCT FROM (
            "new"."play_id", "new"."event", "new"."batter_id", "new"."pitcher_id", "new"."balls",
            "new"."strikes"
        )
), "written" AS (
    INSERT INTO "league"."plays" AS "old" (
        "game_pk", "play_index", "play_id", "event", "batter_id", "pitcher_id", "balls", "strikes",
        "captured_at"
    )
    SELECT
        "game_pk", "play_index", "play_id", "event", "batter_id", "pitcher_id", "balls", "strikes",
        "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "play_index") DO UPDATE SET
        "play_id" = "excluded"."play_id", "event" = "excluded"."event",
        "batter_id" = "excluded"."batter_id", "pitcher_id" = "excluded"."pitcher_id",
        "balls" = "excluded"."balls", "strikes" = "excluded"."strikes",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "play_index", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "play_index")
GROUP BY "game_pk";

-- Counts the documents' rows that break a check which only warns
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE NOT ("balls" BETWEEN 0 AND 4)) AS "plays_balls_check"
FROM "league"."plays" AS "old"
WHERE
    "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    AND (NOT ("balls" BETWEEN 0 AND 4))
GROUP BY "game_pk";

-- Finds a staged row that breaks plays_two_people_check
SELECT "batter_id", "pitcher_id"
FROM "pg_temp"."stage_league.plays"
WHERE
    NOT ("batter_id" <> "pitcher_id")
LIMIT 1;
