"""A player's season statistics before a game: consistent with each other, and based on his ratings."""

from mlb_sim import positions
from mlb_sim.draw import Draw
from mlb_sim.feed.lines import Tally
from mlb_sim.league import Team
from mlb_sim.people import Person

_REGULARS = 9


def batting(team: Team, person: Person, played: int) -> Tally:
    """Batting, after a number of games of his team."""
    if person.position == positions.PITCHER:
        return Tally()
    draw = Draw("season batting", person.id)
    regular = [each.id for each in team.hitters].index(person.id) in {0, *range(2, _REGULARS + 1)}
    games = int(played * (draw.between(0.8, 0.95) if regular else draw.between(0.25, 0.45)))
    appearances = int(games * (4.1 if regular else 2.6))
    walks = int(appearances * (0.082 + 0.02 * max(-2.5, person.eye)))
    hit, flies, bunts = int(appearances * 0.011), int(appearances * 0.008), int(appearances * 0.003)
    at_bats = appearances - walks - hit - flies - bunts
    strikeouts = int(at_bats * (0.25 - 0.03 * person.hitting))
    hits = int(at_bats * min(0.34, max(0.17, 0.248 + 0.022 * person.hitting)))
    homers = int(hits * min(0.3, max(0.01, 0.13 + 0.05 * person.power)))
    doubles, triples = int(hits * 0.2), int(hits * 0.02)
    outs = at_bats - hits - strikeouts
    ground, line, pop = int(outs * 0.46), int(outs * 0.15), int(outs * 0.12)
    steals = int(games * max(0.0, 0.06 + 0.07 * person.speed))
    return Tally(
        gamesPlayed=games, plateAppearances=appearances, atBats=at_bats, baseOnBalls=walks,
        intentionalWalks=walks // 20, hitByPitch=hit, sacFlies=flies, sacBunts=bunts, strikeOuts=strikeouts,
        hits=hits, homeRuns=homers, doubles=doubles, triples=triples,
        totalBases=hits + doubles + 2 * triples + 3 * homers, groundOuts=ground, lineOuts=line, popOuts=pop,
        flyOuts=outs - ground - line - pop, groundIntoDoublePlay=ground // 9, rbi=int(hits * 0.36) + homers,
        runs=int(hits * 0.4 + walks * 0.2), leftOnBase=int(outs * 0.65), stolenBases=steals,
        caughtStealing=steals // 4, pickoffs=steals // 12,
    )  # fmt: skip


def pitching(team: Team, person: Person, played: int) -> Tally:
    """Pitching, after a number of games of his team."""
    if person.position != positions.PITCHER:
        return Tally()
    draw = Draw("season pitching", person.id)
    starter = person in team.starters
    share = 0.2 if starter else draw.between(0.3, 0.45)
    games = (played + team.starters.index(person)) // len(team.starters) if starter else int(played * share)
    outs = int(games * (16.2 if starter else 3.1))
    walks, strikeouts = int(outs * (0.11 - 0.02 * person.control)), int(outs * (0.31 + 0.04 * person.pitching))
    hits = int(outs * (0.315 - 0.02 * person.pitching))
    homers, doubles, triples, hit = int(hits * 0.13), int(hits * 0.2), int(hits * 0.02), int(outs * 0.014)
    earned = int(outs * (0.155 - 0.02 * person.pitching))
    runs = earned + earned // 12
    flies, bunts = outs // 120, outs // 250
    in_play = max(0, outs - strikeouts)
    ground, line, pop = int(in_play * 0.47), int(in_play * 0.14), int(in_play * 0.11)
    faced = outs + hits + walks + hit
    pitches = int(faced * 3.9)
    strikes = int(pitches * (0.645 + 0.01 * person.control))
    wins = games * 2 // 5 if starter else games // 14
    saves = 0 if starter or person is not team.pitchers[-1] else games // 2
    holds = 0 if starter or saves else games // 4
    return Tally(
        gamesPlayed=games, gamesPitched=games, gamesStarted=games if starter else 0,
        gamesFinished=0 if starter else games // 4 + saves // 2, outs=outs, baseOnBalls=walks,
        intentionalWalks=walks // 25, strikeOuts=strikeouts, hits=hits, homeRuns=homers, doubles=doubles,
        triples=triples, hitByPitch=hit, earnedRuns=earned, runs=runs, sacFlies=flies, sacBunts=bunts,
        groundOuts=ground, lineOuts=line, popOuts=pop, flyOuts=max(0, in_play - ground - line - pop),
        battersFaced=faced, atBats=max(0, faced - walks - hit - flies - bunts), numberOfPitches=pitches,
        strikes=strikes, balls=pitches - strikes, wins=wins, losses=games * 7 // 20 if starter else games // 16,
        saves=saves, holds=holds, blownSaves=saves // 8, saveOpportunities=saves + saves // 8,
        wildPitches=outs // 90, stolenBases=outs // 45, caughtStealing=outs // 160, rbi=earned,
        inheritedRunners=0 if starter else games // 2, inheritedRunnersScored=0 if starter else games // 6,
    )  # fmt: skip


def fielding(team: Team, person: Person, played: int) -> Tally:
    """Fielding, after a number of games of his team."""
    games = batting(team, person, played)["gamesPlayed"] or pitching(team, person, played)["gamesStarted"]
    per_game = {
        "1": (0.3, 0.6),
        "2": (8.0, 0.5),
        "3": (7.5, 0.6),
        "4": (1.7, 2.5),
        "5": (0.7, 1.7),
        "6": (1.4, 2.6),
        "10": (0, 0),
    }
    put_outs, assists = per_game.get(person.position, (2.1, 0.05))
    total = int(games * (put_outs + assists))
    catcher = person.position == positions.CATCHER
    return Tally(
        gamesStarted=games * 9 // 10, putOuts=int(games * put_outs), assists=int(games * assists),
        errors=total // 75, passedBall=games // 20 if catcher else 0, stolenBases=games // 2 if catcher else 0,
        caughtStealing=games // 7 if catcher else 0,
    )  # fmt: skip
