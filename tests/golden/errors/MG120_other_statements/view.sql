CREATE VIEW league.runs AS
SELECT p.inning FROM league.plays AS p;
COMMENT ON VIEW league.runs IS 'Runs by inning.';
COMMENT ON TABLE league.plays IS 'Not of this file.';
CREATE UNIQUE INDEX runs_key ON league.runs (inning);
GRANT SELECT ON league.runs TO PUBLIC;
