-- One row for each plate appearance, under the column names of the Statcast CSV where the meaning is the same: what these
-- names say of a pitch is said here of the first one, except for the batted ball, which is that of the last one.
CREATE VIEW game.plate_appearances AS
SELECT
    a.game_pk,
    m.game_date,
    a.season AS game_year,
    m.game_type,
    a.at_bat_index + 1 AS at_bat_number,
    a.pitcher_id AS pitcher,
    a.batter_id AS batter,
    pitcher.full_name AS pitcher_name,
    batter.full_name AS batter_name,
    a.bat_side_code AS stand,
    a.pitch_hand_code AS p_throws,
    m.home_team_abbreviation AS home_team,
    m.away_team_abbreviation AS away_team,
    m.home_team_name,
    m.away_team_name,
    a.inning,
    CASE a.half_inning WHEN 'top' THEN 'Top' WHEN 'bottom' THEN 'Bot' END AS inning_topbot,
    coalesce(
        first.outs,
        coalesce(before.outs, 0) + (
            SELECT count(*) FROM game.live_game_runners AS r
            WHERE r.game_pk = a.game_pk AND r.season = a.season AND r.at_bat_index = a.at_bat_index
                AND r.is_out AND r.event_index < first.event_index
        )
    )::smallint AS outs_when_up,
    CASE WHEN first.event_index IS NOT NULL THEN first.runner_on_first_id ELSE before.post_on_first_id END AS on_1b,
    CASE WHEN first.event_index IS NOT NULL THEN first.runner_on_second_id ELSE before.post_on_second_id END AS on_2b,
    CASE WHEN first.event_index IS NOT NULL THEN first.runner_on_third_id ELSE before.post_on_third_id END AS on_3b,
    coalesce(first.home_score_before, earlier.home_score, 0) AS home_score,
    coalesce(first.away_score_before, earlier.away_score, 0) AS away_score,
    CASE a.half_inning
        WHEN 'top' THEN coalesce(first.away_score_before, earlier.away_score, 0)
        ELSE coalesce(first.home_score_before, earlier.home_score, 0)
    END AS bat_score,
    CASE a.half_inning
        WHEN 'top' THEN coalesce(first.home_score_before, earlier.home_score, 0)
        ELSE coalesce(first.away_score_before, earlier.away_score, 0)
    END AS fld_score,
    a.is_complete,
    a.event_type AS events,
    a.description AS des,
    a.rbi,
    a.balls AS final_balls,
    a.strikes AS final_strikes,
    a.outs AS post_outs,
    a.home_score AS post_home_score,
    a.away_score AS post_away_score,
    (
        SELECT count(*) FROM game.live_game_pitch_events AS p
        WHERE p.game_pk = a.game_pk AND p.season = a.season AND p.at_bat_index = a.at_bat_index
    ) AS pitches,
    last.trajectory,
    last.hit_location,
    last.hit_x AS hc_x,
    last.hit_y AS hc_y,
    last.total_distance AS hit_distance_sc,
    last.launch_speed,
    last.launch_angle,
    w.leverage_index,
    w.home_win_probability,
    w.home_win_probability_added
FROM game.live_game_plays AS a
JOIN game.live_game_metadata AS m ON m.game_pk = a.game_pk AND m.season = a.season
LEFT JOIN game.live_game_players AS pitcher
    ON pitcher.game_pk = a.game_pk AND pitcher.season = a.season AND pitcher.player_id = a.pitcher_id
LEFT JOIN game.live_game_players AS batter
    ON batter.game_pk = a.game_pk AND batter.season = a.season AND batter.player_id = a.batter_id
LEFT JOIN game.win_probability AS w ON w.game_pk = a.game_pk AND w.at_bat_index = a.at_bat_index
LEFT JOIN game.live_game_plays AS earlier
    ON earlier.game_pk = a.game_pk AND earlier.season = a.season AND earlier.at_bat_index = a.at_bat_index - 1
LEFT JOIN game.live_game_plays AS before
    ON before.game_pk = a.game_pk AND before.season = a.season AND before.at_bat_index = a.at_bat_index - 1
    AND before.inning = a.inning AND before.half_inning = a.half_inning
LEFT JOIN LATERAL (
    SELECT
        p.event_index, p.outs, p.runner_on_first_id, p.runner_on_second_id, p.runner_on_third_id,
        p.home_score_before, p.away_score_before
    FROM game.live_game_pitch_events AS p
    WHERE p.game_pk = a.game_pk AND p.season = a.season AND p.at_bat_index = a.at_bat_index
    ORDER BY p.event_index
    LIMIT 1
) AS first ON true
LEFT JOIN LATERAL (
    SELECT
        p.trajectory, p.hit_location, p.hit_x, p.hit_y, p.total_distance, p.launch_speed, p.launch_angle
    FROM game.live_game_pitch_events AS p
    WHERE p.game_pk = a.game_pk AND p.season = a.season AND p.at_bat_index = a.at_bat_index
    ORDER BY p.event_index DESC
    LIMIT 1
) AS last ON true;

COMMENT ON VIEW game.plate_appearances IS 'One row for each plate appearance, with names, the state before its first pitch, the result and the batted ball. One without a pitch has the state at the end of the one before. Key: game_pk, at_bat_number.';
COMMENT ON COLUMN game.plate_appearances.at_bat_number IS 'Number of the plate appearance in the game, from 1: at_bat_index + 1.';
COMMENT ON COLUMN game.plate_appearances.pitcher_name IS 'Name of the pitcher.';
COMMENT ON COLUMN game.plate_appearances.batter_name IS 'Name of the batter.';
COMMENT ON COLUMN game.plate_appearances.inning_topbot IS 'Half of the inning: Top, Bot.';
COMMENT ON COLUMN game.plate_appearances.outs_when_up IS 'Outs before the first pitch.';
COMMENT ON COLUMN game.plate_appearances.on_1b IS 'Runner on first base before the first pitch.';
COMMENT ON COLUMN game.plate_appearances.on_2b IS 'Runner on second base before the first pitch. NULL for one placed there in extra innings if the inning begins with a plate appearance without a pitch.';
COMMENT ON COLUMN game.plate_appearances.on_3b IS 'Runner on third base before the first pitch.';
COMMENT ON COLUMN game.plate_appearances.home_score IS 'Runs of the home team before the first pitch.';
COMMENT ON COLUMN game.plate_appearances.away_score IS 'Runs of the away team before the first pitch.';
COMMENT ON COLUMN game.plate_appearances.bat_score IS 'Runs of the team at bat before the first pitch.';
COMMENT ON COLUMN game.plate_appearances.fld_score IS 'Runs of the team in the field before the first pitch.';
COMMENT ON COLUMN game.plate_appearances.pitches IS 'Number of pitches.';
