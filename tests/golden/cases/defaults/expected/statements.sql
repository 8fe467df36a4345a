-- Copies the rows of new documents into the table
COPY "league"."events" (
    "game_pk", "event_index", "rbi", "season", "is_pitch", "source", "weight", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.events" (
    "game_pk" int8, "event_index" int2, "rbi" int2, "season" int2, "is_pitch" bool,
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.events"
    ADD COLUMN IF NOT EXISTS "source" text,
    ALTER COLUMN "source" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "weight" numeric,
    ALTER COLUMN "weight" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.events"
    ALTER COLUMN "source" SET STORAGE EXTENDED,
    ALTER COLUMN "weight" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.events" (
    "game_pk", "event_index", "rbi", "season", "is_pitch", "source", "weight", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."events" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.events" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
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
    FROM "pg_temp"."stage_league.events" AS "new"
    LEFT JOIN "league"."events" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."event_index" = "new"."event_index"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."rbi", "old"."season", "old"."is_pitch", "old"."source", "old"."weight"
        ) IS DISTINCT FROM (
            "new"."rbi", "new"."season", "new"."is_pitch", "new"."source", "new"."weight"::numeric
        )
), "written" AS (
    INSERT INTO "league"."events" AS "old" (
        "game_pk", "event_index", "rbi", "season", "is_pitch", "source", "weight", "captured_at"
    )
    SELECT
        "game_pk", "event_index", "rbi", "season", "is_pitch", "source", "weight", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "event_index") DO UPDATE SET
        "rbi" = "excluded"."rbi", "season" = "excluded"."season", "is_pitch" = "excluded"."is_pitch",
        "source" = "excluded"."source", "weight" = "excluded"."weight",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "event_index", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "event_index")
GROUP BY "game_pk";
