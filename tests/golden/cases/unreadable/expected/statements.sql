-- Copies the rows of new documents into the table
COPY "league"."pitches" (
    "game_pk", "play_index", "pitch_index", "speed", "zone", "balls", "strikes", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.pitches" (
    "game_pk" int8, "play_index" int2, "pitch_index" int2, "zone" int2, "balls" int2, "strikes" int2,
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.pitches"
    ADD COLUMN IF NOT EXISTS "speed" numeric,
    ALTER COLUMN "speed" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.pitches"
    ALTER COLUMN "speed" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.pitches" (
    "game_pk", "play_index", "pitch_index", "speed", "zone", "balls", "strikes", "captured_at"
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
                AND "old"."pitch_index" = "new"."pitch_index"
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
        AND "old"."pitch_index" = "new"."pitch_index"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."speed", "old"."zone", "old"."balls", "old"."strikes"
        ) IS DISTINCT FROM (
            "new"."speed"::numeric, "new"."zone", "new"."balls", "new"."strikes"
        )
), "written" AS (
    INSERT INTO "league"."pitches" AS "old" (
        "game_pk", "play_index", "pitch_index", "speed", "zone", "balls", "strikes", "captured_at"
    )
    SELECT
        "game_pk", "play_index", "pitch_index", "speed", "zone", "balls", "strikes", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "play_index", "pitch_index") DO UPDATE SET
        "speed" = "excluded"."speed", "zone" = "excluded"."zone", "balls" = "excluded"."balls",
        "strikes" = "excluded"."strikes", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "play_index", "pitch_index", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "play_index", "pitch_index")
GROUP BY "game_pk";
