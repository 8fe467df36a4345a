-- One row for each player, season and game type, with the sum of his batting lines in games that are over.
CREATE VIEW game.season_batting AS
WITH summed AS (
    SELECT
        l.season,
        m.game_type,
        l.player_id,
        (array_agg(p.full_name ORDER BY m.game_date DESC, l.game_pk DESC))[1] AS player_name,
        (
            array_agg(CASE l.side WHEN 'home' THEN m.home_team_name ELSE m.away_team_name END
                ORDER BY m.game_date DESC, l.game_pk DESC)
        )[1] AS last_team_name,
        count(DISTINCT l.team_id) AS teams,
        count(*) AS games,
        sum(l.plate_appearances) AS plate_appearances,
        sum(l.at_bats) AS at_bats,
        sum(l.runs) AS runs,
        sum(l.hits) AS hits,
        sum(l.doubles) AS doubles,
        sum(l.triples) AS triples,
        sum(l.home_runs) AS home_runs,
        sum(l.total_bases) AS total_bases,
        sum(l.rbi) AS rbi,
        sum(l.walks) AS walks,
        sum(l.intentional_walks) AS intentional_walks,
        sum(l.hit_by_pitch) AS hit_by_pitch,
        sum(l.strikeouts) AS strikeouts,
        sum(l.ground_into_double_play) AS ground_into_double_play,
        sum(l.sac_bunts) AS sac_bunts,
        sum(l.sac_flies) AS sac_flies,
        sum(l.stolen_bases) AS stolen_bases,
        sum(l.caught_stealing) AS caught_stealing
    FROM game.live_game_batting_lines AS l
    JOIN game.live_game_metadata AS m ON m.game_pk = l.game_pk AND m.season = l.season
    LEFT JOIN game.live_game_players AS p
        ON p.game_pk = l.game_pk AND p.season = l.season AND p.player_id = l.player_id
    WHERE m.coded_game_state IN ('F', 'O', 'Q', 'R')
    GROUP BY l.season, m.game_type, l.player_id
)
SELECT
    s.season,
    s.game_type,
    s.player_id,
    s.player_name,
    s.last_team_name,
    s.teams,
    s.games,
    s.plate_appearances,
    s.at_bats,
    s.runs,
    s.hits,
    s.doubles,
    s.triples,
    s.home_runs,
    s.total_bases,
    s.rbi,
    s.walks,
    s.intentional_walks,
    s.hit_by_pitch,
    s.strikeouts,
    s.ground_into_double_play,
    s.sac_bunts,
    s.sac_flies,
    s.stolen_bases,
    s.caught_stealing,
    round(1.0 * s.hits / nullif(s.at_bats, 0), 3) AS avg,
    round(
        1.0 * (s.hits + s.walks + s.hit_by_pitch)
        / nullif(s.at_bats + s.walks + s.hit_by_pitch + s.sac_flies, 0), 3
    ) AS obp,
    round(1.0 * s.total_bases / nullif(s.at_bats, 0), 3) AS slg,
    round(
        1.0 * (s.hits + s.walks + s.hit_by_pitch)
        / nullif(s.at_bats + s.walks + s.hit_by_pitch + s.sac_flies, 0)
        + 1.0 * s.total_bases / nullif(s.at_bats, 0), 3
    ) AS ops
FROM summed AS s;

COMMENT ON VIEW game.season_batting IS 'One row for each player, season and game type, with the sum of his batting lines in games that are over. Key: season, game_type, player_id.';
COMMENT ON COLUMN game.season_batting.player_name IS 'Name of the player in his last game.';
COMMENT ON COLUMN game.season_batting.last_team_name IS 'Full name of the team of his last game.';
COMMENT ON COLUMN game.season_batting.teams IS 'Number of teams that he played for.';
COMMENT ON COLUMN game.season_batting.games IS 'Games with a batting line.';
COMMENT ON COLUMN game.season_batting.plate_appearances IS 'Plate appearances.';
COMMENT ON COLUMN game.season_batting.at_bats IS 'At-bats.';
COMMENT ON COLUMN game.season_batting.runs IS 'Runs.';
COMMENT ON COLUMN game.season_batting.hits IS 'Hits.';
COMMENT ON COLUMN game.season_batting.doubles IS 'Doubles.';
COMMENT ON COLUMN game.season_batting.triples IS 'Triples.';
COMMENT ON COLUMN game.season_batting.home_runs IS 'Home runs.';
COMMENT ON COLUMN game.season_batting.total_bases IS 'Total bases from hits.';
COMMENT ON COLUMN game.season_batting.rbi IS 'Runs batted in.';
COMMENT ON COLUMN game.season_batting.walks IS 'Walks, including intentional ones.';
COMMENT ON COLUMN game.season_batting.intentional_walks IS 'Intentional walks.';
COMMENT ON COLUMN game.season_batting.hit_by_pitch IS 'Times hit by a pitch.';
COMMENT ON COLUMN game.season_batting.strikeouts IS 'Strikeouts.';
COMMENT ON COLUMN game.season_batting.ground_into_double_play IS 'Times grounded into a double play.';
COMMENT ON COLUMN game.season_batting.sac_bunts IS 'Sacrifice bunts.';
COMMENT ON COLUMN game.season_batting.sac_flies IS 'Sacrifice flies.';
COMMENT ON COLUMN game.season_batting.stolen_bases IS 'Stolen bases.';
COMMENT ON COLUMN game.season_batting.caught_stealing IS 'Times caught stealing.';
COMMENT ON COLUMN game.season_batting.avg IS 'Batting average.';
COMMENT ON COLUMN game.season_batting.obp IS 'On-base percentage, 0 to 1.';
COMMENT ON COLUMN game.season_batting.slg IS 'Slugging percentage, 0 to 4.';
COMMENT ON COLUMN game.season_batting.ops IS 'On-base plus slugging, from their exact values, so it can differ by .001 from the sum of the two.';
