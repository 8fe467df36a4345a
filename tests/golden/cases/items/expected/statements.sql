-- Copies the rows of new documents into the table
COPY "league"."days" (
    "game_day", "level", "total", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.days" (
    "game_day" date, "level" int2, "total" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.days" (
    "game_day", "level", "total", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."days" AS "old"
    USING UNNEST(%(game_day)s::date[], %(level)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("game_day", "level", "captured_at")
    WHERE
        "old"."game_day" = "document"."game_day"
        AND "old"."level" = "document"."level"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.days" AS "new"
            WHERE
                "old"."game_day" = "new"."game_day"
                AND "old"."level" = "new"."level"
        )
    RETURNING "old"."game_day", "old"."level", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "game_day", "level",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "game_day", "level";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."game_day" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_league.days" AS "new"
    LEFT JOIN "league"."days" AS "old"
        ON "old"."game_day" = "new"."game_day"
        AND "old"."level" = "new"."level"
        AND "old"."game_day" = ANY(%(game_day)s::date[])
        AND "old"."level" = ANY(%(level)s::smallint[])
    WHERE
        "old"."game_day" IS NULL
        OR (
            "old"."total"
        ) IS DISTINCT FROM (
            "new"."total"
        )
), "written" AS (
    INSERT INTO "league"."days" AS "old" (
        "game_day", "level", "total", "captured_at"
    )
    SELECT
        "game_day", "level", "total", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_day", "level") DO UPDATE SET
        "total" = "excluded"."total", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_day", "level", TRUE AS "Written"
)
SELECT
    "game_day", "level",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_day", "level")
GROUP BY "game_day", "level";

-- Copies the rows of new documents into the table
COPY "league"."games" (
    "game_day", "level", "game_pk", "score", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.games" (
    "game_day" date, "level" int2, "game_pk" int8, "score" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.games" (
    "game_day", "level", "game_pk", "score", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."games" AS "old"
    USING UNNEST(%(game_day)s::date[], %(level)s::smallint[], %(captured_at)s::timestamptz[])
        AS "document"("game_day", "level", "captured_at")
    WHERE
        "old"."game_day" = "document"."game_day"
        AND "old"."level" = "document"."level"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.games" AS "new"
            WHERE
                "old"."game_day" = "new"."game_day"
                AND "old"."level" = "new"."level"
                AND "old"."game_pk" = "new"."game_pk"
        )
    RETURNING "old"."game_day", "old"."level", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "game_day", "level",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "game_day", "level";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."game_day" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_league.games" AS "new"
    LEFT JOIN "league"."games" AS "old"
        ON "old"."game_day" = "new"."game_day"
        AND "old"."level" = "new"."level"
        AND "old"."game_pk" = "new"."game_pk"
        AND "old"."game_day" = ANY(%(game_day)s::date[])
        AND "old"."level" = ANY(%(level)s::smallint[])
    WHERE
        "old"."game_day" IS NULL
        OR (
            "old"."score"
        ) IS DISTINCT FROM (
            "new"."score"
        )
), "written" AS (
    INSERT INTO "league"."games" AS "old" (
        "game_day", "level", "game_pk", "score", "captured_at"
    )
    SELECT
        "game_day", "level", "game_pk", "score", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_day", "level", "game_pk") DO UPDATE SET
        "score" = "excluded"."score", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_day", "level", "game_pk", TRUE AS "Written"
)
SELECT
    "game_day", "level",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_day", "level", "game_pk")
GROUP BY "game_day", "level";
