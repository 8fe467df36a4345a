-- Standings with names.
CREATE VIEW standings.standings_by_date AS
SELECT
    s.standings_type,
    s.season,
    s.standings_date,
    s.league_id,
    l.name AS league_name,
    s.division_id,
    d.name AS division_name,
    s.team_id,
    s.team_name,
    t.abbreviation AS team_abbreviation,
    s.games_played,
    s.wins,
    s.losses,
    s.ties,
    s.winning_percentage,
    s.division_rank,
    s.league_rank,
    s.wild_card_rank,
    s.games_back,
    s.wild_card_games_back,
    s.streak_code,
    s.runs_scored,
    s.runs_allowed,
    s.run_differential,
    s.is_division_leader,
    s.clinch_indicator,
    s.magic_number,
    s.elimination_number
FROM standings.standing AS s
LEFT JOIN league.league AS l ON l.league_id = s.league_id
LEFT JOIN division.division AS d ON d.division_id = s.division_id
LEFT JOIN team.team AS t ON t.team_id = s.team_id AND t.season = s.season;

COMMENT ON VIEW standings.standings_by_date IS 'One row for each team, type of standings and day, with names. Names of leagues and divisions and abbreviations are those of league.league, division.division and team.team, and NULL while these have not been captured. Key: standings_type, season, standings_date, league_id, division_id, team_id.';
