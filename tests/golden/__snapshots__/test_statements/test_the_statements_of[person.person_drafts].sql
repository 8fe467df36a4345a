-- Copies the rows of new documents into the table
COPY "person"."person_drafts" (
    "person_id", "year", "pick_number", "display_pick_number", "pick_round", "round_pick_number",
    "draft_type_code", "draft_type_description", "is_drafted", "is_pass", "team_id", "team_name",
    "league_id", "league_name", "school_name", "school_class", "school_city", "school_state",
    "school_country", "home_city", "home_state", "home_country", "rank", "pick_value", "signing_bonus",
    "bis_player_id", "scouting_report", "blurb", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_person.person_drafts" (
    "person_id" int4, "year" int2, "pick_number" int4, "display_pick_number" int4,
    "round_pick_number" int2, "is_drafted" bool, "is_pass" bool, "team_id" int4, "league_id" int4,
    "rank" int2, "pick_value" int4, "signing_bonus" int4, "bis_player_id" int4,
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_person.person_drafts"
    ADD COLUMN IF NOT EXISTS "pick_round" text,
    ALTER COLUMN "pick_round" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "draft_type_code" text,
    ALTER COLUMN "draft_type_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "draft_type_description" text,
    ALTER COLUMN "draft_type_description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "team_name" text,
    ALTER COLUMN "team_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "league_name" text,
    ALTER COLUMN "league_name" SET STORAGE PLAIN,
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
    ADD COLUMN IF NOT EXISTS "home_city" text,
    ALTER COLUMN "home_city" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "home_state" text,
    ALTER COLUMN "home_state" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "home_country" text,
    ALTER COLUMN "home_country" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "scouting_report" text,
    ALTER COLUMN "scouting_report" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "blurb" text,
    ALTER COLUMN "blurb" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_person.person_drafts"
    ALTER COLUMN "pick_round" SET STORAGE EXTENDED,
    ALTER COLUMN "draft_type_code" SET STORAGE EXTENDED,
    ALTER COLUMN "draft_type_description" SET STORAGE EXTENDED,
    ALTER COLUMN "team_name" SET STORAGE EXTENDED,
    ALTER COLUMN "league_name" SET STORAGE EXTENDED,
    ALTER COLUMN "school_name" SET STORAGE EXTENDED,
    ALTER COLUMN "school_class" SET STORAGE EXTENDED,
    ALTER COLUMN "school_city" SET STORAGE EXTENDED,
    ALTER COLUMN "school_state" SET STORAGE EXTENDED,
    ALTER COLUMN "school_country" SET STORAGE EXTENDED,
    ALTER COLUMN "home_city" SET STORAGE EXTENDED,
    ALTER COLUMN "home_state" SET STORAGE EXTENDED,
    ALTER COLUMN "home_country" SET STORAGE EXTENDED,
    ALTER COLUMN "scouting_report" SET STORAGE EXTENDED,
    ALTER COLUMN "blurb" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_person.person_drafts" (
    "person_id", "year", "pick_number", "display_pick_number", "pick_round", "round_pick_number",
    "draft_type_code", "draft_type_description", "is_drafted", "is_pass", "team_id", "team_name",
    "league_id", "league_name", "school_name", "school_class", "school_city", "school_state",
    "school_country", "home_city", "home_state", "home_country", "rank", "pick_value", "signing_bonus",
    "bis_player_id", "scouting_report", "blurb", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "person"."person_drafts" AS "old"
    USING UNNEST(%(person_id)s::integer[], %(captured_at)s::timestamptz[])
        AS "document"("person_id", "captured_at")
    WHERE
        "old"."person_id" = "document"."person_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_person.person_drafts" AS "new"
            WHERE
                "old"."person_id" = "new"."person_id"
                AND "old"."year" = "new"."year"
                AND "old"."pick_number" = "new"."pick_number"
        )
    RETURNING "old"."person_id", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "person_id",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "person_id";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."person_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_person.person_drafts" AS "new"
    LEFT JOIN "person"."person_drafts" AS "old"
        ON "old"."person_id" = "new"."person_id"
        AND "old"."year" = "new"."year"
        AND "old"."pick_number" = "new"."pick_number"
        AND "old"."person_id" = ANY(%(person_id)s::integer[])
    WHERE
        "old"."person_id" IS NULL
        OR (
            "old"."display_pick_number", "old"."pick_round", "old"."round_pick_number",
            "old"."draft_type_code", "old"."draft_type_description", "old"."is_drafted", "old"."is_pass",
            "old"."team_id", "old"."team_name", "old"."league_id", "old"."league_name", "old"."school_name",
            "old"."school_class", "old"."school_city", "old"."school_state", "old"."school_country",
            "old"."home_city", "old"."home_state", "old"."home_country", "old"."rank", "old"."pick_value",
            "old"."signing_bonus", "old"."bis_player_id", "old"."scouting_report", "old"."blurb"
        ) IS DISTINCT FROM (
            "new"."display_pick_number", "new"."pick_round", "new"."round_pick_number",
            "new"."draft_type_code", "new"."draft_type_description", "new"."is_drafted", "new"."is_pass",
            "new"."team_id", "new"."team_name", "new"."league_id", "new"."league_name", "new"."school_name",
            "new"."school_class", "new"."school_city", "new"."school_state", "new"."school_country",
            "new"."home_city", "new"."home_state", "new"."home_country", "new"."rank", "new"."pick_value",
            "new"."signing_bonus", "new"."bis_player_id", "new"."scouting_report", "new"."blurb"
        )
), "written" AS (
    INSERT INTO "person"."person_drafts" AS "old" (
        "person_id", "year", "pick_number", "display_pick_number", "pick_round", "round_pick_number",
        "draft_type_code", "draft_type_description", "is_drafted", "is_pass", "team_id", "team_name",
        "league_id", "league_name", "school_name", "school_class", "school_city", "school_state",
        "school_country", "home_city", "home_state", "home_country", "rank", "pick_value", "signing_bonus",
        "bis_player_id", "scouting_report", "blurb", "captured_at"
    )
    SELECT
        "person_id", "year", "pick_number", "display_pick_number", "pick_round", "round_pick_number",
        "draft_type_code", "draft_type_description", "is_drafted", "is_pass", "team_id", "team_name",
        "league_id", "league_name", "school_name", "school_class", "school_city", "school_state",
        "school_country", "home_city", "home_state", "home_country", "rank", "pick_value", "signing_bonus",
        "bis_player_id", "scouting_report", "blurb", "captured_at"
    FROM "incoming"
    ON CONFLICT ("person_id", "year", "pick_number") DO UPDATE SET
        "display_pick_number" = "excluded"."display_pick_number", "pick_round" = "excluded"."pick_round",
        "round_pick_number" = "excluded"."round_pick_number",
        "draft_type_code" = "excluded"."draft_type_code",
        "draft_type_description" = "excluded"."draft_type_description",
        "is_drafted" = "excluded"."is_drafted", "is_pass" = "excluded"."is_pass",
        "team_id" = "excluded"."team_id", "team_name" = "excluded"."team_name",
        "league_id" = "excluded"."league_id", "league_name" = "excluded"."league_name",
        "school_name" = "excluded"."school_name", "school_class" = "excluded"."school_class",
        "school_city" = "excluded"."school_city", "school_state" = "excluded"."school_state",
        "school_country" = "excluded"."school_country", "home_city" = "excluded"."home_city",
        "home_state" = "excluded"."home_state", "home_country" = "excluded"."home_country",
        "rank" = "excluded"."rank", "pick_value" = "excluded"."pick_value",
        "signing_bonus" = "excluded"."signing_bonus", "bis_player_id" = "excluded"."bis_player_id",
        "scouting_report" = "excluded"."scouting_report", "blurb" = "excluded"."blurb",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "person_id", "year", "pick_number", TRUE AS "Written"
)
SELECT
    "person_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("person_id", "year", "pick_number")
GROUP BY "person_id";
