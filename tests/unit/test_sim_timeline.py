"""A simulated game as of any moment: what was told stays told, states move on, and corrections come after the end."""

from typing import Any

import pytest
from checks import some

from mlb_sim import Simulator
from mlb_sim.answers.schedule import changes
from mlb_sim.fixtures import Fixture
from mlb_sim.times import DAY, HOUR, MINUTE, SECOND, from_timecode, iso_seconds, timecode

Feed = dict[str, Any]


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(11, 2026)


@pytest.fixture(scope="module")
def game(simulator: Simulator) -> Fixture:
    return simulator.calendar.fixtures[40]


def moments(simulator: Simulator, game: Fixture, step: int) -> range:
    timeline = simulator.timeline(game)
    return range(game.played.start - 5 * HOUR, timeline.final + HOUR, step)


def size(feed: Feed) -> tuple[int, int, int]:
    plays = feed["liveData"]["plays"]["allPlays"]
    return len(plays), sum(len(play["playEvents"]) for play in plays), sum(len(play["runners"]) for play in plays)


def test_what_was_told_stays_told(simulator: Simulator, game: Fixture) -> None:
    before: tuple[int, ...] = (0, 0, 0)
    stamp = ""
    for at in some(moments(simulator, game, 4 * MINUTE)):
        feed = simulator.feed(game, at)
        assert all(new >= old for new, old in zip(size(feed), before, strict=True))
        assert stamp <= feed["metaData"]["timeStamp"] <= timecode(at)
        before, stamp = size(feed), feed["metaData"]["timeStamp"]
    assert before[0] > 50


def test_states_follow_each_other(simulator: Simulator) -> None:
    order = ["S", "P", "I", "O", "F"]
    for game in some(simulator.calendar.fixtures[30:38]):
        seen = [simulator.status(game, at)[0].coded for at in moments(simulator, game, 20 * SECOND)]
        main = [state for state in seen if state in order]
        assert main == sorted(main, key=order.index)
        assert list(dict.fromkeys(main)) == order
        assert set(seen) <= {*order, "M", "N"}


def test_reviews_show_while_they_go_on(simulator: Simulator) -> None:
    for game in some(simulator.calendar.fixtures[:60]):
        for at in moments(simulator, game, 15 * SECOND):
            status, review = simulator.status(game, at)
            if status.coded in "MN":
                feed = simulator.feed(game, at)
                assert feed["gameData"]["status"]["statusCode"] == review.kind  # type: ignore[union-attr]
                current = feed["liveData"]["plays"]["currentPlay"]
                assert current["reviewDetails"]["inProgress"] is True
                assert current["about"]["isComplete"] is False
                return
    pytest.fail("no review in sixty games")


@pytest.mark.parametrize("shown", ["before", "middle", "after"])
def test_parts_that_are_not_known_yet_are_missing(simulator: Simulator, game: Fixture, shown: str) -> None:
    timeline = simulator.timeline(game)
    at = {"before": game.played.start - DAY, "middle": timeline.first_pitch + HOUR, "after": timeline.final + HOUR}[
        shown
    ]
    feed = simulator.feed(game, at)
    data, live = feed["gameData"], feed["liveData"]
    assert bool(data["weather"]) == (shown != "before")
    assert ("officialScorer" in data) == (shown != "before")
    assert ("attendance" in data["gameInfo"]) == (shown == "after")
    assert ("decisions" in live) == (shown == "after")
    assert bool(live["plays"]["allPlays"]) == (shown != "before")
    assert bool(live["boxscore"]["officials"]) == (shown != "before")


def test_the_play_in_progress_has_no_result(simulator: Simulator, game: Fixture) -> None:
    seen = 0
    for at in moments(simulator, game, 97 * SECOND):
        current = simulator.feed(game, at)["liveData"]["plays"].get("currentPlay")
        events = current["playEvents"] if current and not current["about"]["isComplete"] else []
        if events and events[-1]["isPitch"]:
            assert "event" not in current["result"]
            assert "batterHotColdZoneStats" in current["matchup"]
            seen += 1
    assert seen > 5


def test_an_answer_depends_on_nothing_but_the_moment(simulator: Simulator, game: Fixture) -> None:
    """Not on what was asked before: late first and then early is as early alone."""
    timeline = simulator.timeline(game)
    middle = timeline.first_pitch + HOUR
    simulator.feed(game, timeline.final)
    assert simulator.feed(game, middle) == Simulator(11, 2026).feed(game, middle)


def test_a_second_is_told_once_it_has_passed(simulator: Simulator, game: Fixture) -> None:
    """So all that carries a time code is told at once, and patches from it miss nothing."""
    timeline = simulator.timeline(game)
    for at in some(list(timeline.moments())[60:120]):
        assert simulator.feed(game, at)["metaData"]["timeStamp"] < timecode(at)
        assert simulator.feed(game, at + SECOND)["metaData"]["timeStamp"] >= timecode(at)


def test_a_time_code_asks_for_the_state_of_then(simulator: Simulator, game: Fixture) -> None:
    timeline = simulator.timeline(game)
    codes = simulator.timecodes(game, timeline.first_pitch + HOUR)
    assert codes == sorted(set(codes))
    for code in codes[:: len(codes) // 7]:
        assert simulator.feed(game, from_timecode(code))["metaData"]["timeStamp"] == code
    last = simulator.feed(game, timeline.final + HOUR)
    assert simulator.feed(game, timeline.final + 5 * HOUR, timeline.final + HOUR) == last


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        return {place: leaf for name, item in value.items() for place, leaf in leaves(item, f"{path}/{name}").items()}
    if isinstance(value, list):
        return {place: leaf for n, item in enumerate(value) for place, leaf in leaves(item, f"{path}/{n}").items()}
    return {path: value}


def test_pitches_are_classified_anew_under_the_same_time_code(simulator: Simulator) -> None:
    game = next(game for game in simulator.calendar.fixtures if simulator.timeline(game).reclassified_at)
    timeline = simulator.timeline(game)
    first, second = simulator.feed(game, timeline.final + MINUTE), simulator.feed(game, timeline.final + 3 * DAY)
    assert first["metaData"]["timeStamp"] == second["metaData"]["timeStamp"]
    old, new = leaves(first), leaves(second)
    changed = {path for path in old if old[path] != new.get(path)}
    assert changed
    if timeline.rescored_at is None:
        assert all("/details/type/" in path or path.endswith("/trailColor") for path in changed)


def test_a_hit_becomes_an_error(simulator: Simulator) -> None:
    game = next(game for game in simulator.calendar.fixtures if simulator.timeline(game).rescored_at)
    timeline = simulator.timeline(game)
    first, second = simulator.feed(game, timeline.final + MINUTE), simulator.feed(game, timeline.final + 3 * DAY)

    def totals(feed: Feed) -> tuple[int, int, int]:
        teams = feed["liveData"]["linescore"]["teams"].values()
        return tuple(sum(team[name] for team in teams) for name in ("runs", "hits", "errors"))  # type: ignore[return-value]

    runs, hits, errors = totals(first)
    assert totals(second) == (runs, hits - 1, errors + 1)


def test_changes_list_games_with_corrections(simulator: Simulator) -> None:
    game = next(game for game in simulator.calendar.fixtures[:40] if simulator.timeline(game).changes)
    at = simulator.timeline(game).changes[0]

    def listed(since: int, now: int) -> set[int]:
        answer = changes(simulator, {"updatedSince": iso_seconds(since), "sportId": "1", "season": "2026"}, now)
        return {row["gamePk"] for each in answer["dates"] for row in each["games"]}

    assert game.pk in listed(at - MINUTE, at + MINUTE)
    assert game.pk not in listed(at + MINUTE, at + 2 * MINUTE)
    assert game.pk not in listed(at - 2 * MINUTE, at - MINUTE)


def test_changes_without_a_season_speak_of_seasons_long_gone(simulator: Simulator) -> None:
    now = simulator.calendar.fixtures[0].played.start
    answer = changes(simulator, {"updatedSince": iso_seconds(now - HOUR)}, now)
    assert {"1984", "1998"} <= {row["season"] for each in answer["dates"] for row in each["games"]}
    page = changes(simulator, {"updatedSince": iso_seconds(now - 5 * HOUR), "season": "2026", "limit": "2"}, now)
    assert sum(len(each["games"]) for each in page["dates"]) == min(2, page["totalItems"])
