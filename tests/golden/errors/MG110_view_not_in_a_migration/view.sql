-- Innings that were played.
CREATE VIEW league.innings AS
SELECT DISTINCT p.game_pk, p.inning FROM league.plays AS p;
COMMENT ON VIEW league.innings IS 'One row for each inning.';
