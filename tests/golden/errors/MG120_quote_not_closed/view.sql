CREATE VIEW league.runs AS
SELECT p.inning FROM league.plays AS p;
COMMENT ON VIEW league.runs IS 'Runs by inning.;
