-- Copies the rows of new documents into the table
COPY "league"."pitches" (
    "game_pk", "play_index", "event_index", "code", "balls_before", "away_score_before", "pitcher_id",
    "batter_id", "runner_on_first_id", "runner_on_second_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.pitches" (
    "game_pk" int8, "play_index" int2, "event_index" int2, "balls_before" int2,
    "away_score_before" int2, "pitcher_id" int4, "batter_id" int4, "runner_on_first_id" int4,
    "runner_on_second_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.pitches"
    ADD COLUMN IF NOT EXISTS "code" text,
    ALTER COLUMN "code" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.pitches"
    ALTER COLUMN "code" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.pitches" (
    "game_pk", "play_index", "event_index", "code", "balls_before", "away_score_before", "pitcher_id",
    "batter_id", "runner_on_first_id", "runner_on_second_id", "captured_at"
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
                AND "old"."play_index" = "new"."play_index"
                AND "old"."event_index" = "new"."event_index"
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
        AND "old"."play_index" = "new"."play_index"
        AND "old"."event_index" = "new"."event_index"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."code", "old"."balls_before", "old"."away_score_before", "old"."pitcher_id",
            "old"."batter_id", "old"."runner_on_first_id", "old"."runner_on_second_id"
        ) IS DISTINCT FROM (
            "new"."code", "new"."balls_before", "new"."away_score_before", "new"."pitcher_id",
            "new"."batter_id", "new"."runner_on_first_id", "new"."runner_on_second_id"
        )
), "written" AS (
    INSERT INTO "league"."pitches" AS "old" (
        "game_pk", "play_index", "event_index", "code", "balls_before", "away_score_before", "pitcher_id",
        "batter_id", "runner_on_first_id", "runner_on_second_id", "captured_at"
    )
    SELECT
        "game_pk", "play_index", "event_index", "code", "balls_before", "away_score_before", "pitcher_id",
        "batter_id", "runner_on_first_id", "runner_on_second_id", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "play_index", "event_index") DO UPDATE SET
        "code" = "excluded"."code", "balls_before" = "excluded"."balls_before",
        "away_score_before" = "excluded"."away_score_before", "pitcher_id" = "excluded"."pitcher_id",
        "batter_id" = "excluded"."batter_id", "runner_on_first_id" = "excluded"."runner_on_first_id",
        "runner_on_second_id" = "excluded"."runner_on_second_id", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "play_index", "event_index", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "play_index", "event_index")
GROUP BY "game_pk";

-- Copies the rows of new documents into the table
COPY "league"."plays" (
    "game_pk", "number", "note", "seen_at", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.plays" (
    "game_pk" int8, "number" int2, "seen_at" timestamptz, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.plays"
    ADD COLUMN IF NOT EXISTS "note" text,
    ALTER COLUMN "note" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.plays"
    ALTER COLUMN "note" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.plays" (
    "game_pk", "number", "note", "seen_at", "captured_at"
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
                AND "old"."number" = "new"."number"
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
        AND "old"."number" = "new"."number"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."note", "old"."seen_at"
        ) IS DISTINCT FROM (
            "new"."note", "new"."seen_at"
        )
), "written" AS (
    INSERT INTO "league"."plays" AS "old" (
        "game_pk", "number", "note", "seen_at", "captured_at"
    )
    SELECT
        "game_pk", "number", "note", "seen_at", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "number") DO UPDATE SET
        "note" = "excluded"."note", "seen_at" = "excluded"."seen_at",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "number", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "number")
GROUP BY "game_pk";

-- Copies the rows of new documents into the table
COPY "league"."games" (
    "game_pk", "last_half", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.games" (
    "game_pk" int8, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.games"
    ADD COLUMN IF NOT EXISTS "last_half" text,
    ALTER COLUMN "last_half" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.games"
    ALTER COLUMN "last_half" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.games" (
    "game_pk", "last_half", "captured_at"
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
            "old"."last_half"
        ) IS DISTINCT FROM (
            "new"."last_half"
        )
), "written" AS (
    INSERT INTO "league"."games" AS "old" (
        "game_pk", "last_half", "captured_at"
    )
    SELECT
        "game_pk", "last_half", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk") DO UPDATE SET
        "last_half" = "excluded"."last_half", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
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
