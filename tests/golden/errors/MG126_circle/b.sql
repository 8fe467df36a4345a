CREATE VIEW league.b AS
SELECT a.inning FROM league.a AS a;
COMMENT ON VIEW league.b IS 'Innings.';
