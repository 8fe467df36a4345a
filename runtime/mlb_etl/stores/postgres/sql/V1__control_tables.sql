-- The runtime's own tables: watermarks, quarantine, unreadable values, failed requests, and what the migrations created.

CREATE TABLE etl.watermark (
    method text NOT NULL,
    document jsonb NOT NULL,
    as_of timestamptz NOT NULL,
    content_hash bytea NOT NULL,
    fingerprint text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT current_timestamp,
    PRIMARY KEY (method, document)
);

COMMENT ON TABLE etl.watermark IS 'For each document, the capture that its tables show; the row is locked while a capture is applied.';
COMMENT ON COLUMN etl.watermark.method IS 'Method of the API, such as game.liveGameV1.';
COMMENT ON COLUMN etl.watermark.document IS 'Document: its key columns and their values, such as {"game_pk": 747175}.';
COMMENT ON COLUMN etl.watermark.as_of IS 'Time whose state the tables show: the time of the request, or the past time that it asked for. Captures of an earlier time change nothing.';
COMMENT ON COLUMN etl.watermark.content_hash IS 'SHA-256 of the document''s own bytes, as in the documents table.';
COMMENT ON COLUMN etl.watermark.fingerprint IS 'Fingerprint of the mapping under which it was applied. When the fingerprint changes, the capture is applied again.';
COMMENT ON COLUMN etl.watermark.applied_at IS 'Start of the transaction that applied it.';

CREATE TABLE etl.quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    method text NOT NULL,
    document jsonb NOT NULL,
    captured_at timestamptz NOT NULL,
    content_hash bytea NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'dropped')),
    table_name text,
    path text NOT NULL,
    value text,
    reason text NOT NULL,
    quarantined_at timestamptz NOT NULL DEFAULT current_timestamp,
    PRIMARY KEY (method, document, captured_at, content_hash)
);

COMMENT ON TABLE etl.quarantine IS 'Captures in the raw tables that could not be applied, each with the reason. A row is deleted when its capture is applied after all.';
COMMENT ON COLUMN etl.quarantine.id IS 'Id that `mlb-etl quarantine` shows and takes.';
COMMENT ON COLUMN etl.quarantine.method IS 'Method of the API, such as game.liveGameV1.';
COMMENT ON COLUMN etl.quarantine.document IS 'Document: its key columns and their values, such as {"game_pk": 747175}.';
COMMENT ON COLUMN etl.quarantine.captured_at IS 'Time of the request.';
COMMENT ON COLUMN etl.quarantine.content_hash IS 'SHA-256 of the document''s own bytes, as in the documents table.';
COMMENT ON COLUMN etl.quarantine.state IS 'waiting (for a decision) or dropped (never to be applied).';
COMMENT ON COLUMN etl.quarantine.table_name IS 'Table concerned, if it is known.';
COMMENT ON COLUMN etl.quarantine.path IS 'Position in the response, as JSONPath.';
COMMENT ON COLUMN etl.quarantine.value IS 'Value at that position.';
COMMENT ON COLUMN etl.quarantine.reason IS 'Rule that the capture breaks.';
COMMENT ON COLUMN etl.quarantine.quarantined_at IS 'Time of the last attempt to apply the capture.';

CREATE TABLE etl.unreadable (
    method text NOT NULL,
    document jsonb NOT NULL,
    table_name text NOT NULL,
    path text NOT NULL,
    place text NOT NULL,
    value text NOT NULL,
    reason text NOT NULL,
    number integer NOT NULL,
    PRIMARY KEY (method, document, table_name, path)
);

COMMENT ON TABLE etl.unreadable IS 'Values that could not be read and are therefore NULL in the tables. They are deleted when the document is applied again and its values can be read.';
COMMENT ON COLUMN etl.unreadable.method IS 'Method of the API, such as game.liveGameV1.';
COMMENT ON COLUMN etl.unreadable.document IS 'Document: its key columns and their values, such as {"game_pk": 747175}.';
COMMENT ON COLUMN etl.unreadable.table_name IS 'Table concerned.';
COMMENT ON COLUMN etl.unreadable.path IS 'Path of the values in the response, as JSONPath.';
COMMENT ON COLUMN etl.unreadable.place IS 'Position of the first of them.';
COMMENT ON COLUMN etl.unreadable.value IS 'Value at that position.';
COMMENT ON COLUMN etl.unreadable.reason IS 'What was expected instead.';
COMMENT ON COLUMN etl.unreadable.number IS 'Number of values of this path that could not be read.';

CREATE TABLE etl.failure (
    method text NOT NULL,
    target text NOT NULL,
    error text NOT NULL,
    cause text NOT NULL,
    times integer NOT NULL DEFAULT 1,
    first_failed_at timestamptz NOT NULL DEFAULT current_timestamp,
    failed_at timestamptz NOT NULL DEFAULT current_timestamp,
    PRIMARY KEY (method, target)
);

COMMENT ON TABLE etl.failure IS 'Requests whose last attempt failed, each with the cause. A row is deleted when its request is answered.';
COMMENT ON COLUMN etl.failure.method IS 'Method of the API, such as game.liveGameV1.';
COMMENT ON COLUMN etl.failure.target IS 'Path and query of the request.';
COMMENT ON COLUMN etl.failure.error IS 'Kind of the last failure: NotFound, Unreachable, CorruptResponse (damaged, or of another request) or Rejected.';
COMMENT ON COLUMN etl.failure.cause IS 'Cause of the last failure.';
COMMENT ON COLUMN etl.failure.times IS 'Number of failures since it was last answered; automatic retries don''t count.';
COMMENT ON COLUMN etl.failure.first_failed_at IS 'Time of the first of these failures.';
COMMENT ON COLUMN etl.failure.failed_at IS 'Time of the last failure.';

CREATE TABLE etl.schema_made (
    history text NOT NULL PRIMARY KEY,
    objects jsonb NOT NULL
);

COMMENT ON TABLE etl.schema_made IS 'Definitions that the migrations created; `mlb-etl schema status` compares the database with them.';
COMMENT ON COLUMN etl.schema_made.history IS 'History table of these migrations.';
COMMENT ON COLUMN etl.schema_made.objects IS 'Columns, keys, checks and indexes of each table, as the server prints them; without partitions.';
