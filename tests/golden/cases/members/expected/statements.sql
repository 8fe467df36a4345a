-- Copies the rows of new documents into the table
COPY "league"."games" (
    "game_pk", "home_name", "winner", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.games" (
    "game_pk" int8, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.games"
    ADD COLUMN IF NOT EXISTS "home_name" text,
    ALTER COLUMN "home_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "winner" text,
    ALTER COLUMN "winner" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.games"
    ALTER COLUMN "home_name" SET STORAGE EXTENDED,
    ALTER COLUMN "winner" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.games" (
    "game_pk", "home_name", "winner", "captured_at"
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
        "old"."game_pk" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_league.games" AS "new"
    LEFT JOIN "league"."games" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."home_name", "old"."winner"
        ) IS DISTINCT FROM (
            "new"."home_name", "new"."winner"
        )
), "written" AS (
    INSERT INTO "league"."games" AS "old" (
        "game_pk", "home_name", "winner", "captured_at"
    )
    SELECT
        "game_pk", "home_name", "winner", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk") DO UPDATE SET
        "home_name" = "excluded"."home_name", "winner" = "excluded"."winner",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
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
COPY "league"."batters" (
    "game_pk", "side", "slot", "team_name", "player_id", "name", "hits", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.batters" (
    "game_pk" int8, "slot" int2, "player_id" int4, "hits" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.batters"
    ADD COLUMN IF NOT EXISTS "side" text,
    ALTER COLUMN "side" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "team_name" text,
    ALTER COLUMN "team_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "name" text,
    ALTER COLUMN "name" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.batters"
    ALTER COLUMN "side" SET STORAGE EXTENDED,
    ALTER COLUMN "team_name" SET STORAGE EXTENDED,
    ALTER COLUMN "name" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.batters" (
    "game_pk", "side", "slot", "team_name", "player_id", "name", "hits", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."batters" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.batters" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."side" = "new"."side"
                AND "old"."slot" = "new"."slot"
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
    FROM "pg_temp"."stage_league.batters" AS "new"
    LEFT JOIN "league"."batters" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."side" = "new"."side"
        AND "old"."slot" = "new"."slot"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."team_name", "old"."player_id", "old"."name", "old"."hits"
        ) IS DISTINCT FROM (
            "new"."team_name", "new"."player_id", "new"."name", "new"."hits"
        )
), "written" AS (
    INSERT INTO "league"."batters" AS "old" (
        "game_pk", "side", "slot", "team_name", "player_id", "name", "hits", "captured_at"
    )
    SELECT
        "game_pk", "side", "slot", "team_name", "player_id", "name", "hits", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "side", "slot") DO UPDATE SET
        "team_name" = "excluded"."team_name", "player_id" = "excluded"."player_id",
        "name" = "excluded"."name", "hits" = "excluded"."hits", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "side", "slot", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "side", "slot")
GROUP BY "game_pk";

-- Copies the rows of new documents into the table
COPY "league"."players" (
    "game_pk", "player_id", "name", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.players" (
    "game_pk" int8, "player_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.players"
    ADD COLUMN IF NOT EXISTS "name" text,
    ALTER COLUMN "name" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.players"
    ALTER COLUMN "name" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.players" (
    "game_pk", "player_id", "name", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."players" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.players" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."player_id" = "new"."player_id"
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
    FROM "pg_temp"."stage_league.players" AS "new"
    LEFT JOIN "league"."players" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."player_id" = "new"."player_id"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."name"
        ) IS DISTINCT FROM (
            "new"."name"
        )
), "written" AS (
    INSERT INTO "league"."players" AS "old" (
        "game_pk", "player_id", "name", "captured_at"
    )
    SELECT
        "game_pk", "player_id", "name", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "player_id") DO UPDATE SET
        "name" = "excluded"."name", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "player_id", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "player_id")
GROUP BY "game_pk";

-- Copies the rows of new documents into the table
COPY "league"."challenges" (
    "game_pk", "side", "used", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.challenges" (
    "game_pk" int8, "used" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.challenges"
    ADD COLUMN IF NOT EXISTS "side" text,
    ALTER COLUMN "side" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.challenges"
    ALTER COLUMN "side" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.challenges" (
    "game_pk", "side", "used", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."challenges" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.challenges" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."side" = "new"."side"
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
    FROM "pg_temp"."stage_league.challenges" AS "new"
    LEFT JOIN "league"."challenges" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."side" = "new"."side"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."used"
        ) IS DISTINCT FROM (
            "new"."used"
        )
), "written" AS (
    INSERT INTO "league"."challenges" AS "old" (
        "game_pk", "side", "used", "captured_at"
    )
    SELECT
        "game_pk", "side", "used", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "side") DO UPDATE SET
        "used" = "excluded"."used", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "side", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "side")
GROUP BY "game_pk";

-- Copies the rows of new documents into the table
COPY "league"."totals" (
    "game_pk", "side", "total", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.totals" (
    "game_pk" int8, "total" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.totals"
    ADD COLUMN IF NOT EXISTS "side" text,
    ALTER COLUMN "side" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.totals"
    ALTER COLUMN "side" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.totals" (
    "game_pk", "side", "total", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."totals" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.totals" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."side" = "new"."side"
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
    FROM "pg_temp"."stage_league.totals" AS "new"
    LEFT JOIN "league"."totals" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."side" = "new"."side"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."total"
        ) IS DISTINCT FROM (
            "new"."total"
        )
), "written" AS (
    INSERT INTO "league"."totals" AS "old" (
        "game_pk", "side", "total", "captured_at"
    )
    SELECT
        "game_pk", "side", "total", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "side") DO UPDATE SET
        "total" = "excluded"."total", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "side", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "side")
GROUP BY "game_pk";
