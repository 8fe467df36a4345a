CREATE MATERIALIZED VIEW league.runs AS
SELECT p.inning FROM league.plays AS p;
COMMENT ON MATERIALIZED VIEW league.runs IS 'Runs by inning.';
