-- The runtime's own tables: what was applied of each document, what could not be, what was asked for in vain, and what
-- the migrations made.

CREATE TABLE etl.watermark (
    method text NOT NULL,
    document jsonb NOT NULL,
    as_of timestamptz NOT NULL,
    content_hash bytea NOT NULL,
    fingerprint text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT current_timestamp,
    PRIMARY KEY (method, document)
);

COMMENT ON TABLE etl.watermark IS 'The capture of each document that its tables show; its row is locked while a capture is applied.';
COMMENT ON COLUMN etl.watermark.method IS 'Method of the API, such as game.liveGameV1.';
COMMENT ON COLUMN etl.watermark.document IS 'What the response is about: its key columns and their values, such as {"game_pk": 747175}.';
COMMENT ON COLUMN etl.watermark.as_of IS 'Time of the state that the tables show: of the request, or the past time that it asked for; older captures change nothing.';
COMMENT ON COLUMN etl.watermark.content_hash IS 'SHA-256 of the response, as in the raw table.';
COMMENT ON COLUMN etl.watermark.fingerprint IS 'Fingerprint of the mapping it was applied under; under another one the same capture is applied again.';
COMMENT ON COLUMN etl.watermark.applied_at IS 'When the transaction that applied it began.';

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

COMMENT ON TABLE etl.quarantine IS 'Captures in the raw tables that were not applied, with the reason; one that is applied after all leaves it.';
COMMENT ON COLUMN etl.quarantine.id IS 'Number by which `mlb-etl quarantine` names it.';
COMMENT ON COLUMN etl.quarantine.method IS 'Method of the API, such as game.liveGameV1.';
COMMENT ON COLUMN etl.quarantine.document IS 'What the response is about: its key columns and their values, such as {"game_pk": 747175}.';
COMMENT ON COLUMN etl.quarantine.captured_at IS 'Time of the request.';
COMMENT ON COLUMN etl.quarantine.content_hash IS 'SHA-256 of the response, as in the raw table.';
COMMENT ON COLUMN etl.quarantine.state IS 'waiting for a decision, or dropped: never to be applied.';
COMMENT ON COLUMN etl.quarantine.table_name IS 'Table concerned, where one is.';
COMMENT ON COLUMN etl.quarantine.path IS 'Place in the response, as JSONPath.';
COMMENT ON COLUMN etl.quarantine.value IS 'What stands there.';
COMMENT ON COLUMN etl.quarantine.reason IS 'The rule that it breaks.';
COMMENT ON COLUMN etl.quarantine.quarantined_at IS 'When the capture was last tried.';

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

COMMENT ON TABLE etl.unreadable IS 'Values that could not be read of what the tables show, and so are NULL there; gone when the document is applied and can be read again.';
COMMENT ON COLUMN etl.unreadable.method IS 'Method of the API, such as game.liveGameV1.';
COMMENT ON COLUMN etl.unreadable.document IS 'What the response is about: its key columns and their values, such as {"game_pk": 747175}.';
COMMENT ON COLUMN etl.unreadable.table_name IS 'Table concerned.';
COMMENT ON COLUMN etl.unreadable.path IS 'Path of the values in the response, as JSONPath.';
COMMENT ON COLUMN etl.unreadable.place IS 'Place of the first of them.';
COMMENT ON COLUMN etl.unreadable.value IS 'What stands there.';
COMMENT ON COLUMN etl.unreadable.reason IS 'What was expected instead.';
COMMENT ON COLUMN etl.unreadable.number IS 'How many of the path could not be read.';

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

COMMENT ON TABLE etl.failure IS 'Requests that failed when they were last made, with the cause; one that is answered leaves it.';
COMMENT ON COLUMN etl.failure.method IS 'Method of the API, such as game.liveGameV1.';
COMMENT ON COLUMN etl.failure.target IS 'Path and query of the request.';
COMMENT ON COLUMN etl.failure.error IS 'Kind of the last failure: NotFound, Unreachable, CorruptResponse (broken, or the answer to another request) or Rejected.';
COMMENT ON COLUMN etl.failure.cause IS 'Cause of the last failure.';
COMMENT ON COLUMN etl.failure.times IS 'How often it failed since it was last answered, repeated tries of one request aside.';
COMMENT ON COLUMN etl.failure.first_failed_at IS 'When it failed first since then.';
COMMENT ON COLUMN etl.failure.failed_at IS 'When it failed last.';

CREATE TABLE etl.schema_made (
    history text NOT NULL PRIMARY KEY,
    objects jsonb NOT NULL
);

COMMENT ON TABLE etl.schema_made IS 'What the migrations made, by which `mlb-etl schema status` tells what was changed since.';
COMMENT ON COLUMN etl.schema_made.history IS 'Table in which these migrations are remembered.';
COMMENT ON COLUMN etl.schema_made.objects IS 'Columns, keys, checks and indexes of each table, as the server describes them; partitions are not among them.';
