CREATE VIEW league.runs AS
SELECT p.inning, p.rbi AS inning, p.rbi + 1, g.*
FROM league.plays AS p JOIN league.games AS g USING (game_pk);
COMMENT ON VIEW league.runs IS 'Runs by inning.';
