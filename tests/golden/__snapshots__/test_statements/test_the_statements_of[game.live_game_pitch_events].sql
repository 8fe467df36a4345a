-- Copies the rows of new documents into the table
COPY "game"."live_game_pitch_events" (
    "game_pk", "season", "at_bat_index", "event_index", "pitch_number", "play_id", "pfx_id",
    "start_time", "end_time", "call_code", "call_description", "code", "description", "is_strike",
    "is_ball", "is_in_play", "is_out", "runner_going", "disengagement_num", "inning", "half_inning",
    "pitcher_id", "batter_id", "balls_before", "strikes_before", "away_score_before",
    "home_score_before", "runner_on_first_id", "runner_on_second_id", "runner_on_third_id", "balls",
    "strikes", "outs", "has_review", "review_type", "review_is_overturned", "review_in_progress",
    "review_challenge_team_id", "review_player_id", "pitch_type_code", "pitch_type_description",
    "type_confidence", "start_speed", "end_speed", "extension", "plate_time", "nasty_factor", "zone",
    "strike_zone_top", "strike_zone_bottom", "strike_zone_width", "strike_zone_depth", "x0", "y0",
    "z0", "vx0", "vy0", "vz0", "ax", "ay", "az", "plate_x", "plate_z", "pfx_x", "pfx_z", "gameday_x",
    "gameday_y", "spin_rate", "spin_direction", "break_angle", "break_length", "break_y",
    "break_vertical", "break_vertical_induced", "break_horizontal", "launch_speed", "launch_angle",
    "total_distance", "trajectory", "hardness", "hit_location", "hit_x", "hit_y", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_pitch_events" (
    "game_pk" int8, "season" int2, "at_bat_index" int2, "event_index" int2, "pitch_number" int2,
    "start_time" timestamptz, "end_time" timestamptz, "is_strike" bool, "is_ball" bool,
    "is_in_play" bool, "is_out" bool, "runner_going" bool, "disengagement_num" int2, "inning" int2,
    "pitcher_id" int4, "batter_id" int4, "balls_before" int2, "strikes_before" int2,
    "away_score_before" int2, "home_score_before" int2, "runner_on_first_id" int4,
    "runner_on_second_id" int4, "runner_on_third_id" int4, "balls" int2, "strikes" int2, "outs" int2,
    "has_review" bool, "review_is_overturned" bool, "review_in_progress" bool,
    "review_challenge_team_id" int4, "review_player_id" int4, "type_confidence" float8,
    "start_speed" float8, "end_speed" float8, "extension" float8, "plate_time" float8,
    "nasty_factor" float8, "zone" int2, "strike_zone_top" float8, "strike_zone_bottom" float8,
    "strike_zone_width" float8, "strike_zone_depth" float8, "x0" float8, "y0" float8, "z0" float8,
    "vx0" float8, "vy0" float8, "vz0" float8, "ax" float8, "ay" float8, "az" float8, "plate_x" float8,
    "plate_z" float8, "pfx_x" float8, "pfx_z" float8, "gameday_x" float8, "gameday_y" float8,
    "spin_rate" int2, "spin_direction" int2, "break_angle" float8, "break_length" float8,
    "break_y" float8, "break_vertical" float8, "break_vertical_induced" float8,
    "break_horizontal" float8, "launch_speed" float8, "launch_angle" float8, "total_distance" float8,
    "hit_x" float8, "hit_y" float8, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_pitch_events"
    ADD COLUMN IF NOT EXISTS "play_id" text,
    ALTER COLUMN "play_id" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "pfx_id" text,
    ALTER COLUMN "pfx_id" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "call_code" text,
    ALTER COLUMN "call_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "call_description" text,
    ALTER COLUMN "call_description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "code" text,
    ALTER COLUMN "code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "description" text,
    ALTER COLUMN "description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "half_inning" text,
    ALTER COLUMN "half_inning" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "review_type" text,
    ALTER COLUMN "review_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "pitch_type_code" text,
    ALTER COLUMN "pitch_type_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "pitch_type_description" text,
    ALTER COLUMN "pitch_type_description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "trajectory" text,
    ALTER COLUMN "trajectory" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "hardness" text,
    ALTER COLUMN "hardness" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "hit_location" text,
    ALTER COLUMN "hit_location" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_pitch_events"
    ALTER COLUMN "play_id" SET STORAGE EXTENDED,
    ALTER COLUMN "pfx_id" SET STORAGE EXTENDED,
    ALTER COLUMN "call_code" SET STORAGE EXTENDED,
    ALTER COLUMN "call_description" SET STORAGE EXTENDED,
    ALTER COLUMN "code" SET STORAGE EXTENDED,
    ALTER COLUMN "description" SET STORAGE EXTENDED,
    ALTER COLUMN "half_inning" SET STORAGE EXTENDED,
    ALTER COLUMN "review_type" SET STORAGE EXTENDED,
    ALTER COLUMN "pitch_type_code" SET STORAGE EXTENDED,
    ALTER COLUMN "pitch_type_description" SET STORAGE EXTENDED,
    ALTER COLUMN "trajectory" SET STORAGE EXTENDED,
    ALTER COLUMN "hardness" SET STORAGE EXTENDED,
    ALTER COLUMN "hit_location" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_pitch_events" (
    "game_pk", "season", "at_bat_index", "event_index", "pitch_number", "play_id", "pfx_id",
    "start_time", "end_time", "call_code", "call_description", "code", "description", "is_strike",
    "is_ball", "is_in_play", "is_out", "runner_going", "disengagement_num", "inning", "half_inning",
    "pitcher_id", "batter_id", "balls_before", "strikes_before", "away_score_before",
    "home_score_before", "runner_on_first_id", "runner_on_second_id", "runner_on_third_id", "balls",
    "strikes", "outs", "has_review", "review_type", "review_is_overturned", "review_in_progress",
    "review_challenge_team_id", "review_player_id", "pitch_type_code", "pitch_type_description",
    "type_confidence", "start_speed", "end_speed", "extension", "plate_time", "nasty_factor", "zone",
    "strike_zone_top", "strike_zone_bottom", "strike_zone_width", "strike_zone_depth", "x0", "y0",
    "z0", "vx0", "vy0", "vz0", "ax", "ay", "az", "plate_x", "plate_z", "pfx_x", "pfx_z", "gameday_x",
    "gameday_y", "spin_rate", "spin_direction", "break_angle", "break_length", "break_y",
    "break_vertical", "break_vertical_induced", "break_horizontal", "launch_speed", "launch_angle",
    "total_distance", "trajectory", "hardness", "hit_location", "hit_x", "hit_y", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_pitch_events" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_pitch_events" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."at_bat_index" = "new"."at_bat_index"
                AND "old"."event_index" = "new"."event_index"
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
    FROM "pg_temp"."stage_game.live_game_pitch_events" AS "new"
    LEFT JOIN "game"."live_game_pitch_events" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."at_bat_index" = "new"."at_bat_index"
        AND "old"."event_index" = "new"."event_index"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."pitch_number", "old"."play_id", "old"."pfx_id", "old"."start_time", "old"."end_time",
            "old"."call_code", "old"."call_description", "old"."code", "old"."description", "old"."is_strike",
            "old"."is_ball", "old"."is_in_play", "old"."is_out", "old"."runner_going",
            "old"."disengagement_num", "old"."inning", "old"."half_inning", "old"."pitcher_id",
            "old"."batter_id", "old"."balls_before", "old"."strikes_before", "old"."away_score_before",
            "old"."home_score_before", "old"."runner_on_first_id", "old"."runner_on_second_id",
            "old"."runner_on_third_id", "old"."balls", "old"."strikes", "old"."outs", "old"."has_review",
            "old"."review_type", "old"."review_is_overturned", "old"."review_in_progress",
            "old"."review_challenge_team_id", "old"."review_player_id", "old"."pitch_type_code",
            "old"."pitch_type_description", "old"."type_confidence", "old"."start_speed", "old"."end_speed",
            "old"."extension", "old"."plate_time", "old"."nasty_factor", "old"."zone", "old"."strike_zone_top",
            "old"."strike_zone_bottom", "old"."strike_zone_width", "old"."strike_zone_depth", "old"."x0",
            "old"."y0", "old"."z0", "old"."vx0", "old"."vy0", "old"."vz0", "old"."ax", "old"."ay", "old"."az",
            "old"."plate_x", "old"."plate_z", "old"."pfx_x", "old"."pfx_z", "old"."gameday_x",
            "old"."gameday_y", "old"."spin_rate", "old"."spin_direction", "old"."break_angle",
            "old"."break_length", "old"."break_y", "old"."break_vertical", "old"."break_vertical_induced",
            "old"."break_horizontal", "old"."launch_speed", "old"."launch_angle", "old"."total_distance",
            "old"."trajectory", "old"."hardness", "old"."hit_location", "old"."hit_x", "old"."hit_y"
        ) IS DISTINCT FROM (
            "new"."pitch_number", "new"."play_id", "new"."pfx_id", "new"."start_time", "new"."end_time",
            "new"."call_code", "new"."call_description", "new"."code", "new"."description", "new"."is_strike",
            "new"."is_ball", "new"."is_in_play", "new"."is_out", "new"."runner_going",
            "new"."disengagement_num", "new"."inning", "new"."half_inning", "new"."pitcher_id",
            "new"."batter_id", "new"."balls_before", "new"."strikes_before", "new"."away_score_before",
            "new"."home_score_before", "new"."runner_on_first_id", "new"."runner_on_second_id",
            "new"."runner_on_third_id", "new"."balls", "new"."strikes", "new"."outs", "new"."has_review",
            "new"."review_type", "new"."review_is_overturned", "new"."review_in_progress",
            "new"."review_challenge_team_id", "new"."review_player_id", "new"."pitch_type_code",
            "new"."pitch_type_description", "new"."type_confidence", "new"."start_speed", "new"."end_speed",
            "new"."extension", "new"."plate_time", "new"."nasty_factor", "new"."zone", "new"."strike_zone_top",
            "new"."strike_zone_bottom", "new"."strike_zone_width", "new"."strike_zone_depth", "new"."x0",
            "new"."y0", "new"."z0", "new"."vx0", "new"."vy0", "new"."vz0", "new"."ax", "new"."ay", "new"."az",
            "new"."plate_x", "new"."plate_z", "new"."pfx_x", "new"."pfx_z", "new"."gameday_x",
            "new"."gameday_y", "new"."spin_rate", "new"."spin_direction", "new"."break_angle",
            "new"."break_length", "new"."break_y", "new"."break_vertical", "new"."break_vertical_induced",
            "new"."break_horizontal", "new"."launch_speed", "new"."launch_angle", "new"."total_distance",
            "new"."trajectory", "new"."hardness", "new"."hit_location", "new"."hit_x", "new"."hit_y"
        )
), "written" AS (
    INSERT INTO "game"."live_game_pitch_events" AS "old" (
        "game_pk", "season", "at_bat_index", "event_index", "pitch_number", "play_id", "pfx_id",
        "start_time", "end_time", "call_code", "call_description", "code", "description", "is_strike",
        "is_ball", "is_in_play", "is_out", "runner_going", "disengagement_num", "inning", "half_inning",
        "pitcher_id", "batter_id", "balls_before", "strikes_before", "away_score_before",
        "home_score_before", "runner_on_first_id", "runner_on_second_id", "runner_on_third_id", "balls",
        "strikes", "outs", "has_review", "review_type", "review_is_overturned", "review_in_progress",
        "review_challenge_team_id", "review_player_id", "pitch_type_code", "pitch_type_description",
        "type_confidence", "start_speed", "end_speed", "extension", "plate_time", "nasty_factor", "zone",
        "strike_zone_top", "strike_zone_bottom", "strike_zone_width", "strike_zone_depth", "x0", "y0",
        "z0", "vx0", "vy0", "vz0", "ax", "ay", "az", "plate_x", "plate_z", "pfx_x", "pfx_z", "gameday_x",
        "gameday_y", "spin_rate", "spin_direction", "break_angle", "break_length", "break_y",
        "break_vertical", "break_vertical_induced", "break_horizontal", "launch_speed", "launch_angle",
        "total_distance", "trajectory", "hardness", "hit_location", "hit_x", "hit_y", "captured_at"
    )
    SELECT
        "game_pk", "season", "at_bat_index", "event_index", "pitch_number", "play_id", "pfx_id",
        "start_time", "end_time", "call_code", "call_description", "code", "description", "is_strike",
        "is_ball", "is_in_play", "is_out", "runner_going", "disengagement_num", "inning", "half_inning",
        "pitcher_id", "batter_id", "balls_before", "strikes_before", "away_score_before",
        "home_score_before", "runner_on_first_id", "runner_on_second_id", "runner_on_third_id", "balls",
        "strikes", "outs", "has_review", "review_type", "review_is_overturned", "review_in_progress",
        "review_challenge_team_id", "review_player_id", "pitch_type_code", "pitch_type_description",
        "type_confidence", "start_speed", "end_speed", "extension", "plate_time", "nasty_factor", "zone",
        "strike_zone_top", "strike_zone_bottom", "strike_zone_width", "strike_zone_depth", "x0", "y0",
        "z0", "vx0", "vy0", "vz0", "ax", "ay", "az", "plate_x", "plate_z", "pfx_x", "pfx_z", "gameday_x",
        "gameday_y", "spin_rate", "spin_direction", "break_angle", "break_length", "break_y",
        "break_vertical", "break_vertical_induced", "break_horizontal", "launch_speed", "launch_angle",
        "total_distance", "trajectory", "hardness", "hit_location", "hit_x", "hit_y", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "at_bat_index", "event_index", "season") DO UPDATE SET
        "pitch_number" = "excluded"."pitch_number", "play_id" = "excluded"."play_id",
        "pfx_id" = "excluded"."pfx_id", "start_time" = "excluded"."start_time",
        "end_time" = "excluded"."end_time", "call_code" = "excluded"."call_code",
        "call_description" = "excluded"."call_description", "code" = "excluded"."code",
        "description" = "excluded"."description", "is_strike" = "excluded"."is_strike",
        "is_ball" = "excluded"."is_ball", "is_in_play" = "excluded"."is_in_play",
        "is_out" = "excluded"."is_out", "runner_going" = "excluded"."runner_going",
        "disengagement_num" = "excluded"."disengagement_num", "inning" = "excluded"."inning",
        "half_inning" = "excluded"."half_inning", "pitcher_id" = "excluded"."pitcher_id",
        "batter_id" = "excluded"."batter_id", "balls_before" = "excluded"."balls_before",
        "strikes_before" = "excluded"."strikes_before",
        "away_score_before" = "excluded"."away_score_before",
        "home_score_before" = "excluded"."home_score_before",
        "runner_on_first_id" = "excluded"."runner_on_first_id",
        "runner_on_second_id" = "excluded"."runner_on_second_id",
        "runner_on_third_id" = "excluded"."runner_on_third_id", "balls" = "excluded"."balls",
        "strikes" = "excluded"."strikes", "outs" = "excluded"."outs",
        "has_review" = "excluded"."has_review", "review_type" = "excluded"."review_type",
        "review_is_overturned" = "excluded"."review_is_overturned",
        "review_in_progress" = "excluded"."review_in_progress",
        "review_challenge_team_id" = "excluded"."review_challenge_team_id",
        "review_player_id" = "excluded"."review_player_id",
        "pitch_type_code" = "excluded"."pitch_type_code",
        "pitch_type_description" = "excluded"."pitch_type_description",
        "type_confidence" = "excluded"."type_confidence", "start_speed" = "excluded"."start_speed",
        "end_speed" = "excluded"."end_speed", "extension" = "excluded"."extension",
        "plate_time" = "excluded"."plate_time", "nasty_factor" = "excluded"."nasty_factor",
        "zone" = "excluded"."zone", "strike_zone_top" = "excluded"."strike_zone_top",
        "strike_zone_bottom" = "excluded"."strike_zone_bottom",
        "strike_zone_width" = "excluded"."strike_zone_width",
        "strike_zone_depth" = "excluded"."strike_zone_depth", "x0" = "excluded"."x0",
        "y0" = "excluded"."y0", "z0" = "excluded"."z0", "vx0" = "excluded"."vx0", "vy0" = "excluded"."vy0",
        "vz0" = "excluded"."vz0", "ax" = "excluded"."ax", "ay" = "excluded"."ay", "az" = "excluded"."az",
        "plate_x" = "excluded"."plate_x", "plate_z" = "excluded"."plate_z", "pfx_x" = "excluded"."pfx_x",
        "pfx_z" = "excluded"."pfx_z", "gameday_x" = "excluded"."gameday_x",
        "gameday_y" = "excluded"."gameday_y", "spin_rate" = "excluded"."spin_rate",
        "spin_direction" = "excluded"."spin_direction", "break_angle" = "excluded"."break_angle",
        "break_length" = "excluded"."break_length", "break_y" = "excluded"."break_y",
        "break_vertical" = "excluded"."break_vertical",
        "break_vertical_induced" = "excluded"."break_vertical_induced",
        "break_horizontal" = "excluded"."break_horizontal", "launch_speed" = "excluded"."launch_speed",
        "launch_angle" = "excluded"."launch_angle", "total_distance" = "excluded"."total_distance",
        "trajectory" = "excluded"."trajectory", "hardness" = "excluded"."hardness",
        "hit_location" = "excluded"."hit_location", "hit_x" = "excluded"."hit_x",
        "hit_y" = "excluded"."hit_y", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "at_bat_index", "event_index", "season", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "at_bat_index", "event_index", "season")
GROUP BY "game_pk";

-- Counts the documents' rows that break a check which only warns
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE NOT ("balls" BETWEEN 0 AND 4)) AS "live_game_pitch_events_balls_check",
    COUNT(*) FILTER (WHERE NOT ("strikes" BETWEEN 0 AND 3)) AS "live_game_pitch_events_strikes_check",
    COUNT(*) FILTER (WHERE NOT ("outs" BETWEEN 0 AND 3)) AS "live_game_pitch_events_outs_check"
FROM "game"."live_game_pitch_events" AS "old"
WHERE
    "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    AND (NOT ("balls" BETWEEN 0 AND 4)
        OR NOT ("strikes" BETWEEN 0 AND 3)
        OR NOT ("outs" BETWEEN 0 AND 3))
GROUP BY "game_pk";

-- Finds a staged row that breaks live_game_pitch_events_event_index_check
SELECT "event_index"
FROM "pg_temp"."stage_game.live_game_pitch_events"
WHERE
    NOT ("event_index" >= 0)
LIMIT 1;
