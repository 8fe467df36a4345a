-- Copies the rows of new documents into the table
COPY "schedule"."schedule_games" (
    "schedule_date", "sport_id", "game_pk", "season", "game_guid", "game_type", "season_display",
    "calendar_event_id", "gameday_type", "record_source", "description", "is_public_facing",
    "start_time", "start_time_tbd", "official_date", "day_night", "reschedule_date", "reschedule_time",
    "rescheduled_from_date", "rescheduled_from_time", "resume_date", "resume_time",
    "resumed_from_date", "resumed_from_time", "coded_game_state", "abstract_game_state",
    "abstract_game_code", "detailed_state", "status_code", "status_reason", "home_team_id",
    "away_team_id", "home_team_name", "away_team_name", "home_wins", "away_wins", "home_losses",
    "away_losses", "home_winning_percentage", "away_winning_percentage", "home_score", "away_score",
    "home_is_winner", "away_is_winner", "home_split_squad", "away_split_squad", "home_series_number",
    "away_series_number", "is_tie", "venue_id", "venue_name", "double_header", "game_number",
    "tiebreaker", "if_necessary", "if_necessary_description", "games_in_series", "series_game_number",
    "series_description", "scheduled_innings", "inning_break_length", "reverse_home_away_status",
    "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_schedule.schedule_games" (
    "schedule_date" date, "sport_id" int2, "game_pk" int8, "season" int2, "game_guid" uuid,
    "is_public_facing" bool, "start_time" timestamptz, "start_time_tbd" bool, "official_date" date,
    "reschedule_date" date, "reschedule_time" timestamptz, "rescheduled_from_date" date,
    "rescheduled_from_time" timestamptz, "resume_date" date, "resume_time" timestamptz,
    "resumed_from_date" date, "resumed_from_time" timestamptz, "home_team_id" int4,
    "away_team_id" int4, "home_wins" int2, "away_wins" int2, "home_losses" int2, "away_losses" int2,
    "home_score" int2, "away_score" int2, "home_is_winner" bool, "away_is_winner" bool,
    "home_split_squad" bool, "away_split_squad" bool, "home_series_number" int2,
    "away_series_number" int2, "is_tie" bool, "venue_id" int4, "game_number" int2,
    "games_in_series" int2, "series_game_number" int2, "scheduled_innings" int2,
    "inning_break_length" int2, "reverse_home_away_status" bool, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_schedule.schedule_games"
    ADD COLUMN IF NOT EXISTS "game_type" text,
    ALTER COLUMN "game_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "season_display" text,
    ALTER COLUMN "season_display" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "calendar_event_id" text,
    ALTER COLUMN "calendar_event_id" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "gameday_type" text,
    ALTER COLUMN "gameday_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "record_source" text,
    ALTER COLUMN "record_source" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "description" text,
    ALTER COLUMN "description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "day_night" text,
    ALTER COLUMN "day_night" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "coded_game_state" text,
    ALTER COLUMN "coded_game_state" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "abstract_game_state" text,
    ALTER COLUMN "abstract_game_state" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "abstract_game_code" text,
    ALTER COLUMN "abstract_game_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "detailed_state" text,
    ALTER COLUMN "detailed_state" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "status_code" text,
    ALTER COLUMN "status_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "status_reason" text,
    ALTER COLUMN "status_reason" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "home_team_name" text,
    ALTER COLUMN "home_team_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "away_team_name" text,
    ALTER COLUMN "away_team_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "home_winning_percentage" numeric,
    ALTER COLUMN "home_winning_percentage" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "away_winning_percentage" numeric,
    ALTER COLUMN "away_winning_percentage" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "venue_name" text,
    ALTER COLUMN "venue_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "double_header" text,
    ALTER COLUMN "double_header" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "tiebreaker" text,
    ALTER COLUMN "tiebreaker" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "if_necessary" text,
    ALTER COLUMN "if_necessary" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "if_necessary_description" text,
    ALTER COLUMN "if_necessary_description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "series_description" text,
    ALTER COLUMN "series_description" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_schedule.schedule_games"
    ALTER COLUMN "game_type" SET STORAGE EXTENDED,
    ALTER COLUMN "season_display" SET STORAGE EXTENDED,
    ALTER COLUMN "calendar_event_id" SET STORAGE EXTENDED,
    ALTER COLUMN "gameday_type" SET STORAGE EXTENDED,
    ALTER COLUMN "record_source" SET STORAGE EXTENDED,
    ALTER COLUMN "description" SET STORAGE EXTENDED,
    ALTER COLUMN "day_night" SET STORAGE EXTENDED,
    ALTER COLUMN "coded_game_state" SET STORAGE EXTENDED,
    ALTER COLUMN "abstract_game_state" SET STORAGE EXTENDED,
    ALTER COLUMN "abstract_game_code" SET STORAGE EXTENDED,
    ALTER COLUMN "detailed_state" SET STORAGE EXTENDED,
    ALTER COLUMN "status_code" SET STORAGE EXTENDED,
    ALTER COLUMN "status_reason" SET STORAGE EXTENDED,
    ALTER COLUMN "home_team_name" SET STORAGE EXTENDED,
    ALTER COLUMN "away_team_name" SET STORAGE EXTENDED,
    ALTER COLUMN "home_winning_percentage" SET STORAGE EXTENDED,
    ALTER COLUMN "away_winning_percentage" SET STORAGE EXTENDED,
    ALTER COLUMN "venue_name" SET STORAGE EXTENDED,
    ALTER COLUMN "double_header" SET STORAGE EXTENDED,
    ALTER COLUMN "tiebreaker" SET STORAGE EXTENDED,
    ALTER COLUMN "if_necessary" SET STORAGE EXTENDED,
    ALTER COLUMN "if_necessary_description" SET STORAGE EXTENDED,
    ALTER COLUMN "series_description" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_schedule.schedule_games" (
    "schedule_date", "sport_id", "game_pk", "season", "game_guid", "game_type", "season_display",
    "calendar_event_id", "gameday_type", "record_source", "description", "is_public_facing",
    "start_time", "start_time_tbd", "official_date", "day_night", "reschedule_date", "reschedule_time",
    "rescheduled_from_date", "rescheduled_from_time", "resume_date", "resume_time",
    "resumed_from_date", "resumed_from_time", "coded_game_state", "abstract_game_state",
    "abstract_game_code", "detailed_state", "status_code", "status_reason", "home_team_id",
    "away_team_id", "home_team_name", "away_team_name", "home_wins", "away_wins", "home_losses",
    "away_losses", "home_winning_percentage", "away_winning_percentage", "home_score", "away_score",
    "home_is_winner", "away_is_winner", "home_split_squad", "away_split_squad", "home_series_number",
    "away_series_number", "is_tie", "venue_id", "venue_name", "double_header", "game_number",
    "tiebreaker", "if_necessary", "if_necessary_description", "games_in_series", "series_game_number",
    "series_description", "scheduled_innings", "inning_break_length", "reverse_home_away_status",
    "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "schedule"."schedule_games" AS "old"
    USING UNNEST(%(schedule_date)s::date[], %(sport_id)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("schedule_date", "sport_id", "captured_at")
    WHERE
        "old"."schedule_date" = "document"."schedule_date"
        AND "old"."sport_id" = "document"."sport_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_schedule.schedule_games" AS "new"
            WHERE
                "old"."schedule_date" = "new"."schedule_date"
                AND "old"."sport_id" = "new"."sport_id"
                AND "old"."game_pk" = "new"."game_pk"
                AND "old"."season" = "new"."season"
        )
    RETURNING "old"."schedule_date", "old"."sport_id", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "schedule_date", "sport_id",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "schedule_date", "sport_id";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."schedule_date" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_schedule.schedule_games" AS "new"
    LEFT JOIN "schedule"."schedule_games" AS "old"
        ON "old"."schedule_date" = "new"."schedule_date"
        AND "old"."sport_id" = "new"."sport_id"
        AND "old"."game_pk" = "new"."game_pk"
        AND "old"."season" = "new"."season"
        AND "old"."schedule_date" = ANY(%(schedule_date)s::date[])
        AND "old"."sport_id" = ANY(%(sport_id)s::smallint[])
    WHERE
        "old"."schedule_date" IS NULL
        OR (
            "old"."game_guid", "old"."game_type", "old"."season_display", "old"."calendar_event_id",
            "old"."gameday_type", "old"."record_source", "old"."description", "old"."is_public_facing",
            "old"."start_time", "old"."start_time_tbd", "old"."official_date", "old"."day_night",
            "old"."reschedule_date", "old"."reschedule_time", "old"."rescheduled_from_date",
            "old"."rescheduled_from_time", "old"."resume_date", "old"."resume_time", "old"."resumed_from_date",
            "old"."resumed_from_time", "old"."coded_game_state", "old"."abstract_game_state",
            "old"."abstract_game_code", "old"."detailed_state", "old"."status_code", "old"."status_reason",
            "old"."home_team_id", "old"."away_team_id", "old"."home_team_name", "old"."away_team_name",
            "old"."home_wins", "old"."away_wins", "old"."home_losses", "old"."away_losses",
            "old"."home_winning_percentage", "old"."away_winning_percentage", "old"."home_score",
            "old"."away_score", "old"."home_is_winner", "old"."away_is_winner", "old"."home_split_squad",
            "old"."away_split_squad", "old"."home_series_number", "old"."away_series_number", "old"."is_tie",
            "old"."venue_id", "old"."venue_name", "old"."double_header", "old"."game_number",
            "old"."tiebreaker", "old"."if_necessary", "old"."if_necessary_description",
            "old"."games_in_series", "old"."series_game_number", "old"."series_description",
            "old"."scheduled_innings", "old"."inning_break_length", "old"."reverse_home_away_status"
        ) IS DISTINCT FROM (
            "new"."game_guid", "new"."game_type", "new"."season_display", "new"."calendar_event_id",
            "new"."gameday_type", "new"."record_source", "new"."description", "new"."is_public_facing",
            "new"."start_time", "new"."start_time_tbd", "new"."official_date", "new"."day_night",
            "new"."reschedule_date", "new"."reschedule_time", "new"."rescheduled_from_date",
            "new"."rescheduled_from_time", "new"."resume_date", "new"."resume_time", "new"."resumed_from_date",
            "new"."resumed_from_time", "new"."coded_game_state", "new"."abstract_game_state",
            "new"."abstract_game_code", "new"."detailed_state", "new"."status_code", "new"."status_reason",
            "new"."home_team_id", "new"."away_team_id", "new"."home_team_name", "new"."away_team_name",
            "new"."home_wins", "new"."away_wins", "new"."home_losses", "new"."away_losses",
            "new"."home_winning_percentage"::numeric, "new"."away_winning_percentage"::numeric,
            "new"."home_score", "new"."away_score", "new"."home_is_winner", "new"."away_is_winner",
            "new"."home_split_squad", "new"."away_split_squad", "new"."home_series_number",
            "new"."away_series_number", "new"."is_tie", "new"."venue_id", "new"."venue_name",
            "new"."double_header", "new"."game_number", "new"."tiebreaker", "new"."if_necessary",
            "new"."if_necessary_description", "new"."games_in_series", "new"."series_game_number",
            "new"."series_description", "new"."scheduled_innings", "new"."inning_break_length",
            "new"."reverse_home_away_status"
        )
), "written" AS (
    INSERT INTO "schedule"."schedule_games" AS "old" (
        "schedule_date", "sport_id", "game_pk", "season", "game_guid", "game_type", "season_display",
        "calendar_event_id", "gameday_type", "record_source", "description", "is_public_facing",
        "start_time", "start_time_tbd", "official_date", "day_night", "reschedule_date", "reschedule_time",
        "rescheduled_from_date", "rescheduled_from_time", "resume_date", "resume_time",
        "resumed_from_date", "resumed_from_time", "coded_game_state", "abstract_game_state",
        "abstract_game_code", "detailed_state", "status_code", "status_reason", "home_team_id",
        "away_team_id", "home_team_name", "away_team_name", "home_wins", "away_wins", "home_losses",
        "away_losses", "home_winning_percentage", "away_winning_percentage", "home_score", "away_score",
        "home_is_winner", "away_is_winner", "home_split_squad", "away_split_squad", "home_series_number",
        "away_series_number", "is_tie", "venue_id", "venue_name", "double_header", "game_number",
        "tiebreaker", "if_necessary", "if_necessary_description", "games_in_series", "series_game_number",
        "series_description", "scheduled_innings", "inning_break_length", "reverse_home_away_status",
        "captured_at"
    )
    SELECT
        "schedule_date", "sport_id", "game_pk", "season", "game_guid", "game_type", "season_display",
        "calendar_event_id", "gameday_type", "record_source", "description", "is_public_facing",
        "start_time", "start_time_tbd", "official_date", "day_night", "reschedule_date", "reschedule_time",
        "rescheduled_from_date", "rescheduled_from_time", "resume_date", "resume_time",
        "resumed_from_date", "resumed_from_time", "coded_game_state", "abstract_game_state",
        "abstract_game_code", "detailed_state", "status_code", "status_reason", "home_team_id",
        "away_team_id", "home_team_name", "away_team_name", "home_wins", "away_wins", "home_losses",
        "away_losses", "home_winning_percentage", "away_winning_percentage", "home_score", "away_score",
        "home_is_winner", "away_is_winner", "home_split_squad", "away_split_squad", "home_series_number",
        "away_series_number", "is_tie", "venue_id", "venue_name", "double_header", "game_number",
        "tiebreaker", "if_necessary", "if_necessary_description", "games_in_series", "series_game_number",
        "series_description", "scheduled_innings", "inning_break_length", "reverse_home_away_status",
        "captured_at"
    FROM "incoming"
    ON CONFLICT ("schedule_date", "sport_id", "game_pk", "season") DO UPDATE SET
        "game_guid" = "excluded"."game_guid", "game_type" = "excluded"."game_type",
        "season_display" = "excluded"."season_display",
        "calendar_event_id" = "excluded"."calendar_event_id", "gameday_type" = "excluded"."gameday_type",
        "record_source" = "excluded"."record_source", "description" = "excluded"."description",
        "is_public_facing" = "excluded"."is_public_facing", "start_time" = "excluded"."start_time",
        "start_time_tbd" = "excluded"."start_time_tbd", "official_date" = "excluded"."official_date",
        "day_night" = "excluded"."day_night", "reschedule_date" = "excluded"."reschedule_date",
        "reschedule_time" = "excluded"."reschedule_time",
        "rescheduled_from_date" = "excluded"."rescheduled_from_date",
        "rescheduled_from_time" = "excluded"."rescheduled_from_time",
        "resume_date" = "excluded"."resume_date", "resume_time" = "excluded"."resume_time",
        "resumed_from_date" = "excluded"."resumed_from_date",
        "resumed_from_time" = "excluded"."resumed_from_time",
        "coded_game_state" = "excluded"."coded_game_state",
        "abstract_game_state" = "excluded"."abstract_game_state",
        "abstract_game_code" = "excluded"."abstract_game_code",
        "detailed_state" = "excluded"."detailed_state", "status_code" = "excluded"."status_code",
        "status_reason" = "excluded"."status_reason", "home_team_id" = "excluded"."home_team_id",
        "away_team_id" = "excluded"."away_team_id", "home_team_name" = "excluded"."home_team_name",
        "away_team_name" = "excluded"."away_team_name", "home_wins" = "excluded"."home_wins",
        "away_wins" = "excluded"."away_wins", "home_losses" = "excluded"."home_losses",
        "away_losses" = "excluded"."away_losses",
        "home_winning_percentage" = "excluded"."home_winning_percentage",
        "away_winning_percentage" = "excluded"."away_winning_percentage",
        "home_score" = "excluded"."home_score", "away_score" = "excluded"."away_score",
        "home_is_winner" = "excluded"."home_is_winner", "away_is_winner" = "excluded"."away_is_winner",
        "home_split_squad" = "excluded"."home_split_squad",
        "away_split_squad" = "excluded"."away_split_squad",
        "home_series_number" = "excluded"."home_series_number",
        "away_series_number" = "excluded"."away_series_number", "is_tie" = "excluded"."is_tie",
        "venue_id" = "excluded"."venue_id", "venue_name" = "excluded"."venue_name",
        "double_header" = "excluded"."double_header", "game_number" = "excluded"."game_number",
        "tiebreaker" = "excluded"."tiebreaker", "if_necessary" = "excluded"."if_necessary",
        "if_necessary_description" = "excluded"."if_necessary_description",
        "games_in_series" = "excluded"."games_in_series",
        "series_game_number" = "excluded"."series_game_number",
        "series_description" = "excluded"."series_description",
        "scheduled_innings" = "excluded"."scheduled_innings",
        "inning_break_length" = "excluded"."inning_break_length",
        "reverse_home_away_status" = "excluded"."reverse_home_away_status",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "schedule_date", "sport_id", "game_pk", "season", TRUE AS "Written"
)
SELECT
    "schedule_date", "sport_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("schedule_date", "sport_id", "game_pk", "season")
GROUP BY "schedule_date", "sport_id";

-- Counts the documents' rows that break a check which only warns
SELECT
    "schedule_date", "sport_id",
    COUNT(*) FILTER (WHERE NOT ("home_team_id" <> "away_team_id")) AS "schedule_games_two_teams_check"
FROM "schedule"."schedule_games" AS "old"
WHERE
    "old"."schedule_date" = ANY(%(schedule_date)s::date[])
    AND "old"."sport_id" = ANY(%(sport_id)s::smallint[])
    AND (NOT ("home_team_id" <> "away_team_id"))
GROUP BY "schedule_date", "sport_id";
