-- Copies the rows of new documents into the table
COPY "person"."person" (
    "person_id", "full_name", "first_name", "middle_name", "last_name", "use_name", "use_last_name",
    "name_matrilineal", "name_suffix", "name_title", "nick_name", "pronunciation", "boxscore_name",
    "name_first_last", "first_last_name", "last_first_name", "last_init_name", "init_last_name",
    "full_fml_name", "full_lfm_name", "name_slug", "birth_date", "birth_city", "birth_state_province",
    "birth_country", "gender", "height", "height_inches", "weight", "primary_number",
    "primary_position_code", "primary_position_name", "primary_position_type",
    "primary_position_abbreviation", "bat_side_code", "bat_side_description", "pitch_hand_code",
    "pitch_hand_description", "strike_zone_top", "strike_zone_bottom", "draft_year", "mlb_debut_date",
    "last_played_date", "is_active", "is_player", "is_verified", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_person.person" (
    "person_id" int4, "birth_date" date, "height_inches" int2, "weight" int2, "strike_zone_top" float8,
    "strike_zone_bottom" float8, "draft_year" int2, "mlb_debut_date" date, "last_played_date" date,
    "is_active" bool, "is_player" bool, "is_verified" bool, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_person.person"
    ADD COLUMN IF NOT EXISTS "full_name" text,
    ALTER COLUMN "full_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "first_name" text,
    ALTER COLUMN "first_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "middle_name" text,
    ALTER COLUMN "middle_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "last_name" text,
    ALTER COLUMN "last_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "use_name" text,
    ALTER COLUMN "use_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "use_last_name" text,
    ALTER COLUMN "use_last_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "name_matrilineal" text,
    ALTER COLUMN "name_matrilineal" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "name_suffix" text,
    ALTER COLUMN "name_suffix" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "name_title" text,
    ALTER COLUMN "name_title" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "nick_name" text,
    ALTER COLUMN "nick_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "pronunciation" text,
    ALTER COLUMN "pronunciation" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "boxscore_name" text,
    ALTER COLUMN "boxscore_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "name_first_last" text,
    ALTER COLUMN "name_first_last" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "first_last_name" text,
    ALTER COLUMN "first_last_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "last_first_name" text,
    ALTER COLUMN "last_first_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "last_init_name" text,
    ALTER COLUMN "last_init_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "init_last_name" text,
    ALTER COLUMN "init_last_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "full_fml_name" text,
    ALTER COLUMN "full_fml_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "full_lfm_name" text,
    ALTER COLUMN "full_lfm_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "name_slug" text,
    ALTER COLUMN "name_slug" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "birth_city" text,
    ALTER COLUMN "birth_city" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "birth_state_province" text,
    ALTER COLUMN "birth_state_province" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "birth_country" text,
    ALTER COLUMN "birth_country" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "gender" text,
    ALTER COLUMN "gender" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "height" text,
    ALTER COLUMN "height" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "primary_number" text,
    ALTER COLUMN "primary_number" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "primary_position_code" text,
    ALTER COLUMN "primary_position_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "primary_position_name" text,
    ALTER COLUMN "primary_position_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "primary_position_type" text,
    ALTER COLUMN "primary_position_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "primary_position_abbreviation" text,
    ALTER COLUMN "primary_position_abbreviation" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "bat_side_code" text,
    ALTER COLUMN "bat_side_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "bat_side_description" text,
    ALTER COLUMN "bat_side_description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "pitch_hand_code" text,
    ALTER COLUMN "pitch_hand_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "pitch_hand_description" text,
    ALTER COLUMN "pitch_hand_description" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_person.person"
    ALTER COLUMN "full_name" SET STORAGE EXTENDED,
    ALTER COLUMN "first_name" SET STORAGE EXTENDED,
    ALTER COLUMN "middle_name" SET STORAGE EXTENDED,
    ALTER COLUMN "last_name" SET STORAGE EXTENDED,
    ALTER COLUMN "use_name" SET STORAGE EXTENDED,
    ALTER COLUMN "use_last_name" SET STORAGE EXTENDED,
    ALTER COLUMN "name_matrilineal" SET STORAGE EXTENDED,
    ALTER COLUMN "name_suffix" SET STORAGE EXTENDED,
    ALTER COLUMN "name_title" SET STORAGE EXTENDED,
    ALTER COLUMN "nick_name" SET STORAGE EXTENDED,
    ALTER COLUMN "pronunciation" SET STORAGE EXTENDED,
    ALTER COLUMN "boxscore_name" SET STORAGE EXTENDED,
    ALTER COLUMN "name_first_last" SET STORAGE EXTENDED,
    ALTER COLUMN "first_last_name" SET STORAGE EXTENDED,
    ALTER COLUMN "last_first_name" SET STORAGE EXTENDED,
    ALTER COLUMN "last_init_name" SET STORAGE EXTENDED,
    ALTER COLUMN "init_last_name" SET STORAGE EXTENDED,
    ALTER COLUMN "full_fml_name" SET STORAGE EXTENDED,
    ALTER COLUMN "full_lfm_name" SET STORAGE EXTENDED,
    ALTER COLUMN "name_slug" SET STORAGE EXTENDED,
    ALTER COLUMN "birth_city" SET STORAGE EXTENDED,
    ALTER COLUMN "birth_state_province" SET STORAGE EXTENDED,
    ALTER COLUMN "birth_country" SET STORAGE EXTENDED,
    ALTER COLUMN "gender" SET STORAGE EXTENDED,
    ALTER COLUMN "height" SET STORAGE EXTENDED,
    ALTER COLUMN "primary_number" SET STORAGE EXTENDED,
    ALTER COLUMN "primary_position_code" SET STORAGE EXTENDED,
    ALTER COLUMN "primary_position_name" SET STORAGE EXTENDED,
    ALTER COLUMN "primary_position_type" SET STORAGE EXTENDED,
    ALTER COLUMN "primary_position_abbreviation" SET STORAGE EXTENDED,
    ALTER COLUMN "bat_side_code" SET STORAGE EXTENDED,
    ALTER COLUMN "bat_side_description" SET STORAGE EXTENDED,
    ALTER COLUMN "pitch_hand_code" SET STORAGE EXTENDED,
    ALTER COLUMN "pitch_hand_description" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_person.person" (
    "person_id", "full_name", "first_name", "middle_name", "last_name", "use_name", "use_last_name",
    "name_matrilineal", "name_suffix", "name_title", "nick_name", "pronunciation", "boxscore_name",
    "name_first_last", "first_last_name", "last_first_name", "last_init_name", "init_last_name",
    "full_fml_name", "full_lfm_name", "name_slug", "birth_date", "birth_city", "birth_state_province",
    "birth_country", "gender", "height", "height_inches", "weight", "primary_number",
    "primary_position_code", "primary_position_name", "primary_position_type",
    "primary_position_abbreviation", "bat_side_code", "bat_side_description", "pitch_hand_code",
    "pitch_hand_description", "strike_zone_top", "strike_zone_bottom", "draft_year", "mlb_debut_date",
    "last_played_date", "is_active", "is_player", "is_verified", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "person"."person" AS "old"
    USING UNNEST(%(person_id)s::integer[], %(captured_at)s::timestamptz[])
        AS "document"("person_id", "captured_at")
    WHERE
        "old"."person_id" = "document"."person_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_person.person" AS "new"
            WHERE
                "old"."person_id" = "new"."person_id"
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
    FROM "pg_temp"."stage_person.person" AS "new"
    LEFT JOIN "person"."person" AS "old"
        ON "old"."person_id" = "new"."person_id"
        AND "old"."person_id" = ANY(%(person_id)s::integer[])
    WHERE
        "old"."person_id" IS NULL
        OR (
            "old"."full_name", "old"."first_name", "old"."middle_name", "old"."last_name", "old"."use_name",
            "old"."use_last_name", "old"."name_matrilineal", "old"."name_suffix", "old"."name_title",
            "old"."nick_name", "old"."pronunciation", "old"."boxscore_name", "old"."name_first_last",
            "old"."first_last_name", "old"."last_first_name", "old"."last_init_name", "old"."init_last_name",
            "old"."full_fml_name", "old"."full_lfm_name", "old"."name_slug", "old"."birth_date",
            "old"."birth_city", "old"."birth_state_province", "old"."birth_country", "old"."gender",
            "old"."height", "old"."height_inches", "old"."weight", "old"."primary_number",
            "old"."primary_position_code", "old"."primary_position_name", "old"."primary_position_type",
            "old"."primary_position_abbreviation", "old"."bat_side_code", "old"."bat_side_description",
            "old"."pitch_hand_code", "old"."pitch_hand_description", "old"."strike_zone_top",
            "old"."strike_zone_bottom", "old"."draft_year", "old"."mlb_debut_date", "old"."last_played_date",
            "old"."is_active", "old"."is_player", "old"."is_verified"
        ) IS DISTINCT FROM (
            "new"."full_name", "new"."first_name", "new"."middle_name", "new"."last_name", "new"."use_name",
            "new"."use_last_name", "new"."name_matrilineal", "new"."name_suffix", "new"."name_title",
            "new"."nick_name", "new"."pronunciation", "new"."boxscore_name", "new"."name_first_last",
            "new"."first_last_name", "new"."last_first_name", "new"."last_init_name", "new"."init_last_name",
            "new"."full_fml_name", "new"."full_lfm_name", "new"."name_slug", "new"."birth_date",
            "new"."birth_city", "new"."birth_state_province", "new"."birth_country", "new"."gender",
            "new"."height", "new"."height_inches", "new"."weight", "new"."primary_number",
            "new"."primary_position_code", "new"."primary_position_name", "new"."primary_position_type",
            "new"."primary_position_abbreviation", "new"."bat_side_code", "new"."bat_side_description",
            "new"."pitch_hand_code", "new"."pitch_hand_description", "new"."strike_zone_top",
            "new"."strike_zone_bottom", "new"."draft_year", "new"."mlb_debut_date", "new"."last_played_date",
            "new"."is_active", "new"."is_player", "new"."is_verified"
        )
), "written" AS (
    INSERT INTO "person"."person" AS "old" (
        "person_id", "full_name", "first_name", "middle_name", "last_name", "use_name", "use_last_name",
        "name_matrilineal", "name_suffix", "name_title", "nick_name", "pronunciation", "boxscore_name",
        "name_first_last", "first_last_name", "last_first_name", "last_init_name", "init_last_name",
        "full_fml_name", "full_lfm_name", "name_slug", "birth_date", "birth_city", "birth_state_province",
        "birth_country", "gender", "height", "height_inches", "weight", "primary_number",
        "primary_position_code", "primary_position_name", "primary_position_type",
        "primary_position_abbreviation", "bat_side_code", "bat_side_description", "pitch_hand_code",
        "pitch_hand_description", "strike_zone_top", "strike_zone_bottom", "draft_year", "mlb_debut_date",
        "last_played_date", "is_active", "is_player", "is_verified", "captured_at"
    )
    SELECT
        "person_id", "full_name", "first_name", "middle_name", "last_name", "use_name", "use_last_name",
        "name_matrilineal", "name_suffix", "name_title", "nick_name", "pronunciation", "boxscore_name",
        "name_first_last", "first_last_name", "last_first_name", "last_init_name", "init_last_name",
        "full_fml_name", "full_lfm_name", "name_slug", "birth_date", "birth_city", "birth_state_province",
        "birth_country", "gender", "height", "height_inches", "weight", "primary_number",
        "primary_position_code", "primary_position_name", "primary_position_type",
        "primary_position_abbreviation", "bat_side_code", "bat_side_description", "pitch_hand_code",
        "pitch_hand_description", "strike_zone_top", "strike_zone_bottom", "draft_year", "mlb_debut_date",
        "last_played_date", "is_active", "is_player", "is_verified", "captured_at"
    FROM "incoming"
    ON CONFLICT ("person_id") DO UPDATE SET
        "full_name" = "excluded"."full_name", "first_name" = "excluded"."first_name",
        "middle_name" = "excluded"."middle_name", "last_name" = "excluded"."last_name",
        "use_name" = "excluded"."use_name", "use_last_name" = "excluded"."use_last_name",
        "name_matrilineal" = "excluded"."name_matrilineal", "name_suffix" = "excluded"."name_suffix",
        "name_title" = "excluded"."name_title", "nick_name" = "excluded"."nick_name",
        "pronunciation" = "excluded"."pronunciation", "boxscore_name" = "excluded"."boxscore_name",
        "name_first_last" = "excluded"."name_first_last", "first_last_name" = "excluded"."first_last_name",
        "last_first_name" = "excluded"."last_first_name", "last_init_name" = "excluded"."last_init_name",
        "init_last_name" = "excluded"."init_last_name", "full_fml_name" = "excluded"."full_fml_name",
        "full_lfm_name" = "excluded"."full_lfm_name", "name_slug" = "excluded"."name_slug",
        "birth_date" = "excluded"."birth_date", "birth_city" = "excluded"."birth_city",
        "birth_state_province" = "excluded"."birth_state_province",
        "birth_country" = "excluded"."birth_country", "gender" = "excluded"."gender",
        "height" = "excluded"."height", "height_inches" = "excluded"."height_inches",
        "weight" = "excluded"."weight", "primary_number" = "excluded"."primary_number",
        "primary_position_code" = "excluded"."primary_position_code",
        "primary_position_name" = "excluded"."primary_position_name",
        "primary_position_type" = "excluded"."primary_position_type",
        "primary_position_abbreviation" = "excluded"."primary_position_abbreviation",
        "bat_side_code" = "excluded"."bat_side_code",
        "bat_side_description" = "excluded"."bat_side_description",
        "pitch_hand_code" = "excluded"."pitch_hand_code",
        "pitch_hand_description" = "excluded"."pitch_hand_description",
        "strike_zone_top" = "excluded"."strike_zone_top",
        "strike_zone_bottom" = "excluded"."strike_zone_bottom", "draft_year" = "excluded"."draft_year",
        "mlb_debut_date" = "excluded"."mlb_debut_date", "last_played_date" = "excluded"."last_played_date",
        "is_active" = "excluded"."is_active", "is_player" = "excluded"."is_player",
        "is_verified" = "excluded"."is_verified", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "person_id", TRUE AS "Written"
)
SELECT
    "person_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("person_id")
GROUP BY "person_id";
