"""How many rows each table should have of a feed, by a walk over its JSON that knows nothing of mappings."""

from collections.abc import Iterator
from typing import Any

Facts = dict[str, Any]

SIDES = ("home", "away")
LISTS = {"batting_order": "battingOrder", "pitchers": "pitchers", "bench": "bench", "bullpen": "bullpen"}
KINDS = ("batting", "pitching", "fielding")
ROWS_OF_747175 = {
    "metadata": 1, "linescore": 9, "players": 51, "plays": 75, "pitch_events": 290, "runners": 101,
    "scoring_plays": 8, "actions": 41, "fielding_credits": 80, "home_batting_order": 9, "away_batting_order": 9,
    "home_pitchers": 3, "away_pitchers": 6, "home_bench": 3, "away_bench": 3, "home_bullpen": 10,
    "away_bullpen": 6, "rosters": 51, "lineups": 29, "positions": 31, "batting_lines": 20, "pitching_lines": 9,
    "fielding_lines": 29, "season_batting": 33, "season_pitching": 25, "season_fielding": 48, "team_batting": 2,
    "team_pitching": 2, "team_fielding": 2, "top_performers": 3, "umpires": 4, "venue_details": 1,
    "box_score_notes": 34, "reviews": 0, "pitching_notes": 0,
}  # fmt: skip


def events(feed: Facts) -> Iterator[Facts]:
    """The events of all plate appearances."""
    for play in feed["liveData"]["plays"]["allPlays"]:
        yield from play["playEvents"]


def expected_rows(feed: Facts) -> dict[str, int]:
    """The rows of each table, by its name without live_game_."""
    live, plays = feed["liveData"], feed["liveData"]["plays"]
    box = live["boxscore"]
    both = _box_score([box["teams"][side] for side in SIDES])
    runners = [runner for play in plays["allPlays"] for runner in play["runners"]]
    return {
        "metadata": 1,
        "venue_details": 1,
        "linescore": len(live["linescore"]["innings"]),
        "players": len(feed["gameData"]["players"]),
        "plays": len(plays["allPlays"]),
        "pitch_events": sum(event["isPitch"] for event in events(feed)),
        "actions": sum(not event["isPitch"] for event in events(feed)),
        "runners": len(runners),
        "fielding_credits": sum(len(runner.get("credits", [])) for runner in runners),
        "scoring_plays": len(set(plays["scoringPlays"])),
        "reviews": sum(_reviews(each) for play in plays["allPlays"] for each in (play, *play["playEvents"])),
        "umpires": len(box["officials"]),
        "top_performers": len(box.get("topPerformers", [])),
        **{f"{side}_{table}": len(set(box["teams"][side][name])) for side in SIDES for table, name in LISTS.items()},
        **both,
        "box_score_notes": both["box_score_notes"] + len(box["info"]),
        "pitching_notes": len(box.get("pitchingNotes", [])),
    }


def _reviews(of: Facts) -> int:
    """The reviews of a play or an event."""
    first = of.get("reviewDetails")
    return 0 if first is None else 1 + len(first.get("additionalReviews", []))


def _box_score(teams: list[Facts]) -> dict[str, int]:
    """The tables that have both sides."""
    players = [player for team in teams for player in team["players"].values()]
    found = {
        "rosters": len(players),
        "lineups": sum(len(set(team["batters"])) for team in teams),
        "box_score_notes": sum(
            len(team["note"]) + sum(len(part["fieldList"]) for part in team["info"]) for team in teams
        ),
        "positions": sum(len(player.get("allPositions", [])) for player in players),
    }
    for kind in KINDS:
        found[f"team_{kind}"] = sum(kind in team["teamStats"] for team in teams)
        found[f"{kind}_lines"] = sum(bool(player.get("stats", {}).get(kind)) for player in players)
        found[f"season_{kind}"] = sum(_counts(player.get("seasonStats", {}).get(kind)) for player in players)
    return found


def _counts(line: Facts | None) -> bool:
    """Whether a season line is of somebody who has played, or fielded a ball."""
    return bool(line) and line.get("gamesPlayed", line.get("chances")) != 0
