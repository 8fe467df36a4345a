CREATE VIEW league.runs (inning) AS
SELECT p.inning FROM league.plays AS p;
