CREATE VIEW club.rounds AS
SELECT g.game_id, g.played_on, r.longest, count(*) OVER () AS games
FROM club.games AS g
LEFT JOIN LATERAL (SELECT max(t.distance) AS longest FROM club.throws AS t WHERE t.game_id = g.game_id) AS r ON true;

COMMENT ON VIEW club.rounds IS 'One row for each game, with its longest throw.';
COMMENT ON COLUMN club.rounds.longest IS 'Longest throw in metres.';
COMMENT ON COLUMN club.rounds.games IS 'How many games there are.';
