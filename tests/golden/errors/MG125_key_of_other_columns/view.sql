CREATE MATERIALIZED VIEW league.runs AS
SELECT DISTINCT p.inning FROM league.plays AS p;
COMMENT ON MATERIALIZED VIEW league.runs IS 'Runs by inning.';
CREATE UNIQUE INDEX runs_key ON league.runs (innings);
