-- Copies the rows of new documents into the table
COPY "game"."live_game_pitching_lines" (
    "game_pk", "season", "side", "player_id", "team_id", "summary", "note", "games_pitched",
    "games_started", "games_finished", "complete_games", "shutouts", "wins", "losses", "saves",
    "save_opportunities", "holds", "blown_saves", "outs_recorded", "batters_faced", "at_bats",
    "number_of_pitches", "strikes", "balls", "hits", "doubles", "triples", "home_runs", "runs",
    "earned_runs", "rbi", "walks", "intentional_walks", "hit_batsmen", "strikeouts", "ground_outs",
    "air_outs", "fly_outs", "line_outs", "pop_outs", "sac_bunts", "sac_flies", "catchers_interference",
    "wild_pitches", "passed_balls", "balks", "pickoffs", "stolen_bases", "caught_stealing",
    "inherited_runners", "inherited_runners_scored", "strike_percentage", "stolen_base_percentage",
    "runs_scored_per_9", "home_runs_per_9", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_pitching_lines" (
    "game_pk" int8, "season" int2, "player_id" int4, "team_id" int4, "games_pitched" int2,
    "games_started" int2, "games_finished" int2, "complete_games" int2, "shutouts" int2, "wins" int2,
    "losses" int2, "saves" int2, "save_opportunities" int2, "holds" int2, "blown_saves" int2,
    "outs_recorded" int2, "batters_faced" int2, "at_bats" int2, "number_of_pitches" int2,
    "strikes" int2, "balls" int2, "hits" int2, "doubles" int2, "triples" int2, "home_runs" int2,
    "runs" int2, "earned_runs" int2, "rbi" int2, "walks" int2, "intentional_walks" int2,
    "hit_batsmen" int2, "strikeouts" int2, "ground_outs" int2, "air_outs" int2, "fly_outs" int2,
    "line_outs" int2, "pop_outs" int2, "sac_bunts" int2, "sac_flies" int2,
    "catchers_interference" int2, "wild_pitches" int2, "passed_balls" int2, "balks" int2,
    "pickoffs" int2, "stolen_bases" int2, "caught_stealing" int2, "inherited_runners" int2,
    "inherited_runners_scored" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_pitching_lines"
    ADD COLUMN IF NOT EXISTS "side" text,
    ALTER COLUMN "side" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "summary" text,
    ALTER COLUMN "summary" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "note" text,
    ALTER COLUMN "note" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "strike_percentage" numeric,
    ALTER COLUMN "strike_percentage" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "stolen_base_percentage" numeric,
    ALTER COLUMN "stolen_base_percentage" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "runs_scored_per_9" numeric,
    ALTER COLUMN "runs_scored_per_9" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "home_runs_per_9" numeric,
    ALTER COLUMN "home_runs_per_9" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_pitching_lines"
    ALTER COLUMN "side" SET STORAGE EXTENDED,
    ALTER COLUMN "summary" SET STORAGE EXTENDED,
    ALTER COLUMN "note" SET STORAGE EXTENDED,
    ALTER COLUMN "strike_percentage" SET STORAGE EXTENDED,
    ALTER COLUMN "stolen_base_percentage" SET STORAGE EXTENDED,
    ALTER COLUMN "runs_scored_per_9" SET STORAGE EXTENDED,
    ALTER COLUMN "home_runs_per_9" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_pitching_lines" (
    "game_pk", "season", "side", "player_id", "team_id", "summary", "note", "games_pitched",
    "games_started", "games_finished", "complete_games", "shutouts", "wins", "losses", "saves",
    "save_opportunities", "holds", "blown_saves", "outs_recorded", "batters_faced", "at_bats",
    "number_of_pitches", "strikes", "balls", "hits", "doubles", "triples", "home_runs", "runs",
    "earned_runs", "rbi", "walks", "intentional_walks", "hit_batsmen", "strikeouts", "ground_outs",
    "air_outs", "fly_outs", "line_outs", "pop_outs", "sac_bunts", "sac_flies", "catchers_interference",
    "wild_pitches", "passed_balls", "balks", "pickoffs", "stolen_bases", "caught_stealing",
    "inherited_runners", "inherited_runners_scored", "strike_percentage", "stolen_base_percentage",
    "runs_scored_per_9", "home_runs_per_9", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_pitching_lines" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_pitching_lines" AS "new"
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
    FROM "pg_temp"."stage_game.live_game_pitching_lines" AS "new"
    LEFT JOIN "game"."live_game_pitching_lines" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."side" = "new"."side"
        AND "old"."player_id" = "new"."player_id"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."team_id", "old"."summary", "old"."note", "old"."games_pitched", "old"."games_started",
            "old"."games_finished", "old"."complete_games", "old"."shutouts", "old"."wins", "old"."losses",
            "old"."saves", "old"."save_opportunities", "old"."holds", "old"."blown_saves",
            "old"."outs_recorded", "old"."batters_faced", "old"."at_bats", "old"."number_of_pitches",
            "old"."strikes", "old"."balls", "old"."hits", "old"."doubles", "old"."triples", "old"."home_runs",
            "old"."runs", "old"."earned_runs", "old"."rbi", "old"."walks", "old"."intentional_walks",
            "old"."hit_batsmen", "old"."strikeouts", "old"."ground_outs", "old"."air_outs", "old"."fly_outs",
            "old"."line_outs", "old"."pop_outs", "old"."sac_bunts", "old"."sac_flies",
            "old"."catchers_interference", "old"."wild_pitches", "old"."passed_balls", "old"."balks",
            "old"."pickoffs", "old"."stolen_bases", "old"."caught_stealing", "old"."inherited_runners",
            "old"."inherited_runners_scored", "old"."strike_percentage", "old"."stolen_base_percentage",
            "old"."runs_scored_per_9", "old"."home_runs_per_9"
        ) IS DISTINCT FROM (
            "new"."team_id", "new"."summary", "new"."note", "new"."games_pitched", "new"."games_started",
            "new"."games_finished", "new"."complete_games", "new"."shutouts", "new"."wins", "new"."losses",
            "new"."saves", "new"."save_opportunities", "new"."holds", "new"."blown_saves",
            "new"."outs_recorded", "new"."batters_faced", "new"."at_bats", "new"."number_of_pitches",
            "new"."strikes", "new"."balls", "new"."hits", "new"."doubles", "new"."triples", "new"."home_runs",
            "new"."runs", "new"."earned_runs", "new"."rbi", "new"."walks", "new"."intentional_walks",
            "new"."hit_batsmen", "new"."strikeouts", "new"."ground_outs", "new"."air_outs", "new"."fly_outs",
            "new"."line_outs", "new"."pop_outs", "new"."sac_bunts", "new"."sac_flies",
            "new"."catchers_interference", "new"."wild_pitches", "new"."passed_balls", "new"."balks",
            "new"."pickoffs", "new"."stolen_bases", "new"."caught_stealing", "new"."inherited_runners",
            "new"."inherited_runners_scored", "new"."strike_percentage"::numeric,
            "new"."stolen_base_percentage"::numeric, "new"."runs_scored_per_9"::numeric,
            "new"."home_runs_per_9"::numeric
        )
), "written" AS (
    INSERT INTO "game"."live_game_pitching_lines" AS "old" (
        "game_pk", "season", "side", "player_id", "team_id", "summary", "note", "games_pitched",
        "games_started", "games_finished", "complete_games", "shutouts", "wins", "losses", "saves",
        "save_opportunities", "holds", "blown_saves", "outs_recorded", "batters_faced", "at_bats",
        "number_of_pitches", "strikes", "balls", "hits", "doubles", "triples", "home_runs", "runs",
        "earned_runs", "rbi", "walks", "intentional_walks", "hit_batsmen", "strikeouts", "ground_outs",
        "air_outs", "fly_outs", "line_outs", "pop_outs", "sac_bunts", "sac_flies", "catchers_interference",
        "wild_pitches", "passed_balls", "balks", "pickoffs", "stolen_bases", "caught_stealing",
        "inherited_runners", "inherited_runners_scored", "strike_percentage", "stolen_base_percentage",
        "runs_scored_per_9", "home_runs_per_9", "captured_at"
    )
    SELECT
        "game_pk", "season", "side", "player_id", "team_id", "summary", "note", "games_pitched",
        "games_started", "games_finished", "complete_games", "shutouts", "wins", "losses", "saves",
        "save_opportunities", "holds", "blown_saves", "outs_recorded", "batters_faced", "at_bats",
        "number_of_pitches", "strikes", "balls", "hits", "doubles", "triples", "home_runs", "runs",
        "earned_runs", "rbi", "walks", "intentional_walks", "hit_batsmen", "strikeouts", "ground_outs",
        "air_outs", "fly_outs", "line_outs", "pop_outs", "sac_bunts", "sac_flies", "catchers_interference",
        "wild_pitches", "passed_balls", "balks", "pickoffs", "stolen_bases", "caught_stealing",
        "inherited_runners", "inherited_runners_scored", "strike_percentage", "stolen_base_percentage",
        "runs_scored_per_9", "home_runs_per_9", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "side", "player_id", "season") DO UPDATE SET
        "team_id" = "excluded"."team_id", "summary" = "excluded"."summary", "note" = "excluded"."note",
        "games_pitched" = "excluded"."games_pitched", "games_started" = "excluded"."games_started",
        "games_finished" = "excluded"."games_finished", "complete_games" = "excluded"."complete_games",
        "shutouts" = "excluded"."shutouts", "wins" = "excluded"."wins", "losses" = "excluded"."losses",
        "saves" = "excluded"."saves", "save_opportunities" = "excluded"."save_opportunities",
        "holds" = "excluded"."holds", "blown_saves" = "excluded"."blown_saves",
        "outs_recorded" = "excluded"."outs_recorded", "batters_faced" = "excluded"."batters_faced",
        "at_bats" = "excluded"."at_bats", "number_of_pitches" = "excluded"."number_of_pitches",
        "strikes" = "excluded"."strikes", "balls" = "excluded"."balls", "hits" = "excluded"."hits",
        "doubles" = "excluded"."doubles", "triples" = "excluded"."triples",
        "home_runs" = "excluded"."home_runs", "runs" = "excluded"."runs",
        "earned_runs" = "excluded"."earned_runs", "rbi" = "excluded"."rbi", "walks" = "excluded"."walks",
        "intentional_walks" = "excluded"."intentional_walks", "hit_batsmen" = "excluded"."hit_batsmen",
        "strikeouts" = "excluded"."strikeouts", "ground_outs" = "excluded"."ground_outs",
        "air_outs" = "excluded"."air_outs", "fly_outs" = "excluded"."fly_outs",
        "line_outs" = "excluded"."line_outs", "pop_outs" = "excluded"."pop_outs",
        "sac_bunts" = "excluded"."sac_bunts", "sac_flies" = "excluded"."sac_flies",
        "catchers_interference" = "excluded"."catchers_interference",
        "wild_pitches" = "excluded"."wild_pitches", "passed_balls" = "excluded"."passed_balls",
        "balks" = "excluded"."balks", "pickoffs" = "excluded"."pickoffs",
        "stolen_bases" = "excluded"."stolen_bases", "caught_stealing" = "excluded"."caught_stealing",
        "inherited_runners" = "excluded"."inherited_runners",
        "inherited_runners_scored" = "excluded"."inherited_runners_scored",
        "strike_percentage" = "excluded"."strike_percentage",
        "stolen_base_percentage" = "excluded"."stolen_base_percentage",
        "runs_scored_per_9" = "excluded"."runs_scored_per_9",
        "home_runs_per_9" = "excluded"."home_runs_per_9", "captured_at" = "excluded"."captured_at",
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
