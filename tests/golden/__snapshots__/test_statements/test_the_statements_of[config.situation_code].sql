-- Copies the rows of new documents into the table
COPY "config"."situation_code" (
    "situation_code", "description", "navigation_menu", "sort_order", "for_teams", "for_batting",
    "for_fielding", "for_pitching", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_config.situation_code" (
    "sort_order" int4, "for_teams" bool, "for_batting" bool, "for_fielding" bool, "for_pitching" bool,
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_config.situation_code"
    ADD COLUMN IF NOT EXISTS "situation_code" text,
    ALTER COLUMN "situation_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "description" text,
    ALTER COLUMN "description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "navigation_menu" text,
    ALTER COLUMN "navigation_menu" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_config.situation_code"
    ALTER COLUMN "situation_code" SET STORAGE EXTENDED,
    ALTER COLUMN "description" SET STORAGE EXTENDED,
    ALTER COLUMN "navigation_menu" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_config.situation_code" (
    "situation_code", "description", "navigation_menu", "sort_order", "for_teams", "for_batting",
    "for_fielding", "for_pitching", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "config"."situation_code" AS "old"
    USING UNNEST(%(situation_code)s::text[], %(captured_at)s::timestamptz[])
        AS "document"("situation_code", "captured_at")
    WHERE
        "old"."situation_code" = "document"."situation_code"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_config.situation_code" AS "new"
            WHERE
                "old"."situation_code" = "new"."situation_code"
        )
    RETURNING "old"."situation_code", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "situation_code",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "situation_code";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."situation_code" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_config.situation_code" AS "new"
    LEFT JOIN "config"."situation_code" AS "old"
        ON "old"."situation_code" = "new"."situation_code"
        AND "old"."situation_code" = ANY(%(situation_code)s::text[])
    WHERE
        "old"."situation_code" IS NULL
        OR (
            "old"."description", "old"."navigation_menu", "old"."sort_order", "old"."for_teams",
            "old"."for_batting", "old"."for_fielding", "old"."for_pitching"
        ) IS DISTINCT FROM (
            "new"."description", "new"."navigation_menu", "new"."sort_order", "new"."for_teams",
            "new"."for_batting", "new"."for_fielding", "new"."for_pitching"
        )
), "written" AS (
    INSERT INTO "config"."situation_code" AS "old" (
        "situation_code", "description", "navigation_menu", "sort_order", "for_teams", "for_batting",
        "for_fielding", "for_pitching", "captured_at"
    )
    SELECT
        "situation_code", "description", "navigation_menu", "sort_order", "for_teams", "for_batting",
        "for_fielding", "for_pitching", "captured_at"
    FROM "incoming"
    ON CONFLICT ("situation_code") DO UPDATE SET
        "description" = "excluded"."description", "navigation_menu" = "excluded"."navigation_menu",
        "sort_order" = "excluded"."sort_order", "for_teams" = "excluded"."for_teams",
        "for_batting" = "excluded"."for_batting", "for_fielding" = "excluded"."for_fielding",
        "for_pitching" = "excluded"."for_pitching", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "situation_code", TRUE AS "Written"
)
SELECT
    "situation_code",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("situation_code")
GROUP BY "situation_code";
