"""What the tables of events and of the box score claim, and what is ignored because it repeats, over captured feeds."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import played
import pytest
from checks import some
from feeds import METHOD
from played import SIDES, Game, Row

PLACEHOLDERS = {0, ".000", ".---", "-.--", "-", "0.0", "0.00"}


@pytest.fixture(scope="module")
def games(stubs_dir: Path) -> list[Game]:
    return played.captured(stubs_dir)


def players(game: Game) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everyone in the box score, with the side."""
    for side in SIDES:
        for player in game.feed["liveData"]["boxscore"]["teams"][side]["players"].values():
            yield side, player


def test_simulated_feeds_fill_every_table() -> None:
    empty = {table.name for table in METHOD.tables if not any(game.rows[table.name] for game in played.simulated())}
    assert empty <= {"live_game_pitching_notes"}  # those are in the invented sample


def test_each_event_is_a_pitch_or_an_action(games: list[Game]) -> None:
    for game in some(games):
        events = Counter(
            (play["about"]["atBatIndex"], event["index"])
            for play in game.feed["liveData"]["plays"]["allPlays"]
            for event in play["playEvents"]
        )
        rows = [*game.rows["live_game_pitch_events"], *game.rows["live_game_actions"]]
        assert Counter((row["at_bat_index"], row["event_index"]) for row in rows) == events, game.name


def actions(games: list[Game]) -> list[Row]:
    return some(row for game in games for row in game.rows["live_game_actions"])


def test_columns_of_actions_hold_for_their_type(games: list[Game]) -> None:
    for row in some(actions(games)):
        assert (row["event"] is not None) == (row["type"] == "action")
        assert (row["code"] is not None) == (row["type"] in {"pickoff", "stepoff", "no_pitch"})
        assert (row["call_code"] is not None) == (row["type"] == "no_pitch")
        if row["type"] == "pickoff":
            assert row["code"] in {"1", "2", "3"}
        if row["is_substitution"]:
            assert row["player_id"] is not None
            assert row["position_code"] is not None


def test_the_feed_leaves_out_some_facts_of_actions(games: list[Game]) -> None:
    rows = [row for row in actions(games) if row["type"] == "action"]
    assert any(row["event_type"] is None for row in rows)
    substitutions = [row for row in rows if row["event"].endswith("Substitution")]
    assert {row["is_substitution"] for row in substitutions} == {True, None}
    assert any(row["replaced_player_id"] is None for row in substitutions)


def test_the_line_up_has_everyone_who_was_in_the_game(games: list[Game]) -> None:
    for game in some(games):
        took_part = {(side, each["person"]["id"]) for side, each in players(game) if each.get("allPositions")}
        assert {(row["side"], row["player_id"]) for row in game.rows["live_game_lineups"]} >= took_part, game.name


def test_slots_of_a_line_up_are_filled_in_sequence(games: list[Game]) -> None:
    gaps = set()
    for game in (each for each in some(games) if each.is_over):
        for side in SIDES:
            rows = [row for row in game.rows["live_game_lineups"] if row["side"] == side]
            slots: dict[int, list[int]] = {}
            for row in rows:
                if row["batting_slot"] is not None:
                    slots.setdefault(row["batting_slot"], []).append(row["batting_sequence"])
            assert sorted(slots) == list(range(1, 10)), game.name
            gaps |= {(game.name[:6], slot) for slot, found in slots.items() if sorted(found) != [*range(len(found))]}
            without = {row["player_id"] for row in rows if row["batting_slot"] is None}
            pitched = {row["player_id"] for row in game.rows["live_game_pitching_lines"] if row["side"] == side}
            assert without <= pitched, game.name
            assert (
                sum(row["games_started"] for row in game.rows["live_game_pitching_lines"] if row["side"] == side) == 1
            )
    assert gaps <= {("566208", 9)}  # 907 was announced, and left before he was in the game


def test_designated_hitters_can_have_fielding_lines(games: list[Game]) -> None:
    only_hit = set()
    for game in some(games):
        held: dict[int, set[str]] = {}
        for row in game.rows["live_game_positions"]:
            held.setdefault(row["player_id"], set()).add(row["position_abbreviation"])
        only_hit |= {
            row["player_id"] for row in game.rows["live_game_fielding_lines"] if held[row["player_id"]] <= {"DH"}
        }
    assert only_hit


@pytest.mark.parametrize("kind", ["batting", "pitching", "fielding"])
def test_who_has_no_season_line_has_nothing_to_count(games: list[Game], kind: str) -> None:
    for game in some(games):
        listed = {(row["side"], row["player_id"]) for row in game.rows[f"live_game_season_{kind}"]}
        for side, player in players(game):
            if (side, player["person"]["id"]) not in listed:
                line = player.get("seasonStats", {}).get(kind, {})
                assert {value for name, value in line.items() if name != "gamesStarted"} <= PLACEHOLDERS, game.name


def test_totals_have_the_averages_of_the_season(games: list[Game]) -> None:
    own = Counter(
        float(row["season_avg"]) == round(row["hits"] / row["at_bats"], 3)
        for game in some(games)
        for row in game.rows["live_game_team_batting"]
        if row["at_bats"]
    )
    assert own[False] > 5 * own[True]


def test_top_performers_were_in_the_game(games: list[Game]) -> None:
    rows = some((game, row) for game in games for row in game.rows["live_game_top_performers"])
    for game, row in rows:
        assert row["player_id"] in {each["player_id"] for each in game.rows["live_game_lineups"]}
        assert row["game_score"] in {row["hitting_game_score"], row["pitching_game_score"]}


def test_what_is_ignored_in_the_box_score_repeats_or_says_nothing(games: list[Game]) -> None:
    checked = Counter[str]()
    for game in some(games):
        for _, player in players(game):
            lines = player.get("stats", {})
            for whole in (lines, player.get("seasonStats", {})):
                if pitching := whole.get("pitching"):
                    innings, thirds = pitching["inningsPitched"].split(".")
                    assert 3 * int(innings) + int(thirds) == pitching["outs"], game.name
                    assert pitching.get("gamesPlayed") == pitching.get("gamesPitched"), game.name
                    checked["pitching"] += 1
            if fielding := lines.get("fielding"):
                assert fielding["fielding"] == ".000", game.name
                assert fielding.get("caughtStealingPercentage", ".---") == ".---", game.name
                season = player["seasonStats"]["fielding"]
                assert season.get("gamesStarted") == fielding.get("gamesStarted"), game.name
                checked["fielding"] += 1
        for side in SIDES:
            if totals := game.feed["liveData"]["boxscore"]["teams"][side]["teamStats"]:
                pitching = totals["pitching"]
                for name in ("inheritedRunners", "inheritedRunnersScored", "saveOpportunities"):
                    assert pitching[name] == 0, game.name
                assert totals["fielding"].get("caughtStealingPercentage", ".---") == ".---", game.name
                checked["totals"] += 1
        for performer in game.feed["liveData"]["boxscore"].get("topPerformers", []):
            entries = [
                player for _, player in players(game) if player["person"]["id"] == performer["player"]["person"]["id"]
            ]
            assert any(performer["player"]["stats"] == entry["stats"] for entry in entries), game.name
            checked["performers"] += 1
    assert {"pitching", "fielding", "totals", "performers"} == checked.keys()


def test_reviews_are_those_of_plays_and_events(games: list[Game]) -> None:
    reviewed = 0
    for game in some(games):
        events = {
            (row["at_bat_index"], row["event_index"])
            for row in [*game.rows["live_game_pitch_events"], *game.rows["live_game_actions"]]
        }
        first = {row["at_bat_index"]: row["review_type"] for row in game.rows["live_game_plays"] if row["review_type"]}
        rows = game.rows["live_game_reviews"]
        of_plays = {row["at_bat_index"]: row["review_type"] for row in rows if row["event_index"] == -1}
        assert of_plays == first, game.name
        assert {(row["at_bat_index"], row["event_index"]) for row in rows if row["event_index"] != -1} <= events
        assert all(row["challenge_team_id"] is not None for row in rows if not row["review_type"].startswith("N"))
        reviewed += len(rows)
    assert reviewed > 30


def test_notes_of_substitutes_are_those_of_their_lines(games: list[Game]) -> None:
    noted = 0
    for game in some(games):
        labels = {
            (row["side"], f"{row['label']}-")
            for row in game.rows["live_game_box_score_notes"]
            if row["kind"] == "substitute"
        }
        lines = {(row["side"], row["note"]) for row in game.rows["live_game_batting_lines"] if row["note"]}
        assert lines <= labels, game.name
        noted += len(lines)
    assert noted > 20


def test_notes_have_a_part_or_not_by_their_kind(games: list[Game]) -> None:
    rows = some(row for game in games for row in game.rows["live_game_box_score_notes"])
    for row in rows:
        assert (row["part"] is not None) == (row["part_index"] >= 0) == (row["kind"] == "team")
        assert (row["side"] == "both") == (row["kind"] == "game")
        assert row["value"] is not None or row["kind"] == "game"
    assert {row["part"] for row in rows} == {"BATTING", "BASERUNNING", "FIELDING", None}


def test_batted_balls_by_inning_are_those_of_pitches(games: list[Game]) -> None:
    for game in some(games):
        batted = {(play["inning"], place(pitch["hit_x"], pitch["hit_y"])) for pitch, play, _ in game.pitches}
        for inning in game.feed["liveData"]["plays"]["playsByInning"]:
            for hit in (each for side in SIDES for each in inning["hits"][side]):
                found = place(hit["coordinates"].get("x"), hit["coordinates"].get("y"))
                assert (hit["inning"], found) in batted, game.name


def place(x: float | None, y: float | None) -> tuple[float, float] | None:
    return None if x is None or y is None else (round(x, 2), round(y, 2))


def test_pinch_runners_have_a_base_and_violators_of_the_timer_are_named(games: list[Game]) -> None:
    rows = actions(games)
    based = [row for row in rows if row["base"] is not None]
    assert all(row["position_abbreviation"] == "PR" or row["event_type"] == "runner_placed" for row in some(based))
    plays = {(row["game_pk"], row["at_bat_index"]): row for game in games for row in game.rows["live_game_plays"]}
    for row in some([row for row in rows if row["violation_type"] is not None]):
        play = plays[row["game_pk"], row["at_bat_index"]]
        own = {"batter_pitch_timer": play["batter_id"], "pitcher_pitch_timer": play["pitcher_id"]}
        assert row["violation_player_id"] == own[row["violation_type"]]


def test_fields_of_venues(games: list[Game]) -> None:
    """As `venue.venue_details` describes them; captured venues have none."""
    fields = [game.feed["gameData"]["venue"]["fieldInfo"] for game in some(games)]
    assert {field["turfType"] for field in fields} == {"Grass", "Artificial Turf"}
    assert {field["roofType"] for field in fields} == {"Open", "Retractable"}


def test_older_captures_call_every_game_challenged(games: list[Game]) -> None:
    """`has_challenges` of `schedule.challenges`, which is the same object of the feed."""
    told = Counter[tuple[bool, bool, bool]]()
    for game in some(games):
        review = game.feed["gameData"].get("review", {})
        if "hasChallenges" in review:
            is_old = game.feed["gameData"]["game"]["season"] < "2022"
            used = sum(review[side]["used"] for side in SIDES) > 0
            told[is_old, review["hasChallenges"], used] += 1
    assert told.keys() == {(True, True, False), (False, True, True), (False, False, False)}
