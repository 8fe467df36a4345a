-- Rebuilds: sample.plays

DO $$
BEGIN
    IF current_setting('mlb_etl.rebuild', true) IS DISTINCT FROM 'on' AND EXISTS (SELECT FROM sample.plays) THEN
        RAISE EXCEPTION 'sample.plays has rows that must be derived again: run `mlb-etl rebuild --table sample.plays`';
    END IF;
END
$$;

CREATE SCHEMA IF NOT EXISTS sample_rebuild;

CREATE TABLE sample_rebuild.plays (
    game_pk bigint NOT NULL,
    season smallint NOT NULL,
    at_bat_index smallint NOT NULL,
    rbi smallint CONSTRAINT plays_rbi CHECK (rbi BETWEEN 0 AND 4),
    speed numeric(5, 1),
    inning smallint,
    scored boolean GENERATED ALWAYS AS (rbi > 0) STORED,
    effort numeric(5, 1) GENERATED ALWAYS AS (speed + coalesce(rbi, 0)) STORED CONSTRAINT plays_effort CHECK (effort < 9000),
    captured_at timestamptz NOT NULL,
    ingested_at timestamptz NOT NULL DEFAULT current_timestamp,
    PRIMARY KEY (game_pk, season, at_bat_index)
) PARTITION BY LIST (season);

-- Here `mlb-etl rebuild` fills the new tables.

CREATE INDEX plays_captured_at ON sample_rebuild.plays (captured_at);

DROP TABLE sample.plays;

DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'sample_rebuild.plays'::regclass LOOP
        EXECUTE format('ALTER TABLE %s SET SCHEMA sample', part);
    END LOOP;
    ALTER TABLE sample_rebuild.plays SET SCHEMA sample;
END
$$;

DROP SCHEMA sample_rebuild;

ALTER TABLE sample.plays ADD CONSTRAINT plays_games FOREIGN KEY (game_pk, season) REFERENCES sample.games (game_pk, season) DEFERRABLE;
