CREATE VIEW league."Runs" AS
SELECT p.inning FROM league.plays AS p;
COMMENT ON VIEW league."Runs" IS 'Runs by inning.';
