-- Copies the rows of new documents into the table
COPY "league"."events" (
    "game_pk", "number", "pitcher_by", "pitcher", "runner_id", "mover_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.events" (
    "game_pk" int8, "number" int2, "pitcher" int4, "runner_id" int4, "mover_id" int4,
    "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.events"
    ADD COLUMN IF NOT EXISTS "pitcher_by" text,
    ALTER COLUMN "pitcher_by" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.events"
    ALTER COLUMN "pitcher_by" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.events" (
    "game_pk", "number", "pitcher_by", "pitcher", "runner_id", "mover_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."events" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.events" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."number" = "new"."number"
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
    FROM "pg_temp"."stage_league.events" AS "new"
    LEFT JOIN "league"."events" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."number" = "new"."number"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."pitcher_by", "old"."pitcher", "old"."runner_id", "old"."mover_id"
        ) IS DISTINCT FROM (
            "new"."pitcher_by", "new"."pitcher", "new"."runner_id", "new"."mover_id"
        )
), "written" AS (
    INSERT INTO "league"."events" AS "old" (
        "game_pk", "number", "pitcher_by", "pitcher", "runner_id", "mover_id", "captured_at"
    )
    SELECT
        "game_pk", "number", "pitcher_by", "pitcher", "runner_id", "mover_id", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "number") DO UPDATE SET
        "pitcher_by" = "excluded"."pitcher_by", "pitcher" = "excluded"."pitcher",
        "runner_id" = "excluded"."runner_id", "mover_id" = "excluded"."mover_id",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "number", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "number")
GROUP BY "game_pk";

-- Copies the rows of new documents into the table
COPY "league"."pairs" (
    "game_pk", "one", "other", "before", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.pairs" (
    "game_pk" int8, "one" int2, "other" int2, "before" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.pairs" (
    "game_pk", "one", "other", "before", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."pairs" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.pairs" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."one" = "new"."one"
                AND "old"."other" = "new"."other"
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
    FROM "pg_temp"."stage_league.pairs" AS "new"
    LEFT JOIN "league"."pairs" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."one" = "new"."one"
        AND "old"."other" = "new"."other"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."before"
        ) IS DISTINCT FROM (
            "new"."before"
        )
), "written" AS (
    INSERT INTO "league"."pairs" AS "old" (
        "game_pk", "one", "other", "before", "captured_at"
    )
    SELECT
        "game_pk", "one", "other", "before", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "one", "other") DO UPDATE SET
        "before" = "excluded"."before", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "one", "other", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "one", "other")
GROUP BY "game_pk";

-- Copies the rows of new documents into the table
COPY "league"."grid" (
    "game_pk", "id", "value", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.grid" (
    "game_pk" int8, "id" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.grid"
    ADD COLUMN IF NOT EXISTS "value" text,
    ALTER COLUMN "value" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.grid"
    ALTER COLUMN "value" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.grid" (
    "game_pk", "id", "value", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."grid" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.grid" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."id" = "new"."id"
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
    FROM "pg_temp"."stage_league.grid" AS "new"
    LEFT JOIN "league"."grid" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."id" = "new"."id"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."value"
        ) IS DISTINCT FROM (
            "new"."value"
        )
), "written" AS (
    INSERT INTO "league"."grid" AS "old" (
        "game_pk", "id", "value", "captured_at"
    )
    SELECT
        "game_pk", "id", "value", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "id") DO UPDATE SET
        "value" = "excluded"."value", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "id", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "id")
GROUP BY "game_pk";

-- Copies the rows of new documents into the table
COPY "league"."picks" (
    "game_pk", "number", "placed", "named", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.picks" (
    "game_pk" int8, "number" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.picks"
    ADD COLUMN IF NOT EXISTS "placed" text,
    ALTER COLUMN "placed" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "named" text,
    ALTER COLUMN "named" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.picks"
    ALTER COLUMN "placed" SET STORAGE EXTENDED,
    ALTER COLUMN "named" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.picks" (
    "game_pk", "number", "placed", "named", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."picks" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.picks" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."number" = "new"."number"
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
    FROM "pg_temp"."stage_league.picks" AS "new"
    LEFT JOIN "league"."picks" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."number" = "new"."number"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."placed", "old"."named"
        ) IS DISTINCT FROM (
            "new"."placed", "new"."named"
        )
), "written" AS (
    INSERT INTO "league"."picks" AS "old" (
        "game_pk", "number", "placed", "named", "captured_at"
    )
    SELECT
        "game_pk", "number", "placed", "named", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "number") DO UPDATE SET
        "placed" = "excluded"."placed", "named" = "excluded"."named",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "number", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "number")
GROUP BY "game_pk";
