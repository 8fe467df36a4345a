-- The batting half of a box score, both sides, in the order in which box scores are printed.
CREATE VIEW game.box_score_batting AS
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
    o.batting_slot,
    o.batting_sequence,
    r.position_abbreviation AS position,
    l.plate_appearances,
    l.at_bats,
    l.runs,
    l.hits,
    l.doubles,
    l.triples,
    l.home_runs,
    l.total_bases,
    l.rbi,
    l.walks,
    l.intentional_walks,
    l.hit_by_pitch,
    l.strikeouts,
    l.ground_into_double_play,
    l.sac_bunts,
    l.sac_flies,
    l.left_on_base,
    l.stolen_bases,
    l.caught_stealing
FROM game.live_game_batting_lines AS l
JOIN game.live_game_metadata AS m ON m.game_pk = l.game_pk AND m.season = l.season
LEFT JOIN game.live_game_players AS p
    ON p.game_pk = l.game_pk AND p.season = l.season AND p.player_id = l.player_id
LEFT JOIN game.live_game_rosters AS r
    ON r.game_pk = l.game_pk AND r.season = l.season AND r.side = l.side AND r.player_id = l.player_id
LEFT JOIN game.live_game_lineups AS o
    ON o.game_pk = l.game_pk AND o.season = l.season AND o.side = l.side AND o.player_id = l.player_id;

COMMENT ON VIEW game.box_score_batting IS 'One row for each player of either side who has a batting line in a game, replaced ones included, with names. Key: game_pk, side, player_id.';
COMMENT ON COLUMN game.box_score_batting.team_name IS 'Full name of the player''s team.';
COMMENT ON COLUMN game.box_score_batting.opponent_name IS 'Full name of the other team.';
COMMENT ON COLUMN game.box_score_batting.player_name IS 'Name of the player.';
COMMENT ON COLUMN game.box_score_batting.position IS 'Abbreviation of the position on the roster of the game, as of the feed''s last state.';
