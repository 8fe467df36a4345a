"""What live_game_pitch_events says of the state before a pitch, over all captured feeds and against their other tables.

Each exception that a feed makes is listed with its reason, and has to occur.
"""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from checks import some
from feeds import METHOD, capture, feed, files

from mlb_contracts import Capture
from mlb_etl.capture import stub_files
from mlb_etl.extract.extract import extract

Row = dict[str, Any]
BASES = {"1B": "first", "2B": "second", "3B": "third"}
HALVES = {"away": "top", "home": "bottom"}


@dataclass(frozen=True, repr=False)
class Game:
    """The rows of a feed by table; `pitches` in the feed's order."""

    name: str
    rows: dict[str, list[Row]]

    @property
    def pitches(self) -> list[Row]:
        return self.rows["live_game_pitch_events"]

    @property
    def plays(self) -> dict[int, Row]:
        return {row["at_bat_index"]: row for row in self.rows["live_game_plays"]}

    @property
    def movements(self) -> dict[tuple[int, int], list[Row]]:
        """By plate appearance and event."""
        found: dict[tuple[int, int], list[Row]] = defaultdict(list)
        for row in self.rows["live_game_runners"]:
            found[row["at_bat_index"], row["event_index"]].append(row)
        return found


def game(file: Path) -> Game:
    response = capture(file)
    made = extract(METHOD, Capture(datetime(2026, 1, 1, tzinfo=UTC), response.parameters), response.data).rows
    rows = {
        table.name: [dict(zip([column.name for column in table.columns], row, strict=True)) for row in its]
        for table, its in zip(METHOD.tables, made, strict=True)
    }
    return Game(file.name.partition("_")[0], rows)


@pytest.fixture(scope="module")
def games(stubs_dir: Path) -> list[Game]:
    found = [game(file) for file in stub_files.find_stubs(stubs_dir / "game" / "liveGameV1")]
    assert len(found) > 20
    return found


@dataclass
class Tally:
    """How often something held, and where it did not."""

    held: int = 0
    not_held: set[tuple[object, ...]] | None = None

    def count(self, good: bool, *place: object) -> None:  # noqa: FBT001
        self.not_held = self.not_held or set()
        if good:
            self.held += 1
        else:
            self.not_held.add(place)


def runners(pitch: Row) -> tuple[int | None, ...]:
    return tuple(pitch[f"runner_on_{base}_id"] for base in BASES.values())


def test_pitches_by_pitcher_are_those_of_the_box_score(games: list[Game]) -> None:
    tally = Tally()
    for each in games:
        thrown = Counter(pitch["pitcher_id"] for pitch in each.pitches)
        for side in HALVES:
            for line in each.rows[f"live_game_{side}_pitchers"]:
                good = thrown[line["player_id"]] == (line["number_of_pitches"] or 0)
                tally.count(good, each.name, line["player_id"])
    assert tally.held > 150
    # This box score says 83, but the plays have 87 pitches of his.
    assert tally.not_held == {("566208", 608331)}


def test_the_pitch_is_of_the_inning_and_the_batter_of_its_plate_appearance(games: list[Game]) -> None:
    seen = 0
    for each in games:
        plays = each.plays
        for pitch in each.pitches:
            play = plays[pitch["at_bat_index"]]
            assert [pitch[name] for name in ("inning", "half_inning")] == [play["inning"], play["half_inning"]]
            # No feed replaces a batter after a pitch; the golden case of carried values does.
            assert pitch["batter_id"] == play["batter_id"]
            seen += 1
    assert seen > 5_000


def test_the_score_is_the_runs_of_earlier_events(games: list[Game]) -> None:
    tally = Tally()
    for each in games:
        plays = each.plays
        runs = [
            (place, plays[place[0]]["half_inning"])
            for place, moves in each.movements.items()
            for move in moves
            if move["end_base"] == "score"
        ]
        for pitch in each.pitches:
            place = (pitch["at_bat_index"], pitch["event_index"])
            for side, half in HALVES.items():
                scored = sum(1 for before, of in runs if of == half and before < place)
                tally.count(pitch[f"{side}_score_before"] == scored, each.name, *place, side)
    assert tally.held > 11_000
    # A run on an error after the pitch before, which has no event of its own.
    assert tally.not_held == {("573928", 6, 2, "home")}


def test_after_the_last_pitch_the_score_is_the_final_one(games: list[Game]) -> None:
    finals = 0
    for each in games:
        (line,) = each.rows["live_game_metadata"]
        if line["coded_game_state"] in {"F", "O"} and each.pitches:
            last = each.pitches[-1]
            place = (last["at_bat_index"], last["event_index"])
            later = [
                move
                for at, moves in each.movements.items()
                if at >= place
                for move in moves
                if move["end_base"] == "score"
            ]
            before = last["home_score_before"] + last["away_score_before"]
            assert before + len(later) == line["home_score"] + line["away_score"], each.name
            finals += 1
    assert finals > 9


def test_the_count_is_that_of_the_pitch_without_it(games: list[Game]) -> None:
    tally = Tally()
    for each in games:
        for pitch in each.pitches:
            if pitch["balls"] is not None and pitch["strikes"] is not None:
                balls = pitch["balls"] - pitch["balls_before"]
                strikes = pitch["strikes"] - pitch["strikes_before"]
                at_two = pitch["strikes_before"] == 2
                good = balls == bool(pitch["is_ball"]) and strikes in ({0, 1} if at_two else {int(pitch["is_strike"])})
                tally.count(good, each.name, pitch["at_bat_index"], pitch["event_index"])
    assert tally.held > 5_500
    assert not tally.not_held


def test_bases_at_the_first_pitch_are_those_after_the_plate_appearance_before(games: list[Game]) -> None:
    tally = Tally()
    for each in some(games):
        plays = each.plays
        if not any(play[f"post_on_{base}_id"] for play in plays.values() for base in BASES.values()):
            continue  # older feeds do not say who is on base
        for number, pitch in _first_pitches(each):
            play, before = plays[number], plays.get(number - 1)
            if before and (before["inning"], before["half_inning"]) == (play["inning"], play["half_inning"]):
                after = tuple(before[f"post_on_{base}_id"] for base in BASES.values())
                tally.count(runners(pitch) == after, each.name, number)
            elif play["inning"] < 10:
                assert runners(pitch) == (None, None, None)
    assert tally.held > 900
    # Between the two a pinch runner came in.
    assert tally.not_held == {("778554", 63)}


def _first_pitches(of: Game) -> Iterator[tuple[int, Row]]:
    seen: set[int] = set()
    for pitch in of.pitches:
        if pitch["at_bat_index"] not in seen:
            seen.add(pitch["at_bat_index"])
            yield pitch["at_bat_index"], pitch


def test_who_moves_from_a_base_was_on_it(games: list[Game]) -> None:
    tally = Tally()
    for each in games:
        movements = each.movements
        for pitch in each.pitches:
            moved: set[int] = set()
            for move in movements[pitch["at_bat_index"], pitch["event_index"]]:
                if move["runner_id"] not in moved and move["start_base"] in BASES:
                    base = f"runner_on_{BASES[move['start_base']]}_id"
                    tally.count(pitch[base] == move["runner_id"], each.name, pitch["at_bat_index"], move["runner_id"])
                moved.add(move["runner_id"])
    assert tally.held > 390
    # The batter's second movement on his single is listed before his first.
    assert tally.not_held == {("415239", 32, 596119)}


def test_a_pitcher_relieved_within_the_first_plate_appearance(cases_dir: Path) -> None:
    made = made_of(gzip.decompress((cases_dir / "mid_pa_pitching_change.json.gz").read_bytes()))
    assert [pitch["pitcher_id"] for pitch in made] == [669194, 686826, 686826]


def test_a_pinch_runner_is_on_base_and_then_where_he_steals_to(cases_dir: Path) -> None:
    made = made_of(gzip.decompress((cases_dir / "pinch_runner_steals.json.gz").read_bytes()))
    assert {runners(pitch) for pitch in made if pitch["event_index"] > 1} == {(None, 672642, None)}


def test_a_batter_who_is_replaced_and_a_runner_who_is_placed(stubs_dir: Path) -> None:
    (file, *_) = files(stubs_dir, 747175)
    changed = feed(file, plays=1)
    (play,) = changed["liveData"]["plays"]["allPlays"]
    play["matchup"]["batter"]["id"] = 2
    pitches = [event for event in play["playEvents"] if event["isPitch"]]
    placed = {"details": {"eventType": "runner_placed"}, "player": {"id": 3}, "base": 2}
    replaced = {"details": {"eventType": "offensive_substitution"}, "player": {"id": 2}, "replacedPlayer": {"id": 1}}
    events = [placed, pitches[0], replaced, *pitches[1:]]
    play["playEvents"] = [{"isPitch": False, "type": "action", **event, "index": at} for at, event in enumerate(events)]
    play["runners"] = []
    made = made_of(json.dumps(changed).encode())
    assert [pitch["batter_id"] for pitch in made] == [1, *[2] * (len(pitches) - 1)]
    assert {runners(pitch) for pitch in made} == {(None, 3, None)}


def made_of(body: bytes) -> list[Row]:
    """The pitches of a feed."""
    parameters = {"game_pk": str(json.loads(body)["gamePk"])}
    rows = extract(METHOD, Capture(datetime(2026, 1, 1, tzinfo=UTC), parameters), body).rows
    ((table, its),) = [
        each for each in zip(METHOD.tables, rows, strict=True) if each[0].name == "live_game_pitch_events"
    ]
    return [dict(zip([column.name for column in table.columns], row, strict=True)) for row in its]
