-- Copies the rows of new documents into the table
COPY "game"."live_game_batting_lines" (
    "game_pk", "season", "side", "player_id", "team_id", "summary", "note", "games_played",
    "plate_appearances", "at_bats", "runs", "hits", "doubles", "triples", "home_runs", "total_bases",
    "rbi", "walks", "intentional_walks", "hit_by_pitch", "strikeouts", "ground_outs", "air_outs",
    "fly_outs", "line_outs", "pop_outs", "ground_into_double_play", "ground_into_triple_play",
    "sac_bunts", "sac_flies", "catchers_interference", "left_on_base", "stolen_bases",
    "caught_stealing", "pickoffs", "stolen_base_percentage", "at_bats_per_home_run", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_batting_lines" (
    "game_pk" int8, "season" int2, "player_id" int4, "team_id" int4, "games_played" int2,
    "plate_appearances" int2, "at_bats" int2, "runs" int2, "hits" int2, "doubles" int2, "triples" int2,
    "home_runs" int2, "total_bases" int2, "rbi" int2, "walks" int2, "intentional_walks" int2,
    "hit_by_pitch" int2, "strikeouts" int2, "ground_outs" int2, "air_outs" int2, "fly_outs" int2,
    "line_outs" int2, "pop_outs" int2, "ground_into_double_play" int2, "ground_into_triple_play" int2,
    "sac_bunts" int2, "sac_flies" int2, "catchers_interference" int2, "left_on_base" int2,
    "stolen_bases" int2, "caught_stealing" int2, "pickoffs" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_batting_lines"
    ADD COLUMN IF NOT EXISTS "side" text,
    ALTER COLUMN "side" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "summary" text,
    ALTER COLUMN "summary" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "note" text,
    ALTER COLUMN "note" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "stolen_base_percentage" numeric,
    ALTER COLUMN "stolen_base_percentage" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "at_bats_per_home_run" numeric,
    ALTER COLUMN "at_bats_per_home_run" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_batting_lines"
    ALTER COLUMN "side" SET STORAGE EXTENDED,
    ALTER COLUMN "summary" SET STORAGE EXTENDED,
    ALTER COLUMN "note" SET STORAGE EXTENDED,
    ALTER COLUMN "stolen_base_percentage" SET STORAGE EXTENDED,
    ALTER COLUMN "at_bats_per_home_run" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_batting_lines" (
    "game_pk", "season", "side", "player_id", "team_id", "summary", "note", "games_played",
    "plate_appearances", "at_bats", "runs", "hits", "doubles", "triples", "home_runs", "total_bases",
    "rbi", "walks", "intentional_walks", "hit_by_pitch", "strikeouts", "ground_outs", "air_outs",
    "fly_outs", "line_outs", "pop_outs", "ground_into_double_play", "ground_into_triple_play",
    "sac_bunts", "sac_flies", "catchers_interference", "left_on_base", "stolen_bases",
    "caught_stealing", "pickoffs", "stolen_base_percentage", "at_bats_per_home_run", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_batting_lines" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_batting_lines" AS "new"
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
    FROM "pg_temp"."stage_game.live_game_batting_lines" AS "new"
    LEFT JOIN "game"."live_game_batting_lines" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."side" = "new"."side"
        AND "old"."player_id" = "new"."player_id"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."team_id", "old"."summary", "old"."note", "old"."games_played", "old"."plate_appearances",
            "old"."at_bats", "old"."runs", "old"."hits", "old"."doubles", "old"."triples", "old"."home_runs",
            "old"."total_bases", "old"."rbi", "old"."walks", "old"."intentional_walks", "old"."hit_by_pitch",
            "old"."strikeouts", "old"."ground_outs", "old"."air_outs", "old"."fly_outs", "old"."line_outs",
            "old"."pop_outs", "old"."ground_into_double_play", "old"."ground_into_triple_play",
            "old"."sac_bunts", "old"."sac_flies", "old"."catchers_interference", "old"."left_on_base",
            "old"."stolen_bases", "old"."caught_stealing", "old"."pickoffs", "old"."stolen_base_percentage",
            "old"."at_bats_per_home_run"
        ) IS DISTINCT FROM (
            "new"."team_id", "new"."summary", "new"."note", "new"."games_played", "new"."plate_appearances",
            "new"."at_bats", "new"."runs", "new"."hits", "new"."doubles", "new"."triples", "new"."home_runs",
            "new"."total_bases", "new"."rbi", "new"."walks", "new"."intentional_walks", "new"."hit_by_pitch",
            "new"."strikeouts", "new"."ground_outs", "new"."air_outs", "new"."fly_outs", "new"."line_outs",
            "new"."pop_outs", "new"."ground_into_double_play", "new"."ground_into_triple_play",
            "new"."sac_bunts", "new"."sac_flies", "new"."catchers_interference", "new"."left_on_base",
            "new"."stolen_bases", "new"."caught_stealing", "new"."pickoffs",
            "new"."stolen_base_percentage"::numeric, "new"."at_bats_per_home_run"::numeric
        )
), "written" AS (
    INSERT INTO "game"."live_game_batting_lines" AS "old" (
        "game_pk", "season", "side", "player_id", "team_id", "summary", "note", "games_played",
        "plate_appearances", "at_bats", "runs", "hits", "doubles", "triples", "home_runs", "total_bases",
        "rbi", "walks", "intentional_walks", "hit_by_pitch", "strikeouts", "ground_outs", "air_outs",
        "fly_outs", "line_outs", "pop_outs", "ground_into_double_play", "ground_into_triple_play",
        "sac_bunts", "sac_flies", "catchers_interference", "left_on_base", "stolen_bases",
        "caught_stealing", "pickoffs", "stolen_base_percentage", "at_bats_per_home_run", "captured_at"
    )
    SELECT
        "game_pk", "season", "side", "player_id", "team_id", "summary", "note", "games_played",
        "plate_appearances", "at_bats", "runs", "hits", "doubles", "triples", "home_runs", "total_bases",
        "rbi", "walks", "intentional_walks", "hit_by_pitch", "strikeouts", "ground_outs", "air_outs",
        "fly_outs", "line_outs", "pop_outs", "ground_into_double_play", "ground_into_triple_play",
        "sac_bunts", "sac_flies", "catchers_interference", "left_on_base", "stolen_bases",
        "caught_stealing", "pickoffs", "stolen_base_percentage", "at_bats_per_home_run", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "side", "player_id", "season") DO UPDATE SET
        "team_id" = "excluded"."team_id", "summary" = "excluded"."summary", "note" = "excluded"."note",
        "games_played" = "excluded"."games_played", "plate_appearances" = "excluded"."plate_appearances",
        "at_bats" = "excluded"."at_bats", "runs" = "excluded"."runs", "hits" = "excluded"."hits",
        "doubles" = "excluded"."doubles", "triples" = "excluded"."triples",
        "home_runs" = "excluded"."home_runs", "total_bases" = "excluded"."total_bases",
        "rbi" = "excluded"."rbi", "walks" = "excluded"."walks",
        "intentional_walks" = "excluded"."intentional_walks", "hit_by_pitch" = "excluded"."hit_by_pitch",
        "strikeouts" = "excluded"."strikeouts", "ground_outs" = "excluded"."ground_outs",
        "air_outs" = "excluded"."air_outs", "fly_outs" = "excluded"."fly_outs",
        "line_outs" = "excluded"."line_outs", "pop_outs" = "excluded"."pop_outs",
        "ground_into_double_play" = "excluded"."ground_into_double_play",
        "ground_into_triple_play" = "excluded"."ground_into_triple_play",
        "sac_bunts" = "excluded"."sac_bunts", "sac_flies" = "excluded"."sac_flies",
        "catchers_interference" = "excluded"."catchers_interference",
        "left_on_base" = "excluded"."left_on_base", "stolen_bases" = "excluded"."stolen_bases",
        "caught_stealing" = "excluded"."caught_stealing", "pickoffs" = "excluded"."pickoffs",
        "stolen_base_percentage" = "excluded"."stolen_base_percentage",
        "at_bats_per_home_run" = "excluded"."at_bats_per_home_run",
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
