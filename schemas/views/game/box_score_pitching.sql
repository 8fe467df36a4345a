-- The pitching half of a box score, both sides.
CREATE VIEW game.box_score_pitching AS
SELECT
    l.game_pk,
    m.game_date,
    l.season,
    m.game_type,
    m.coded_game_state,
    l.side,
    l.team_id,
    CASE l.side WHEN 'home' THEN m.home_team_name ELSE m.away_team_name END AS team_name,
    CASE l.side WHEN 'home' THEN m.away_team_name ELSE m.home_team_name END AS opponent_name,
    l.player_id,
    p.full_name AS player_name,
    coalesce(h.appearance_index, w.appearance_index) AS appearance_index,
    l.games_started,
    l.wins,
    l.losses,
    l.saves,
    l.holds,
    l.blown_saves,
    (l.outs_recorded / 3)::text || '.' || (l.outs_recorded % 3)::text AS innings_pitched,
    l.outs_recorded,
    l.batters_faced,
    l.number_of_pitches,
    l.strikes,
    l.balls,
    l.hits,
    l.doubles,
    l.triples,
    l.home_runs,
    l.runs,
    l.earned_runs,
    l.walks,
    l.intentional_walks,
    l.hit_batsmen,
    l.strikeouts,
    l.wild_pitches,
    l.balks,
    l.stolen_bases,
    l.caught_stealing,
    l.inherited_runners,
    l.inherited_runners_scored
FROM game.live_game_pitching_lines AS l
JOIN game.live_game_metadata AS m ON m.game_pk = l.game_pk AND m.season = l.season
LEFT JOIN game.live_game_players AS p
    ON p.game_pk = l.game_pk AND p.season = l.season AND p.player_id = l.player_id
LEFT JOIN game.live_game_home_pitchers AS h
    ON l.side = 'home' AND h.game_pk = l.game_pk AND h.season = l.season AND h.player_id = l.player_id
LEFT JOIN game.live_game_away_pitchers AS w
    ON l.side = 'away' AND w.game_pk = l.game_pk AND w.season = l.season AND w.player_id = l.player_id;

COMMENT ON VIEW game.box_score_pitching IS 'One row for each player of either side who pitched in a game, with names. Key: game_pk, side, player_id.';
COMMENT ON COLUMN game.box_score_pitching.team_name IS 'Full name of the player''s team.';
COMMENT ON COLUMN game.box_score_pitching.opponent_name IS 'Full name of the other team.';
COMMENT ON COLUMN game.box_score_pitching.player_name IS 'Name of the player.';
COMMENT ON COLUMN game.box_score_pitching.appearance_index IS 'Order of appearance of his team''s pitchers, from 0.';
COMMENT ON COLUMN game.box_score_pitching.innings_pitched IS 'Innings as box scores write them: 5.2 is five innings and two outs.';
