-- Copies the rows of new documents into the table
COPY "league"."lines" (
    "player_id", "kind", "league_id", "season", "situations", "number", "hits", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.lines" (
    "player_id" int4, "league_id" int4, "season" int2, "number" int2, "hits" int2,
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.lines"
    ADD COLUMN IF NOT EXISTS "kind" text,
    ALTER COLUMN "kind" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "situations" text,
    ALTER COLUMN "situations" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.lines"
    ALTER COLUMN "kind" SET STORAGE EXTENDED,
    ALTER COLUMN "situations" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.lines" (
    "player_id", "kind", "league_id", "season", "situations", "number", "hits", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."lines" AS "old"
    USING UNNEST(%(player_id)s::integer[], %(kind)s::text[], %(league_id)s::integer[], %(season)s::smallint[], %(situations)s::text[], %(captured_at)s::timestamptz[])
        AS "document"("player_id", "kind", "league_id", "season", "situations", "captured_at")
    WHERE
        "old"."player_id" = "document"."player_id"
        AND "old"."kind" = "document"."kind"
        AND "old"."league_id" = "document"."league_id"
        AND "old"."season" = "document"."season"
        AND "old"."situations" = "document"."situations"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.lines" AS "new"
            WHERE
                "old"."player_id" = "new"."player_id"
                AND "old"."kind" = "new"."kind"
                AND "old"."league_id" = "new"."league_id"
                AND "old"."season" = "new"."season"
                AND "old"."situations" = "new"."situations"
                AND "old"."number" = "new"."number"
        )
    RETURNING "old"."player_id", "old"."kind", "old"."league_id", "old"."season", "old"."situations", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "player_id", "kind", "league_id", "season", "situations",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "player_id", "kind", "league_id", "season", "situations";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."player_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_league.lines" AS "new"
    LEFT JOIN "league"."lines" AS "old"
        ON "old"."player_id" = "new"."player_id"
        AND "old"."kind" = "new"."kind"
        AND "old"."league_id" = "new"."league_id"
        AND "old"."season" = "new"."season"
        AND "old"."situations" = "new"."situations"
        AND "old"."number" = "new"."number"
        AND "old"."player_id" = ANY(%(player_id)s::integer[])
        AND "old"."kind" = ANY(%(kind)s::text[])
        AND "old"."league_id" = ANY(%(league_id)s::integer[])
        AND "old"."season" = ANY(%(season)s::smallint[])
        AND "old"."situations" = ANY(%(situations)s::text[])
    WHERE
        "old"."player_id" IS NULL
        OR (
            "old"."hits"
        ) IS DISTINCT FROM (
            "new"."hits"
        )
), "written" AS (
    INSERT INTO "league"."lines" AS "old" (
        "player_id", "kind", "league_id", "season", "situations", "number", "hits", "captured_at"
    )
    SELECT
        "player_id", "kind", "league_id", "season", "situations", "number", "hits", "captured_at"
    FROM "incoming"
    ON CONFLICT ("player_id", "kind", "league_id", "season", "situations", "number") DO UPDATE SET
        "hits" = "excluded"."hits", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "player_id", "kind", "league_id", "season", "situations", "number", TRUE AS "Written"
)
SELECT
    "player_id", "kind", "league_id", "season", "situations",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("player_id", "kind", "league_id", "season", "situations", "number")
GROUP BY "player_id", "kind", "league_id", "season", "situations";

-- Copies the rows of new documents into the table
COPY "league"."situation_lines" (
    "player_id", "kind", "league_id", "season", "situations", "code", "hits", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.situation_lines" (
    "player_id" int4, "league_id" int4, "season" int2, "hits" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.situation_lines"
    ADD COLUMN IF NOT EXISTS "kind" text,
    ALTER COLUMN "kind" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "situations" text,
    ALTER COLUMN "situations" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "code" text,
    ALTER COLUMN "code" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.situation_lines"
    ALTER COLUMN "kind" SET STORAGE EXTENDED,
    ALTER COLUMN "situations" SET STORAGE EXTENDED,
    ALTER COLUMN "code" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.situation_lines" (
    "player_id", "kind", "league_id", "season", "situations", "code", "hits", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."situation_lines" AS "old"
    USING UNNEST(%(player_id)s::integer[], %(kind)s::text[], %(league_id)s::integer[], %(season)s::smallint[], %(situations)s::text[], %(captured_at)s::timestamptz[])
        AS "document"("player_id", "kind", "league_id", "season", "situations", "captured_at")
    WHERE
        "old"."player_id" = "document"."player_id"
        AND "old"."kind" = "document"."kind"
        AND "old"."league_id" = "document"."league_id"
        AND "old"."season" = "document"."season"
        AND "old"."situations" = "document"."situations"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.situation_lines" AS "new"
            WHERE
                "old"."player_id" = "new"."player_id"
                AND "old"."kind" = "new"."kind"
                AND "old"."league_id" = "new"."league_id"
                AND "old"."season" = "new"."season"
                AND "old"."situations" = "new"."situations"
                AND "old"."code" = "new"."code"
        )
    RETURNING "old"."player_id", "old"."kind", "old"."league_id", "old"."season", "old"."situations", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "player_id", "kind", "league_id", "season", "situations",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "player_id", "kind", "league_id", "season", "situations";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."player_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_league.situation_lines" AS "new"
    LEFT JOIN "league"."situation_lines" AS "old"
        ON "old"."player_id" = "new"."player_id"
        AND "old"."kind" = "new"."kind"
        AND "old"."league_id" = "new"."league_id"
        AND "old"."season" = "new"."season"
        AND "old"."situations" = "new"."situations"
        AND "old"."code" = "new"."code"
        AND "old"."player_id" = ANY(%(player_id)s::integer[])
        AND "old"."kind" = ANY(%(kind)s::text[])
        AND "old"."league_id" = ANY(%(league_id)s::integer[])
        AND "old"."season" = ANY(%(season)s::smallint[])
        AND "old"."situations" = ANY(%(situations)s::text[])
    WHERE
        "old"."player_id" IS NULL
        OR (
            "old"."hits"
        ) IS DISTINCT FROM (
            "new"."hits"
        )
), "written" AS (
    INSERT INTO "league"."situation_lines" AS "old" (
        "player_id", "kind", "league_id", "season", "situations", "code", "hits", "captured_at"
    )
    SELECT
        "player_id", "kind", "league_id", "season", "situations", "code", "hits", "captured_at"
    FROM "incoming"
    ON CONFLICT ("player_id", "kind", "league_id", "season", "situations", "code") DO UPDATE SET
        "hits" = "excluded"."hits", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "player_id", "kind", "league_id", "season", "situations", "code", TRUE AS "Written"
)
SELECT
    "player_id", "kind", "league_id", "season", "situations",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("player_id", "kind", "league_id", "season", "situations", "code")
GROUP BY "player_id", "kind", "league_id", "season", "situations";
