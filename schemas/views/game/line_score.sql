-- The line score, one row for each side.
CREATE VIEW game.line_score AS
SELECT
    m.game_pk,
    m.game_date,
    m.season,
    m.game_type,
    m.coded_game_state,
    s.side,
    CASE s.side WHEN 'home' THEN m.home_team_id ELSE m.away_team_id END AS team_id,
    CASE s.side WHEN 'home' THEN m.home_team_name ELSE m.away_team_name END AS team_name,
    CASE s.side WHEN 'home' THEN m.home_team_abbreviation ELSE m.away_team_abbreviation END AS team_abbreviation,
    i.runs_by_inning,
    CASE s.side WHEN 'home' THEN m.home_score ELSE m.away_score END AS runs,
    CASE s.side WHEN 'home' THEN m.home_hits ELSE m.away_hits END AS hits,
    CASE s.side WHEN 'home' THEN m.home_errors ELSE m.away_errors END AS errors,
    CASE s.side WHEN 'home' THEN m.home_left_on_base ELSE m.away_left_on_base END AS left_on_base
FROM game.live_game_metadata AS m
CROSS JOIN (VALUES ('away'), ('home')) AS s (side)
LEFT JOIN LATERAL (
    SELECT
        array_agg(
            CASE s.side WHEN 'home' THEN l.home_runs_scored ELSE l.away_runs_scored END ORDER BY l.inning
        ) AS runs_by_inning
    FROM game.live_game_linescore AS l
    WHERE l.game_pk = m.game_pk AND l.season = m.season
) AS i ON true;

COMMENT ON VIEW game.line_score IS 'One row for each side of a game, with its runs by inning, runs, hits and errors. Key: game_pk, side.';
COMMENT ON COLUMN game.line_score.side IS 'Side: away, home.';
COMMENT ON COLUMN game.line_score.team_id IS 'MLB''s id for the team.';
COMMENT ON COLUMN game.line_score.team_name IS 'Full name of the team.';
COMMENT ON COLUMN game.line_score.team_abbreviation IS 'Abbreviation of the team.';
COMMENT ON COLUMN game.line_score.runs_by_inning IS 'Runs of each inning, first to last; NULL for a home half that was not played. array_to_string(runs_by_inning, '' '', ''x'') prints it.';
COMMENT ON COLUMN game.line_score.runs IS 'Runs so far.';
COMMENT ON COLUMN game.line_score.hits IS 'Hits so far.';
COMMENT ON COLUMN game.line_score.errors IS 'Errors so far.';
COMMENT ON COLUMN game.line_score.left_on_base IS 'Runners left on base so far.';
