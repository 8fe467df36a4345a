-- Copies the rows of new documents into the table
COPY "standings"."standing" (
    "standings_type", "season", "standings_date", "league_id", "division_id", "team_id", "team_name",
    "sport_id", "round_robin_status", "games_played", "wins", "losses", "ties", "winning_percentage",
    "streak_code", "streak_type", "streak_length", "runs_scored", "runs_allowed", "run_differential",
    "division_rank", "league_rank", "sport_rank", "spring_league_rank", "wild_card_rank", "games_back",
    "division_games_back", "league_games_back", "sport_games_back", "spring_league_games_back",
    "wild_card_games_back", "is_division_leader", "is_wild_card_leader", "has_wild_card",
    "is_division_champion", "has_clinched", "clinch_indicator", "magic_number", "elimination_number",
    "wild_card_elimination_number", "updated_at", "division_updated_at", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_standings.standing" (
    "season" int2, "standings_date" date, "league_id" int4, "division_id" int4, "team_id" int4,
    "sport_id" int2, "games_played" int2, "wins" int2, "losses" int2, "ties" int2,
    "streak_length" int2, "runs_scored" int2, "runs_allowed" int2, "run_differential" int2,
    "division_rank" int2, "league_rank" int2, "sport_rank" int2, "spring_league_rank" int2,
    "wild_card_rank" int2, "is_division_leader" bool, "is_wild_card_leader" bool, "has_wild_card" bool,
    "is_division_champion" bool, "has_clinched" bool, "magic_number" int2, "updated_at" timestamptz,
    "division_updated_at" timestamptz, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_standings.standing"
    ADD COLUMN IF NOT EXISTS "standings_type" text,
    ALTER COLUMN "standings_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "team_name" text,
    ALTER COLUMN "team_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "round_robin_status" text,
    ALTER COLUMN "round_robin_status" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "winning_percentage" numeric,
    ALTER COLUMN "winning_percentage" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "streak_code" text,
    ALTER COLUMN "streak_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "streak_type" text,
    ALTER COLUMN "streak_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "games_back" numeric,
    ALTER COLUMN "games_back" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "division_games_back" numeric,
    ALTER COLUMN "division_games_back" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "league_games_back" numeric,
    ALTER COLUMN "league_games_back" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "sport_games_back" numeric,
    ALTER COLUMN "sport_games_back" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "spring_league_games_back" numeric,
    ALTER COLUMN "spring_league_games_back" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "wild_card_games_back" text,
    ALTER COLUMN "wild_card_games_back" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "clinch_indicator" text,
    ALTER COLUMN "clinch_indicator" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "elimination_number" text,
    ALTER COLUMN "elimination_number" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "wild_card_elimination_number" text,
    ALTER COLUMN "wild_card_elimination_number" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_standings.standing"
    ALTER COLUMN "standings_type" SET STORAGE EXTENDED,
    ALTER COLUMN "team_name" SET STORAGE EXTENDED,
    ALTER COLUMN "round_robin_status" SET STORAGE EXTENDED,
    ALTER COLUMN "winning_percentage" SET STORAGE EXTENDED,
    ALTER COLUMN "streak_code" SET STORAGE EXTENDED,
    ALTER COLUMN "streak_type" SET STORAGE EXTENDED,
    ALTER COLUMN "games_back" SET STORAGE EXTENDED,
    ALTER COLUMN "division_games_back" SET STORAGE EXTENDED,
    ALTER COLUMN "league_games_back" SET STORAGE EXTENDED,
    ALTER COLUMN "sport_games_back" SET STORAGE EXTENDED,
    ALTER COLUMN "spring_league_games_back" SET STORAGE EXTENDED,
    ALTER COLUMN "wild_card_games_back" SET STORAGE EXTENDED,
    ALTER COLUMN "clinch_indicator" SET STORAGE EXTENDED,
    ALTER COLUMN "elimination_number" SET STORAGE EXTENDED,
    ALTER COLUMN "wild_card_elimination_number" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_standings.standing" (
    "standings_type", "season", "standings_date", "league_id", "division_id", "team_id", "team_name",
    "sport_id", "round_robin_status", "games_played", "wins", "losses", "ties", "winning_percentage",
    "streak_code", "streak_type", "streak_length", "runs_scored", "runs_allowed", "run_differential",
    "division_rank", "league_rank", "sport_rank", "spring_league_rank", "wild_card_rank", "games_back",
    "division_games_back", "league_games_back", "sport_games_back", "spring_league_games_back",
    "wild_card_games_back", "is_division_leader", "is_wild_card_leader", "has_wild_card",
    "is_division_champion", "has_clinched", "clinch_indicator", "magic_number", "elimination_number",
    "wild_card_elimination_number", "updated_at", "division_updated_at", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "standings"."standing" AS "old"
    USING UNNEST(%(standings_type)s::text[], %(season)s::smallint[], %(standings_date)s::date[], %(league_id)s::integer[], %(division_id)s::integer[], %(captured_at)s::timestamptz[])
        AS "document"("standings_type", "season", "standings_date", "league_id", "division_id", "captured_at")
    WHERE
        "old"."standings_type" = "document"."standings_type"
        AND "old"."season" = "document"."season"
        AND "old"."standings_date" = "document"."standings_date"
        AND "old"."league_id" = "document"."league_id"
        AND "old"."division_id" = "document"."division_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_standings.standing" AS "new"
            WHERE
                "old"."standings_type" = "new"."standings_type"
                AND "old"."season" = "new"."season"
                AND "old"."standings_date" = "new"."standings_date"
                AND "old"."league_id" = "new"."league_id"
                AND "old"."division_id" = "new"."division_id"
                AND "old"."team_id" = "new"."team_id"
        )
    RETURNING "old"."standings_type", "old"."season", "old"."standings_date", "old"."league_id", "old"."division_id", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "standings_type", "season", "standings_date", "league_id", "division_id",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "standings_type", "season", "standings_date", "league_id", "division_id";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."standings_type" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_standings.standing" AS "new"
    LEFT JOIN "standings"."standing" AS "old"
        ON "old"."standings_type" = "new"."standings_type"
        AND "old"."season" = "new"."season"
        AND "old"."standings_date" = "new"."standings_date"
        AND "old"."league_id" = "new"."league_id"
        AND "old"."division_id" = "new"."division_id"
        AND "old"."team_id" = "new"."team_id"
        AND "old"."standings_type" = ANY(%(standings_type)s::text[])
        AND "old"."season" = ANY(%(season)s::smallint[])
        AND "old"."standings_date" = ANY(%(standings_date)s::date[])
        AND "old"."league_id" = ANY(%(league_id)s::integer[])
        AND "old"."division_id" = ANY(%(division_id)s::integer[])
    WHERE
        "old"."standings_type" IS NULL
        OR (
            "old"."team_name", "old"."sport_id", "old"."round_robin_status", "old"."games_played",
            "old"."wins", "old"."losses", "old"."ties", "old"."winning_percentage", "old"."streak_code",
            "old"."streak_type", "old"."streak_length", "old"."runs_scored", "old"."runs_allowed",
            "old"."run_differential", "old"."division_rank", "old"."league_rank", "old"."sport_rank",
            "old"."spring_league_rank", "old"."wild_card_rank", "old"."games_back",
            "old"."division_games_back", "old"."league_games_back", "old"."sport_games_back",
            "old"."spring_league_games_back", "old"."wild_card_games_back", "old"."is_division_leader",
            "old"."is_wild_card_leader", "old"."has_wild_card", "old"."is_division_champion",
            "old"."has_clinched", "old"."clinch_indicator", "old"."magic_number", "old"."elimination_number",
            "old"."wild_card_elimination_number", "old"."updated_at", "old"."division_updated_at"
        ) IS DISTINCT FROM (
            "new"."team_name", "new"."sport_id", "new"."round_robin_status", "new"."games_played",
            "new"."wins", "new"."losses", "new"."ties", "new"."winning_percentage"::numeric,
            "new"."streak_code", "new"."streak_type", "new"."streak_length", "new"."runs_scored",
            "new"."runs_allowed", "new"."run_differential", "new"."division_rank", "new"."league_rank",
            "new"."sport_rank", "new"."spring_league_rank", "new"."wild_card_rank",
            "new"."games_back"::numeric, "new"."division_games_back"::numeric,
            "new"."league_games_back"::numeric, "new"."sport_games_back"::numeric,
            "new"."spring_league_games_back"::numeric, "new"."wild_card_games_back",
            "new"."is_division_leader", "new"."is_wild_card_leader", "new"."has_wild_card",
            "new"."is_division_champion", "new"."has_clinched", "new"."clinch_indicator", "new"."magic_number",
            "new"."elimination_number", "new"."wild_card_elimination_number", "new"."updated_at",
            "new"."division_updated_at"
        )
), "written" AS (
    INSERT INTO "standings"."standing" AS "old" (
        "standings_type", "season", "standings_date", "league_id", "division_id", "team_id", "team_name",
        "sport_id", "round_robin_status", "games_played", "wins", "losses", "ties", "winning_percentage",
        "streak_code", "streak_type", "streak_length", "runs_scored", "runs_allowed", "run_differential",
        "division_rank", "league_rank", "sport_rank", "spring_league_rank", "wild_card_rank", "games_back",
        "division_games_back", "league_games_back", "sport_games_back", "spring_league_games_back",
        "wild_card_games_back", "is_division_leader", "is_wild_card_leader", "has_wild_card",
        "is_division_champion", "has_clinched", "clinch_indicator", "magic_number", "elimination_number",
        "wild_card_elimination_number", "updated_at", "division_updated_at", "captured_at"
    )
    SELECT
        "standings_type", "season", "standings_date", "league_id", "division_id", "team_id", "team_name",
        "sport_id", "round_robin_status", "games_played", "wins", "losses", "ties", "winning_percentage",
        "streak_code", "streak_type", "streak_length", "runs_scored", "runs_allowed", "run_differential",
        "division_rank", "league_rank", "sport_rank", "spring_league_rank", "wild_card_rank", "games_back",
        "division_games_back", "league_games_back", "sport_games_back", "spring_league_games_back",
        "wild_card_games_back", "is_division_leader", "is_wild_card_leader", "has_wild_card",
        "is_division_champion", "has_clinched", "clinch_indicator", "magic_number", "elimination_number",
        "wild_card_elimination_number", "updated_at", "division_updated_at", "captured_at"
    FROM "incoming"
    ON CONFLICT ("standings_type", "season", "standings_date", "league_id", "division_id", "team_id") DO UPDATE SET
        "team_name" = "excluded"."team_name", "sport_id" = "excluded"."sport_id",
        "round_robin_status" = "excluded"."round_robin_status", "games_played" = "excluded"."games_played",
        "wins" = "excluded"."wins", "losses" = "excluded"."losses", "ties" = "excluded"."ties",
        "winning_percentage" = "excluded"."winning_percentage", "streak_code" = "excluded"."streak_code",
        "streak_type" = "excluded"."streak_type", "streak_length" = "excluded"."streak_length",
        "runs_scored" = "excluded"."runs_scored", "runs_allowed" = "excluded"."runs_allowed",
        "run_differential" = "excluded"."run_differential", "division_rank" = "excluded"."division_rank",
        "league_rank" = "excluded"."league_rank", "sport_rank" = "excluded"."sport_rank",
        "spring_league_rank" = "excluded"."spring_league_rank",
        "wild_card_rank" = "excluded"."wild_card_rank", "games_back" = "excluded"."games_back",
        "division_games_back" = "excluded"."division_games_back",
        "league_games_back" = "excluded"."league_games_back",
        "sport_games_back" = "excluded"."sport_games_back",
        "spring_league_games_back" = "excluded"."spring_league_games_back",
        "wild_card_games_back" = "excluded"."wild_card_games_back",
        "is_division_leader" = "excluded"."is_division_leader",
        "is_wild_card_leader" = "excluded"."is_wild_card_leader",
        "has_wild_card" = "excluded"."has_wild_card",
        "is_division_champion" = "excluded"."is_division_champion",
        "has_clinched" = "excluded"."has_clinched", "clinch_indicator" = "excluded"."clinch_indicator",
        "magic_number" = "excluded"."magic_number", "elimination_number" = "excluded"."elimination_number",
        "wild_card_elimination_number" = "excluded"."wild_card_elimination_number",
        "updated_at" = "excluded"."updated_at", "division_updated_at" = "excluded"."division_updated_at",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "standings_type", "season", "standings_date", "league_id", "division_id", "team_id", TRUE AS "Written"
)
SELECT
    "standings_type", "season", "standings_date", "league_id", "division_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("standings_type", "season", "standings_date", "league_id", "division_id", "team_id")
GROUP BY "standings_type", "season", "standings_date", "league_id", "division_id";
