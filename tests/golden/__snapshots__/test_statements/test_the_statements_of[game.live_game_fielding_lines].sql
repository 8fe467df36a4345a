-- Copies the rows of new documents into the table
COPY "game"."live_game_fielding_lines" (
    "game_pk", "season", "side", "player_id", "team_id", "games_started", "chances", "put_outs",
    "assists", "errors", "passed_balls", "stolen_bases", "caught_stealing", "pickoffs",
    "stolen_base_percentage", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_fielding_lines" (
    "game_pk" int8, "season" int2, "player_id" int4, "team_id" int4, "games_started" int2,
    "chances" int2, "put_outs" int2, "assists" int2, "errors" int2, "passed_balls" int2,
    "stolen_bases" int2, "caught_stealing" int2, "pickoffs" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_fielding_lines"
    ADD COLUMN IF NOT EXISTS "side" text,
    ALTER COLUMN "side" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "stolen_base_percentage" numeric,
    ALTER COLUMN "stolen_base_percentage" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_fielding_lines"
    ALTER COLUMN "side" SET STORAGE EXTENDED,
    ALTER COLUMN "stolen_base_percentage" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_fielding_lines" (
    "game_pk", "season", "side", "player_id", "team_id", "games_started", "chances", "put_outs",
    "assists", "errors", "passed_balls", "stolen_bases", "caught_stealing", "pickoffs",
    "stolen_base_percentage", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_fielding_lines" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_fielding_lines" AS "new"
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
    FROM "pg_temp"."stage_game.live_game_fielding_lines" AS "new"
    LEFT JOIN "game"."live_game_fielding_lines" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."side" = "new"."side"
        AND "old"."player_id" = "new"."player_id"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."team_id", "old"."games_started", "old"."chances", "old"."put_outs", "old"."assists",
            "old"."errors", "old"."passed_balls", "old"."stolen_bases", "old"."caught_stealing",
            "old"."pickoffs", "old"."stolen_base_percentage"
        ) IS DISTINCT FROM (
            "new"."team_id", "new"."games_started", "new"."chances", "new"."put_outs", "new"."assists",
            "new"."errors", "new"."passed_balls", "new"."stolen_bases", "new"."caught_stealing",
            "new"."pickoffs", "new"."stolen_base_percentage"::numeric
        )
), "written" AS (
    INSERT INTO "game"."live_game_fielding_lines" AS "old" (
        "game_pk", "season", "side", "player_id", "team_id", "games_started", "chances", "put_outs",
        "assists", "errors", "passed_balls", "stolen_bases", "caught_stealing", "pickoffs",
        "stolen_base_percentage", "captured_at"
    )
    SELECT
        "game_pk", "season", "side", "player_id", "team_id", "games_started", "chances", "put_outs",
        "assists", "errors", "passed_balls", "stolen_bases", "caught_stealing", "pickoffs",
        "stolen_base_percentage", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "side", "player_id", "season") DO UPDATE SET
        "team_id" = "excluded"."team_id", "games_started" = "excluded"."games_started",
        "chances" = "excluded"."chances", "put_outs" = "excluded"."put_outs",
        "assists" = "excluded"."assists", "errors" = "excluded"."errors",
        "passed_balls" = "excluded"."passed_balls", "stolen_bases" = "excluded"."stolen_bases",
        "caught_stealing" = "excluded"."caught_stealing", "pickoffs" = "excluded"."pickoffs",
        "stolen_base_percentage" = "excluded"."stolen_base_percentage",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
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
