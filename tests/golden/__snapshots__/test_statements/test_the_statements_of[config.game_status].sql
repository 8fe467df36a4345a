-- Copies the rows of new documents into the table
COPY "config"."game_status" (
    "status_code", "detailed_state", "reason", "coded_game_state", "abstract_game_state",
    "abstract_game_code", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_config.game_status" (
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_config.game_status"
    ADD COLUMN IF NOT EXISTS "status_code" text,
    ALTER COLUMN "status_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "detailed_state" text,
    ALTER COLUMN "detailed_state" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "reason" text,
    ALTER COLUMN "reason" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "coded_game_state" text,
    ALTER COLUMN "coded_game_state" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "abstract_game_state" text,
    ALTER COLUMN "abstract_game_state" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "abstract_game_code" text,
    ALTER COLUMN "abstract_game_code" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_config.game_status"
    ALTER COLUMN "status_code" SET STORAGE EXTENDED,
    ALTER COLUMN "detailed_state" SET STORAGE EXTENDED,
    ALTER COLUMN "reason" SET STORAGE EXTENDED,
    ALTER COLUMN "coded_game_state" SET STORAGE EXTENDED,
    ALTER COLUMN "abstract_game_state" SET STORAGE EXTENDED,
    ALTER COLUMN "abstract_game_code" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_config.game_status" (
    "status_code", "detailed_state", "reason", "coded_game_state", "abstract_game_state",
    "abstract_game_code", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "config"."game_status" AS "old"
    USING UNNEST(%(status_code)s::text[], %(captured_at)s::timestamptz[])
        AS "document"("status_code", "captured_at")
    WHERE
        "old"."status_code" = "document"."status_code"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_config.game_status" AS "new"
            WHERE
                "old"."status_code" = "new"."status_code"
        )
    RETURNING "old"."status_code", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "status_code",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "status_code";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."status_code" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_config.game_status" AS "new"
    LEFT JOIN "config"."game_status" AS "old"
        ON "old"."status_code" = "new"."status_code"
        AND "old"."status_code" = ANY(%(status_code)s::text[])
    WHERE
        "old"."status_code" IS NULL
        OR (
            "old"."detailed_state", "old"."reason", "old"."coded_game_state", "old"."abstract_game_state",
            "old"."abstract_game_code"
        ) IS DISTINCT FROM (
            "new"."detailed_state", "new"."reason", "new"."coded_game_state", "new"."abstract_game_state",
            "new"."abstract_game_code"
        )
), "written" AS (
    INSERT INTO "config"."game_status" AS "old" (
        "status_code", "detailed_state", "reason", "coded_game_state", "abstract_game_state",
        "abstract_game_code", "captured_at"
    )
    SELECT
        "status_code", "detailed_state", "reason", "coded_game_state", "abstract_game_state",
        "abstract_game_code", "captured_at"
    FROM "incoming"
    ON CONFLICT ("status_code") DO UPDATE SET
        "detailed_state" = "excluded"."detailed_state", "reason" = "excluded"."reason",
        "coded_game_state" = "excluded"."coded_game_state",
        "abstract_game_state" = "excluded"."abstract_game_state",
        "abstract_game_code" = "excluded"."abstract_game_code", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "status_code", TRUE AS "Written"
)
SELECT
    "status_code",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("status_code")
GROUP BY "status_code";
