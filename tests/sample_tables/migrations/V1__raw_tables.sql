CREATE SCHEMA sample;

CREATE TABLE sample.raw_game (
    game_pk bigint NOT NULL,
    captured_at timestamptz NOT NULL,
    as_of timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    seen integer NOT NULL,
    ingested_at timestamptz NOT NULL DEFAULT current_timestamp,
    endpoint text NOT NULL,
    method text NOT NULL,
    path_params jsonb NOT NULL,
    query_params jsonb NOT NULL,
    url text NOT NULL,
    status_code smallint NOT NULL,
    schema_version text,
    content_hash bytea NOT NULL,
    encoding text NOT NULL CHECK (encoding IN ('identity', 'zstd')),
    body bytea NOT NULL,
    PRIMARY KEY (game_pk, captured_at, content_hash)
) PARTITION BY RANGE (captured_at);
