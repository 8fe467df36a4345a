CREATE VIEW league.a AS
SELECT b.inning FROM league.b AS b;
COMMENT ON VIEW league.a IS 'Innings.';
