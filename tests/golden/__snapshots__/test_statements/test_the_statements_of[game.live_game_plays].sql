-- Copies the rows of new documents into the table
COPY "game"."live_game_plays" (
    "game_pk", "season", "at_bat_index", "result_type", "event", "event_type", "description", "rbi",
    "away_score", "home_score", "is_out", "inning", "half_inning", "is_top_inning", "start_time",
    "end_time", "is_complete", "is_scoring_play", "has_out", "has_review", "captivating_index",
    "balls", "strikes", "outs", "batter_id", "bat_side_code", "bat_side_description", "pitcher_id",
    "pitch_hand_code", "pitch_hand_description", "batter_split", "pitcher_split", "men_on_base_split",
    "post_on_first_id", "post_on_second_id", "post_on_third_id", "review_type", "review_is_overturned",
    "review_in_progress", "review_challenge_team_id", "review_player_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_game.live_game_plays" (
    "game_pk" int8, "season" int2, "at_bat_index" int2, "rbi" int2, "away_score" int2,
    "home_score" int2, "is_out" bool, "inning" int2, "is_top_inning" bool, "start_time" timestamptz,
    "end_time" timestamptz, "is_complete" bool, "is_scoring_play" bool, "has_out" bool,
    "has_review" bool, "captivating_index" int2, "balls" int2, "strikes" int2, "outs" int2,
    "batter_id" int4, "pitcher_id" int4, "post_on_first_id" int4, "post_on_second_id" int4,
    "post_on_third_id" int4, "review_is_overturned" bool, "review_in_progress" bool,
    "review_challenge_team_id" int4, "review_player_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_game.live_game_plays"
    ADD COLUMN IF NOT EXISTS "result_type" text,
    ALTER COLUMN "result_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "event" text,
    ALTER COLUMN "event" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "event_type" text,
    ALTER COLUMN "event_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "description" text,
    ALTER COLUMN "description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "half_inning" text,
    ALTER COLUMN "half_inning" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "bat_side_code" text,
    ALTER COLUMN "bat_side_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "bat_side_description" text,
    ALTER COLUMN "bat_side_description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "pitch_hand_code" text,
    ALTER COLUMN "pitch_hand_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "pitch_hand_description" text,
    ALTER COLUMN "pitch_hand_description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "batter_split" text,
    ALTER COLUMN "batter_split" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "pitcher_split" text,
    ALTER COLUMN "pitcher_split" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "men_on_base_split" text,
    ALTER COLUMN "men_on_base_split" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "review_type" text,
    ALTER COLUMN "review_type" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_game.live_game_plays"
    ALTER COLUMN "result_type" SET STORAGE EXTENDED,
    ALTER COLUMN "event" SET STORAGE EXTENDED,
    ALTER COLUMN "event_type" SET STORAGE EXTENDED,
    ALTER COLUMN "description" SET STORAGE EXTENDED,
    ALTER COLUMN "half_inning" SET STORAGE EXTENDED,
    ALTER COLUMN "bat_side_code" SET STORAGE EXTENDED,
    ALTER COLUMN "bat_side_description" SET STORAGE EXTENDED,
    ALTER COLUMN "pitch_hand_code" SET STORAGE EXTENDED,
    ALTER COLUMN "pitch_hand_description" SET STORAGE EXTENDED,
    ALTER COLUMN "batter_split" SET STORAGE EXTENDED,
    ALTER COLUMN "pitcher_split" SET STORAGE EXTENDED,
    ALTER COLUMN "men_on_base_split" SET STORAGE EXTENDED,
    ALTER COLUMN "review_type" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_game.live_game_plays" (
    "game_pk", "season", "at_bat_index", "result_type", "event", "event_type", "description", "rbi",
    "away_score", "home_score", "is_out", "inning", "half_inning", "is_top_inning", "start_time",
    "end_time", "is_complete", "is_scoring_play", "has_out", "has_review", "captivating_index",
    "balls", "strikes", "outs", "batter_id", "bat_side_code", "bat_side_description", "pitcher_id",
    "pitch_hand_code", "pitch_hand_description", "batter_split", "pitcher_split", "men_on_base_split",
    "post_on_first_id", "post_on_second_id", "post_on_third_id", "review_type", "review_is_overturned",
    "review_in_progress", "review_challenge_team_id", "review_player_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "game"."live_game_plays" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_game.live_game_plays" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."at_bat_index" = "new"."at_bat_index"
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
    FROM "pg_temp"."stage_game.live_game_plays" AS "new"
    LEFT JOIN "game"."live_game_plays" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."at_bat_index" = "new"."at_bat_index"
        AND "old"."season" = "new"."season"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."result_type", "old"."event", "old"."event_type", "old"."description", "old"."rbi",
            "old"."away_score", "old"."home_score", "old"."is_out", "old"."inning", "old"."half_inning",
            "old"."is_top_inning", "old"."start_time", "old"."end_time", "old"."is_complete",
            "old"."is_scoring_play", "old"."has_out", "old"."has_review", "old"."captivating_index",
            "old"."balls", "old"."strikes", "old"."outs", "old"."batter_id", "old"."bat_side_code",
            "old"."bat_side_description", "old"."pitcher_id", "old"."pitch_hand_code",
            "old"."pitch_hand_description", "old"."batter_split", "old"."pitcher_split",
            "old"."men_on_base_split", "old"."post_on_first_id", "old"."post_on_second_id",
            "old"."post_on_third_id", "old"."review_type", "old"."review_is_overturned",
            "old"."review_in_progress", "old"."review_challenge_team_id", "old"."review_player_id"
        ) IS DISTINCT FROM (
            "new"."result_type", "new"."event", "new"."event_type", "new"."description", "new"."rbi",
            "new"."away_score", "new"."home_score", "new"."is_out", "new"."inning", "new"."half_inning",
            "new"."is_top_inning", "new"."start_time", "new"."end_time", "new"."is_complete",
            "new"."is_scoring_play", "new"."has_out", "new"."has_review", "new"."captivating_index",
            "new"."balls", "new"."strikes", "new"."outs", "new"."batter_id", "new"."bat_side_code",
            "new"."bat_side_description", "new"."pitcher_id", "new"."pitch_hand_code",
            "new"."pitch_hand_description", "new"."batter_split", "new"."pitcher_split",
            "new"."men_on_base_split", "new"."post_on_first_id", "new"."post_on_second_id",
            "new"."post_on_third_id", "new"."review_type", "new"."review_is_overturned",
            "new"."review_in_progress", "new"."review_challenge_team_id", "new"."review_player_id"
        )
), "written" AS (
    INSERT INTO "game"."live_game_plays" AS "old" (
        "game_pk", "season", "at_bat_index", "result_type", "event", "event_type", "description", "rbi",
        "away_score", "home_score", "is_out", "inning", "half_inning", "is_top_inning", "start_time",
        "end_time", "is_complete", "is_scoring_play", "has_out", "has_review", "captivating_index",
        "balls", "strikes", "outs", "batter_id", "bat_side_code", "bat_side_description", "pitcher_id",
        "pitch_hand_code", "pitch_hand_description", "batter_split", "pitcher_split", "men_on_base_split",
        "post_on_first_id", "post_on_second_id", "post_on_third_id", "review_type", "review_is_overturned",
        "review_in_progress", "review_challenge_team_id", "review_player_id", "captured_at"
    )
    SELECT
        "game_pk", "season", "at_bat_index", "result_type", "event", "event_type", "description", "rbi",
        "away_score", "home_score", "is_out", "inning", "half_inning", "is_top_inning", "start_time",
        "end_time", "is_complete", "is_scoring_play", "has_out", "has_review", "captivating_index",
        "balls", "strikes", "outs", "batter_id", "bat_side_code", "bat_side_description", "pitcher_id",
        "pitch_hand_code", "pitch_hand_description", "batter_split", "pitcher_split", "men_on_base_split",
        "post_on_first_id", "post_on_second_id", "post_on_third_id", "review_type", "review_is_overturned",
        "review_in_progress", "review_challenge_team_id", "review_player_id", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "at_bat_index", "season") DO UPDATE SET
        "result_type" = "excluded"."result_type", "event" = "excluded"."event",
        "event_type" = "excluded"."event_type", "description" = "excluded"."description",
        "rbi" = "excluded"."rbi", "away_score" = "excluded"."away_score",
        "home_score" = "excluded"."home_score", "is_out" = "excluded"."is_out",
        "inning" = "excluded"."inning", "half_inning" = "excluded"."half_inning",
        "is_top_inning" = "excluded"."is_top_inning", "start_time" = "excluded"."start_time",
        "end_time" = "excluded"."end_time", "is_complete" = "excluded"."is_complete",
        "is_scoring_play" = "excluded"."is_scoring_play", "has_out" = "excluded"."has_out",
        "has_review" = "excluded"."has_review", "captivating_index" = "excluded"."captivating_index",
        "balls" = "excluded"."balls", "strikes" = "excluded"."strikes", "outs" = "excluded"."outs",
        "batter_id" = "excluded"."batter_id", "bat_side_code" = "excluded"."bat_side_code",
        "bat_side_description" = "excluded"."bat_side_description", "pitcher_id" = "excluded"."pitcher_id",
        "pitch_hand_code" = "excluded"."pitch_hand_code",
        "pitch_hand_description" = "excluded"."pitch_hand_description",
        "batter_split" = "excluded"."batter_split", "pitcher_split" = "excluded"."pitcher_split",
        "men_on_base_split" = "excluded"."men_on_base_split",
        "post_on_first_id" = "excluded"."post_on_first_id",
        "post_on_second_id" = "excluded"."post_on_second_id",
        "post_on_third_id" = "excluded"."post_on_third_id", "review_type" = "excluded"."review_type",
        "review_is_overturned" = "excluded"."review_is_overturned",
        "review_in_progress" = "excluded"."review_in_progress",
        "review_challenge_team_id" = "excluded"."review_challenge_team_id",
        "review_player_id" = "excluded"."review_player_id", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "at_bat_index", "season", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "at_bat_index", "season")
GROUP BY "game_pk";

-- Counts the documents' rows that break a check which only warns
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE NOT ("balls" BETWEEN 0 AND 4)) AS "live_game_plays_balls_check",
    COUNT(*) FILTER (WHERE NOT ("strikes" BETWEEN 0 AND 3)) AS "live_game_plays_strikes_check",
    COUNT(*) FILTER (WHERE NOT ("outs" BETWEEN 0 AND 3)) AS "live_game_plays_outs_check"
FROM "game"."live_game_plays" AS "old"
WHERE
    "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    AND (NOT ("balls" BETWEEN 0 AND 4)
        OR NOT ("strikes" BETWEEN 0 AND 3)
        OR NOT ("outs" BETWEEN 0 AND 3))
GROUP BY "game_pk";

-- Finds a staged row that breaks live_game_plays_at_bat_index_check
SELECT "at_bat_index"
FROM "pg_temp"."stage_game.live_game_plays"
WHERE
    NOT ("at_bat_index" >= 0)
LIMIT 1;
