-- Copies the rows of new documents into the table
COPY "league"."games" (
    "game_pk", "game_date", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.games" (
    "game_pk" int8, "game_date" date, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.games" (
    "game_pk", "game_date", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."games" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.games" AS "new"
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
        "old"."game_pk" IS NOT NULL AS "Known",
        "old"."captured_at" > "new"."captured_at" AS "Later"
    FROM "pg_temp"."stage_league.games" AS "new"
    LEFT JOIN "league"."games" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."game_date"
        ) IS DISTINCT FROM (
            "new"."game_date"
        )
), "updated" AS (
    UPDATE "league"."games" AS "old" SET
        "game_date" = "new"."game_date", "captured_at" = "new"."captured_at", "ingested_at" = DEFAULT
    FROM "incoming" AS "new"
    WHERE
        "new"."Known"
        AND "old"."game_pk" = "new"."game_pk"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
        AND "new"."captured_at" >= "old"."captured_at"
    RETURNING "new"."game_pk", TRUE AS "Known"
), "inserted" AS (
    INSERT INTO "league"."games" AS "old" (
        "game_pk", "game_date", "captured_at"
    )
    SELECT
        "game_pk", "game_date", "captured_at"
    FROM "incoming"
    WHERE
        NOT "Known"
    ON CONFLICT ("game_pk", "game_date") DO NOTHING
    RETURNING "game_pk", FALSE AS "Known"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Known" IS NULL) AS "kept_out"
FROM (
    SELECT * FROM "inserted"
    UNION ALL
    SELECT * FROM "updated"
    UNION ALL
    SELECT "game_pk", NULL AS "Known" FROM "incoming" WHERE "Later"
) AS "written"
GROUP BY "game_pk";

-- Copies the rows of new documents into the table
COPY "league"."plays" (
    "game_pk", "game_date", "play_index", "rbi", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.plays" (
    "game_pk" int8, "game_date" date, "play_index" int2, "rbi" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.plays" (
    "game_pk", "game_date", "play_index", "rbi", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."plays" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.plays" AS "new"
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
        "old"."game_pk" IS NOT NULL AS "Known",
        "old"."captured_at" > "new"."captured_at" AS "Later"
    FROM "pg_temp"."stage_league.plays" AS "new"
    LEFT JOIN "league"."plays" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."play_index" = "new"."play_index"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."game_date", "old"."rbi"
        ) IS DISTINCT FROM (
            "new"."game_date", "new"."rbi"
        )
), "updated" AS (
    UPDATE "league"."plays" AS "old" SET
        "game_date" = "new"."game_date", "rbi" = "new"."rbi", "captured_at" = "new"."captured_at",
        "ingested_at" = DEFAULT
    FROM "incoming" AS "new"
    WHERE
        "new"."Known"
        AND "old"."game_pk" = "new"."game_pk"
        AND "old"."play_index" = "new"."play_index"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
        AND "new"."captured_at" >= "old"."captured_at"
    RETURNING "new"."game_pk", TRUE AS "Known"
), "inserted" AS (
    INSERT INTO "league"."plays" AS "old" (
        "game_pk", "game_date", "play_index", "rbi", "captured_at"
    )
    SELECT
        "game_pk", "game_date", "play_index", "rbi", "captured_at"
    FROM "incoming"
    WHERE
        NOT "Known"
    ON CONFLICT ("game_pk", "play_index", "game_date") DO NOTHING
    RETURNING "game_pk", FALSE AS "Known"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Known" IS NULL) AS "kept_out"
FROM (
    SELECT * FROM "inserted"
    UNION ALL
    SELECT * FROM "updated"
    UNION ALL
    SELECT "game_pk", NULL AS "Known" FROM "incoming" WHERE "Later"
) AS "written"
GROUP BY "game_pk";
