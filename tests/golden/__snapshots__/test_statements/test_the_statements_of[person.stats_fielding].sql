-- Copies the rows of new documents into the table
COPY "person"."stats_fielding" (
    "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
    "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "position_code",
    "position_abbreviation", "num_teams", "sport_id", "league_id", "split_description", "num_leagues",
    "game_date", "game_number", "day_night", "opponent_id", "is_home", "is_win", "games_played",
    "games_started", "innings_outs", "chances", "put_outs", "assists", "errors", "throwing_errors",
    "double_plays", "triple_plays", "stolen_bases", "caught_stealing", "passed_balls",
    "range_factor_per_game", "range_factor_per_9_innings", "stolen_base_percentage",
    "caught_stealing_percentage", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_person.stats_fielding" (
    "person_id" int4, "asked_season" int2, "asked_sport_id" int2, "season" int2, "team_id" int4,
    "game_pk" int8, "num_teams" int2, "sport_id" int2, "league_id" int4, "num_leagues" int2,
    "game_date" date, "game_number" int2, "opponent_id" int4, "is_home" bool, "is_win" bool,
    "games_played" int2, "games_started" int2, "innings_outs" int4, "chances" int2, "put_outs" int2,
    "assists" int2, "errors" int2, "throwing_errors" int2, "double_plays" int2, "triple_plays" int2,
    "stolen_bases" int2, "caught_stealing" int2, "passed_balls" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_person.stats_fielding"
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
    ADD COLUMN IF NOT EXISTS "position_code" text,
    ALTER COLUMN "position_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "position_abbreviation" text,
    ALTER COLUMN "position_abbreviation" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "split_description" text,
    ALTER COLUMN "split_description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "day_night" text,
    ALTER COLUMN "day_night" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "range_factor_per_game" numeric,
    ALTER COLUMN "range_factor_per_game" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "range_factor_per_9_innings" numeric,
    ALTER COLUMN "range_factor_per_9_innings" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "stolen_base_percentage" numeric,
    ALTER COLUMN "stolen_base_percentage" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "caught_stealing_percentage" numeric,
    ALTER COLUMN "caught_stealing_percentage" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_person.stats_fielding"
    ALTER COLUMN "stat_type" SET STORAGE EXTENDED,
    ALTER COLUMN "stat_group" SET STORAGE EXTENDED,
    ALTER COLUMN "asked_game_type" SET STORAGE EXTENDED,
    ALTER COLUMN "asked_sit_codes" SET STORAGE EXTENDED,
    ALTER COLUMN "game_type" SET STORAGE EXTENDED,
    ALTER COLUMN "split_code" SET STORAGE EXTENDED,
    ALTER COLUMN "position_code" SET STORAGE EXTENDED,
    ALTER COLUMN "position_abbreviation" SET STORAGE EXTENDED,
    ALTER COLUMN "split_description" SET STORAGE EXTENDED,
    ALTER COLUMN "day_night" SET STORAGE EXTENDED,
    ALTER COLUMN "range_factor_per_game" SET STORAGE EXTENDED,
    ALTER COLUMN "range_factor_per_9_innings" SET STORAGE EXTENDED,
    ALTER COLUMN "stolen_base_percentage" SET STORAGE EXTENDED,
    ALTER COLUMN "caught_stealing_percentage" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_person.stats_fielding" (
    "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
    "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "position_code",
    "position_abbreviation", "num_teams", "sport_id", "league_id", "split_description", "num_leagues",
    "game_date", "game_number", "day_night", "opponent_id", "is_home", "is_win", "games_played",
    "games_started", "innings_outs", "chances", "put_outs", "assists", "errors", "throwing_errors",
    "double_plays", "triple_plays", "stolen_bases", "caught_stealing", "passed_balls",
    "range_factor_per_game", "range_factor_per_9_innings", "stolen_base_percentage",
    "caught_stealing_percentage", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "person"."stats_fielding" AS "old"
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
            SELECT 1 FROM "pg_temp"."stage_person.stats_fielding" AS "new"
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
                AND "old"."position_code" = "new"."position_code"
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
    FROM "pg_temp"."stage_person.stats_fielding" AS "new"
    LEFT JOIN "person"."stats_fielding" AS "old"
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
        AND "old"."position_code" = "new"."position_code"
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
            "old"."position_abbreviation", "old"."num_teams", "old"."sport_id", "old"."league_id",
            "old"."split_description", "old"."num_leagues", "old"."game_date", "old"."game_number",
            "old"."day_night", "old"."opponent_id", "old"."is_home", "old"."is_win", "old"."games_played",
            "old"."games_started", "old"."innings_outs", "old"."chances", "old"."put_outs", "old"."assists",
            "old"."errors", "old"."throwing_errors", "old"."double_plays", "old"."triple_plays",
            "old"."stolen_bases", "old"."caught_stealing", "old"."passed_balls", "old"."range_factor_per_game",
            "old"."range_factor_per_9_innings", "old"."stolen_base_percentage",
            "old"."caught_stealing_percentage"
        ) IS DISTINCT FROM (
            "new"."position_abbreviation", "new"."num_teams", "new"."sport_id", "new"."league_id",
            "new"."split_description", "new"."num_leagues", "new"."game_date", "new"."game_number",
            "new"."day_night", "new"."opponent_id", "new"."is_home", "new"."is_win", "new"."games_played",
            "new"."games_started", "new"."innings_outs", "new"."chances", "new"."put_outs", "new"."assists",
            "new"."errors", "new"."throwing_errors", "new"."double_plays", "new"."triple_plays",
            "new"."stolen_bases", "new"."caught_stealing", "new"."passed_balls",
            "new"."range_factor_per_game"::numeric, "new"."range_factor_per_9_innings"::numeric,
            "new"."stolen_base_percentage"::numeric, "new"."caught_stealing_percentage"::numeric
        )
), "written" AS (
    INSERT INTO "person"."stats_fielding" AS "old" (
        "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
        "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "position_code",
        "position_abbreviation", "num_teams", "sport_id", "league_id", "split_description", "num_leagues",
        "game_date", "game_number", "day_night", "opponent_id", "is_home", "is_win", "games_played",
        "games_started", "innings_outs", "chances", "put_outs", "assists", "errors", "throwing_errors",
        "double_plays", "triple_plays", "stolen_bases", "caught_stealing", "passed_balls",
        "range_factor_per_game", "range_factor_per_9_innings", "stolen_base_percentage",
        "caught_stealing_percentage", "captured_at"
    )
    SELECT
        "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id",
        "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "position_code",
        "position_abbreviation", "num_teams", "sport_id", "league_id", "split_description", "num_leagues",
        "game_date", "game_number", "day_night", "opponent_id", "is_home", "is_win", "games_played",
        "games_started", "innings_outs", "chances", "put_outs", "assists", "errors", "throwing_errors",
        "double_plays", "triple_plays", "stolen_bases", "caught_stealing", "passed_balls",
        "range_factor_per_game", "range_factor_per_9_innings", "stolen_base_percentage",
        "caught_stealing_percentage", "captured_at"
    FROM "incoming"
    ON CONFLICT ("person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "position_code") DO UPDATE SET
        "position_abbreviation" = "excluded"."position_abbreviation", "num_teams" = "excluded"."num_teams",
        "sport_id" = "excluded"."sport_id", "league_id" = "excluded"."league_id",
        "split_description" = "excluded"."split_description", "num_leagues" = "excluded"."num_leagues",
        "game_date" = "excluded"."game_date", "game_number" = "excluded"."game_number",
        "day_night" = "excluded"."day_night", "opponent_id" = "excluded"."opponent_id",
        "is_home" = "excluded"."is_home", "is_win" = "excluded"."is_win",
        "games_played" = "excluded"."games_played", "games_started" = "excluded"."games_started",
        "innings_outs" = "excluded"."innings_outs", "chances" = "excluded"."chances",
        "put_outs" = "excluded"."put_outs", "assists" = "excluded"."assists",
        "errors" = "excluded"."errors", "throwing_errors" = "excluded"."throwing_errors",
        "double_plays" = "excluded"."double_plays", "triple_plays" = "excluded"."triple_plays",
        "stolen_bases" = "excluded"."stolen_bases", "caught_stealing" = "excluded"."caught_stealing",
        "passed_balls" = "excluded"."passed_balls",
        "range_factor_per_game" = "excluded"."range_factor_per_game",
        "range_factor_per_9_innings" = "excluded"."range_factor_per_9_innings",
        "stolen_base_percentage" = "excluded"."stolen_base_percentage",
        "caught_stealing_percentage" = "excluded"."caught_stealing_percentage",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "position_code", TRUE AS "Written"
)
SELECT
    "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes", "season", "game_type", "team_id", "split_code", "game_pk", "position_code")
GROUP BY "person_id", "stat_type", "stat_group", "asked_season", "asked_game_type", "asked_sport_id", "asked_sit_codes";
