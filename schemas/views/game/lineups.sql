-- Who was in the game, from when to when. A player comes in by a substitution, and goes when the next man takes his slot;
-- a pitcher who does not bat goes when the next one comes in.
CREATE VIEW game.lineups AS
WITH entered AS (
    SELECT e.game_pk, e.season, e.player_id, min(e.at_bat_index) AS at_bat_index
    FROM game.live_game_actions AS e
    WHERE e.event IN ('Pitching Substitution', 'Offensive Substitution', 'Defensive Sub')
    GROUP BY e.game_pk, e.season, e.player_id
),
listed AS (
    SELECT
        l.game_pk, l.season, l.side, l.team_id, l.player_id, l.batting_slot, l.batting_sequence,
        coalesce(h.appearance_index, w.appearance_index) AS pitching_sequence,
        CASE
            WHEN l.batting_slot IS NOT NULL THEN l.batting_sequence = 0
            ELSE coalesce(h.appearance_index, w.appearance_index) = 0
        END AS is_starter,
        e.at_bat_index
    FROM game.live_game_lineups AS l
    LEFT JOIN entered AS e ON e.game_pk = l.game_pk AND e.season = l.season AND e.player_id = l.player_id
    LEFT JOIN game.live_game_home_pitchers AS h
        ON l.side = 'home' AND h.game_pk = l.game_pk AND h.season = l.season AND h.player_id = l.player_id
    LEFT JOIN game.live_game_away_pitchers AS w
        ON l.side = 'away' AND w.game_pk = l.game_pk AND w.season = l.season AND w.player_id = l.player_id
),
followed AS (
    SELECT
        l.game_pk, l.season, l.side, l.team_id, l.player_id, l.batting_slot, l.batting_sequence, l.pitching_sequence,
        l.is_starter,
        CASE WHEN NOT l.is_starter THEN l.at_bat_index END AS from_index,
        CASE
            WHEN l.batting_slot IS NOT NULL THEN lead(l.at_bat_index) OVER (
                PARTITION BY l.game_pk, l.season, l.side, l.batting_slot ORDER BY l.batting_sequence
            )
            ELSE lead(l.at_bat_index) OVER (
                PARTITION BY l.game_pk, l.season, l.side, l.pitching_sequence IS NULL ORDER BY l.pitching_sequence
            )
        END AS to_index
    FROM listed AS l
)
SELECT
    l.game_pk,
    m.game_date,
    l.season,
    m.game_type,
    l.side,
    l.team_id,
    CASE l.side WHEN 'home' THEN m.home_team_name ELSE m.away_team_name END AS team_name,
    l.player_id,
    p.full_name AS player_name,
    l.batting_slot,
    l.batting_sequence,
    l.pitching_sequence,
    l.is_starter,
    (
        SELECT string_agg(o.position_abbreviation, '-' ORDER BY o.position_index)
        FROM game.live_game_positions AS o
        WHERE o.game_pk = l.game_pk AND o.season = l.season AND o.side = l.side AND o.player_id = l.player_id
    ) AS positions,
    l.from_index + 1 AS from_at_bat_number,
    a.inning AS from_inning,
    a.half_inning AS from_half_inning,
    l.to_index + 1 AS to_at_bat_number,
    b.inning AS to_inning,
    b.half_inning AS to_half_inning
FROM followed AS l
JOIN game.live_game_metadata AS m ON m.game_pk = l.game_pk AND m.season = l.season
LEFT JOIN game.live_game_players AS p
    ON p.game_pk = l.game_pk AND p.season = l.season AND p.player_id = l.player_id
LEFT JOIN game.live_game_plays AS a
    ON a.game_pk = l.game_pk AND a.season = l.season AND a.at_bat_index = l.from_index
LEFT JOIN game.live_game_plays AS b
    ON b.game_pk = l.game_pk AND b.season = l.season AND b.at_bat_index = l.to_index;

COMMENT ON VIEW game.lineups IS 'One row for each player who has been in the game for either side, with his slot, positions, and from when to when. Key: game_pk, side, player_id.';
COMMENT ON COLUMN game.lineups.team_name IS 'Full name of the team.';
COMMENT ON COLUMN game.lineups.player_name IS 'Name of the player.';
COMMENT ON COLUMN game.lineups.pitching_sequence IS 'How many men pitched for his side before him; NULL for a player who did not pitch.';
COMMENT ON COLUMN game.lineups.is_starter IS 'Whether he was in the game from its beginning.';
COMMENT ON COLUMN game.lineups.positions IS 'Abbreviations of the positions that he had, in order, such as PH-LF.';
COMMENT ON COLUMN game.lineups.from_at_bat_number IS 'Plate appearance at which he came in; NULL for a starter, and if the feed does not say.';
COMMENT ON COLUMN game.lineups.from_inning IS 'Inning of from_at_bat_number.';
COMMENT ON COLUMN game.lineups.from_half_inning IS 'Half of the inning of from_at_bat_number: top, bottom.';
COMMENT ON COLUMN game.lineups.to_at_bat_number IS 'Plate appearance at which the next man took his slot, or relieved a pitcher who does not bat; NULL for a player who stayed, and if the feed does not say. A player who stays in the game as a pitcher or designated hitter keeps his slot.';
COMMENT ON COLUMN game.lineups.to_inning IS 'Inning of to_at_bat_number.';
COMMENT ON COLUMN game.lineups.to_half_inning IS 'Half of the inning of to_at_bat_number: top, bottom.';
