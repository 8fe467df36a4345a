-- The line scores of a day: psql --set=game_date=2024-07-02 --file=examples/line_scores.sql
\pset pager off
\pset footer off
\pset null '-'

WITH side (ordinal, name) AS (
    VALUES (1, 'away'), (2, 'home')
)

SELECT
    CASE side.name WHEN 'away' THEN game.away_team_name ELSE game.home_team_name END AS team,
    innings.runs AS "runs by inning",
    CASE side.name WHEN 'away' THEN game.away_score ELSE game.home_score END AS "R",
    CASE side.name WHEN 'away' THEN game.away_hits ELSE game.home_hits END AS "H",
    CASE side.name WHEN 'away' THEN game.away_errors ELSE game.home_errors END AS "E"
FROM game.live_game_metadata AS game
CROSS JOIN side
CROSS JOIN LATERAL (
    SELECT string_agg(coalesce(CASE side.name WHEN 'away' THEN away_runs_scored ELSE home_runs_scored END::text, 'x'), ' ' ORDER BY inning) AS runs
    FROM game.live_game_linescore AS linescore
    WHERE linescore.game_pk = game.game_pk
) AS innings
WHERE game.game_date = :'game_date'
ORDER BY game.start_time, game.game_pk, side.ordinal;
