-- Copies the rows of new documents into the table
COPY "config"."game_type" (
    "game_type", "description", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_config.game_type" (
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_config.game_type"
    ADD COLUMN IF NOT EXISTS "game_type" text,
    ALTER COLUMN "game_type" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "description" text,
    ALTER COLUMN "description" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_config.game_type"
    ALTER COLUMN "game_type" SET STORAGE EXTENDED,
    ALTER COLUMN "description" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_config.game_type" (
    "game_type", "description", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "config"."game_type" AS "old"
    USING UNNEST(%(game_type)s::text[], %(captured_at)s::timestamptz[])
        AS "document"("game_type", "captured_at")
    WHERE
        "old"."game_type" = "document"."game_type"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_config.game_type" AS "new"
            WHERE
                "old"."game_type" = "new"."game_type"
        )
    RETURNING "old"."game_type", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "game_type",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "game_type";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."game_type" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_config.game_type" AS "new"
    LEFT JOIN "config"."game_type" AS "old"
        ON "old"."game_type" = "new"."game_type"
        AND "old"."game_type" = ANY(%(game_type)s::text[])
    WHERE
        "old"."game_type" IS NULL
        OR (
            "old"."description"
        ) IS DISTINCT FROM (
            "new"."description"
        )
), "written" AS (
    INSERT INTO "config"."game_type" AS "old" (
        "game_type", "description", "captured_at"
    )
    SELECT
        "game_type", "description", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_type") DO UPDATE SET
        "description" = "excluded"."description", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_type", TRUE AS "Written"
)
SELECT
    "game_type",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_type")
GROUP BY "game_type";
