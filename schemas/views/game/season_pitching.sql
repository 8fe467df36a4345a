-- One row for each pitcher, season and game type, with the sum of his pitching lines in games that are over.
CREATE VIEW game.season_pitching AS
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
        sum(l.games_started) AS games_started,
        sum(l.wins) AS wins,
        sum(l.losses) AS losses,
        sum(l.saves) AS saves,
        sum(l.holds) AS holds,
        sum(l.blown_saves) AS blown_saves,
        sum(l.outs_recorded) AS outs_recorded,
        sum(l.batters_faced) AS batters_faced,
        sum(l.number_of_pitches) AS number_of_pitches,
        sum(l.strikes) AS strikes,
        sum(l.balls) AS balls,
        sum(l.hits) AS hits,
        sum(l.doubles) AS doubles,
        sum(l.triples) AS triples,
        sum(l.home_runs) AS home_runs,
        sum(l.runs) AS runs,
        sum(l.earned_runs) AS earned_runs,
        sum(l.walks) AS walks,
        sum(l.intentional_walks) AS intentional_walks,
        sum(l.hit_batsmen) AS hit_batsmen,
        sum(l.strikeouts) AS strikeouts,
        sum(l.wild_pitches) AS wild_pitches,
        sum(l.balks) AS balks,
        sum(l.stolen_bases) AS stolen_bases,
        sum(l.caught_stealing) AS caught_stealing,
        sum(l.inherited_runners) AS inherited_runners,
        sum(l.inherited_runners_scored) AS inherited_runners_scored
    FROM game.live_game_pitching_lines AS l
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
    s.games_started,
    s.wins,
    s.losses,
    s.saves,
    s.holds,
    s.blown_saves,
    (s.outs_recorded / 3)::text || '.' || (s.outs_recorded % 3)::text AS innings_pitched,
    s.outs_recorded,
    s.batters_faced,
    s.number_of_pitches,
    s.strikes,
    s.balls,
    s.hits,
    s.doubles,
    s.triples,
    s.home_runs,
    s.runs,
    s.earned_runs,
    s.walks,
    s.intentional_walks,
    s.hit_batsmen,
    s.strikeouts,
    s.wild_pitches,
    s.balks,
    s.stolen_bases,
    s.caught_stealing,
    s.inherited_runners,
    s.inherited_runners_scored,
    round(27.0 * s.earned_runs / nullif(s.outs_recorded, 0), 2) AS era,
    round(3.0 * (s.walks + s.hits) / nullif(s.outs_recorded, 0), 2) AS whip,
    round(27.0 * s.strikeouts / nullif(s.outs_recorded, 0), 2) AS strikeouts_per_9,
    round(27.0 * s.walks / nullif(s.outs_recorded, 0), 2) AS walks_per_9
FROM summed AS s;

COMMENT ON VIEW game.season_pitching IS 'One row for each pitcher, season and game type, with the sum of his pitching lines in games that are over. Key: season, game_type, player_id.';
COMMENT ON COLUMN game.season_pitching.player_name IS 'Name of the player in his last game.';
COMMENT ON COLUMN game.season_pitching.last_team_name IS 'Full name of the team of his last game.';
COMMENT ON COLUMN game.season_pitching.teams IS 'Number of teams that he played for.';
COMMENT ON COLUMN game.season_pitching.games IS 'Games pitched.';
COMMENT ON COLUMN game.season_pitching.games_started IS 'Games started.';
COMMENT ON COLUMN game.season_pitching.wins IS 'Wins.';
COMMENT ON COLUMN game.season_pitching.losses IS 'Losses.';
COMMENT ON COLUMN game.season_pitching.saves IS 'Saves.';
COMMENT ON COLUMN game.season_pitching.holds IS 'Holds.';
COMMENT ON COLUMN game.season_pitching.blown_saves IS 'Blown saves.';
COMMENT ON COLUMN game.season_pitching.innings_pitched IS 'Innings as box scores write them: 5.2 is five innings and two outs.';
COMMENT ON COLUMN game.season_pitching.outs_recorded IS 'Outs recorded.';
COMMENT ON COLUMN game.season_pitching.batters_faced IS 'Batters faced.';
COMMENT ON COLUMN game.season_pitching.number_of_pitches IS 'Pitches thrown.';
COMMENT ON COLUMN game.season_pitching.strikes IS 'Strikes thrown, balls in play included.';
COMMENT ON COLUMN game.season_pitching.balls IS 'Balls thrown.';
COMMENT ON COLUMN game.season_pitching.hits IS 'Hits allowed.';
COMMENT ON COLUMN game.season_pitching.doubles IS 'Doubles allowed.';
COMMENT ON COLUMN game.season_pitching.triples IS 'Triples allowed.';
COMMENT ON COLUMN game.season_pitching.home_runs IS 'Home runs allowed.';
COMMENT ON COLUMN game.season_pitching.runs IS 'Runs allowed.';
COMMENT ON COLUMN game.season_pitching.earned_runs IS 'Earned runs allowed.';
COMMENT ON COLUMN game.season_pitching.walks IS 'Walks allowed, including intentional ones.';
COMMENT ON COLUMN game.season_pitching.intentional_walks IS 'Intentional walks.';
COMMENT ON COLUMN game.season_pitching.hit_batsmen IS 'Batters hit by a pitch.';
COMMENT ON COLUMN game.season_pitching.strikeouts IS 'Batters struck out.';
COMMENT ON COLUMN game.season_pitching.wild_pitches IS 'Wild pitches.';
COMMENT ON COLUMN game.season_pitching.balks IS 'Balks.';
COMMENT ON COLUMN game.season_pitching.stolen_bases IS 'Bases stolen against him.';
COMMENT ON COLUMN game.season_pitching.caught_stealing IS 'Runners caught stealing.';
COMMENT ON COLUMN game.season_pitching.inherited_runners IS 'Runners on base when he came in.';
COMMENT ON COLUMN game.season_pitching.inherited_runners_scored IS 'Inherited runners who scored.';
COMMENT ON COLUMN game.season_pitching.era IS 'Earned run average.';
COMMENT ON COLUMN game.season_pitching.whip IS 'Walks and hits per inning pitched.';
COMMENT ON COLUMN game.season_pitching.strikeouts_per_9 IS 'Strikeouts per nine innings.';
COMMENT ON COLUMN game.season_pitching.walks_per_9 IS 'Walks per nine innings.';
