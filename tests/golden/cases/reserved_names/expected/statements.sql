-- Copies the rows of new documents into the table
COPY "league"."print" (
    "game_pk", "id", "inning", "count", "rows", "capture", "document", "doubles", "field_date",
    "convert", "tbd", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.print" (
    "game_pk" int8, "id" int4, "inning" int2, "count" int2, "rows" int2, "doubles" int2,
    "field_date" date, "convert" int2, "tbd" bool, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.print"
    ADD COLUMN IF NOT EXISTS "capture" text,
    ALTER COLUMN "capture" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "document" text,
    ALTER COLUMN "document" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.print"
    ALTER COLUMN "capture" SET STORAGE EXTENDED,
    ALTER COLUMN "document" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.print" (
    "game_pk", "id", "inning", "count", "rows", "capture", "document", "doubles", "field_date",
    "convert", "tbd", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."print" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.print" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."id" = "new"."id"
                AND "old"."inning" = "new"."inning"
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
    FROM "pg_temp"."stage_league.print" AS "new"
    LEFT JOIN "league"."print" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."id" = "new"."id"
        AND "old"."inning" = "new"."inning"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."count", "old"."rows", "old"."capture", "old"."document", "old"."doubles",
            "old"."field_date", "old"."convert", "old"."tbd"
        ) IS DISTINCT FROM (
            "new"."count", "new"."rows", "new"."capture", "new"."document", "new"."doubles",
            "new"."field_date", "new"."convert", "new"."tbd"
        )
), "written" AS (
    INSERT INTO "league"."print" AS "old" (
        "game_pk", "id", "inning", "count", "rows", "capture", "document", "doubles", "field_date",
        "convert", "tbd", "captured_at"
    )
    SELECT
        "game_pk", "id", "inning", "count", "rows", "capture", "document", "doubles", "field_date",
        "convert", "tbd", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "id", "inning") DO UPDATE SET
        "count" = "excluded"."count", "rows" = "excluded"."rows", "capture" = "excluded"."capture",
        "document" = "excluded"."document", "doubles" = "excluded"."doubles",
        "field_date" = "excluded"."field_date", "convert" = "excluded"."convert", "tbd" = "excluded"."tbd",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "id", "inning", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "id", "inning")
GROUP BY "game_pk";

-- Copies the rows of new documents into the table
COPY "league"."field" (
    "game_pk", "struct", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.field" (
    "game_pk" int8, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.field"
    ADD COLUMN IF NOT EXISTS "struct" text,
    ALTER COLUMN "struct" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.field"
    ALTER COLUMN "struct" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.field" (
    "game_pk", "struct", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."field" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.field" AS "new"
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
    FROM "pg_temp"."stage_league.field" AS "new"
    LEFT JOIN "league"."field" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."struct"
        ) IS DISTINCT FROM (
            "new"."struct"
        )
), "written" AS (
    INSERT INTO "league"."field" AS "old" (
        "game_pk", "struct", "captured_at"
    )
    SELECT
        "game_pk", "struct", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk") DO UPDATE SET
        "struct" = "excluded"."struct", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
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
