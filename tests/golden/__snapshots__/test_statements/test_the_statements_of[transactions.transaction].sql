-- Copies the rows of new documents into the table
COPY "transactions"."transaction" (
    "transaction_id", "transaction_date", "effective_date", "resolution_date", "type_code",
    "type_description", "person_id", "person_name", "from_team_id", "from_team_name", "to_team_id",
    "to_team_name", "description", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Creates the session's stage
CREATE TEMPORARY TABLE IF NOT EXISTS "pg_temp"."stage_transactions.transaction" (
    "transaction_id" int4, "transaction_date" date, "effective_date" date, "resolution_date" date,
    "person_id" int4, "from_team_id" int4, "to_team_id" int4, "captured_at" timestamptz
) ON COMMIT DELETE ROWS;
ALTER TABLE "pg_temp"."stage_transactions.transaction"
    ADD COLUMN IF NOT EXISTS "type_code" text,
    ALTER COLUMN "type_code" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "type_description" text,
    ALTER COLUMN "type_description" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "person_name" text,
    ALTER COLUMN "person_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "from_team_name" text,
    ALTER COLUMN "from_team_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "to_team_name" text,
    ALTER COLUMN "to_team_name" SET STORAGE PLAIN,
    ADD COLUMN IF NOT EXISTS "description" text,
    ALTER COLUMN "description" SET STORAGE PLAIN;

-- Lets the stage take rows of more than 8160 bytes
ALTER TABLE "pg_temp"."stage_transactions.transaction"
    ALTER COLUMN "type_code" SET STORAGE EXTENDED,
    ALTER COLUMN "type_description" SET STORAGE EXTENDED,
    ALTER COLUMN "person_name" SET STORAGE EXTENDED,
    ALTER COLUMN "from_team_name" SET STORAGE EXTENDED,
    ALTER COLUMN "to_team_name" SET STORAGE EXTENDED,
    ALTER COLUMN "description" SET STORAGE EXTENDED;

-- Copies the rows of known documents into the stage
COPY "pg_temp"."stage_transactions.transaction" (
    "transaction_id", "transaction_date", "effective_date", "resolution_date", "type_code",
    "type_description", "person_id", "person_name", "from_team_id", "from_team_name", "to_team_id",
    "to_team_name", "description", "captured_at"
) FROM STDIN (FORMAT BINARY);

-- Deletes the documents' rows that are not staged
WITH "vanished" AS (
    DELETE FROM "transactions"."transaction" AS "old"
    USING UNNEST(%(transaction_id)s::integer[], %(captured_at)s::timestamptz[])
        AS "document"("transaction_id", "captured_at")
    WHERE
        "old"."transaction_id" = "document"."transaction_id"
        AND NOT EXISTS(
            SELECT 1 FROM "pg_temp"."stage_transactions.transaction" AS "new"
            WHERE
                "old"."transaction_id" = "new"."transaction_id"
        )
    RETURNING "old"."transaction_id", "old"."captured_at" > "document"."captured_at" AS "Later"
)
SELECT
    "transaction_id",
    COUNT(*) FILTER (WHERE NOT "Later") AS "deleted",
    COUNT(*) FILTER (WHERE "Later") AS "kept_out"
FROM "vanished"
GROUP BY "transaction_id";

-- Inserts the staged rows that are new, and updates those that changed
WITH "incoming" AS MATERIALIZED (
    SELECT
        "new".*,
        "old"."transaction_id" IS NOT NULL AS "Known"
    FROM "pg_temp"."stage_transactions.transaction" AS "new"
    LEFT JOIN "transactions"."transaction" AS "old"
        ON "old"."transaction_id" = "new"."transaction_id"
        AND "old"."transaction_id" = ANY(%(transaction_id)s::integer[])
    WHERE
        "old"."transaction_id" IS NULL
        OR (
            "old"."transaction_date", "old"."effective_date", "old"."resolution_date", "old"."type_code",
            "old"."type_description", "old"."person_id", "old"."person_name", "old"."from_team_id",
            "old"."from_team_name", "old"."to_team_id", "old"."to_team_name", "old"."description"
        ) IS DISTINCT FROM (
            "new"."transaction_date", "new"."effective_date", "new"."resolution_date", "new"."type_code",
            "new"."type_description", "new"."person_id", "new"."person_name", "new"."from_team_id",
            "new"."from_team_name", "new"."to_team_id", "new"."to_team_name", "new"."description"
        )
), "written" AS (
    INSERT INTO "transactions"."transaction" AS "old" (
        "transaction_id", "transaction_date", "effective_date", "resolution_date", "type_code",
        "type_description", "person_id", "person_name", "from_team_id", "from_team_name", "to_team_id",
        "to_team_name", "description", "captured_at"
    )
    SELECT
        "transaction_id", "transaction_date", "effective_date", "resolution_date", "type_code",
        "type_description", "person_id", "person_name", "from_team_id", "from_team_name", "to_team_id",
        "to_team_name", "description", "captured_at"
    FROM "incoming"
    ON CONFLICT ("transaction_id") DO UPDATE SET
        "transaction_date" = "excluded"."transaction_date", "effective_date" = "excluded"."effective_date",
        "resolution_date" = "excluded"."resolution_date", "type_code" = "excluded"."type_code",
        "type_description" = "excluded"."type_description", "person_id" = "excluded"."person_id",
        "person_name" = "excluded"."person_name", "from_team_id" = "excluded"."from_team_id",
        "from_team_name" = "excluded"."from_team_name", "to_team_id" = "excluded"."to_team_id",
        "to_team_name" = "excluded"."to_team_name", "description" = "excluded"."description",
        "captured_at" = "excluded"."captured_at", "ingested_at" = DEFAULT
    WHERE
        "excluded"."captured_at" >= "old"."captured_at"
    RETURNING "transaction_id", TRUE AS "Written"
)
SELECT
    "transaction_id",
    COUNT(*) FILTER (WHERE "Written" AND NOT "Known") AS "inserted",
    COUNT(*) FILTER (WHERE "Written" AND "Known") AS "updated",
    COUNT(*) FILTER (WHERE "Written" IS NULL) AS "kept_out"
FROM "incoming"
LEFT JOIN "written"
    USING ("transaction_id")
GROUP BY "transaction_id";
