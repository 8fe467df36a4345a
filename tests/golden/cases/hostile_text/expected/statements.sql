-- Copies the rows of new documents into the table
COPY "league"."texts" (
    "game_pk", "n", "quoted", "braces", "constant", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.texts" (
    "game_pk" int8, "n" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.texts"
    ADD COLUMN IF NOT EXISTS "quoted" text,
    ALTER COLUMN "quoted" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "braces" text,
    ALTER COLUMN "braces" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "constant" text,
    ALTER COLUMN "constant" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.texts"
    ALTER COLUMN "quoted" SET STORAGE EXTENDED,
    ALTER COLUMN "braces" SET STORAGE EXTENDED,
    ALTER COLUMN "constant" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.texts" (
    "game_pk", "n", "quoted", "braces", "constant", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."texts" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.texts" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."n" = "new"."n"
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
    FROM "pg_temp"."stage_league.texts" AS "new"
    LEFT JOIN "league"."texts" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."n" = "new"."n"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."quoted", "old"."braces", "old"."constant"
        ) IS DISTINCT FROM (
            "new"."quoted", "new"."braces", "new"."constant"
        )
), "written" AS (
    INSERT INTO "league"."texts" AS "old" (
        "game_pk", "n", "quoted", "braces", "constant", "captured_at"
    )
    SELECT
        "game_pk", "n", "quoted", "braces", "constant", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "n") DO UPDATE SET
        "quoted" = "excluded"."quoted", "braces" = "excluded"."braces", "constant" = "excluded"."constant",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "n", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "n")
GROUP BY "game_pk";
