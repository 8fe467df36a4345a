-- Copies the rows of new documents into the table
COPY "person"."stats_pitching" (
    "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
    "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "num_teams",
    "sport_id", "league_id", "split_description", "num_leagues", "game_date", "game_number",
    "day_night", "opponent_id", "is_home", "is_win", "age", "games_played", "games_started",
    "games_pitched", "games_finished", "complete_games", "shutouts", "wins", "losses", "saves",
    "save_opportunities", "holds", "blown_saves", "outs", "innings_pitched_outs", "batters_faced",
    "at_bats", "runs", "earned_runs", "hits", "doubles", "triples", "home_runs", "total_bases",
    "hit_batsmen", "walks", "intentional_walks", "strikeouts", "sac_bunts", "sac_flies",
    "catchers_interference", "grounded_into_double_play", "ground_outs", "air_outs", "fly_outs",
    "stolen_bases", "caught_stealing", "pickoffs", "number_of_pitches", "strikes", "balks",
    "wild_pitches", "inherited_runners", "inherited_runners_scored", "era", "whip", "avg", "obp",
    "slg", "ops", "win_percentage", "strike_percentage", "stolen_base_percentage",
    "caught_stealing_percentage", "ground_outs_to_air_outs", "pitches_per_inning",
    "strikeout_walk_ratio", "strikeouts_per_9_innings", "walks_per_9_innings", "hits_per_9_innings",
    "runs_per_9_innings", "home_runs_per_9_innings", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_person.stats_pitching" (
    "person_id" int4, "asked_season" int2, "asked_sport_id" int2, "season" int2, "team_id" int4,
    "game_pk" int8, "num_teams" int2, "sport_id" int2, "league_id" int4, "num_leagues" int2,
    "game_date" date, "game_number" int2, "opponent_id" int4, "is_home" bool, "is_win" bool,
    "age" int2, "games_played" int2, "games_started" int2, "games_pitched" int2, "games_finished" int2,
    "complete_games" int2, "shutouts" int2, "wins" int2, "losses" int2, "saves" int2,
    "save_opportunities" int2, "holds" int2, "blown_saves" int2, "outs" int2,
    "innings_pitched_outs" int4, "batters_faced" int2, "at_bats" int2, "runs" int2, "earned_runs" int2,
    "hits" int2, "doubles" int2, "triples" int2, "home_runs" int2, "total_bases" int2,
    "hit_batsmen" int2, "walks" int2, "intentional_walks" int2, "strikeouts" int2, "sac_bunts" int2,
    "sac_flies" int2, "catchers_interference" int2, "grounded_into_double_play" int2,
    "ground_outs" int2, "air_outs" int2, "fly_outs" int2, "stolen_bases" int2, "caught_stealing" int2,
    "pickoffs" int2, "number_of_pitches" int4, "strikes" int4, "balks" int2, "wild_pitches" int2,
    "inherited_runners" int2, "inherited_runners_scored" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_person.stats_pitching"
    ADD COLUMN IF NOT EXISTS "stat_type" text,
    ALTER COLUMN "stat_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "stat_group" text,
    ALTER COLUMN "stat_group" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "asked_game_type" text,
    ALTER COLUMN "asked_game_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "asked_sit_codes" text,
    ALTER COLUMN "asked_sit_codes" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "game_type" text,
    ALTER COLUMN "game_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "split_code" text,
    ALTER COLUMN "split_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "split_description" text,
    ALTER COLUMN "split_description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "day_night" text,
    ALTER COLUMN "day_night" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "era" numeric,
    ALTER COLUMN "era" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "whip" numeric,
    ALTER COLUMN "whip" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "avg" numeric,
    ALTER COLUMN "avg" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "obp" numeric,
    ALTER COLUMN "obp" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "slg" numeric,
    ALTER COLUMN "slg" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "ops" numeric,
    ALTER COLUMN "ops" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "win_percentage" numeric,
    ALTER COLUMN "win_percentage" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "strike_percentage" numeric,
    ALTER COLUMN "strike_percentage" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "stolen_base_percentage" numeric,
    ALTER COLUMN "stolen_base_percentage" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "caught_stealing_percentage" numeric,
    ALTER COLUMN "caught_stealing_percentage" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "ground_outs_to_air_outs" numeric,
    ALTER COLUMN "ground_outs_to_air_outs" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "pitches_per_inning" numeric,
    ALTER COLUMN "pitches_per_inning" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "strikeout_walk_ratio" numeric,
    ALTER COLUMN "strikeout_walk_ratio" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "strikeouts_per_9_innings" numeric,
    ALTER COLUMN "strikeouts_per_9_innings" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "walks_per_9_innings" numeric,
    ALTER COLUMN "walks_per_9_innings" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "hits_per_9_innings" numeric,
    ALTER COLUMN "hits_per_9_innings" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "runs_per_9_innings" numeric,
    ALTER COLUMN "runs_per_9_innings" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "home_runs_per_9_innings" numeric,
    ALTER COLUMN "home_runs_per_9_innings" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_person.stats_pitching"
    ALTER COLUMN "stat_type" SET STORAGE EXTENDED,
    ALTER COLUMN "stat_group" SET STORAGE EXTENDED,
    ALTER COLUMN "asked_game_type" SET STORAGE EXTENDED,
    ALTER COLUMN "asked_sit_codes" SET STORAGE EXTENDED,
    ALTER COLUMN "game_type" SET STORAGE EXTENDED,
    ALTER COLUMN "split_code" SET STORAGE EXTENDED,
    ALTER COLUMN "split_description" SET STORAGE EXTENDED,
    ALTER COLUMN "day_night" SET STORAGE EXTENDED,
    ALTER COLUMN "era" SET STORAGE EXTENDED,
    ALTER COLUMN "whip" SET STORAGE EXTENDED,
    ALTER COLUMN "avg" SET STORAGE EXTENDED,
    ALTER COLUMN "obp" SET STORAGE EXTENDED,
    ALTER COLUMN "slg" SET STORAGE EXTENDED,
    ALTER COLUMN "ops" SET STORAGE EXTENDED,
    ALTER COLUMN "win_percentage" SET STORAGE EXTENDED,
    ALTER COLUMN "strike_percentage" SET STORAGE EXTENDED,
    ALTER COLUMN "stolen_base_percentage" SET STORAGE EXTENDED,
    ALTER COLUMN "caught_stealing_percentage" SET STORAGE EXTENDED,
    ALTER COLUMN "ground_outs_to_air_outs" SET STORAGE EXTENDED,
    ALTER COLUMN "pitches_per_inning" SET STORAGE EXTENDED,
    ALTER COLUMN "strikeout_walk_ratio" SET STORAGE EXTENDED,
    ALTER COLUMN "strikeouts_per_9_innings" SET STORAGE EXTENDED,
    ALTER COLUMN "walks_per_9_innings" SET STORAGE EXTENDED,
    ALTER COLUMN "hits_per_9_innings" SET STORAGE EXTENDED,
    ALTER COLUMN "runs_per_9_innings" SET STORAGE EXTENDED,
    ALTER COLUMN "home_runs_per_9_innings" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_person.stats_pitching" (
    "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
    "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "num_teams",
    "sport_id", "league_id", "split_description", "num_leagues", "game_date", "game_number",
    "day_night", "opponent_id", "is_home", "is_win", "age", "games_played", "games_started",
    "games_pitched", "games_finished", "complete_games", "shutouts", "wins", "losses", "saves",
    "save_opportunities", "holds", "blown_saves", "outs", "innings_pitched_outs", "batters_faced",
    "at_bats", "runs", "earned_runs", "hits", "doubles", "triples", "home_runs", "total_bases",
    "hit_batsmen", "walks", "intentional_walks", "strikeouts", "sac_bunts", "sac_flies",
    "catchers_interference", "grounded_into_double_play", "ground_outs", "air_outs", "fly_outs",
    "stolen_bases", "caught_stealing", "pickoffs", "number_of_pitches", "strikes", "balks",
    "wild_pitches", "inherited_runners", "inherited_runners_scored", "era", "whip", "avg", "obp",
    "slg", "ops", "win_percentage", "strike_percentage", "stolen_base_percentage",
    "caught_stealing_percentage", "ground_outs_to_air_outs", "pitches_per_inning",
    "strikeout_walk_ratio", "strikeouts_per_9_innings", "walks_per_9_innings", "hits_per_9_innings",
    "runs_per_9_innings", "home_runs_per_9_innings", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "person"."stats_pitching" AS "old"
    USING UNNEST(%(person_id)s::integer[], %(stat_type)s::text[], %(stat_group)s::text[], %(asked_season)s::smallint[], %(asked_game_type)s::text[], %(asked_sport_id)s::smallint[], %(asked_sit_codes)s::text[], %(captured_at)s::timestamptz[])
        AS "document"("person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes", "captured_at")
    WHERE
        "old"."person_id" = "document"."person_id"
        AND "old"."stat_type" = "document"."stat_type"
        AND "old"."stat_group" = "document"."stat_group"
        AND "old"."asked_season" = "document"."asked_season"
        AND "old"."asked_game_type" = "document"."asked_game_type"
        AND "old"."asked_sport_id" = "document"."asked_sport_id"
        AND "old"."asked_sit_codes" = "document"."asked_sit_codes"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_person.stats_pitching" AS "new"
            WHERE
                "old"."person_id" = "new"."person_id"
                AND "old"."stat_type" = "new"."stat_type"
                AND "old"."stat_group" = "new"."stat_group"
                AND "old"."asked_season" = "new"."asked_season"
                AND "old"."asked_game_type" = "new"."asked_game_type"
                AND "old"."asked_sport_id" = "new"."asked_sport_id"
                AND "old"."asked_sit_codes" = "new"."asked_sit_codes"
                AND "old"."season" = "new"."season"
                AND "old"."game_type" = "new"."game_type"
                AND "old"."team_id" = "new"."team_id"
                AND "old"."split_code" = "new"."split_code"
                AND "old"."game_pk" = "new"."game_pk"
        )
    RETURNING "old"."person_id", "old"."stat_type", "old"."stat_group", "old"."asked_season", "old"."asked_game_type", "old"."asked_sport_id", "old"."asked_sit_codes", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."person_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_person.stats_pitching" AS "new"
    LEFT JOIN "person"."stats_pitching" AS "old"
        ON "old"."person_id" = "new"."person_id"
        AND "old"."stat_type" = "new"."stat_type"
        AND "old"."stat_group" = "new"."stat_group"
        AND "old"."asked_season" = "new"."asked_season"
        AND "old"."asked_game_type" = "new"."asked_game_type"
        AND "old"."asked_sport_id" = "new"."asked_sport_id"
        AND "old"."asked_sit_codes" = "new"."asked_sit_codes"
        AND "old"."season" = "new"."season"
        AND "old"."game_type" = "new"."game_type"
        AND "old"."team_id" = "new"."team_id"
        AND "old"."split_code" = "new"."split_code"
        AND "old"."game_pk" = "new"."game_pk"
        AND "old"."person_id" = ANY(%(person_id)s::integer[])
        AND "old"."stat_type" = ANY(%(stat_type)s::text[])
        AND "old"."stat_group" = ANY(%(stat_group)s::text[])
        AND "old"."asked_season" = ANY(%(asked_season)s::smallint[])
        AND "old"."asked_game_type" = ANY(%(asked_game_type)s::text[])
        AND "old"."asked_sport_id" = ANY(%(asked_sport_id)s::smallint[])
        AND "old"."asked_sit_codes" = ANY(%(asked_sit_codes)s::text[])
    WHERE
        "old"."person_id" IS NULL
        OR (
            "old"."num_teams", "old"."sport_id", "old"."league_id", "old"."split_description",
            "old"."num_leagues", "old"."game_date", "old"."game_number", "old"."day_night",
            "old"."opponent_id", "old"."is_home", "old"."is_win", "old"."age", "old"."games_played",
            "old"."games_started", "old"."games_pitched", "old"."games_finished", "old"."complete_games",
            "old"."shutouts", "old"."wins", "old"."losses", "old"."saves", "old"."save_opportunities",
            "old"."holds", "old"."blown_saves", "old"."outs", "old"."innings_pitched_outs",
            "old"."batters_faced", "old"."at_bats", "old"."runs", "old"."earned_runs", "old"."hits",
            "old"."doubles", "old"."triples", "old"."home_runs", "old"."total_bases", "old"."hit_batsmen",
            "old"."walks", "old"."intentional_walks", "old"."strikeouts", "old"."sac_bunts", "old"."sac_flies",
            "old"."catchers_interference", "old"."grounded_into_double_play", "old"."ground_outs",
            "old"."air_outs", "old"."fly_outs", "old"."stolen_bases", "old"."caught_stealing",
            "old"."pickoffs", "old"."number_of_pitches", "old"."strikes", "old"."balks", "old"."wild_pitches",
            "old"."inherited_runners", "old"."inherited_runners_scored", "old"."era", "old"."whip",
            "old"."avg", "old"."obp", "old"."slg", "old"."ops", "old"."win_percentage",
            "old"."strike_percentage", "old"."stolen_base_percentage", "old"."caught_stealing_percentage",
            "old"."ground_outs_to_air_outs", "old"."pitches_per_inning", "old"."strikeout_walk_ratio",
            "old"."strikeouts_per_9_innings", "old"."walks_per_9_innings", "old"."hits_per_9_innings",
            "old"."runs_per_9_innings", "old"."home_runs_per_9_innings"
        ) IS DISTINCT FROM (
            "new"."num_teams", "new"."sport_id", "new"."league_id", "new"."split_description",
            "new"."num_leagues", "new"."game_date", "new"."game_number", "new"."day_night",
            "new"."opponent_id", "new"."is_home", "new"."is_win", "new"."age", "new"."games_played",
            "new"."games_started", "new"."games_pitched", "new"."games_finished", "new"."complete_games",
            "new"."shutouts", "new"."wins", "new"."losses", "new"."saves", "new"."save_opportunities",
            "new"."holds", "new"."blown_saves", "new"."outs", "new"."innings_pitched_outs",
            "new"."batters_faced", "new"."at_bats", "new"."runs", "new"."earned_runs", "new"."hits",
            "new"."doubles", "new"."triples", "new"."home_runs", "new"."total_bases", "new"."hit_batsmen",
            "new"."walks", "new"."intentional_walks", "new"."strikeouts", "new"."sac_bunts", "new"."sac_flies",
            "new"."catchers_interference", "new"."grounded_into_double_play", "new"."ground_outs",
            "new"."air_outs", "new"."fly_outs", "new"."stolen_bases", "new"."caught_stealing",
            "new"."pickoffs", "new"."number_of_pitches", "new"."strikes", "new"."balks", "new"."wild_pitches",
            "new"."inherited_runners", "new"."inherited_runners_scored", "new"."era"::numeric,
            "new"."whip"::numeric, "new"."avg"::numeric, "new"."obp"::numeric, "new"."slg"::numeric,
            "new"."ops"::numeric, "new"."win_percentage"::numeric, "new"."strike_percentage"::numeric,
            "new"."stolen_base_percentage"::numeric, "new"."caught_stealing_percentage"::numeric,
            "new"."ground_outs_to_air_outs"::numeric, "new"."pitches_per_inning"::numeric,
            "new"."strikeout_walk_ratio"::numeric, "new"."strikeouts_per_9_innings"::numeric,
            "new"."walks_per_9_innings"::numeric, "new"."hits_per_9_innings"::numeric,
            "new"."runs_per_9_innings"::numeric, "new"."home_runs_per_9_innings"::numeric
        )
), "written" AS (
    INSERT INTO "person"."stats_pitching" AS "old" (
        "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
        "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "num_teams",
        "sport_id", "league_id", "split_description", "num_leagues", "game_date", "game_number",
        "day_night", "opponent_id", "is_home", "is_win", "age", "games_played", "games_started",
        "games_pitched", "games_finished", "complete_games", "shutouts", "wins", "losses", "saves",
        "save_opportunities", "holds", "blown_saves", "outs", "innings_pitched_outs", "batters_faced",
        "at_bats", "runs", "earned_runs", "hits", "doubles", "triples", "home_runs", "total_bases",
        "hit_batsmen", "walks", "intentional_walks", "strikeouts", "sac_bunts", "sac_flies",
        "catchers_interference", "grounded_into_double_play", "ground_outs", "air_outs", "fly_outs",
        "stolen_bases", "caught_stealing", "pickoffs", "number_of_pitches", "strikes", "balks",
        "wild_pitches", "inherited_runners", "inherited_runners_scored", "era", "whip", "avg", "obp",
        "slg", "ops", "win_percentage", "strike_percentage", "stolen_base_percentage",
        "caught_stealing_percentage", "ground_outs_to_air_outs", "pitches_per_inning",
        "strikeout_walk_ratio", "strikeouts_per_9_innings", "walks_per_9_innings", "hits_per_9_innings",
        "runs_per_9_innings", "home_runs_per_9_innings", "captured_at"
    )
    SELECT
        "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
        "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "num_teams",
        "sport_id", "league_id", "split_description", "num_leagues", "game_date", "game_number",
        "day_night", "opponent_id", "is_home", "is_win", "age", "games_played", "games_started",
        "games_pitched", "games_finished", "complete_games", "shutouts", "wins", "losses", "saves",
        "save_opportunities", "holds", "blown_saves", "outs", "innings_pitched_outs", "batters_faced",
        "at_bats", "runs", "earned_runs", "hits", "doubles", "triples", "home_runs", "total_bases",
        "hit_batsmen", "walks", "intentional_walks", "strikeouts", "sac_bunts", "sac_flies",
        "catchers_interference", "grounded_into_double_play", "ground_outs", "air_outs", "fly_outs",
        "stolen_bases", "caught_stealing", "pickoffs", "number_of_pitches", "strikes", "balks",
        "wild_pitches", "inherited_runners", "inherited_runners_scored", "era", "whip", "avg", "obp",
        "slg", "ops", "win_percentage", "strike_percentage", "stolen_base_percentage",
        "caught_stealing_percentage", "ground_outs_to_air_outs", "pitches_per_inning",
        "strikeout_walk_ratio", "strikeouts_per_9_innings", "walks_per_9_innings", "hits_per_9_innings",
        "runs_per_9_innings", "home_runs_per_9_innings", "captured_at"
    FROM "incoming"
    ON CONFLICT ("person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk") DO UPDATE SET
        "num_teams" = "excluded"."num_teams", "sport_id" = "excluded"."sport_id",
        "league_id" = "excluded"."league_id", "split_description" = "excluded"."split_description",
        "num_leagues" = "excluded"."num_leagues", "game_date" = "excluded"."game_date",
        "game_number" = "excluded"."game_number", "day_night" = "excluded"."day_night",
        "opponent_id" = "excluded"."opponent_id", "is_home" = "excluded"."is_home",
        "is_win" = "excluded"."is_win", "age" = "excluded"."age",
        "games_played" = "excluded"."games_played", "games_started" = "excluded"."games_started",
        "games_pitched" = "excluded"."games_pitched", "games_finished" = "excluded"."games_finished",
        "complete_games" = "excluded"."complete_games", "shutouts" = "excluded"."shutouts",
        "wins" = "excluded"."wins", "losses" = "excluded"."losses", "saves" = "excluded"."saves",
        "save_opportunities" = "excluded"."save_opportunities", "holds" = "excluded"."holds",
        "blown_saves" = "excluded"."blown_saves", "outs" = "excluded"."outs",
        "innings_pitched_outs" = "excluded"."innings_pitched_outs",
        "batters_faced" = "excluded"."batters_faced", "at_bats" = "excluded"."at_bats",
        "runs" = "excluded"."runs", "earned_runs" = "excluded"."earned_runs", "hits" = "excluded"."hits",
        "doubles" = "excluded"."doubles", "triples" = "excluded"."triples",
        "home_runs" = "excluded"."home_runs", "total_bases" = "excluded"."total_bases",
        "hit_batsmen" = "excluded"."hit_batsmen", "walks" = "excluded"."walks",
        "intentional_walks" = "excluded"."intentional_walks", "strikeouts" = "excluded"."strikeouts",
        "sac_bunts" = "excluded"."sac_bunts", "sac_flies" = "excluded"."sac_flies",
        "catchers_interference" = "excluded"."catchers_interference",
        "grounded_into_double_play" = "excluded"."grounded_into_double_play",
        "ground_outs" = "excluded"."ground_outs", "air_outs" = "excluded"."air_outs",
        "fly_outs" = "excluded"."fly_outs", "stolen_bases" = "excluded"."stolen_bases",
        "caught_stealing" = "excluded"."caught_stealing", "pickoffs" = "excluded"."pickoffs",
        "number_of_pitches" = "excluded"."number_of_pitches", "strikes" = "excluded"."strikes",
        "balks" = "excluded"."balks", "wild_pitches" = "excluded"."wild_pitches",
        "inherited_runners" = "excluded"."inherited_runners",
        "inherited_runners_scored" = "excluded"."inherited_runners_scored", "era" = "excluded"."era",
        "whip" = "excluded"."whip", "avg" = "excluded"."avg", "obp" = "excluded"."obp",
        "slg" = "excluded"."slg", "ops" = "excluded"."ops", "win_percentage" = "excluded"."win_percentage",
        "strike_percentage" = "excluded"."strike_percentage",
        "stolen_base_percentage" = "excluded"."stolen_base_percentage",
        "caught_stealing_percentage" = "excluded"."caught_stealing_percentage",
        "ground_outs_to_air_outs" = "excluded"."ground_outs_to_air_outs",
        "pitches_per_inning" = "excluded"."pitches_per_inning",
        "strikeout_walk_ratio" = "excluded"."strikeout_walk_ratio",
        "strikeouts_per_9_innings" = "excluded"."strikeouts_per_9_innings",
        "walks_per_9_innings" = "excluded"."walks_per_9_innings",
        "hits_per_9_innings" = "excluded"."hits_per_9_innings",
        "runs_per_9_innings" = "excluded"."runs_per_9_innings",
        "home_runs_per_9_innings" = "excluded"."home_runs_per_9_innings",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", TRUE AS "Written"
)
SELECT
    "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk")
GROUP BY "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes";
