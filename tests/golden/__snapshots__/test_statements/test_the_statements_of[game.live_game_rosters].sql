-- Copies the rows of new documents into the table
COPY "game"."live_game_rosters" (
    "game_pk", "season", "side", "player_id", "team_id", "parent_team_id", "jersey_number",
    "position_code", "position_name", "position_type", "position_abbreviation", "status_code",
    "status_description", "batting_order", "is_current_batter", "is_current_pitcher", "is_on_bench",
    "is_substitute", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_rosters" (
    "game_pk" int8, "season" int2, "player_id" int4, "team_id" int4, "parent_team_id" int4,
    "is_current_batter" bool, "is_current_pitcher" bool, "is_on_bench" bool, "is_substitute" bool,
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_rosters"
    ADD COLUMN IF NOT EXISTS "side" text,
    ALTER COLUMN "side" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "jersey_number" text,
    ALTER COLUMN "jersey_number" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_code" text,
    ALTER COLUMN "position_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_name" text,
    ALTER COLUMN "position_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_type" text,
    ALTER COLUMN "position_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_abbreviation" text,
    ALTER COLUMN "position_abbreviation" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "status_code" text,
    ALTER COLUMN "status_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "status_description" text,
    ALTER COLUMN "status_description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "batting_order" text,
    ALTER COLUMN "batting_order" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_rosters"
    ALTER COLUMN "side" SET STORAGE EXTENDED,
    ALTER COLUMN "jersey_number" SET STORAGE EXTENDED,
    ALTER COLUMN "position_code" SET STORAGE EXTENDED,
    ALTER COLUMN "position_name" SET STORAGE EXTENDED,
    ALTER COLUMN "position_type" SET STORAGE EXTENDED,
    ALTER COLUMN "position_abbreviation" SET STORAGE EXTENDED,
    ALTER COLUMN "status_code" SET STORAGE EXTENDED,
    ALTER COLUMN "status_description" SET STORAGE EXTENDED,
    ALTER COLUMN "batting_order" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_rosters" (
    "game_pk", "season", "side", "player_id", "team_id", "parent_team_id", "jersey_number",
    "position_code", "position_name", "position_type", "position_abbreviation", "status_code",
    "status_description", "batting_order", "is_current_batter", "is_current_pitcher", "is_on_bench",
    "is_substitute", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_rosters" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_rosters" AS "new"
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
    FROM "pg_temp"."stage_game.live_game_rosters" AS "new"
    LEFT JOIN "game"."live_game_rosters" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."side" = "new"."side"
        AND "old"."player_id" = "new"."player_id"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."team_id", "old"."parent_team_id", "old"."jersey_number", "old"."position_code",
            "old"."position_name", "old"."position_type", "old"."position_abbreviation", "old"."status_code",
            "old"."status_description", "old"."batting_order", "old"."is_current_batter",
            "old"."is_current_pitcher", "old"."is_on_bench", "old"."is_substitute"
        ) IS DISTINCT FROM (
            "new"."team_id", "new"."parent_team_id", "new"."jersey_number", "new"."position_code",
            "new"."position_name", "new"."position_type", "new"."position_abbreviation", "new"."status_code",
            "new"."status_description", "new"."batting_order", "new"."is_current_batter",
            "new"."is_current_pitcher", "new"."is_on_bench", "new"."is_substitute"
        )
), "written" AS (
    INSERT INTO "game"."live_game_rosters" AS "old" (
        "game_pk", "season", "side", "player_id", "team_id", "parent_team_id", "jersey_number",
        "position_code", "position_name", "position_type", "position_abbreviation", "status_code",
        "status_description", "batting_order", "is_current_batter", "is_current_pitcher", "is_on_bench",
        "is_substitute", "captured_at"
    )
    SELECT
        "game_pk", "season", "side", "player_id", "team_id", "parent_team_id", "jersey_number",
        "position_code", "position_name", "position_type", "position_abbreviation", "status_code",
        "status_description", "batting_order", "is_current_batter", "is_current_pitcher", "is_on_bench",
        "is_substitute", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "side", "player_id", "season") DO UPDATE SET
        "team_id" = "excluded"."team_id", "parent_team_id" = "excluded"."parent_team_id",
        "jersey_number" = "excluded"."jersey_number", "position_code" = "excluded"."position_code",
        "position_name" = "excluded"."position_name", "position_type" = "excluded"."position_type",
        "position_abbreviation" = "excluded"."position_abbreviation",
        "status_code" = "excluded"."status_code", "status_description" = "excluded"."status_description",
        "batting_order" = "excluded"."batting_order", "is_current_batter" = "excluded"."is_current_batter",
        "is_current_pitcher" = "excluded"."is_current_pitcher", "is_on_bench" = "excluded"."is_on_bench",
        "is_substitute" = "excluded"."is_substitute", "captured_at" = "excluded"."captured_at",
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
