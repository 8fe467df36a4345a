-- One row for each pitch, under the column names of the Statcast CSV where the feed has the same fact. Movement (pfx_x,
-- pfx_z) is left out: the feed measures it over the last 40 feet in inches, Statcast over the whole flight in feet. So is
-- the point of release, since the feed's x0 and z0 are positions at 50 feet.
CREATE VIEW game.pitches AS
SELECT
    p.game_pk,
    m.game_date,
    p.season AS game_year,
    m.game_type,
    p.at_bat_index + 1 AS at_bat_number,
    p.pitch_number,
    p.event_index,
    p.pitcher_id AS pitcher,
    p.batter_id AS batter,
    pitcher.last_first_name AS player_name,
    pitcher.full_name AS pitcher_name,
    batter.full_name AS batter_name,
    CASE
        WHEN p.batter_id = a.batter_id AND p.pitcher_id = a.pitcher_id THEN a.bat_side_code
        WHEN batter.bat_side_code IN ('L', 'R') THEN batter.bat_side_code
        WHEN pitcher.pitch_hand_code = 'R' THEN 'L'
        WHEN pitcher.pitch_hand_code = 'L' THEN 'R'
    END AS stand,
    CASE
        WHEN p.pitcher_id = a.pitcher_id THEN a.pitch_hand_code
        WHEN pitcher.pitch_hand_code IN ('L', 'R') THEN pitcher.pitch_hand_code
    END AS p_throws,
    m.home_team_abbreviation AS home_team,
    m.away_team_abbreviation AS away_team,
    m.home_team_name,
    m.away_team_name,
    p.inning,
    CASE p.half_inning WHEN 'top' THEN 'Top' WHEN 'bottom' THEN 'Bot' END AS inning_topbot,
    coalesce(
        p.outs,
        coalesce(before.outs, 0) + (
            SELECT count(*) FROM game.live_game_runners AS r
            WHERE r.game_pk = p.game_pk AND r.season = p.season AND r.at_bat_index = p.at_bat_index
                AND r.is_out AND r.event_index < p.event_index
        )
    )::smallint AS outs_when_up,
    p.balls_before AS balls,
    p.strikes_before AS strikes,
    p.runner_on_first_id AS on_1b,
    p.runner_on_second_id AS on_2b,
    p.runner_on_third_id AS on_3b,
    p.home_score_before AS home_score,
    p.away_score_before AS away_score,
    CASE p.half_inning WHEN 'top' THEN p.away_score_before ELSE p.home_score_before END AS bat_score,
    CASE p.half_inning WHEN 'top' THEN p.home_score_before ELSE p.away_score_before END AS fld_score,
    p.pitch_type_code AS pitch_type,
    p.pitch_type_description,
    p.start_speed AS release_speed,
    p.extension AS release_extension,
    p.spin_rate AS release_spin_rate,
    p.spin_direction AS spin_axis,
    p.zone,
    p.plate_x,
    p.plate_z,
    p.strike_zone_top AS sz_top,
    p.strike_zone_bottom AS sz_bot,
    p.vx0,
    p.vy0,
    p.vz0,
    p.ax,
    p.ay,
    p.az,
    p.break_vertical_induced,
    p.break_horizontal,
    CASE WHEN p.is_in_play THEN 'X' WHEN p.is_strike THEN 'S' WHEN p.is_ball THEN 'B' END AS type,
    CASE
        WHEN p.is_in_play THEN 'hit_into_play'
        WHEN p.code = 'B' THEN 'ball'
        WHEN p.code = '*B' THEN 'blocked_ball'
        WHEN p.code = 'C' THEN 'called_strike'
        WHEN p.code = 'S' THEN 'swinging_strike'
        WHEN p.code = 'W' THEN 'swinging_strike_blocked'
        WHEN p.code = 'F' THEN 'foul'
        WHEN p.code = 'T' THEN 'foul_tip'
        WHEN p.code = 'L' THEN 'foul_bunt'
        WHEN p.code = 'O' THEN 'bunt_foul_tip'
        WHEN p.code = 'M' THEN 'missed_bunt'
        WHEN p.code = 'H' THEN 'hit_by_pitch'
        WHEN p.code = 'P' THEN 'pitchout'
        WHEN p.code = 'R' THEN 'foul_pitchout'
        WHEN p.code = 'I' THEN 'intent_ball'
        WHEN p.code = 'V' THEN 'automatic_ball'
        WHEN p.code = 'A' THEN 'automatic_strike'
    END AS description,
    p.description AS call,
    CASE WHEN a.is_complete AND last.is_last THEN a.event_type END AS events,
    CASE WHEN a.is_complete AND last.is_last THEN a.description END AS des,
    CASE p.trajectory
        WHEN 'bunt_grounder' THEN 'ground_ball'
        WHEN 'bunt_line_drive' THEN 'line_drive'
        WHEN 'bunt_popup' THEN 'popup'
        ELSE p.trajectory
    END AS bb_type,
    p.trajectory,
    CASE WHEN p.hit_location ~ '^[1-9]$' THEN p.hit_location::smallint END AS hit_location,
    p.hit_x AS hc_x,
    p.hit_y AS hc_y,
    p.total_distance AS hit_distance_sc,
    p.launch_speed,
    p.launch_angle,
    p.play_id
FROM game.live_game_pitch_events AS p
JOIN game.live_game_plays AS a
    ON a.game_pk = p.game_pk AND a.season = p.season AND a.at_bat_index = p.at_bat_index
JOIN game.live_game_metadata AS m ON m.game_pk = p.game_pk AND m.season = p.season
LEFT JOIN game.live_game_plays AS before
    ON before.game_pk = p.game_pk AND before.season = p.season AND before.at_bat_index = p.at_bat_index - 1
    AND before.inning = p.inning AND before.half_inning = p.half_inning
CROSS JOIN LATERAL (
    SELECT NOT EXISTS (
        SELECT FROM game.live_game_pitch_events AS n
        WHERE n.game_pk = p.game_pk AND n.season = p.season AND n.at_bat_index = p.at_bat_index
            AND n.event_index > p.event_index
    ) AS is_last
) AS last
LEFT JOIN game.live_game_players AS pitcher
    ON pitcher.game_pk = p.game_pk AND pitcher.season = p.season AND pitcher.player_id = p.pitcher_id
LEFT JOIN game.live_game_players AS batter
    ON batter.game_pk = p.game_pk AND batter.season = p.season AND batter.player_id = p.batter_id;

COMMENT ON VIEW game.pitches IS 'One row for each pitch, under the column names of the Statcast CSV where the feed has the fact: with the state before the pitch, and names. Key: game_pk, at_bat_number, event_index.';
COMMENT ON COLUMN game.pitches.at_bat_number IS 'Number of the plate appearance in the game, from 1: at_bat_index + 1.';
COMMENT ON COLUMN game.pitches.pitch_number IS 'Number of the pitch in the plate appearance, from 1. Unlike Statcast''s not always unique: some older feeds repeat numbers; event_index is unique.';
COMMENT ON COLUMN game.pitches.event_index IS 'Index of the pitch among all events of the plate appearance, from 0; not of Statcast.';
COMMENT ON COLUMN game.pitches.player_name IS 'Pitcher: last name, comma, first name, as in a Statcast search by pitcher.';
COMMENT ON COLUMN game.pitches.pitcher_name IS 'Name of the pitcher; not of Statcast.';
COMMENT ON COLUMN game.pitches.batter_name IS 'Name of the batter; not of Statcast.';
COMMENT ON COLUMN game.pitches.stand IS 'Side from which the batter stood: L or R. If batter or pitcher was replaced later in the plate appearance, from their biographies.';
COMMENT ON COLUMN game.pitches.p_throws IS 'Hand of the pitcher: L or R. If he was relieved later in the plate appearance, from his biography.';
COMMENT ON COLUMN game.pitches.inning_topbot IS 'Half of the inning: Top, Bot.';
COMMENT ON COLUMN game.pitches.outs_when_up IS 'Outs before the pitch; where older feeds do not say it, from the outs of the plays before.';
COMMENT ON COLUMN game.pitches.bat_score IS 'Runs of the team at bat before the pitch.';
COMMENT ON COLUMN game.pitches.fld_score IS 'Runs of the team in the field before the pitch.';
COMMENT ON COLUMN game.pitches.pitch_type_description IS 'Pitch type in words of the feed, such as Four-Seam Fastball, which Statcast''s pitch_name calls 4-Seam Fastball.';
COMMENT ON COLUMN game.pitches.release_speed IS 'Speed at release in mph. Before 2017 the feed measured it at 50 feet, where Statcast gives an adjusted value.';
COMMENT ON COLUMN game.pitches.release_extension IS 'Distance in feet from the rubber at which the ball was released.';
COMMENT ON COLUMN game.pitches.spin_axis IS 'Axis of the spin in degrees, 0 to 360. Before 2017 computed from the movement.';
COMMENT ON COLUMN game.pitches.break_vertical_induced IS 'Vertical movement in inches, without gravity, over the whole flight; Statcast''s pfx_z is in feet.';
COMMENT ON COLUMN game.pitches.break_horizontal IS 'Horizontal movement in inches over the whole flight, with the opposite sign of the feed''s pfx_x; Statcast''s pfx_x is in feet, seen by the catcher.';
COMMENT ON COLUMN game.pitches.type IS 'Result of the pitch: B ball (also hit by pitch), S strike, X in play.';
COMMENT ON COLUMN game.pitches.description IS 'Result of the pitch, by the feed''s code. NULL for a code that Statcast has no word for; call has its words.';
COMMENT ON COLUMN game.pitches.call IS 'Result of the pitch in words of the feed; not of Statcast.';
COMMENT ON COLUMN game.pitches.events IS 'Machine name of the result, on the last pitch of a complete plate appearance, in the words of the feed: one cut short by a runner''s out has the event that ended it, where Statcast may say truncated_pa.';
COMMENT ON COLUMN game.pitches.des IS 'What happened in the plate appearance, in a sentence, on its last pitch.';
COMMENT ON COLUMN game.pitches.bb_type IS 'Type of batted ball: ground_ball, line_drive, fly_ball or popup; bunts count with them.';
COMMENT ON COLUMN game.pitches.trajectory IS 'Type of batted ball, with bunts apart; not of Statcast.';
COMMENT ON COLUMN game.pitches.hit_location IS 'Number of the position that fielded the ball, 1 to 9; NULL for the gaps that the feed calls 78 and 89.';
