CREATE VIEW league.runs AS
SELECT p.inning, sum(p.rbi) AS runs FROM league.plays AS p GROUP BY p.inning;
COMMENT ON COLUMN league.runs.run IS 'Runs.';
COMMENT ON COLUMN league.runs.inning IS '';
