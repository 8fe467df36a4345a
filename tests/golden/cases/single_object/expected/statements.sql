-- Copies the rows of new documents into the table
COPY "league"."delays" (
    "game_pk", "minutes", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.delays" (
    "game_pk" int8, "minutes" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.delays" (
    "game_pk", "minutes", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."delays" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.delays" AS "new"
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
    FROM "pg_temp"."stage_league.delays" AS "new"
    LEFT JOIN "league"."delays" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."minutes"
        ) IS DISTINCT FROM (
            "new"."minutes"
        )
), "written" AS (
    INSERT INTO "league"."delays" AS "old" (
        "game_pk", "minutes", "captured_at"
    )
    SELECT
        "game_pk", "minutes", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk") DO UPDATE SET
        "minutes" = "excluded"."minutes", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
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

-- Copies the rows of new documents into the table
COPY "league"."reviews" (
    "game_pk", "play_index", "event", "is_overturned", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.reviews" (
    "game_pk" int8, "play_index" int2, "is_overturned" bool, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.reviews"
    ADD COLUMN IF NOT EXISTS "event" text,
    ALTER COLUMN "event" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.reviews"
    ALTER COLUMN "event" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.reviews" (
    "game_pk", "play_index", "event", "is_overturned", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."reviews" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.reviews" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."play_index" = "new"."play_index"
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
    FROM "pg_temp"."stage_league.reviews" AS "new"
    LEFT JOIN "league"."reviews" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."play_index" = "new"."play_index"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."event", "old"."is_overturned"
        ) IS DISTINCT FROM (
            "new"."event", "new"."is_overturned"
        )
), "written" AS (
    INSERT INTO "league"."reviews" AS "old" (
        "game_pk", "play_index", "event", "is_overturned", "captured_at"
    )
    SELECT
        "game_pk", "play_index", "event", "is_overturned", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "play_index") DO UPDATE SET
        "event" = "excluded"."event", "is_overturned" = "excluded"."is_overturned",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "play_index", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "play_index")
GROUP BY "game_pk";

-- Copies the rows of new documents into the table
COPY "league"."officials" (
    "game_pk", "play_index", "official_index", "name", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.officials" (
    "game_pk" int8, "play_index" int2, "official_index" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.officials"
    ADD COLUMN IF NOT EXISTS "name" text,
    ALTER COLUMN "name" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.officials"
    ALTER COLUMN "name" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.officials" (
    "game_pk", "play_index", "official_index", "name", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."officials" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.officials" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."play_index" = "new"."play_index"
                AND "old"."official_index" = "new"."official_index"
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
    FROM "pg_temp"."stage_league.officials" AS "new"
    LEFT JOIN "league"."officials" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."play_index" = "new"."play_index"
        AND "old"."official_index" = "new"."official_index"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."name"
        ) IS DISTINCT FROM (
            "new"."name"
        )
), "written" AS (
    INSERT INTO "league"."officials" AS "old" (
        "game_pk", "play_index", "official_index", "name", "captured_at"
    )
    SELECT
        "game_pk", "play_index", "official_index", "name", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "play_index", "official_index") DO UPDATE SET
        "name" = "excluded"."name", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "play_index", "official_index", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "play_index", "official_index")
GROUP BY "game_pk";
