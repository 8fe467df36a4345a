-- Copies the rows of new documents into the table
COPY "league"."reviews" (
    "game_pk", "play_index", "event_index", "review_index", "reviewed", "event_type", "is_overturned",
    "player_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.reviews" (
    "game_pk" int8, "play_index" int2, "event_index" int2, "review_index" int2, "is_overturned" bool,
    "player_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.reviews"
    ADD COLUMN IF NOT EXISTS "reviewed" text,
    ALTER COLUMN "reviewed" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "event_type" text,
    ALTER COLUMN "event_type" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.reviews"
    ALTER COLUMN "reviewed" SET STORAGE EXTENDED,
    ALTER COLUMN "event_type" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.reviews" (
    "game_pk", "play_index", "event_index", "review_index", "reviewed", "event_type", "is_overturned",
    "player_id", "captured_at"
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
                AND "old"."event_index" = "new"."event_index"
                AND "old"."review_index" = "new"."review_index"
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
        AND "old"."event_index" = "new"."event_index"
        AND "old"."review_index" = "new"."review_index"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."reviewed", "old"."event_type", "old"."is_overturned", "old"."player_id"
        ) IS DISTINCT FROM (
            "new"."reviewed", "new"."event_type", "new"."is_overturned", "new"."player_id"
        )
), "written" AS (
    INSERT INTO "league"."reviews" AS "old" (
        "game_pk", "play_index", "event_index", "review_index", "reviewed", "event_type", "is_overturned",
        "player_id", "captured_at"
    )
    SELECT
        "game_pk", "play_index", "event_index", "review_index", "reviewed", "event_type", "is_overturned",
        "player_id", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "play_index", "event_index", "review_index") DO UPDATE SET
        "reviewed" = "excluded"."reviewed", "event_type" = "excluded"."event_type",
        "is_overturned" = "excluded"."is_overturned", "player_id" = "excluded"."player_id",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "play_index", "event_index", "review_index", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "play_index", "event_index", "review_index")
GROUP BY "game_pk";

-- Copies the rows of new documents into the table
COPY "league"."notes" (
    "game_pk", "side", "label", "value", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.notes" (
    "game_pk" int8, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.notes"
    ADD COLUMN IF NOT EXISTS "side" text,
    ALTER COLUMN "side" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "label" text,
    ALTER COLUMN "label" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "value" text,
    ALTER COLUMN "value" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.notes"
    ALTER COLUMN "side" SET STORAGE EXTENDED,
    ALTER COLUMN "label" SET STORAGE EXTENDED,
    ALTER COLUMN "value" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.notes" (
    "game_pk", "side", "label", "value", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."notes" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.notes" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."side" = "new"."side"
                AND "old"."label" = "new"."label"
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
    FROM "pg_temp"."stage_league.notes" AS "new"
    LEFT JOIN "league"."notes" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."side" = "new"."side"
        AND "old"."label" = "new"."label"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."value"
        ) IS DISTINCT FROM (
            "new"."value"
        )
), "written" AS (
    INSERT INTO "league"."notes" AS "old" (
        "game_pk", "side", "label", "value", "captured_at"
    )
    SELECT
        "game_pk", "side", "label", "value", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "side", "label") DO UPDATE SET
        "value" = "excluded"."value", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "side", "label", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "side", "label")
GROUP BY "game_pk";

-- Copies the rows of new documents into the table
COPY "league"."state" (
    "game_pk", "side", "score", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.state" (
    "game_pk" int8, "score" int2, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.state"
    ADD COLUMN IF NOT EXISTS "side" text,
    ALTER COLUMN "side" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.state"
    ALTER COLUMN "side" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.state" (
    "game_pk", "side", "score", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."state" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.state" AS "new"
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
    FROM "pg_temp"."stage_league.state" AS "new"
    LEFT JOIN "league"."state" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."side" = "new"."side"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."score"
        ) IS DISTINCT FROM (
            "new"."score"
        )
), "written" AS (
    INSERT INTO "league"."state" AS "old" (
        "game_pk", "side", "score", "captured_at"
    )
    SELECT
        "game_pk", "side", "score", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "side") DO UPDATE SET
        "score" = "excluded"."score", "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
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
COPY "league"."umpires" (
    "game_pk", "duty", "umpire_index", "person_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_league.umpires" (
    "game_pk" int8, "umpire_index" int2, "person_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_league.umpires"
    ADD COLUMN IF NOT EXISTS "duty" text,
    ALTER COLUMN "duty" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_league.umpires"
    ALTER COLUMN "duty" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_league.umpires" (
    "game_pk", "duty", "umpire_index", "person_id", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "league"."umpires" AS "old"
    USING UNNEST(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[])
        AS "document"("game_pk", "captured_at")
    WHERE
        "old"."game_pk" = "document"."game_pk"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_league.umpires" AS "new"
            WHERE
                "old"."game_pk" = "new"."game_pk"
                AND "old"."duty" = "new"."duty"
                AND "old"."umpire_index" = "new"."umpire_index"
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
    FROM "pg_temp"."stage_league.umpires" AS "new"
    LEFT JOIN "league"."umpires" AS "old"
        ON "old"."game_pk" = "new"."game_pk"
        AND "old"."duty" = "new"."duty"
        AND "old"."umpire_index" = "new"."umpire_index"
        AND "old"."game_pk" = ANY(%(game_pk)s::bigint[])
    WHERE
        "old"."game_pk" IS NULL
        OR (
            "old"."person_id"
        ) IS DISTINCT FROM (
            "new"."person_id"
        )
), "written" AS (
    INSERT INTO "league"."umpires" AS "old" (
        "game_pk", "duty", "umpire_index", "person_id", "captured_at"
    )
    SELECT
        "game_pk", "duty", "umpire_index", "person_id", "captured_at"
    FROM "incoming"
    ON CONFLICT ("game_pk", "duty", "umpire_index") DO UPDATE SET
        "person_id" = "excluded"."person_id", "captured_at" = "excluded"."captured_at",
        "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "game_pk", "duty", "umpire_index", TRUE AS "Written"
)
SELECT
    "game_pk",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("game_pk", "duty", "umpire_index")
GROUP BY "game_pk";
