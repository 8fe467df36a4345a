-- The games that a day in New York lists, with the probable pitchers if the schedule was captured with them.
CREATE VIEW schedule.todays_games AS
SELECT
    g.schedule_date,
    g.sport_id,
    g.game_pk,
    g.game_type,
    g.start_time,
    g.start_time_tbd,
    g.double_header,
    g.game_number,
    g.away_team_id,
    g.away_team_name,
    g.home_team_id,
    g.home_team_name,
    g.venue_name,
    g.coded_game_state,
    g.detailed_state,
    g.away_score,
    g.home_score,
    w.pitcher_id AS away_probable_pitcher_id,
    w.pitcher_name AS away_probable_pitcher_name,
    h.pitcher_id AS home_probable_pitcher_id,
    h.pitcher_name AS home_probable_pitcher_name
FROM schedule.schedule_games AS g
LEFT JOIN schedule.probable_pitchers AS w
    ON w.schedule_date = g.schedule_date AND w.sport_id = g.sport_id AND w.game_pk = g.game_pk
    AND w.season = g.season AND w.side = 'away'
LEFT JOIN schedule.probable_pitchers AS h
    ON h.schedule_date = g.schedule_date AND h.sport_id = g.sport_id AND h.game_pk = g.game_pk
    AND h.season = g.season AND h.side = 'home'
WHERE g.schedule_date = (now() AT TIME ZONE 'America/New_York')::date;

COMMENT ON VIEW schedule.todays_games IS 'One row for each game that is listed today, by the date in New York, as of the last captured schedule. Key: sport_id, game_pk.';
