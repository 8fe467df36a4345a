CREATE TABLE sample.games (
    game_pk bigint NOT NULL,
    season smallint NOT NULL,
    home_score smallint,
    venue text,
    captured_at timestamptz NOT NULL,
    ingested_at timestamptz NOT NULL DEFAULT current_timestamp,
    PRIMARY KEY (game_pk, season)
) PARTITION BY LIST (season);

CREATE TABLE sample.games_2024 PARTITION OF sample.games FOR VALUES IN (2024);

CREATE TABLE sample.plays (
    game_pk bigint NOT NULL,
    season smallint NOT NULL,
    at_bat_index smallint NOT NULL,
    rbi smallint CONSTRAINT plays_rbi CHECK (rbi BETWEEN 0 AND 4),
    speed numeric(5, 1),
    scored boolean GENERATED ALWAYS AS (rbi > 0) STORED,
    effort numeric(5, 1) GENERATED ALWAYS AS (speed + coalesce(rbi, 0)) STORED CONSTRAINT plays_effort CHECK (effort < 9000),
    captured_at timestamptz NOT NULL,
    ingested_at timestamptz NOT NULL DEFAULT current_timestamp,
    PRIMARY KEY (game_pk, at_bat_index, season),
    CONSTRAINT plays_games FOREIGN KEY (game_pk, season) REFERENCES sample.games (game_pk, season) DEFERRABLE
) PARTITION BY LIST (season);

CREATE INDEX plays_captured_at ON sample.plays (captured_at);

CREATE TABLE sample.plays_2024 PARTITION OF sample.plays FOR VALUES IN (2024);
