-- Copies the rows of new documents into the table
COPY "draft"."pick" (
    "year", "pick_number", "round", "round_pick_number", "display_pick_number", "draft_type_code",
    "draft_type_description", "is_drafted", "is_pass", "team_id", "team_name", "pick_value",
    "signing_bonus", "person_id", "full_name", "birth_date", "primary_position_code",
    "primary_position_abbreviation", "bats", "throws", "mlb_debut_date", "home_city", "home_state",
    "home_country", "school_name", "school_class", "school_city", "school_state", "school_country",
    "rank", "blurb", "scouting_report_url", "bis_player_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_draft.pick" (
    "year" int2, "pick_number" int2, "round_pick_number" int2, "display_pick_number" int2,
    "is_drafted" bool, "is_pass" bool, "team_id" int4, "person_id" int4, "birth_date" date,
    "mlb_debut_date" date, "rank" int2, "bis_player_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_draft.pick"
    ADD COLUMN IF NOT EXISTS "round" text,
    ALTER COLUMN "round" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "draft_type_code" text,
    ALTER COLUMN "draft_type_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "draft_type_description" text,
    ALTER COLUMN "draft_type_description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "team_name" text,
    ALTER COLUMN "team_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "pick_value" numeric,
    ALTER COLUMN "pick_value" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "signing_bonus" numeric,
    ALTER COLUMN "signing_bonus" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "full_name" text,
    ALTER COLUMN "full_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "primary_position_code" text,
    ALTER COLUMN "primary_position_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "primary_position_abbreviation" text,
    ALTER COLUMN "primary_position_abbreviation" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "bats" text,
    ALTER COLUMN "bats" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "throws" text,
    ALTER COLUMN "throws" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "home_city" text,
    ALTER COLUMN "home_city" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "home_state" text,
    ALTER COLUMN "home_state" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "home_country" text,
    ALTER COLUMN "home_country" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "school_name" text,
    ALTER COLUMN "school_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "school_class" text,
    ALTER COLUMN "school_class" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "school_city" text,
    ALTER COLUMN "school_city" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "school_state" text,
    ALTER COLUMN "school_state" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "school_country" text,
    ALTER COLUMN "school_country" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "blurb" text,
    ALTER COLUMN "blurb" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "scouting_report_url" text,
    ALTER COLUMN "scouting_report_url" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_draft.pick"
    ALTER COLUMN "round" SET STORAGE EXTENDED,
    ALTER COLUMN "draft_type_code" SET STORAGE EXTENDED,
    ALTER COLUMN "draft_type_description" SET STORAGE EXTENDED,
    ALTER COLUMN "team_name" SET STORAGE EXTENDED,
    ALTER COLUMN "pick_value" SET STORAGE EXTENDED,
    ALTER COLUMN "signing_bonus" SET STORAGE EXTENDED,
    ALTER COLUMN "full_name" SET STORAGE EXTENDED,
    ALTER COLUMN "primary_position_code" SET STORAGE EXTENDED,
    ALTER COLUMN "primary_position_abbreviation" SET STORAGE EXTENDED,
    ALTER COLUMN "bats" SET STORAGE EXTENDED,
    ALTER COLUMN "throws" SET STORAGE EXTENDED,
    ALTER COLUMN "home_city" SET STORAGE EXTENDED,
    ALTER COLUMN "home_state" SET STORAGE EXTENDED,
    ALTER COLUMN "home_country" SET STORAGE EXTENDED,
    ALTER COLUMN "school_name" SET STORAGE EXTENDED,
    ALTER COLUMN "school_class" SET STORAGE EXTENDED,
    ALTER COLUMN "school_city" SET STORAGE EXTENDED,
    ALTER COLUMN "school_state" SET STORAGE EXTENDED,
    ALTER COLUMN "school_country" SET STORAGE EXTENDED,
    ALTER COLUMN "blurb" SET STORAGE EXTENDED,
    ALTER COLUMN "scouting_report_url" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_draft.pick" (
    "year", "pick_number", "round", "round_pick_number", "display_pick_number", "draft_type_code",
    "draft_type_description", "is_drafted", "is_pass", "team_id", "team_name", "pick_value",
    "signing_bonus", "person_id", "full_name", "birth_date", "primary_position_code",
    "primary_position_abbreviation", "bats", "throws", "mlb_debut_date", "home_city", "home_state",
    "home_country", "school_name", "school_class", "school_city", "school_state", "school_country",
    "rank", "blurb", "scouting_report_url", "bis_player_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "draft"."pick" AS "old"
    USING UNNEST(%(year)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("year", "captured_at")
    WHERE
        "old"."year" = "document"."year"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_draft.pick" AS "new"
            WHERE
                "old"."year" = "new"."year"
                AND "old"."pick_number" = "new"."pick_number"
        )
    RETURNING "old"."year", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "year",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "year";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."year" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_draft.pick" AS "new"
    LEFT JOIN "draft"."pick" AS "old"
        ON "old"."year" = "new"."year"
        AND "old"."pick_number" = "new"."pick_number"
        AND "old"."year" = ANY(%(year)s::smallint[])
    WHERE
        "old"."year" IS NULL
        OR (
            "old"."round", "old"."round_pick_number", "old"."display_pick_number", "old"."draft_type_code",
            "old"."draft_type_description", "old"."is_drafted", "old"."is_pass", "old"."team_id",
            "old"."team_name", "old"."pick_value", "old"."signing_bonus", "old"."person_id", "old"."full_name",
            "old"."birth_date", "old"."primary_position_code", "old"."primary_position_abbreviation",
            "old"."bats", "old"."throws", "old"."mlb_debut_date", "old"."home_city", "old"."home_state",
            "old"."home_country", "old"."school_name", "old"."school_class", "old"."school_city",
            "old"."school_state", "old"."school_country", "old"."rank", "old"."blurb",
            "old"."scouting_report_url", "old"."bis_player_id"
        ) IS DISTINCT FROM (
            "new"."round", "new"."round_pick_number", "new"."display_pick_number", "new"."draft_type_code",
            "new"."draft_type_description", "new"."is_drafted", "new"."is_pass", "new"."team_id",
            "new"."team_name", "new"."pick_value"::numeric, "new"."signing_bonus"::numeric, "new"."person_id",
            "new"."full_name", "new"."birth_date", "new"."primary_position_code",
            "new"."primary_position_abbreviation", "new"."bats", "new"."throws", "new"."mlb_debut_date",
            "new"."home_city", "new"."home_state", "new"."home_country", "new"."school_name",
            "new"."school_class", "new"."school_city", "new"."school_state", "new"."school_country",
            "new"."rank", "new"."blurb", "new"."scouting_report_url", "new"."bis_player_id"
        )
), "written" AS (
    INSERT INTO "draft"."pick" AS "old" (
        "year", "pick_number", "round", "round_pick_number", "display_pick_number", "draft_type_code",
        "draft_type_description", "is_drafted", "is_pass", "team_id", "team_name", "pick_value",
        "signing_bonus", "person_id", "full_name", "birth_date", "primary_position_code",
        "primary_position_abbreviation", "bats", "throws", "mlb_debut_date", "home_city", "home_state",
        "home_country", "school_name", "school_class", "school_city", "school_state", "school_country",
        "rank", "blurb", "scouting_report_url", "bis_player_id", "captured_at"
    )
    SELECT
        "year", "pick_number", "round", "round_pick_number", "display_pick_number", "draft_type_code",
        "draft_type_description", "is_drafted", "is_pass", "team_id", "team_name", "pick_value",
        "signing_bonus", "person_id", "full_name", "birth_date", "primary_position_code",
        "primary_position_abbreviation", "bats", "throws", "mlb_debut_date", "home_city", "home_state",
        "home_country", "school_name", "school_class", "school_city", "school_state", "school_country",
        "rank", "blurb", "scouting_report_url", "bis_player_id", "captured_at"
    FROM "incoming"
    ON CONFLICT ("year", "pick_number") DO UPDATE SET
        "round" = "excluded"."round", "round_pick_number" = "excluded"."round_pick_number",
        "display_pick_number" = "excluded"."display_pick_number",
        "draft_type_code" = "excluded"."draft_type_code",
        "draft_type_description" = "excluded"."draft_type_description",
        "is_drafted" = "excluded"."is_drafted", "is_pass" = "excluded"."is_pass",
        "team_id" = "excluded"."team_id", "team_name" = "excluded"."team_name",
        "pick_value" = "excluded"."pick_value", "signing_bonus" = "excluded"."signing_bonus",
        "person_id" = "excluded"."person_id", "full_name" = "excluded"."full_name",
        "birth_date" = "excluded"."birth_date",
        "primary_position_code" = "excluded"."primary_position_code",
        "primary_position_abbreviation" = "excluded"."primary_position_abbreviation",
        "bats" = "excluded"."bats", "throws" = "excluded"."throws",
        "mlb_debut_date" = "excluded"."mlb_debut_date", "home_city" = "excluded"."home_city",
        "home_state" = "excluded"."home_state", "home_country" = "excluded"."home_country",
        "school_name" = "excluded"."school_name", "school_class" = "excluded"."school_class",
        "school_city" = "excluded"."school_city", "school_state" = "excluded"."school_state",
        "school_country" = "excluded"."school_country", "rank" = "excluded"."rank",
        "blurb" = "excluded"."blurb", "scouting_report_url" = "excluded"."scouting_report_url",
        "bis_player_id" = "excluded"."bis_player_id", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "year", "pick_number", TRUE AS "Written"
)
SELECT
    "year",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("year", "pick_number")
GROUP BY "year";
