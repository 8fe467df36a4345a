CREATE VIEW league.runs AS
SELECT p.inning, sum(p.rbi AS runs
FROM league.plays AS p;
COMMENT ON VIEW league.runs IS 'Runs by inning.';
