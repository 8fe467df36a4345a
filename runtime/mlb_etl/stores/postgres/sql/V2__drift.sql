-- How responses differ from the samples that the mappings were made with.

CREATE TABLE etl.drift (
    method text NOT NULL,
    path text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('new', 'vanished', 'type')),
    seen text NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    captures bigint NOT NULL,
    document jsonb NOT NULL,
    request text NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY (method, path, kind, seen)
);

COMMENT ON TABLE etl.drift IS 'How responses differ from the samples that the mappings were made with; `mlb-etl drift` lists it.';
COMMENT ON COLUMN etl.drift.method IS 'Method of the API, such as game.liveGameV1.';
COMMENT ON COLUMN etl.drift.path IS 'Path in the response, as JSONPath; … stands for those beyond the limit.';
COMMENT ON COLUMN etl.drift.kind IS 'new: no sample has it; vanished: every sample has it, and the capture lacks it; type: its values have another JSON type.';
COMMENT ON COLUMN etl.drift.seen IS 'JSON type that the capture has there, map for an object keyed by ids; empty if vanished.';
COMMENT ON COLUMN etl.drift.first_seen_at IS 'Time of the earliest request whose response had it.';
COMMENT ON COLUMN etl.drift.last_seen_at IS 'Time of the latest request whose response had it, which is the example.';
COMMENT ON COLUMN etl.drift.captures IS 'Number of captures that had it when they were applied.';
COMMENT ON COLUMN etl.drift.document IS 'Example: key columns and values of the document, such as {"game_pk": 747175}.';
COMMENT ON COLUMN etl.drift.request IS 'Request of the example, as in the raw table.';
COMMENT ON COLUMN etl.drift.content_hash IS 'SHA-256 of the example''s response, as in the raw table.';
