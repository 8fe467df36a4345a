-- What a pitcher throws. Materialized, since it reads every pitch: `mlb-etl views refresh` after loading games.
CREATE MATERIALIZED VIEW game.pitch_arsenal AS
SELECT
    p.season,
    m.game_type,
    p.pitcher_id AS pitcher,
    (array_agg(n.full_name ORDER BY m.game_date DESC, p.game_pk DESC))[1] AS pitcher_name,
    p.pitch_type_code AS pitch_type,
    max(p.pitch_type_description) AS pitch_type_description,
    count(*) AS pitches,
    round(1.0 * count(*) / sum(count(*)) OVER (PARTITION BY p.season, m.game_type, p.pitcher_id), 4) AS share,
    round(avg(p.start_speed)::numeric, 1) AS avg_release_speed,
    round(max(p.start_speed)::numeric, 1) AS max_release_speed,
    round(avg(p.spin_rate)) AS avg_release_spin_rate,
    round(avg(p.extension)::numeric, 1) AS avg_release_extension,
    round(avg(p.break_vertical_induced)::numeric, 1) AS avg_break_vertical_induced,
    round(avg(p.break_horizontal)::numeric, 1) AS avg_break_horizontal,
    round(
        1.0 * count(*) FILTER (WHERE p.code IN ('S', 'W', 'T'))
        / nullif(count(*) FILTER (WHERE p.is_in_play OR p.code IN ('S', 'W', 'T', 'F')), 0), 4
    ) AS whiff_rate
FROM game.live_game_pitch_events AS p
JOIN game.live_game_metadata AS m ON m.game_pk = p.game_pk AND m.season = p.season
LEFT JOIN game.live_game_players AS n
    ON n.game_pk = p.game_pk AND n.season = p.season AND n.player_id = p.pitcher_id
WHERE p.pitch_type_code IS NOT NULL AND p.pitcher_id IS NOT NULL
GROUP BY p.season, m.game_type, p.pitcher_id, p.pitch_type_code;

COMMENT ON MATERIALIZED VIEW game.pitch_arsenal IS 'One row for each pitcher, season, game type and type of pitch that he threw, as of the last refresh.';
COMMENT ON COLUMN game.pitch_arsenal.pitcher_name IS 'Name of the pitcher.';
COMMENT ON COLUMN game.pitch_arsenal.pitch_type_description IS 'Pitch type in words.';
COMMENT ON COLUMN game.pitch_arsenal.pitches IS 'Number of pitches of the type.';
COMMENT ON COLUMN game.pitch_arsenal.share IS 'Share of his pitches that have a type, 0 to 1.';
COMMENT ON COLUMN game.pitch_arsenal.avg_release_speed IS 'Average speed at release in mph.';
COMMENT ON COLUMN game.pitch_arsenal.max_release_speed IS 'Highest speed at release in mph.';
COMMENT ON COLUMN game.pitch_arsenal.avg_release_spin_rate IS 'Average spin in revolutions per minute.';
COMMENT ON COLUMN game.pitch_arsenal.avg_release_extension IS 'Average distance in feet from the rubber at which the ball is released.';
COMMENT ON COLUMN game.pitch_arsenal.avg_break_vertical_induced IS 'Average vertical movement in inches, without gravity.';
COMMENT ON COLUMN game.pitch_arsenal.avg_break_horizontal IS 'Average horizontal movement in inches.';
COMMENT ON COLUMN game.pitch_arsenal.whiff_rate IS 'Share of swings that missed, 0 to 1; a foul tip counts as a miss, and a bunt is not a swing.';
CREATE UNIQUE INDEX pitch_arsenal_key ON game.pitch_arsenal (season, game_type, pitcher, pitch_type);
