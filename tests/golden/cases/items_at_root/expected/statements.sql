-- Copies the rows of new documents into the table
COPY "league"."types" (
    "type_id", "description", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.types" (
    "type_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.types"
    ADD COLUMN IF NOT EXISTS "description" text,
    ALTER COLUMN "description" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.types"
    ALTER COLUMN "description" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.types" (
    "type_id", "description", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."types" AS "old"
    USING UNNEST(%(type_id)s::integer[], %(captured_at)s::timestamptz[])
        AS "document"("type_id", "captured_at")
    WHERE
        "old"."type_id" = "document"."type_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.types" AS "new"
            WHERE
                "old"."type_id" = "new"."type_id"
        )
    RETURNING "old"."type_id", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "type_id",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "type_id";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."type_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_league.types" AS "new"
    LEFT JOIN "league"."types" AS "old"
        ON "old"."type_id" = "new"."type_id"
        AND "old"."type_id" = ANY(%(type_id)s::integer[])
    WHERE
        "old"."type_id" IS NULL
        OR (
            "old"."description"
        ) IS DISTINCT FROM (
            "new"."description"
        )
), "written" AS (
    INSERT INTO "league"."types" AS "old" (
        "type_id", "description", "captured_at"
    )
    SELECT
        "type_id", "description", "captured_at"
    FROM "incoming"
    ON CONFLICT ("type_id") DO UPDATE SET
        "description" = "excluded"."description", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "type_id", TRUE AS "Written"
)
SELECT
    "type_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("type_id")
GROUP BY "type_id";

-- Copies the rows of new documents into the table
COPY "league"."names" (
    "type_id", "name_index", "name", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.names" (
    "type_id" int4, "name_index" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.names"
    ADD COLUMN IF NOT EXISTS "name" text,
    ALTER COLUMN "name" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.names"
    ALTER COLUMN "name" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.names" (
    "type_id", "name_index", "name", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."names" AS "old"
    USING UNNEST(%(type_id)s::integer[], %(captured_at)s::timestamptz[])
        AS "document"("type_id", "captured_at")
    WHERE
        "old"."type_id" = "document"."type_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.names" AS "new"
            WHERE
                "old"."type_id" = "new"."type_id"
                AND "old"."name_index" = "new"."name_index"
        )
    RETURNING "old"."type_id", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "type_id",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "type_id";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."type_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_league.names" AS "new"
    LEFT JOIN "league"."names" AS "old"
        ON "old"."type_id" = "new"."type_id"
        AND "old"."name_index" = "new"."name_index"
        AND "old"."type_id" = ANY(%(type_id)s::integer[])
    WHERE
        "old"."type_id" IS NULL
        OR (
            "old"."name"
        ) IS DISTINCT FROM (
            "new"."name"
        )
), "written" AS (
    INSERT INTO "league"."names" AS "old" (
        "type_id", "name_index", "name", "captured_at"
    )
    SELECT
        "type_id", "name_index", "name", "captured_at"
    FROM "incoming"
    ON CONFLICT ("type_id", "name_index") DO UPDATE SET
        "name" = "excluded"."name", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "type_id", "name_index", TRUE AS "Written"
)
SELECT
    "type_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("type_id", "name_index")
GROUP BY "type_id";
