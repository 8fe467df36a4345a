CREATE VIEW league.plays AS
SELECT g.game_pk FROM league.games AS g;
COMMENT ON VIEW league.plays IS 'Games.';
