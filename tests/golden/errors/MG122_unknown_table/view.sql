CREATE VIEW league.runs AS
WITH innings AS (SELECT p.inning FROM league.play AS p)
SELECT i.inning FROM inning AS i;
COMMENT ON VIEW league.runs IS 'Runs by inning.';
