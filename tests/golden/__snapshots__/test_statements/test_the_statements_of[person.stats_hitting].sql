-- Copies the rows of new documents into the table
COPY "person"."stats_hitting" (
    "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
    "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "num_teams",
    "sport_id", "league_id", "split_description", "num_leagues", "game_date", "game_number",
    "day_night", "opponent_id", "is_home", "is_win", "position_code", "age", "games_played",
    "plate_appearances", "at_bats", "runs", "hits", "doubles", "triples", "home_runs", "total_bases",
    "rbi", "walks", "intentional_walks", "strikeouts", "hit_by_pitch", "sac_bunts", "sac_flies",
    "catchers_interference", "grounded_into_double_play", "grounded_into_triple_play", "ground_outs",
    "air_outs", "fly_outs", "left_on_base", "stolen_bases", "caught_stealing", "number_of_pitches",
    "avg", "obp", "slg", "ops", "babip", "stolen_base_percentage", "caught_stealing_percentage",
    "at_bats_per_home_run", "ground_outs_to_air_outs", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_person.stats_hitting" (
    "person_id" int4, "asked_season" int2, "asked_sport_id" int2, "season" int2, "team_id" int4,
    "game_pk" int8, "num_teams" int2, "sport_id" int2, "league_id" int4, "num_leagues" int2,
    "game_date" date, "game_number" int2, "opponent_id" int4, "is_home" bool, "is_win" bool,
    "age" int2, "games_played" int2, "plate_appearances" int2, "at_bats" int2, "runs" int2,
    "hits" int2, "doubles" int2, "triples" int2, "home_runs" int2, "total_bases" int2, "rbi" int2,
    "walks" int2, "intentional_walks" int2, "strikeouts" int2, "hit_by_pitch" int2, "sac_bunts" int2,
    "sac_flies" int2, "catchers_interference" int2, "grounded_into_double_play" int2,
    "grounded_into_triple_play" int2, "ground_outs" int2, "air_outs" int2, "fly_outs" int2,
    "left_on_base" int2, "stolen_bases" int2, "caught_stealing" int2, "number_of_pitches" int4,
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_person.stats_hitting"
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
    ADD COLUMN IF NOT EXISTS "position_code" text,
    ALTER COLUMN "position_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "avg" numeric,
    ALTER COLUMN "avg" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "obp" numeric,
    ALTER COLUMN "obp" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "slg" numeric,
    ALTER COLUMN "slg" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "ops" numeric,
    ALTER COLUMN "ops" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "babip" numeric,
    ALTER COLUMN "babip" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "stolen_base_percentage" numeric,
    ALTER COLUMN "stolen_base_percentage" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "caught_stealing_percentage" numeric,
    ALTER COLUMN "caught_stealing_percentage" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "at_bats_per_home_run" numeric,
    ALTER COLUMN "at_bats_per_home_run" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "ground_outs_to_air_outs" numeric,
    ALTER COLUMN "ground_outs_to_air_outs" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_person.stats_hitting"
    ALTER COLUMN "stat_type" SET STORAGE EXTENDED,
    ALTER COLUMN "stat_group" SET STORAGE EXTENDED,
    ALTER COLUMN "asked_game_type" SET STORAGE EXTENDED,
    ALTER COLUMN "asked_sit_codes" SET STORAGE EXTENDED,
    ALTER COLUMN "game_type" SET STORAGE EXTENDED,
    ALTER COLUMN "split_code" SET STORAGE EXTENDED,
    ALTER COLUMN "split_description" SET STORAGE EXTENDED,
    ALTER COLUMN "day_night" SET STORAGE EXTENDED,
    ALTER COLUMN "position_code" SET STORAGE EXTENDED,
    ALTER COLUMN "avg" SET STORAGE EXTENDED,
    ALTER COLUMN "obp" SET STORAGE EXTENDED,
    ALTER COLUMN "slg" SET STORAGE EXTENDED,
    ALTER COLUMN "ops" SET STORAGE EXTENDED,
    ALTER COLUMN "babip" SET STORAGE EXTENDED,
    ALTER COLUMN "stolen_base_percentage" SET STORAGE EXTENDED,
    ALTER COLUMN "caught_stealing_percentage" SET STORAGE EXTENDED,
    ALTER COLUMN "at_bats_per_home_run" SET STORAGE EXTENDED,
    ALTER COLUMN "ground_outs_to_air_outs" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_person.stats_hitting" (
    "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
    "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "num_teams",
    "sport_id", "league_id", "split_description", "num_leagues", "game_date", "game_number",
    "day_night", "opponent_id", "is_home", "is_win", "position_code", "age", "games_played",
    "plate_appearances", "at_bats", "runs", "hits", "doubles", "triples", "home_runs", "total_bases",
    "rbi", "walks", "intentional_walks", "strikeouts", "hit_by_pitch", "sac_bunts", "sac_flies",
    "catchers_interference", "grounded_into_double_play", "grounded_into_triple_play", "ground_outs",
    "air_outs", "fly_outs", "left_on_base", "stolen_bases", "caught_stealing", "number_of_pitches",
    "avg", "obp", "slg", "ops", "babip", "stolen_base_percentage", "caught_stealing_percentage",
    "at_bats_per_home_run", "ground_outs_to_air_outs", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "person"."stats_hitting" AS "old"
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
            SELECT 1 FROM "pg_temp"."stage_person.stats_hitting" AS "new"
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
    FROM "pg_temp"."stage_person.stats_hitting" AS "new"
    LEFT JOIN "person"."stats_hitting" AS "old"
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
            "old"."opponent_id", "old"."is_home", "old"."is_win", "old"."position_code", "old"."age",
            "old"."games_played", "old"."plate_appearances", "old"."at_bats", "old"."runs", "old"."hits",
            "old"."doubles", "old"."triples", "old"."home_runs", "old"."total_bases", "old"."rbi",
            "old"."walks", "old"."intentional_walks", "old"."strikeouts", "old"."hit_by_pitch",
            "old"."sac_bunts", "old"."sac_flies", "old"."catchers_interference",
            "old"."grounded_into_double_play", "old"."grounded_into_triple_play", "old"."ground_outs",
            "old"."air_outs", "old"."fly_outs", "old"."left_on_base", "old"."stolen_bases",
            "old"."caught_stealing", "old"."number_of_pitches", "old"."avg", "old"."obp", "old"."slg",
            "old"."ops", "old"."babip", "old"."stolen_base_percentage", "old"."caught_stealing_percentage",
            "old"."at_bats_per_home_run", "old"."ground_outs_to_air_outs"
        ) IS DISTINCT FROM (
            "new"."num_teams", "new"."sport_id", "new"."league_id", "new"."split_description",
            "new"."num_leagues", "new"."game_date", "new"."game_number", "new"."day_night",
            "new"."opponent_id", "new"."is_home", "new"."is_win", "new"."position_code", "new"."age",
            "new"."games_played", "new"."plate_appearances", "new"."at_bats", "new"."runs", "new"."hits",
            "new"."doubles", "new"."triples", "new"."home_runs", "new"."total_bases", "new"."rbi",
            "new"."walks", "new"."intentional_walks", "new"."strikeouts", "new"."hit_by_pitch",
            "new"."sac_bunts", "new"."sac_flies", "new"."catchers_interference",
            "new"."grounded_into_double_play", "new"."grounded_into_triple_play", "new"."ground_outs",
            "new"."air_outs", "new"."fly_outs", "new"."left_on_base", "new"."stolen_bases",
            "new"."caught_stealing", "new"."number_of_pitches", "new"."avg"::numeric, "new"."obp"::numeric,
            "new"."slg"::numeric, "new"."ops"::numeric, "new"."babip"::numeric,
            "new"."stolen_base_percentage"::numeric, "new"."caught_stealing_percentage"::numeric,
            "new"."at_bats_per_home_run"::numeric, "new"."ground_outs_to_air_outs"::numeric
        )
), "written" AS (
    INSERT INTO "person"."stats_hitting" AS "old" (
        "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
        "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "num_teams",
        "sport_id", "league_id", "split_description", "num_leagues", "game_date", "game_number",
        "day_night", "opponent_id", "is_home", "is_win", "position_code", "age", "games_played",
        "plate_appearances", "at_bats", "runs", "hits", "doubles", "triples", "home_runs", "total_bases",
        "rbi", "walks", "intentional_walks", "strikeouts", "hit_by_pitch", "sac_bunts", "sac_flies",
        "catchers_interference", "grounded_into_double_play", "grounded_into_triple_play", "ground_outs",
        "air_outs", "fly_outs", "left_on_base", "stolen_bases", "caught_stealing", "number_of_pitches",
        "avg", "obp", "slg", "ops", "babip", "stolen_base_percentage", "caught_stealing_percentage",
        "at_bats_per_home_run", "ground_outs_to_air_outs", "captured_at"
    )
    SELECT
        "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
        "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "num_teams",
        "sport_id", "league_id", "split_description", "num_leagues", "game_date", "game_number",
        "day_night", "opponent_id", "is_home", "is_win", "position_code", "age", "games_played",
        "plate_appearances", "at_bats", "runs", "hits", "doubles", "triples", "home_runs", "total_bases",
        "rbi", "walks", "intentional_walks", "strikeouts", "hit_by_pitch", "sac_bunts", "sac_flies",
        "catchers_interference", "grounded_into_double_play", "grounded_into_triple_play", "ground_outs",
        "air_outs", "fly_outs", "left_on_base", "stolen_bases", "caught_stealing", "number_of_pitches",
        "avg", "obp", "slg", "ops", "babip", "stolen_base_percentage", "caught_stealing_percentage",
        "at_bats_per_home_run", "ground_outs_to_air_outs", "captured_at"
    FROM "incoming"
    ON CONFLICT ("person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk") DO UPDATE SET
        "num_teams" = "excluded"."num_teams", "sport_id" = "excluded"."sport_id",
        "league_id" = "excluded"."league_id", "split_description" = "excluded"."split_description",
        "num_leagues" = "excluded"."num_leagues", "game_date" = "excluded"."game_date",
        "game_number" = "excluded"."game_number", "day_night" = "excluded"."day_night",
        "opponent_id" = "excluded"."opponent_id", "is_home" = "excluded"."is_home",
        "is_win" = "excluded"."is_win", "position_code" = "excluded"."position_code",
        "age" = "excluded"."age", "games_played" = "excluded"."games_played",
        "plate_appearances" = "excluded"."plate_appearances", "at_bats" = "excluded"."at_bats",
        "runs" = "excluded"."runs", "hits" = "excluded"."hits", "doubles" = "excluded"."doubles",
        "triples" = "excluded"."triples", "home_runs" = "excluded"."home_runs",
        "total_bases" = "excluded"."total_bases", "rbi" = "excluded"."rbi", "walks" = "excluded"."walks",
        "intentional_walks" = "excluded"."intentional_walks", "strikeouts" = "excluded"."strikeouts",
        "hit_by_pitch" = "excluded"."hit_by_pitch", "sac_bunts" = "excluded"."sac_bunts",
        "sac_flies" = "excluded"."sac_flies", "catchers_interference" = "excluded"."catchers_interference",
        "grounded_into_double_play" = "excluded"."grounded_into_double_play",
        "grounded_into_triple_play" = "excluded"."grounded_into_triple_play",
        "ground_outs" = "excluded"."ground_outs", "air_outs" = "excluded"."air_outs",
        "fly_outs" = "excluded"."fly_outs", "left_on_base" = "excluded"."left_on_base",
        "stolen_bases" = "excluded"."stolen_bases", "caught_stealing" = "excluded"."caught_stealing",
        "number_of_pitches" = "excluded"."number_of_pitches", "avg" = "excluded"."avg",
        "obp" = "excluded"."obp", "slg" = "excluded"."slg", "ops" = "excluded"."ops",
        "babip" = "excluded"."babip", "stolen_base_percentage" = "excluded"."stolen_base_percentage",
        "caught_stealing_percentage" = "excluded"."caught_stealing_percentage",
        "at_bats_per_home_run" = "excluded"."at_bats_per_home_run",
        "ground_outs_to_air_outs" = "excluded"."ground_outs_to_air_outs",
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
