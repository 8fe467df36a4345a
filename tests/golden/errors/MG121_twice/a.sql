CREATE VIEW league.days AS
SELECT g.game_date FROM league.games AS g;
COMMENT ON VIEW league.days IS 'Days.';
