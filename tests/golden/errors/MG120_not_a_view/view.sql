-- Runs by inning.
CREATE TABLE league.runs AS SELECT p.inning FROM league.plays AS p;
