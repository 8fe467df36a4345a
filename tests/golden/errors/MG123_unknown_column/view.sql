CREATE VIEW league.runs AS
WITH innings AS (
    SELECT p.game_pk, p.inning, sum(p.rbis) AS runs FROM league.plays AS p GROUP BY p.game_pk, p.inning
)
SELECT
    i.game_pk,
    i.innings,
    g.home_name,
    (SELECT max(at_bat) FROM league.plays WHERE rbi > 0) AS last,
    game_pk AS game
FROM innings AS i
JOIN league.games AS g ON g.game_pk = j.game_pk;
COMMENT ON VIEW league.runs IS 'Runs by inning.';
