-- Copies the rows of new documents into the table
COPY "game"."live_game_scoring_plays" (
    "game_pk", "season", "at_bat_index", "inning", "half_inning", "event", "event_type", "description",
    "rbi", "away_score", "home_score", "batter_id", "pitcher_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_scoring_plays" (
    "game_pk" int8, "season" int2, "at_bat_index" int2, "inning" int2, "rbi" int2, "away_score" int2,
    "home_score" int2, "batter_id" int4, "pitcher_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_scoring_plays"
    ADD COLUMN IF NOT EXISTS "half_inning" text,
    ALTER COLUMN "half_inning" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "event" text,
    ALTER COLUMN "event" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "event_type" text,
    ALTER COLUMN "event_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "description" text,
    ALTER COLUMN "description" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_scoring_plays"
    ALTER COLUMN "half_inning" SET STORAGE EXTENDED,
    ALTER COLUMN "event" SET STORAGE EXTENDED,
    ALTER COLUMN "event_type" SET STORAGE EXTENDED,
    ALTER COLUMN "description" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_scoring_plays" (
    "game_pk", "season", "at_bat_index", "inning", "half_inning", "event", "event_type", "description",
    "rbi", "away_score", "home_score", "batter_id", "pitcher_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_scoring_plays" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_scoring_plays" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."at_bat_index" = "new"."at_bat_index"
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
    FROM "pg_temp"."stage_game.live_game_scoring_plays" AS "new"
    LEFT JOIN "game"."live_game_scoring_plays" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."at_bat_index" = "new"."at_bat_index"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."inning", "old"."half_inning", "old"."event", "old"."event_type", "old"."description",
            "old"."rbi", "old"."away_score", "old"."home_score", "old"."batter_id", "old"."pitcher_id"
        ) IS DISTINCT FROM (
            "new"."inning", "new"."half_inning", "new"."event", "new"."event_type", "new"."description",
            "new"."rbi", "new"."away_score", "new"."home_score", "new"."batter_id", "new"."pitcher_id"
        )
), "written" AS (
    INSERT INTO "game"."live_game_scoring_plays" AS "old" (
        "game_pk", "season", "at_bat_index", "inning", "half_inning", "event", "event_type", "description",
        "rbi", "away_score", "home_score", "batter_id", "pitcher_id", "captured_at"
    )
    SELECT
        "game_pk", "season", "at_bat_index", "inning", "half_inning", "event", "event_type", "description",
        "rbi", "away_score", "home_score", "batter_id", "pitcher_id", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "at_bat_index", "season") DO UPDATE SET
        "inning" = "excluded"."inning", "half_inning" = "excluded"."half_inning",
        "event" = "excluded"."event", "event_type" = "excluded"."event_type",
        "description" = "excluded"."description", "rbi" = "excluded"."rbi",
        "away_score" = "excluded"."away_score", "home_score" = "excluded"."home_score",
        "batter_id" = "excluded"."batter_id", "pitcher_id" = "excluded"."pitcher_id",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "at_bat_index", "season", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "at_bat_index", "season")
GROUP BY "game_pk";
