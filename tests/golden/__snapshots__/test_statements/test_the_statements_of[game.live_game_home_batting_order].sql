-- Copies the rows of new documents into the table
COPY "game"."live_game_home_batting_order" (
    "game_pk", "season", "batting_slot", "player_id", "team_id", "parent_team_id", "batting_order",
    "batting_sequence", "jersey_number", "position_code", "position_name", "position_type",
    "position_abbreviation", "status_code", "status_description", "is_current_batter",
    "is_current_pitcher", "is_on_bench", "is_substitute", "summary", "note", "games_played",
    "plate_appearances", "at_bats", "runs", "hits", "doubles", "triples", "home_runs", "total_bases",
    "rbi", "walks", "intentional_walks", "hit_by_pitch", "strikeouts", "ground_outs", "air_outs",
    "fly_outs", "line_outs", "pop_outs", "ground_into_double_play", "ground_into_triple_play",
    "sac_bunts", "sac_flies", "catchers_interference", "left_on_base", "stolen_bases",
    "caught_stealing", "stolen_base_percentage", "pickoffs", "at_bats_per_home_run",
    "fielding_games_started", "fielding_chances", "fielding_put_outs", "fielding_assists",
    "fielding_errors", "fielding_passed_balls", "fielding_stolen_bases", "fielding_caught_stealing",
    "fielding_stolen_base_percentage", "fielding_pickoffs", "season_home_runs", "season_rbi",
    "season_avg", "season_obp", "season_slg", "season_ops", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_home_batting_order" (
    "game_pk" int8, "season" int2, "batting_slot" int2, "player_id" int4, "team_id" int4,
    "parent_team_id" int4, "batting_sequence" int2, "is_current_batter" bool,
    "is_current_pitcher" bool, "is_on_bench" bool, "is_substitute" bool, "games_played" int2,
    "plate_appearances" int2, "at_bats" int2, "runs" int2, "hits" int2, "doubles" int2, "triples" int2,
    "home_runs" int2, "total_bases" int2, "rbi" int2, "walks" int2, "intentional_walks" int2,
    "hit_by_pitch" int2, "strikeouts" int2, "ground_outs" int2, "air_outs" int2, "fly_outs" int2,
    "line_outs" int2, "pop_outs" int2, "ground_into_double_play" int2, "ground_into_triple_play" int2,
    "sac_bunts" int2, "sac_flies" int2, "catchers_interference" int2, "left_on_base" int2,
    "stolen_bases" int2, "caught_stealing" int2, "pickoffs" int2, "fielding_games_started" int2,
    "fielding_chances" int2, "fielding_put_outs" int2, "fielding_assists" int2, "fielding_errors" int2,
    "fielding_passed_balls" int2, "fielding_stolen_bases" int2, "fielding_caught_stealing" int2,
    "fielding_pickoffs" int2, "season_home_runs" int2, "season_rbi" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_home_batting_order"
    ADD COLUMN IF NOT EXISTS "batting_order" text,
    ALTER COLUMN "batting_order" SET STORAGE PLAIN,
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
    ADD COLUMN IF NOT EXISTS "summary" text,
    ALTER COLUMN "summary" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "note" text,
    ALTER COLUMN "note" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "stolen_base_percentage" numeric,
    ALTER COLUMN "stolen_base_percentage" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "at_bats_per_home_run" numeric,
    ALTER COLUMN "at_bats_per_home_run" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "fielding_stolen_base_percentage" numeric,
    ALTER COLUMN "fielding_stolen_base_percentage" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "season_avg" numeric,
    ALTER COLUMN "season_avg" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "season_obp" numeric,
    ALTER COLUMN "season_obp" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "season_slg" numeric,
    ALTER COLUMN "season_slg" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "season_ops" numeric,
    ALTER COLUMN "season_ops" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_home_batting_order"
    ALTER COLUMN "batting_order" SET STORAGE EXTENDED,
    ALTER COLUMN "jersey_number" SET STORAGE EXTENDED,
    ALTER COLUMN "position_code" SET STORAGE EXTENDED,
    ALTER COLUMN "position_name" SET STORAGE EXTENDED,
    ALTER COLUMN "position_type" SET STORAGE EXTENDED,
    ALTER COLUMN "position_abbreviation" SET STORAGE EXTENDED,
    ALTER COLUMN "status_code" SET STORAGE EXTENDED,
    ALTER COLUMN "status_description" SET STORAGE EXTENDED,
    ALTER COLUMN "summary" SET STORAGE EXTENDED,
    ALTER COLUMN "note" SET STORAGE EXTENDED,
    ALTER COLUMN "stolen_base_percentage" SET STORAGE EXTENDED,
    ALTER COLUMN "at_bats_per_home_run" SET STORAGE EXTENDED,
    ALTER COLUMN "fielding_stolen_base_percentage" SET STORAGE EXTENDED,
    ALTER COLUMN "season_avg" SET STORAGE EXTENDED,
    ALTER COLUMN "season_obp" SET STORAGE EXTENDED,
    ALTER COLUMN "season_slg" SET STORAGE EXTENDED,
    ALTER COLUMN "season_ops" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_home_batting_order" (
    "game_pk", "season", "batting_slot", "player_id", "team_id", "parent_team_id", "batting_order",
    "batting_sequence", "jersey_number", "position_code", "position_name", "position_type",
    "position_abbreviation", "status_code", "status_description", "is_current_batter",
    "is_current_pitcher", "is_on_bench", "is_substitute", "summary", "note", "games_played",
    "plate_appearances", "at_bats", "runs", "hits", "doubles", "triples", "home_runs", "total_bases",
    "rbi", "walks", "intentional_walks", "hit_by_pitch", "strikeouts", "ground_outs", "air_outs",
    "fly_outs", "line_outs", "pop_outs", "ground_into_double_play", "ground_into_triple_play",
    "sac_bunts", "sac_flies", "catchers_interference", "left_on_base", "stolen_bases",
    "caught_stealing", "stolen_base_percentage", "pickoffs", "at_bats_per_home_run",
    "fielding_games_started", "fielding_chances", "fielding_put_outs", "fielding_assists",
    "fielding_errors", "fielding_passed_balls", "fielding_stolen_bases", "fielding_caught_stealing",
    "fielding_stolen_base_percentage", "fielding_pickoffs", "season_home_runs", "season_rbi",
    "season_avg", "season_obp", "season_slg", "season_ops", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_home_batting_order" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_home_batting_order" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."batting_slot" = "new"."batting_slot"
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
    FROM "pg_temp"."stage_game.live_game_home_batting_order" AS "new"
    LEFT JOIN "game"."live_game_home_batting_order" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."batting_slot" = "new"."batting_slot"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."player_id", "old"."team_id", "old"."parent_team_id", "old"."batting_order",
            "old"."batting_sequence", "old"."jersey_number", "old"."position_code", "old"."position_name",
            "old"."position_type", "old"."position_abbreviation", "old"."status_code",
            "old"."status_description", "old"."is_current_batter", "old"."is_current_pitcher",
            "old"."is_on_bench", "old"."is_substitute", "old"."summary", "old"."note", "old"."games_played",
            "old"."plate_appearances", "old"."at_bats", "old"."runs", "old"."hits", "old"."doubles",
            "old"."triples", "old"."home_runs", "old"."total_bases", "old"."rbi", "old"."walks",
            "old"."intentional_walks", "old"."hit_by_pitch", "old"."strikeouts", "old"."ground_outs",
            "old"."air_outs", "old"."fly_outs", "old"."line_outs", "old"."pop_outs",
            "old"."ground_into_double_play", "old"."ground_into_triple_play", "old"."sac_bunts",
            "old"."sac_flies", "old"."catchers_interference", "old"."left_on_base", "old"."stolen_bases",
            "old"."caught_stealing", "old"."stolen_base_percentage", "old"."pickoffs",
            "old"."at_bats_per_home_run", "old"."fielding_games_started", "old"."fielding_chances",
            "old"."fielding_put_outs", "old"."fielding_assists", "old"."fielding_errors",
            "old"."fielding_passed_balls", "old"."fielding_stolen_bases", "old"."fielding_caught_stealing",
            "old"."fielding_stolen_base_percentage", "old"."fielding_pickoffs", "old"."season_home_runs",
            "old"."season_rbi", "old"."season_avg", "old"."season_obp", "old"."season_slg", "old"."season_ops"
        ) IS DISTINCT FROM (
            "new"."player_id", "new"."team_id", "new"."parent_team_id", "new"."batting_order",
            "new"."batting_sequence", "new"."jersey_number", "new"."position_code", "new"."position_name",
            "new"."position_type", "new"."position_abbreviation", "new"."status_code",
            "new"."status_description", "new"."is_current_batter", "new"."is_current_pitcher",
            "new"."is_on_bench", "new"."is_substitute", "new"."summary", "new"."note", "new"."games_played",
            "new"."plate_appearances", "new"."at_bats", "new"."runs", "new"."hits", "new"."doubles",
            "new"."triples", "new"."home_runs", "new"."total_bases", "new"."rbi", "new"."walks",
            "new"."intentional_walks", "new"."hit_by_pitch", "new"."strikeouts", "new"."ground_outs",
            "new"."air_outs", "new"."fly_outs", "new"."line_outs", "new"."pop_outs",
            "new"."ground_into_double_play", "new"."ground_into_triple_play", "new"."sac_bunts",
            "new"."sac_flies", "new"."catchers_interference", "new"."left_on_base", "new"."stolen_bases",
            "new"."caught_stealing", "new"."stolen_base_percentage"::numeric, "new"."pickoffs",
            "new"."at_bats_per_home_run"::numeric, "new"."fielding_games_started", "new"."fielding_chances",
            "new"."fielding_put_outs", "new"."fielding_assists", "new"."fielding_errors",
            "new"."fielding_passed_balls", "new"."fielding_stolen_bases", "new"."fielding_caught_stealing",
            "new"."fielding_stolen_base_percentage"::numeric, "new"."fielding_pickoffs",
            "new"."season_home_runs", "new"."season_rbi", "new"."season_avg"::numeric,
            "new"."season_obp"::numeric, "new"."season_slg"::numeric, "new"."season_ops"::numeric
        )
), "written" AS (
    INSERT INTO "game"."live_game_home_batting_order" AS "old" (
        "game_pk", "season", "batting_slot", "player_id", "team_id", "parent_team_id", "batting_order",
        "batting_sequence", "jersey_number", "position_code", "position_name", "position_type",
        "position_abbreviation", "status_code", "status_description", "is_current_batter",
        "is_current_pitcher", "is_on_bench", "is_substitute", "summary", "note", "games_played",
        "plate_appearances", "at_bats", "runs", "hits", "doubles", "triples", "home_runs", "total_bases",
        "rbi", "walks", "intentional_walks", "hit_by_pitch", "strikeouts", "ground_outs", "air_outs",
        "fly_outs", "line_outs", "pop_outs", "ground_into_double_play", "ground_into_triple_play",
        "sac_bunts", "sac_flies", "catchers_interference", "left_on_base", "stolen_bases",
        "caught_stealing", "stolen_base_percentage", "pickoffs", "at_bats_per_home_run",
        "fielding_games_started", "fielding_chances", "fielding_put_outs", "fielding_assists",
        "fielding_errors", "fielding_passed_balls", "fielding_stolen_bases", "fielding_caught_stealing",
        "fielding_stolen_base_percentage", "fielding_pickoffs", "season_home_runs", "season_rbi",
        "season_avg", "season_obp", "season_slg", "season_ops", "captured_at"
    )
    SELECT
        "game_pk", "season", "batting_slot", "player_id", "team_id", "parent_team_id", "batting_order",
        "batting_sequence", "jersey_number", "position_code", "position_name", "position_type",
        "position_abbreviation", "status_code", "status_description", "is_current_batter",
        "is_current_pitcher", "is_on_bench", "is_substitute", "summary", "note", "games_played",
        "plate_appearances", "at_bats", "runs", "hits", "doubles", "triples", "home_runs", "total_bases",
        "rbi", "walks", "intentional_walks", "hit_by_pitch", "strikeouts", "ground_outs", "air_outs",
        "fly_outs", "line_outs", "pop_outs", "ground_into_double_play", "ground_into_triple_play",
        "sac_bunts", "sac_flies", "catchers_interference", "left_on_base", "stolen_bases",
        "caught_stealing", "stolen_base_percentage", "pickoffs", "at_bats_per_home_run",
        "fielding_games_started", "fielding_chances", "fielding_put_outs", "fielding_assists",
        "fielding_errors", "fielding_passed_balls", "fielding_stolen_bases", "fielding_caught_stealing",
        "fielding_stolen_base_percentage", "fielding_pickoffs", "season_home_runs", "season_rbi",
        "season_avg", "season_obp", "season_slg", "season_ops", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "batting_slot", "season") DO UPDATE SET
        "player_id" = "excluded"."player_id", "team_id" = "excluded"."team_id",
        "parent_team_id" = "excluded"."parent_team_id", "batting_order" = "excluded"."batting_order",
        "batting_sequence" = "excluded"."batting_sequence", "jersey_number" = "excluded"."jersey_number",
        "position_code" = "excluded"."position_code", "position_name" = "excluded"."position_name",
        "position_type" = "excluded"."position_type",
        "position_abbreviation" = "excluded"."position_abbreviation",
        "status_code" = "excluded"."status_code", "status_description" = "excluded"."status_description",
        "is_current_batter" = "excluded"."is_current_batter",
        "is_current_pitcher" = "excluded"."is_current_pitcher", "is_on_bench" = "excluded"."is_on_bench",
        "is_substitute" = "excluded"."is_substitute", "summary" = "excluded"."summary",
        "note" = "excluded"."note", "games_played" = "excluded"."games_played",
        "plate_appearances" = "excluded"."plate_appearances", "at_bats" = "excluded"."at_bats",
        "runs" = "excluded"."runs", "hits" = "excluded"."hits", "doubles" = "excluded"."doubles",
        "triples" = "excluded"."triples", "home_runs" = "excluded"."home_runs",
        "total_bases" = "excluded"."total_bases", "rbi" = "excluded"."rbi", "walks" = "excluded"."walks",
        "intentional_walks" = "excluded"."intentional_walks", "hit_by_pitch" = "excluded"."hit_by_pitch",
        "strikeouts" = "excluded"."strikeouts", "ground_outs" = "excluded"."ground_outs",
        "air_outs" = "excluded"."air_outs", "fly_outs" = "excluded"."fly_outs",
        "line_outs" = "excluded"."line_outs", "pop_outs" = "excluded"."pop_outs",
        "ground_into_double_play" = "excluded"."ground_into_double_play",
        "ground_into_triple_play" = "excluded"."ground_into_triple_play",
        "sac_bunts" = "excluded"."sac_bunts", "sac_flies" = "excluded"."sac_flies",
        "catchers_interference" = "excluded"."catchers_interference",
        "left_on_base" = "excluded"."left_on_base", "stolen_bases" = "excluded"."stolen_bases",
        "caught_stealing" = "excluded"."caught_stealing",
        "stolen_base_percentage" = "excluded"."stolen_base_percentage", "pickoffs" = "excluded"."pickoffs",
        "at_bats_per_home_run" = "excluded"."at_bats_per_home_run",
        "fielding_games_started" = "excluded"."fielding_games_started",
        "fielding_chances" = "excluded"."fielding_chances",
        "fielding_put_outs" = "excluded"."fielding_put_outs",
        "fielding_assists" = "excluded"."fielding_assists",
        "fielding_errors" = "excluded"."fielding_errors",
        "fielding_passed_balls" = "excluded"."fielding_passed_balls",
        "fielding_stolen_bases" = "excluded"."fielding_stolen_bases",
        "fielding_caught_stealing" = "excluded"."fielding_caught_stealing",
        "fielding_stolen_base_percentage" = "excluded"."fielding_stolen_base_percentage",
        "fielding_pickoffs" = "excluded"."fielding_pickoffs",
        "season_home_runs" = "excluded"."season_home_runs", "season_rbi" = "excluded"."season_rbi",
        "season_avg" = "excluded"."season_avg", "season_obp" = "excluded"."season_obp",
        "season_slg" = "excluded"."season_slg", "season_ops" = "excluded"."season_ops",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "batting_slot", "season", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "batting_slot", "season")
GROUP BY "game_pk";

-- Counts the documents' rows that break a check which only warns
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE NOT ("batting_slot" <= 9)) AS "live_game_home_batting_order_nine_slots_check"
FROM "game"."live_game_home_batting_order" AS "old"
WHERE
    "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    AND (NOT ("batting_slot" <= 9))
GROUP BY "game_pk";

-- Finds a staged row that breaks live_game_home_batting_order_batting_slot_check
SELECT "batting_slot"
FROM "pg_temp"."stage_game.live_game_home_batting_order"
WHERE
    NOT ("batting_slot" >= 1)
LIMIT 1;
