-- Copies the rows of new documents into the table
COPY "league"."lines" (
    "game_pk", "line_index", "season", "attendance", "outs", "read_at", "height_inches", "slot",
    "sequence", "average", "share", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.lines" (
    "game_pk" int8, "line_index" int2, "season" int2, "attendance" int4, "outs" int2,
    "read_at" timestamptz, "height_inches" int2, "slot" int2, "sequence" int2, "share" float8,
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.lines"
    ADD COLUMN IF NOT EXISTS "average" numeric,
    ALTER COLUMN "average" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.lines"
    ALTER COLUMN "average" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.lines" (
    "game_pk", "line_index", "season", "attendance", "outs", "read_at", "height_inches", "slot",
    "sequence", "average", "share", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."lines" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.lines" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."line_index" = "new"."line_index"
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
    FROM "pg_temp"."stage_league.lines" AS "new"
    LEFT JOIN "league"."lines" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."line_index" = "new"."line_index"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."season", "old"."attendance", "old"."outs", "old"."read_at", "old"."height_inches",
            "old"."slot", "old"."sequence", "old"."average", "old"."share"
        ) IS DISTINCT FROM (
            "new"."season", "new"."attendance", "new"."outs", "new"."read_at", "new"."height_inches",
            "new"."slot", "new"."sequence", "new"."average"::numeric(4,3), "new"."share"
        )
), "written" AS (
    INSERT INTO "league"."lines" AS "old" (
        "game_pk", "line_index", "season", "attendance", "outs", "read_at", "height_inches", "slot",
        "sequence", "average", "share", "captured_at"
    )
    SELECT
        "game_pk", "line_index", "season", "attendance", "outs", "read_at", "height_inches", "slot",
        "sequence", "average", "share", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "line_index") DO UPDATE SET
        "season" = "excluded"."season", "attendance" = "excluded"."attendance", "outs" = "excluded"."outs",
        "read_at" = "excluded"."read_at", "height_inches" = "excluded"."height_inches",
        "slot" = "excluded"."slot", "sequence" = "excluded"."sequence", "average" = "excluded"."average",
        "share" = "excluded"."share", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "line_index", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "line_index")
GROUP BY "game_pk";
