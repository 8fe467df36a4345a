-- Copies the rows of new documents into the table
COPY "game"."live_game_box_score_notes" (
    "game_pk", "season", "kind", "side", "part_index", "note_index", "part", "label", "value",
    "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_box_score_notes" (
    "game_pk" int8, "season" int2, "part_index" int2, "note_index" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_box_score_notes"
    ADD COLUMN IF NOT EXISTS "kind" text,
    ALTER COLUMN "kind" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "side" text,
    ALTER COLUMN "side" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "part" text,
    ALTER COLUMN "part" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "label" text,
    ALTER COLUMN "label" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "value" text,
    ALTER COLUMN "value" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_box_score_notes"
    ALTER COLUMN "kind" SET STORAGE EXTENDED,
    ALTER COLUMN "side" SET STORAGE EXTENDED,
    ALTER COLUMN "part" SET STORAGE EXTENDED,
    ALTER COLUMN "label" SET STORAGE EXTENDED,
    ALTER COLUMN "value" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_box_score_notes" (
    "game_pk", "season", "kind", "side", "part_index", "note_index", "part", "label", "value",
    "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_box_score_notes" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_box_score_notes" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."kind" = "new"."kind"
                AND "old"."side" = "new"."side"
                AND "old"."part_index" = "new"."part_index"
                AND "old"."note_index" = "new"."note_index"
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
    FROM "pg_temp"."stage_game.live_game_box_score_notes" AS "new"
    LEFT JOIN "game"."live_game_box_score_notes" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."kind" = "new"."kind"
        AND "old"."side" = "new"."side"
        AND "old"."part_index" = "new"."part_index"
        AND "old"."note_index" = "new"."note_index"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."part", "old"."label", "old"."value"
        ) IS DISTINCT FROM (
            "new"."part", "new"."label", "new"."value"
        )
), "written" AS (
    INSERT INTO "game"."live_game_box_score_notes" AS "old" (
        "game_pk", "season", "kind", "side", "part_index", "note_index", "part", "label", "value",
        "captured_at"
    )
    SELECT
        "game_pk", "season", "kind", "side", "part_index", "note_index", "part", "label", "value",
        "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "kind", "side", "part_index", "note_index", "season") DO UPDATE SET
        "part" = "excluded"."part", "label" = "excluded"."label", "value" = "excluded"."value",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "kind", "side", "part_index", "note_index", "season", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "kind", "side", "part_index", "note_index", "season")
GROUP BY "game_pk";
