"""Turns counts into the API's batting, pitching and fielding lines."""

from collections.abc import Mapping
from typing import Any

from mlb_sim.feed import rates

Counts = Mapping[str, int]


class Tally(dict[str, int]):
    """Counts under the API's names; missing ones are 0."""

    def __missing__(self, key: str) -> int:
        return 0


def added(first: Counts, second: Counts) -> Tally:
    """The sum of both."""
    total = Tally(first)
    for name, count in second.items():
        total[name] += count
    return total


def _rate_of_steals(counts: Tally) -> str:
    return rates.share(counts["stolenBases"], counts["stolenBases"] + counts["caughtStealing"])


def _rate_of_outs(counts: Tally) -> str:
    return rates.share(counts["caughtStealing"], counts["stolenBases"] + counts["caughtStealing"])


def batting(counts: Tally) -> dict[str, Any]:
    """The batting statistics that game, season and team lines share."""
    c = counts
    return {
        "flyOuts": c["flyOuts"],
        "groundOuts": c["groundOuts"],
        "airOuts": c["flyOuts"] + c["lineOuts"] + c["popOuts"],
        "runs": c["runs"],
        "doubles": c["doubles"],
        "triples": c["triples"],
        "homeRuns": c["homeRuns"],
        "strikeOuts": c["strikeOuts"],
        "baseOnBalls": c["baseOnBalls"],
        "intentionalWalks": c["intentionalWalks"],
        "hits": c["hits"],
        "hitByPitch": c["hitByPitch"],
        "atBats": c["atBats"],
        "caughtStealing": c["caughtStealing"],
        "stolenBases": c["stolenBases"],
        "stolenBasePercentage": _rate_of_steals(c),
        "groundIntoDoublePlay": c["groundIntoDoublePlay"],
        "groundIntoTriplePlay": 0,
        "plateAppearances": c["plateAppearances"],
        "totalBases": c["totalBases"],
        "rbi": c["rbi"],
        "leftOnBase": c["leftOnBase"],
        "sacBunts": c["sacBunts"],
        "sacFlies": c["sacFlies"],
        "catchersInterference": 0,
        "pickoffs": c["pickoffs"],
        "atBatsPerHomeRun": rates.rate(c["atBats"], c["homeRuns"]),
        "popOuts": c["popOuts"],
        "lineOuts": c["lineOuts"],
    }


def averages(counts: Tally) -> dict[str, str]:
    """Batting average, on-base and slugging percentage, and their sum."""
    c = counts
    reached = c["hits"] + c["baseOnBalls"] + c["hitByPitch"]
    chances = c["atBats"] + c["baseOnBalls"] + c["hitByPitch"] + c["sacFlies"]
    on_base = (2000 * reached + chances) // (2 * chances) if chances else 0
    slugging = (2000 * c["totalBases"] + c["atBats"]) // (2 * c["atBats"]) if c["atBats"] else 0
    return {
        "avg": rates.share(c["hits"], c["atBats"], ".000"),
        "obp": rates.thousandths(on_base),
        "slg": rates.thousandths(slugging),
        "ops": rates.thousandths(on_base + slugging),
    }


def season_batting(counts: Tally) -> dict[str, Any]:
    """A season's batting line."""
    c = counts
    in_play = c["atBats"] - c["strikeOuts"] - c["homeRuns"] + c["sacFlies"]
    return {
        "gamesPlayed": c["gamesPlayed"],
        **batting(c),
        **averages(c),
        "caughtStealingPercentage": _rate_of_outs(c),
        "babip": rates.share(c["hits"] - c["homeRuns"], in_play),
        "groundOutsToAirouts": rates.rate(c["groundOuts"], c["flyOuts"] + c["lineOuts"] + c["popOuts"]),
    }


def pitching(counts: Tally) -> dict[str, Any]:
    """The pitching statistics that game, season and team lines share."""
    c = counts
    return {
        "flyOuts": c["flyOuts"],
        "groundOuts": c["groundOuts"],
        "airOuts": c["flyOuts"] + c["lineOuts"] + c["popOuts"],
        "runs": c["runs"],
        "doubles": c["doubles"],
        "triples": c["triples"],
        "homeRuns": c["homeRuns"],
        "strikeOuts": c["strikeOuts"],
        "baseOnBalls": c["baseOnBalls"],
        "intentionalWalks": c["intentionalWalks"],
        "hits": c["hits"],
        "hitByPitch": c["hitByPitch"],
        "atBats": c["atBats"],
        "caughtStealing": c["caughtStealing"],
        "stolenBases": c["stolenBases"],
        "stolenBasePercentage": _rate_of_steals(c),
        "numberOfPitches": c["numberOfPitches"],
        "inningsPitched": rates.innings(c["outs"]),
        "saveOpportunities": c["saveOpportunities"],
        "earnedRuns": c["earnedRuns"],
        "battersFaced": c["battersFaced"],
        "outs": c["outs"],
        "completeGames": c["completeGames"],
        "shutouts": c["shutouts"],
        "pitchesThrown": c["numberOfPitches"],
        "balls": c["balls"],
        "strikes": c["strikes"],
        "strikePercentage": rates.strikes(c["strikes"], c["numberOfPitches"]),
        "hitBatsmen": c["hitByPitch"],
        "balks": c["balks"],
        "wildPitches": c["wildPitches"],
        "pickoffs": c["pickoffs"],
        "rbi": c["rbi"],
        "runsScoredPer9": rates.rate(27 * c["runs"], c["outs"]),
        "homeRunsPer9": rates.rate(27 * c["homeRuns"], c["outs"]),
        "inheritedRunners": c["inheritedRunners"],
        "inheritedRunnersScored": c["inheritedRunnersScored"],
        "catchersInterference": 0,
        "sacBunts": c["sacBunts"],
        "sacFlies": c["sacFlies"],
        "passedBall": c["passedBall"],
        "popOuts": c["popOuts"],
        "lineOuts": c["lineOuts"],
    }


def pitching_games(counts: Tally) -> dict[str, Any]:
    """A pitcher's appearances and decisions."""
    names = (
        "gamesPlayed",
        "gamesStarted",
        "gamesPitched",
        "gamesFinished",
        "wins",
        "losses",
        "saves",
        "holds",
        "blownSaves",
    )
    return {name: counts[name] for name in names}


def earned_run_average(counts: Tally) -> str:
    """Earned runs per nine innings."""
    return rates.rate(27 * counts["earnedRuns"], counts["outs"])


def team_pitching(counts: Tally, season: Tally) -> dict[str, Any]:
    """A team's pitching line in a game; its earned run average is the season's."""
    c = counts
    reached = c["hits"] + c["baseOnBalls"] + c["hitByPitch"]
    return {
        **pitching(c),
        "obp": rates.share(reached, c["atBats"] + c["baseOnBalls"] + c["hitByPitch"] + c["sacFlies"], ".000"),
        "caughtStealingPercentage": _rate_of_outs(c),
        "era": earned_run_average(season),
        "whip": rates.rate(3 * (season["hits"] + season["baseOnBalls"]), season["outs"], "-"),
        "groundOutsToAirouts": rates.rate(c["groundOuts"], c["flyOuts"] + c["lineOuts"] + c["popOuts"]),
        "pitchesPerInning": rates.rate(3 * c["numberOfPitches"], c["outs"]),
    }


def season_pitching(counts: Tally) -> dict[str, Any]:
    """A season's pitching line."""
    c = counts
    reached = c["hits"] + c["baseOnBalls"] + c["hitByPitch"]
    return {
        **pitching(c),
        **pitching_games(c),
        "obp": rates.share(reached, c["atBats"] + c["baseOnBalls"] + c["hitByPitch"] + c["sacFlies"], ".000"),
        "caughtStealingPercentage": _rate_of_outs(c),
        "era": earned_run_average(c),
        "whip": rates.rate(3 * (c["hits"] + c["baseOnBalls"]), c["outs"], "-"),
        "groundOutsToAirouts": rates.rate(c["groundOuts"], c["flyOuts"] + c["lineOuts"] + c["popOuts"]),
        "winPercentage": rates.share(c["wins"], c["wins"] + c["losses"]),
        "pitchesPerInning": rates.rate(3 * c["numberOfPitches"], c["outs"]),
        "strikeoutWalkRatio": rates.rate(c["strikeOuts"], c["baseOnBalls"]),
        "strikeoutsPer9Inn": rates.rate(27 * c["strikeOuts"], c["outs"]),
        "walksPer9Inn": rates.rate(27 * c["baseOnBalls"], c["outs"]),
        "hitsPer9Inn": rates.rate(27 * c["hits"], c["outs"]),
    }


def fielding(counts: Tally) -> dict[str, Any]:
    """The fielding line of a team or player in a game."""
    c = counts
    return {
        "caughtStealing": c["caughtStealing"],
        "stolenBases": c["stolenBases"],
        "stolenBasePercentage": _rate_of_steals(c),
        "caughtStealingPercentage": _rate_of_outs(c),
        "assists": c["assists"],
        "putOuts": c["putOuts"],
        "errors": c["errors"],
        "chances": c["putOuts"] + c["assists"] + c["errors"],
        "passedBall": c["passedBall"],
        "pickoffs": c["pickoffs"],
    }


def season_fielding(counts: Tally) -> dict[str, Any]:
    """A season's fielding line."""
    chances = counts["putOuts"] + counts["assists"] + counts["errors"]
    percentage = rates.share(counts["putOuts"] + counts["assists"], chances, ".000")
    return {"gamesStarted": counts["gamesStarted"], **fielding(counts), "fielding": percentage}
