-- Copies the rows of new documents into the table
COPY "league"."values" (
    "game_pk", "a_smallint", "a_integer", "a_bigint", "a_numeric", "a_double", "a_boolean", "a_text",
    "a_date", "a_timestamptz", "a_uuid", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.values" (
    "game_pk" int8, "a_smallint" int2, "a_integer" int4, "a_bigint" int8, "a_double" float8,
    "a_boolean" bool, "a_date" date, "a_timestamptz" timestamptz, "a_uuid" uuid,
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.values"
    ADD COLUMN IF NOT EXISTS "a_numeric" numeric,
    ALTER COLUMN "a_numeric" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "a_text" text,
    ALTER COLUMN "a_text" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.values"
    ALTER COLUMN "a_numeric" SET STORAGE EXTENDED,
    ALTER COLUMN "a_text" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.values" (
    "game_pk", "a_smallint", "a_integer", "a_bigint", "a_numeric", "a_double", "a_boolean", "a_text",
    "a_date", "a_timestamptz", "a_uuid", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."values" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.values" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
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
    FROM "pg_temp"."stage_league.values" AS "new"
    LEFT JOIN "league"."values" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."a_smallint", "old"."a_integer", "old"."a_bigint", "old"."a_numeric", "old"."a_double",
            "old"."a_boolean", "old"."a_text", "old"."a_date", "old"."a_timestamptz", "old"."a_uuid"
        ) IS DISTINCT FROM (
            "new"."a_smallint", "new"."a_integer", "new"."a_bigint", "new"."a_numeric"::numeric(5,1),
            "new"."a_double", "new"."a_boolean", "new"."a_text", "new"."a_date", "new"."a_timestamptz",
            "new"."a_uuid"
        )
), "written" AS (
    INSERT INTO "league"."values" AS "old" (
        "game_pk", "a_smallint", "a_integer", "a_bigint", "a_numeric", "a_double", "a_boolean", "a_text",
        "a_date", "a_timestamptz", "a_uuid", "captured_at"
    )
    SELECT
        "game_pk", "a_smallint", "a_integer", "a_bigint", "a_numeric", "a_double", "a_boolean", "a_text",
        "a_date", "a_timestamptz", "a_uuid", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk") DO UPDATE SET
        "a_smallint" = "excluded"."a_smallint", "a_integer" = "excluded"."a_integer",
        "a_bigint" = "excluded"."a_bigint", "a_numeric" = "excluded"."a_numeric",
        "a_double" = "excluded"."a_double", "a_boolean" = "excluded"."a_boolean",
        "a_text" = "excluded"."a_text", "a_date" = "excluded"."a_date",
        "a_timestamptz" = "excluded"."a_timestamptz", "a_uuid" = "excluded"."a_uuid",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk")
GROUP BY "game_pk";
