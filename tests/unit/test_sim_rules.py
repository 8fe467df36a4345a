"""Simulated games keep baseball's rules, and their numbers agree wherever the feed says something twice."""

from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlb_sim import Simulator
from mlb_sim.play import contact

Feed = dict[str, Any]
Play = dict[str, Any]

GAMES = 2430
SIDES = ("away", "home")
NOT_APPEARANCES = {
    "stolen_base_2b", "stolen_base_3b", "caught_stealing_2b", "caught_stealing_3b", "pickoff_1b", "pickoff_error_1b",
    "wild_pitch", "passed_ball", "balk", "defensive_indiff",
}  # fmt: skip
BASES = ("1B", "2B", "3B")


def final(seed: int, season: int, index: int) -> Feed:
    simulator = Simulator(seed, season)
    fixture = simulator.calendar.fixtures[index]
    return simulator.feed(fixture, simulator.outline(fixture).final + 1000)


def plays(feed: Feed) -> list[Play]:
    listed: list[Play] = feed["liveData"]["plays"]["allPlays"]
    return listed


def halves(feed: Feed) -> Iterator[list[Play]]:
    """The plays of each half inning in turn."""
    half: list[Play] = []
    for play in plays(feed):
        if half and key(half[-1]) != key(play):
            yield half
            half = []
        half.append(play)
    yield half


def key(play: Play) -> tuple[int, bool]:
    return play["about"]["inning"], play["about"]["isTopInning"]


def appearances(some: list[Play]) -> list[Play]:
    return [play for play in some if play["result"]["eventType"] not in NOT_APPEARANCES]


def moves(some: list[Play]) -> list[Play]:
    return [runner for play in some for runner in play["runners"]]


def bases_are_consistent(feed: Feed) -> None:
    for half in halves(feed):
        on: dict[str, int] = {}
        for play in half:
            for event in play["playEvents"]:
                replace_runner(on, event)
                move_runners(on, [each for each in play["runners"] if each["details"]["playIndex"] == event["index"]])
            told = {
                base: play["matchup"][name]["id"]
                for base, name in zip(BASES, ("postOnFirst", "postOnSecond", "postOnThird"), strict=True)
                if name in play["matchup"]
            }
            assert told == on


def replace_runner(on: dict[str, int], event: dict[str, Any]) -> None:
    if "base" in event and "replacedPlayer" in event:
        base = BASES[event["base"] - 1]
        assert on[base] == event["replacedPlayer"]["id"]
        on[base] = event["player"]["id"]


def move_runners(on: dict[str, int], some: list[dict[str, Any]]) -> None:
    for runner in some:
        movement, player = runner["movement"], runner["details"]["runner"]["id"]
        if movement["start"] is not None:
            assert on.pop(movement["start"]) == player
        if movement["end"] in BASES:
            assert movement["end"] not in on
            on[movement["end"]] = player


def outs_are_three(feed: Feed) -> None:
    everything = list(halves(feed))
    for half in everything:
        numbers = [runner["movement"]["outNumber"] for runner in moves(half) if runner["movement"]["isOut"]]
        assert numbers == list(range(1, len(numbers) + 1))
        assert half[-1]["count"]["outs"] == len(numbers)
        walked_off = half is everything[-1] and not half[0]["about"]["isTopInning"] and leader(feed) == "home"
        assert len(numbers) == 3 or (walked_off and len(numbers) < 3)


def leader(feed: Feed) -> str:
    runs = feed["liveData"]["linescore"]["teams"]
    return "home" if runs["home"]["runs"] > runs["away"]["runs"] else "away"


def counts_follow_calls(feed: Feed) -> None:
    for play in plays(feed):
        balls = strikes = 0
        for event in (event for event in play["playEvents"] if "call" in event["details"]):
            code = event["details"]["code"]
            assert balls < 4
            assert strikes < 3
            if code in {"B", "*B", "VB", "VP"}:
                balls += 1
            elif code in {"C", "S", "W", "T", "AC"}:
                strikes += 1
            elif code in {"F", "L"}:
                strikes = min(2, strikes + 1)
            assert (event["count"]["balls"], event["count"]["strikes"]) == (balls, strikes)
        kind = play["result"]["eventType"]
        assert (balls == 4) == (kind in {"walk", "intent_walk"})
        assert (strikes == 3) == (kind == "strikeout")
        assert [event["index"] for event in play["playEvents"]] == list(range(len(play["playEvents"])))


def batters_come_in_order(feed: Feed) -> None:
    teams = feed["liveData"]["boxscore"]["teams"]
    for side, top in (("away", True), ("home", False)):
        players = teams[side]["players"]
        own = [play for play in plays(feed) if play["about"]["isTopInning"] is top]
        slots = [int(players[f"ID{play['matchup']['batter']['id']}"]["battingOrder"][0]) for play in own]
        for (slot, following), play in zip(pairwise(slots), own, strict=False):
            same = play["result"]["eventType"] in NOT_APPEARANCES
            assert following == (slot if same else slot % 9 + 1)


def score_adds_up(feed: Feed) -> None:
    score = {"away": 0, "home": 0}
    for play in plays(feed):
        batting = "away" if play["about"]["isTopInning"] else "home"
        scored = [runner for runner in play["runners"] if runner["movement"]["end"] == "score"]
        score[batting] += len(scored)
        assert (play["result"]["awayScore"], play["result"]["homeScore"]) == (score["away"], score["home"])
        assert play["about"]["isScoringPlay"] is bool(scored)
        assert play["result"]["rbi"] == sum(runner["details"]["rbi"] for runner in scored)
    line = feed["liveData"]["linescore"]
    for side in SIDES:
        assert line["teams"][side]["runs"] == score[side]
        for name in ("runs", "hits", "errors", "leftOnBase"):
            assert line["teams"][side][name] == sum(inning[side].get(name, 0) for inning in line["innings"])
    assert feed["liveData"]["plays"]["scoringPlays"] == [
        play["atBatIndex"] for play in plays(feed) if play["about"]["isScoringPlay"]
    ]


def the_book_balances(feed: Feed) -> None:
    """Whoever came to bat, or was placed on base, scored, was put out or was left on base."""
    line = feed["liveData"]["linescore"]["teams"]
    for side, top in (("away", True), ("home", False)):
        own = [play for play in plays(feed) if play["about"]["isTopInning"] is top]
        placed = sum(runner["details"]["eventType"] == "runner_placed" for runner in moves(own))
        outs = sum(runner["movement"]["isOut"] for runner in moves(own))
        assert len(appearances(own)) + placed == line[side]["runs"] + line[side]["leftOnBase"] + outs


def box_score_agrees(feed: Feed) -> None:
    teams = feed["liveData"]["boxscore"]["teams"]
    for side, other in (("away", "home"), ("home", "away")):
        own = [play for play in plays(feed) if play["about"]["isTopInning"] is (side == "away")]
        stats = [player["stats"] for player in teams[side]["players"].values()]
        for group, names in {
            "batting": ("runs", "hits", "rbi", "atBats", "baseOnBalls", "strikeOuts", "homeRuns", "plateAppearances"),
            "pitching": ("outs", "numberOfPitches", "runs", "earnedRuns", "battersFaced", "hits"),
            "fielding": ("putOuts", "assists", "errors"),
        }.items():
            for name in names:
                assert teams[side]["teamStats"][group][name] == sum(line[group].get(name, 0) for line in stats), name
        batting, pitching = teams[side]["teamStats"]["batting"], teams[other]["teamStats"]["pitching"]
        for name in (
            "runs",
            "hits",
            "rbi",
            "atBats",
            "baseOnBalls",
            "strikeOuts",
            "homeRuns",
            "stolenBases",
            "hitByPitch",
        ):
            assert batting[name] == pitching[name], name
        assert batting["rbi"] == sum(play["result"]["rbi"] for play in own)
        assert batting["plateAppearances"] == len(appearances(own))
        assert pitching["numberOfPitches"] == sum(event["isPitch"] for play in own for event in play["playEvents"])
        assert pitching["numberOfPitches"] == pitching["balls"] + pitching["strikes"]
        assert teams[other]["teamStats"]["fielding"]["putOuts"] == pitching["outs"]
        assert pitching["earnedRuns"] <= pitching["runs"]
        assert len(set(teams[side]["battingOrder"])) == 9
        lists = [teams[side][name] for name in ("batters", "bench", "bullpen")]
        assert sorted(player for each in lists for player in each) == sorted(
            int(name[2:]) for name in teams[side]["players"]
        )


def the_end_is_right(feed: Feed) -> None:
    line, last = feed["liveData"]["linescore"], plays(feed)[-1]
    assert line["teams"]["home"]["runs"] != line["teams"]["away"]["runs"]
    assert last["about"]["inning"] >= 9
    if last["about"]["isTopInning"]:
        assert leader(feed) == "home"
        assert "runs" not in line["innings"][-1]["home"]
    elif leader(feed) == "home":
        walked_off(last, line["teams"]["home"]["runs"] - line["teams"]["away"]["runs"])
    before = {"away": 0, "home": 0}
    for inning in line["innings"][:-1]:
        before = {side: before[side] + inning[side]["runs"] for side in SIDES}
        assert inning["num"] < 9 or before["away"] == before["home"]
    decisions = feed["liveData"]["decisions"]
    teams, winner = feed["liveData"]["boxscore"]["teams"], leader(feed)
    assert decisions["winner"]["id"] in teams[winner]["pitchers"]
    assert decisions["loser"]["id"] in teams["home" if winner == "away" else "away"]["pitchers"]
    assert decisions.get("save", {}).get("id") != decisions["winner"]["id"]
    lines = [player["stats"]["pitching"] for team in teams.values() for player in team["players"].values()]
    assert sum(line.get("wins", 0) for line in lines) == sum(line.get("losses", 0) for line in lines) == 1


def walked_off(last: Play, margin: int) -> None:
    """Only a home run wins by more than one; another hit counts no more bases than the winning runner advanced."""
    kind = last["result"]["eventType"]
    assert margin == 1 or kind == "home_run"
    scored = [runner["movement"]["start"] for runner in last["runners"] if runner["movement"]["end"] == "score"]
    bases = {"single": 1, "double": 2, "triple": 3}.get(kind, 0)
    assert bases <= 3 - BASES.index(scored[-1]) if kind in {"single", "double", "triple"} else scored


def extra_innings_start_with_a_runner(feed: Feed) -> None:
    for half in halves(feed):
        placed = [runner for runner in moves(half) if runner["details"]["eventType"] == "runner_placed"]
        expected = half[0]["about"]["inning"] > 9 and int(feed["gameData"]["game"]["season"]) >= 2020
        assert len(placed) == expected
        assert all(runner["movement"]["end"] == "2B" and not runner["details"]["earned"] for runner in placed)


CHECKS = (
    bases_are_consistent,
    outs_are_three,
    counts_follow_calls,
    batters_come_in_order,
    score_adds_up,
    the_book_balances,
    box_score_agrees,
    the_end_is_right,
    extra_innings_start_with_a_runner,
)


@settings(deadline=None, max_examples=10, derandomize=True)
@given(
    seed=st.integers(0, 10**9),
    season=st.sampled_from((2019, 2024, 2026)),
    index=st.integers(0, GAMES - 1),
)
def test_rules(seed: int, season: int, index: int) -> None:
    feed = final(seed, season, index)
    for check in CHECKS:
        check(feed)


@pytest.fixture(scope="module")
def feeds() -> list[Feed]:
    """Forty games of one season."""
    simulator = Simulator(3, 2024)
    some = simulator.calendar.fixtures[400:440]
    return [simulator.feed(fixture, simulator.outline(fixture).final + 1000) for fixture in some]


def test_rules_over_a_stretch_of_a_season(feeds: list[Feed]) -> None:
    for feed in feeds:
        for check in CHECKS:
            check(feed)


def test_games_look_like_games(feeds: list[Feed]) -> None:
    """The league's averages are a little about those of the real game."""
    each = len(feeds) * 2
    lines = [team["teamStats"] for feed in feeds for team in feed["liveData"]["boxscore"]["teams"].values()]
    assert 3.5 < sum(line["batting"]["runs"] for line in lines) / each < 6
    assert 7 < sum(line["batting"]["hits"] for line in lines) / each < 10
    assert 125 < sum(line["pitching"]["numberOfPitches"] for line in lines) / each < 165
    assert (
        2
        < sum(len(team["pitchers"]) for feed in feeds for team in feed["liveData"]["boxscore"]["teams"].values()) / each
        < 6
    )


def test_what_can_happen_happens(feeds: list[Feed]) -> None:
    kinds = {play["result"]["eventType"] for feed in feeds for play in plays(feed)}
    acts = {event["details"].get("eventType") for feed in feeds for play in plays(feed) for event in play["playEvents"]}
    assert {"single", "home_run", "walk", "strikeout", "sac_fly", "force_out", "field_error", "hit_by_pitch"} <= kinds
    assert {"grounded_into_double_play", "triple", "intent_walk"} <= kinds
    assert {"stolen_base_2b", "caught_stealing_2b", "wild_pitch", "pickoff_1b", "mound_visit", "batter_timeout"} <= acts
    assert {"pitching_substitution", "offensive_substitution", "defensive_substitution", "defensive_switch"} <= acts
    assert any(play["about"]["hasReview"] for feed in feeds for play in plays(feed))


@pytest.mark.parametrize(
    ("score", "on", "wanted", "credited"),
    [
        ([3, 3], [2], 2, 1),  # the runner on third wins the game: a single
        ([3, 3], [1], 3, 2),
        ([4, 3], [2, 0], 3, 3),  # the run of the man on first decides
        ([5, 3], [2], 2, 2),  # nothing is decided
        ([3, 3], [2], 4, 4),  # a home run counts in full
    ],
)
def test_a_hit_that_ends_the_game_is_cut_to_what_was_needed(
    score: list[int], on: list[int], wanted: int, credited: int
) -> None:
    state = SimpleNamespace(top=False, inning=9, score=score, occupied=lambda: on)
    assert contact._credited_bases(state, wanted) == credited  # type: ignore[arg-type]
