CREATE SCHEMA sample;

CREATE TABLE sample.raw_game (
    request text NOT NULL,
    captured_at timestamptz NOT NULL,
    as_of timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    seen integer NOT NULL,
    ingested_at timestamptz NOT NULL DEFAULT current_timestamp,
    endpoint text NOT NULL,
    method text NOT NULL,
    path_params jsonb NOT NULL,
    query_params jsonb NOT NULL,
    hydrations text[] NOT NULL,
    url text NOT NULL,
    status_code smallint NOT NULL,
    schema_version text,
    content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32),
    encoding text NOT NULL CHECK (encoding IN ('identity', 'zstd')),
    body bytea NOT NULL,
    PRIMARY KEY (request, captured_at, content_hash)
) PARTITION BY RANGE (captured_at);

CREATE TABLE sample.raw_game_documents (
    game_pk bigint NOT NULL,
    captured_at timestamptz NOT NULL,
    content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32),
    request text NOT NULL,
    answer_hash bytea NOT NULL CHECK (octet_length(answer_hash) = 32),
    places integer[],
    PRIMARY KEY (game_pk, captured_at, content_hash, request, answer_hash)
) PARTITION BY RANGE (captured_at);

CREATE INDEX raw_game_documents_idx ON sample.raw_game_documents (request, captured_at, answer_hash);
