"""Tables of one feed agree with each other: lines with totals and line score, plays with lines, runners with pitchers.

Each law holds in all final feeds, captured and simulated; the exceptions stand in the tests, with what is behind them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import played
import pytest
from checks import some
from played import SIDES, Game, Row

# Results of a plate appearance that are no at-bat. Those of a play that a runner's out cuts short are none either.
NO_AT_BAT = frozenset(
    {
        "walk", "intent_walk", "hit_by_pitch", "catcher_interf", "sac_fly", "sac_fly_double_play", "sac_bunt",
        "sac_bunt_double_play",
    }
)  # fmt: skip
RUNNING = ("caught_stealing", "pickoff", "stolen_base", "wild_pitch", "passed_ball", "balk", "other_out", "runner_")
KINDS = ("batting", "pitching", "fielding")
# Keys; what is counted for each batter, and once for the team; a shutout of several pitchers; rates.
NOT_SUMMED = {
    "game_pk", "season", "side", "team_id", "captured_at", "left_on_base", "shutouts", "stolen_base_percentage",
    "at_bats_per_home_run", "strike_percentage", "runs_scored_per_9", "home_runs_per_9",
}  # fmt: skip


@pytest.fixture(scope="module", params=["captured", "simulated"])
def games(request: pytest.FixtureRequest) -> list[Game]:
    if request.param == "simulated":
        return played.simulated()
    stubs: Path = request.getfixturevalue("stubs_dir")
    return [game for game in played.captured(stubs) if game.is_over]


def by_side(rows: list[Row], column: str) -> dict[str, int]:
    """The sum of a column for each side."""
    found = dict.fromkeys(SIDES, 0)
    for row in rows:
        found[row["side"]] += row[column] or 0
    return found


def totals(game: Game, kind: str, column: str) -> dict[str, int]:
    return {row["side"]: row[column] for row in game.rows[f"live_game_team_{kind}"]}


def score(game: Game, column: str) -> dict[str, int]:
    (line,) = game.rows["live_game_metadata"]
    return {side: line[f"{side}_{column}"] for side in SIDES}


def innings(game: Game, column: str) -> dict[str, int]:
    return {side: sum(row[f"{side}_{column}"] or 0 for row in some(game.rows["live_game_linescore"])) for side in SIDES}


def test_hits_runs_and_errors_of_lines_are_totals_and_line_score(games: list[Game]) -> None:
    for game in some(games):
        for kind, column, scored in (
            ("batting", "runs", "score"),
            ("batting", "hits", "hits"),
            ("fielding", "errors", "errors"),
        ):
            lines = by_side(some(game.rows[f"live_game_{kind}_lines"]), column)
            inning = "runs_scored" if column == "runs" else column
            assert lines == totals(game, kind, column) == score(game, scored) == innings(game, inning), game.name


@pytest.mark.parametrize("kind", KINDS)
def test_each_total_is_the_sum_of_the_lines(games: list[Game], kind: str) -> None:
    """Totals of older feeds leave some columns 0. Runs can be unearned for the team though earned for a reliever."""
    different = set()
    for game in some(games):
        lines, sums = some(game.rows[f"live_game_{kind}_lines"]), some(game.rows[f"live_game_team_{kind}"])
        summed = [column for column in sums[0] if column in lines[0] and column not in NOT_SUMMED]
        assert len(summed) >= 8, game.name
        for column in summed:
            summed_up, told = by_side(lines, column), totals(game, kind, column)
            (season,) = {row["season"] for row in sums}
            if summed_up != told and not (season < 2024 and not any(told.values())):
                different.add((game.name[:6], column))
    assert different <= {("415239", "earned_runs")}


def test_pitches_by_pitcher_are_those_of_his_line(games: list[Game]) -> None:
    different = set()
    for game in some(games):
        pitches = pitches_by_pitcher(game)
        for row in some(game.rows["live_game_pitching_lines"]):
            if pitches[row["player_id"]] != row["number_of_pitches"]:
                different.add((game.name[:6], row["player_id"]))
    assert different <= {("566208", 608331)}  # this feed differs from its own box score


def pitches_by_pitcher(game: Game) -> Counter[int]:
    """Pitches by who threw them: the pitcher of the plate appearance, but for reliefs in the course of it."""
    relieved: dict[int, list[Row]] = defaultdict(list)
    for event in game.rows["live_game_actions"]:
        if event["event"] == "Pitching Substitution":
            relieved[event["at_bat_index"]].append(event)
    thrown: dict[int, list[int]] = defaultdict(list)
    for pitch in game.rows["live_game_pitch_events"]:
        thrown[pitch["at_bat_index"]].append(pitch["event_index"])
    pitches: Counter[int] = Counter()
    before: dict[str, int] = {}
    for play in game.rows["live_game_plays"]:
        changes = relieved[play["at_bat_index"]]
        pitcher = before.get(play["half_inning"], play["pitcher_id"]) if changes else play["pitcher_id"]
        for index in thrown[play["at_bat_index"]]:
            came = [change["player_id"] for change in changes if change["event_index"] < index]
            pitches[came[-1] if came else pitcher] += 1
        before[play["half_inning"]] = play["pitcher_id"]
    return pitches


def test_outs_of_pitchers_are_three_an_inning(games: list[Game]) -> None:
    for game in some(games):
        outs = by_side(some(game.rows["live_game_pitching_lines"]), "outs_recorded")
        halves = Counter(
            "home" if half == "top" else "away" for _, half in {(p["inning"], p["half_inning"]) for p in plays(game)}
        )
        last = plays(game)[-1]
        cut = {"home": 0, "away": 0}
        # The last half inning ends with the winning run, or wherever the rain stops the game.
        if last["outs"] < 3:
            cut["home" if last["half_inning"] == "top" else "away"] = 3 - last["outs"]
        assert outs == {side: 3 * halves[side] - cut[side] for side in SIDES}, game.name


def plays(game: Game) -> list[Row]:
    return some(game.rows["live_game_plays"])


def test_at_bats_of_plays_are_those_of_lines(games: list[Game]) -> None:
    different = set()
    for game in some(games):
        batted = Counter(batter for _, batter in at_bats(game))
        for row in some(game.rows["live_game_batting_lines"]):
            if batted[row["player_id"]] != row["at_bats"]:
                different.add((game.name, row["player_id"], batted[row["player_id"]], row["at_bats"]))
    assert different == set()


def at_bats(game: Game) -> Iterator[tuple[int, int]]:
    """The plays that are at-bats, with who is charged with each."""
    for play in plays(game):
        kind = play["event_type"]
        if play["is_complete"] and kind not in NO_AT_BAT and not kind.startswith(RUNNING):
            yield play["at_bat_index"], play["batter_id"]


def test_earned_runs_by_runner_are_those_of_pitchers(games: list[Game]) -> None:
    different = set()
    for game in some(games):
        earned = Counter(
            row["responsible_pitcher_id"]
            for row in some(game.rows["live_game_runners"])
            if row["end_base"] == "score" and row["is_earned"]
        )
        for row in some(game.rows["live_game_pitching_lines"]):
            if earned[row["player_id"]] != row["earned_runs"]:
                different.add((game.name, row["player_id"], earned[row["player_id"]], row["earned_runs"]))
    assert different == set()


@pytest.mark.parametrize("kind", KINDS)
def test_every_man_with_a_line_is_in_the_line_up(games: list[Game], kind: str) -> None:
    for game in some(games):
        listed = {(row["side"], row["player_id"]) for row in game.rows["live_game_lineups"]}
        assert {(row["side"], row["player_id"]) for row in some(game.rows[f"live_game_{kind}_lines"])} <= listed


@pytest.mark.parametrize(("credit", "column"), [("putout", "put_outs"), ("assist", "assists"), ("error", "errors")])
def test_credits_of_fielders_are_those_of_their_lines(games: list[Game], credit: str, column: str) -> None:
    different = set()
    for game in some(games):
        credited = Counter(
            row["player_id"] for row in some(game.rows["live_game_fielding_credits"]) if credit in row["credit"]
        )
        for row in some(game.rows["live_game_fielding_lines"]):
            if credited[row["player_id"]] != row[column]:
                different.add((game.name[:6], row["player_id"]))
    assert different <= {("745927", 657041)}  # two assists of one play, one in his line
