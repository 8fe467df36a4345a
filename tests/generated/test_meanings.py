"""What the descriptions of columns claim, over all captured feeds: counts and shares as they were measured there."""

import importlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import played
import pytest
from checks import some
from feeds import METHOD
from played import SIDES, Game, Row
from pydantic import BaseModel

from mlbgen.language.names import pascal


@pytest.fixture(scope="module")
def games(stubs_dir: Path) -> list[Game]:
    found = played.captured(stubs_dir)
    assert len(found) > 20
    return found


def says(table: str, column: str) -> str:
    """The description of a column."""
    module = importlib.import_module(next(each for each in METHOD.tables if each.name == table).extract.__module__)
    model: type[BaseModel] = getattr(module, pascal(table))
    return model.model_fields[column].description or ""


def share(held: Counter[bool]) -> float:
    """How much of what was looked at held; something has to have been."""
    assert held.total() > 0
    return held[True] / held.total()


def runs(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["end_base"] == "score"]


def outs(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["is_out"]]


def test_outs_of_a_pitch_are_before_it(games: list[Game]) -> None:
    assert "before the pitch" in says("live_game_pitch_events", "outs")
    held: Counter[bool] = Counter()
    for game in games:
        for pitch, _, movements in game.pitches:
            if (made := outs(movements)) and pitch["outs"] is not None:
                held[pitch["outs"] == min(row["out_number"] for row in made) - 1] += 1
    assert held.total() > 500
    assert share(held) > 0.995  # 758 of 758 here, 1,907 of 1,910 of a larger set


def test_is_out_of_a_pitch_tells_that_one_was_made_on_it(games: list[Game]) -> None:
    assert "an out was made on the pitch" in says("live_game_pitch_events", "is_out")
    told = [(pitch["is_out"], movements) for game in games for pitch, _, movements in game.pitches]
    held = Counter(is_out == bool(outs(movements)) for is_out, movements in told if is_out is not None)
    assert share(held) > 0.995  # all


def test_strikes_of_a_box_score_are_strikes_and_balls_in_play(games: list[Game]) -> None:
    assert "not put in play" in says("live_game_pitch_events", "is_strike")
    held: Counter[bool] = Counter()
    for game in games:
        assert not any(pitch["is_strike"] and pitch["is_in_play"] for pitch, _, _ in game.pitches)
        strikes = Counter(
            "home" if play["half_inning"] == "top" else "away"
            for pitch, play, _ in game.pitches
            if pitch["is_strike"] or pitch["is_in_play"]
        )
        lines: Counter[str] = Counter()
        for side, _, row in game.pitchers:
            lines[side] += row["strikes"] or 0
        held.update(strikes[side] == lines[side] for side in SIDES if lines[side])
    assert share(held) == 1  # by side: within a plate appearance the pitcher can change


def test_is_out_of_a_play_counts_an_out_of_anyone(games: list[Game]) -> None:
    assert "of the batter or of a runner" in says("live_game_plays", "is_out")
    anyone, batter, has_out = Counter[bool](), Counter[bool](), Counter[bool]()
    for game in games:
        for play in game.rows["live_game_plays"]:
            made = outs(game.movements[play["at_bat_index"]])
            has_out[play["has_out"] == bool(made)] += 1
            if play["is_out"]:
                anyone[bool(made)] += 1
                batter[any(row["runner_id"] == play["batter_id"] for row in made)] += 1
    assert share(has_out) == 1
    assert share(anyone) == 1
    assert 0.9 < share(batter) < 1  # safe in 19 of 720 here, in 66 of 1,873 of a larger set


def test_scoring_plays_may_leave_out_runs_in_the_course_of_a_plate_appearance(games: list[Game]) -> None:
    assert "may leave out runs in the course" in says("live_game_plays", "is_scoring_play")
    for game in some(games):
        plays = game.rows["live_game_plays"]
        listed = {row["at_bat_index"] for row in game.rows["live_game_scoring_plays"]}
        assert listed == {row["at_bat_index"] for row in plays if row["is_scoring_play"]}, game.name
        last = {
            row["at_bat_index"]: len(game.feed["liveData"]["plays"]["allPlays"][place]["playEvents"]) - 1
            for place, row in enumerate(plays)
        }
        for at_bat_index, movements in game.movements.items():
            scored = runs(movements)
            assert scored or at_bat_index not in listed, game.name
            if scored and at_bat_index not in listed:
                assert all(row["event_index"] < last[at_bat_index] for row in scored), game.name


def test_runs_by_runner_are_the_score(games: list[Game]) -> None:
    assert "live_game_runners has all runs" in says("live_game_plays", "is_scoring_play")
    for game in some(games):
        (line,) = game.rows["live_game_metadata"]
        scored = sum(len(runs(movements)) for movements in game.movements.values())
        assert scored == (line["home_score"] or 0) + (line["away_score"] or 0), game.name


def test_origin_base_of_later_movements_may_be_their_start(games: list[Game]) -> None:
    assert "often the base before that movement" in says("live_game_runners", "origin_base")
    first, start, own_start = Counter[bool](), Counter[bool](), Counter[bool]()
    for game in games:
        for movements in game.movements.values():
            began: dict[int, str] = {}
            for row in movements:
                if row["runner_id"] not in began:
                    began[row["runner_id"]] = row["start_base"]
                    first[row["origin_base"] in {None, row["start_base"]}] += 1
                elif row["origin_base"] is not None:
                    start[row["origin_base"] == began[row["runner_id"]]] += 1
                    own_start[row["origin_base"] in {row["start_base"], began[row["runner_id"]]}] += 1
    assert share(first) == 1
    assert 0.4 < share(start) < 0.95  # 27 of 43 here
    assert share(own_start) > 0.95  # 42 of 43


def test_a_half_inning_without_runs_was_not_batted_or_is_on(games: list[Game]) -> None:
    assert "NULL if it has not batted, and while it bats until it scores" in says(
        "live_game_linescore", "home_runs_scored"
    )
    told: Counter[str] = Counter()
    for game in some(games):
        (now,) = game.rows["live_game_metadata"]
        batted = {(play["inning"], play["half_inning"]) for play in game.rows["live_game_plays"]}
        scored = Counter(
            (play["inning"], play["half_inning"])
            for play in game.rows["live_game_plays"]
            for _ in runs(game.movements[play["at_bat_index"]])
        )
        for row in game.rows["live_game_linescore"]:
            for side, half in (("away", "top"), ("home", "bottom")):
                place = (row["inning"], half)
                if (number := row[f"{side}_runs_scored"]) is not None:
                    assert number == scored[place], game.name
                elif place in batted:
                    assert scored[place] == 0, game.name
                    assert place == (now["current_inning"], now["inning_half"].lower()), game.name
                    assert now["coded_game_state"] not in "FO", game.name
                    told["on"] += 1
                else:
                    told["not batted"] += 1
    assert {"on", "not batted"} == told.keys()


def test_is_substitute_tells_batters_but_not_pitchers(games: list[Game]) -> None:
    assert "false for nearly all relievers" in says("live_game_home_pitchers", "is_substitute")
    batters, relievers = Counter[bool](), Counter[bool]()
    for game in some(games):
        for side in SIDES:
            for row in game.rows[f"live_game_{side}_batting_order"]:
                if row["batting_sequence"] is not None:
                    batters[row["is_substitute"] == (row["batting_sequence"] > 0)] += 1
        for _, place, row in game.pitchers:
            assert place == 0 or row["games_started"] == 0, game.name
            if place > 0:
                relievers[row["is_substitute"]] += 1
    assert share(batters) == 1
    assert 0 < share(relievers) < 0.25  # 14 of 108 here, 15 of 260 of a larger set


def test_pitches_are_of_the_last_pitcher_unless_he_came_in_within(games: list[Game]) -> None:
    assert "need not be those of this pitch" in says("live_game_pitch_events", "at_bat_index")
    assert "the last one if he was relieved" in says("live_game_plays", "pitcher_id")
    by_last, by_substitution, relieved = Counter[bool](), Counter[bool](), set[str]()
    for game in games:
        last = Counter(play["pitcher_id"] for _, play, _ in game.pitches)
        exact = _pitches_by_pitcher(game, relieved.add)
        for _, _, row in game.pitchers:
            thrown = row["number_of_pitches"] or 0
            by_substitution[exact[row["player_id"]] == thrown] += 1
            by_last[last[row["player_id"]] == thrown] += 1
    assert relieved
    assert share(by_substitution) > 0.99  # 151 of 152: 566208 differs from its own box score
    assert 0.9 < share(by_last) < share(by_substitution)  # 147 of 152


def _pitches_by_pitcher(game: Game, relieved: Callable[[str], None]) -> Counter[int]:
    """Pitches by who threw them, from the feed's substitutions."""
    pitches: Counter[int] = Counter()
    before: dict[str, int] = {}
    for play in game.feed["liveData"]["plays"]["allPlays"]:
        last = play["matchup"]["pitcher"]["id"]
        changes = [event for event in play["playEvents"] if event["details"].get("event") == "Pitching Substitution"]
        pitcher = before.get(play["about"]["halfInning"], last) if changes else last
        thrown = 0
        for event in play["playEvents"]:
            if event in changes:
                pitcher = event["player"]["id"]
                if thrown:
                    relieved(game.name)
            if event.get("isPitch"):
                thrown += 1
                pitches[pitcher] += 1
        before[play["about"]["halfInning"]] = last
    return pitches
