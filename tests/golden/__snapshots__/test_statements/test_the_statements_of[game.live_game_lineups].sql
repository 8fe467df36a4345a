-- Copies the rows of new documents into the table
COPY "game"."live_game_lineups" (
    "game_pk", "season", "side", "player_id", "lineup_index", "team_id", "batting_order",
    "batting_slot", "batting_sequence", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_lineups" (
    "game_pk" int8, "season" int2, "player_id" int4, "lineup_index" int2, "team_id" int4,
    "batting_slot" int2, "batting_sequence" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_lineups"
    ADD COLUMN IF NOT EXISTS "side" text,
    ALTER COLUMN "side" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "batting_order" text,
    ALTER COLUMN "batting_order" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_lineups"
    ALTER COLUMN "side" SET STORAGE EXTENDED,
    ALTER COLUMN "batting_order" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_lineups" (
    "game_pk", "season", "side", "player_id", "lineup_index", "team_id", "batting_order",
    "batting_slot", "batting_sequence", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_lineups" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_lineups" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."side" = "new"."side"
                AND "old"."player_id" = "new"."player_id"
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
    FROM "pg_temp"."stage_game.live_game_lineups" AS "new"
    LEFT JOIN "game"."live_game_lineups" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."side" = "new"."side"
        AND "old"."player_id" = "new"."player_id"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."lineup_index", "old"."team_id", "old"."batting_order", "old"."batting_slot",
            "old"."batting_sequence"
        ) IS DISTINCT FROM (
            "new"."lineup_index", "new"."team_id", "new"."batting_order", "new"."batting_slot",
            "new"."batting_sequence"
        )
), "written" AS (
    INSERT INTO "game"."live_game_lineups" AS "old" (
        "game_pk", "season", "side", "player_id", "lineup_index", "team_id", "batting_order",
        "batting_slot", "batting_sequence", "captured_at"
    )
    SELECT
        "game_pk", "season", "side", "player_id", "lineup_index", "team_id", "batting_order",
        "batting_slot", "batting_sequence", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "side", "player_id", "season") DO UPDATE SET
        "lineup_index" = "excluded"."lineup_index", "team_id" = "excluded"."team_id",
        "batting_order" = "excluded"."batting_order", "batting_slot" = "excluded"."batting_slot",
        "batting_sequence" = "excluded"."batting_sequence", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "side", "player_id", "season", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "side", "player_id", "season")
GROUP BY "game_pk";
