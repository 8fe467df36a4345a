"""Write law 4: a capture that loses much of a document waits for a decision, unless the loss is allowed."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import feeds
import pytest
from click.testing import CliRunner, Result
from laws import Laws, Snapshot, changes, documents, nonzero, snapshot
from sample_tables.game import GAMES, METHOD, PLAYS
from samples import NOON, at, response

from mlb_contracts import ShrinkGuard
from mlb_etl.cli import cli
from mlb_etl.errors import Rejected
from mlb_etl.laws import shrink
from mlb_etl.laws.counts import TableCounts
from mlb_etl.laws.shrink import Loss

EMPTY_FINAL = 566988


def run(dsn: str, *arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, env={"MLB_ETL_DSN": dsn})


# ----------------------------------------------------------------------------------------------- the empty Final


def whole_and_empty(stubs: Path) -> tuple[Snapshot, Snapshot]:
    """A whole version of the game, which is another game with its number and season, and later its empty Final."""
    captured = feeds.capture(feeds.files(stubs, EMPTY_FINAL)[0])
    full = feeds.feed(feeds.files(stubs, 747175)[0], game_pk=EMPTY_FINAL)
    full["gameData"]["game"]["season"] = "2020"
    before = captured.captured_at - timedelta(hours=1)
    return (
        snapshot(feeds.METHOD, EMPTY_FINAL, before, full),
        snapshot(feeds.METHOD, EMPTY_FINAL, captured.captured_at, captured.data),
    )


def test_an_empty_final_after_the_whole_game(real: Laws, stubs_dir: Path) -> None:
    dsn = real.connection.info.dsn
    whole, empty = whole_and_empty(stubs_dir)
    assert whole.rows is not None
    assert empty.rows is not None
    real.arrive(whole)
    assert documents(real.run([EMPTY_FINAL])) == (1, 0, 0, 0)
    before = real.places(EMPTY_FINAL), real.watermarks(EMPTY_FINAL)
    real.arrive(empty)
    counts = real.run([EMPTY_FINAL])
    assert documents(counts) == (0, 1, 0, 1)
    assert nonzero(counts.tables) == {}
    assert (real.places(EMPTY_FINAL), real.watermarks(EMPTY_FINAL)) == before
    [quarantined] = counts.quarantined
    assert quarantined.why.table == "game.live_game_linescore"
    assert quarantined.why.value == "9 of 9 rows deleted"
    assert quarantined.why.reason.startswith("it would empty a table that had rows")

    [listed] = json.loads(run(dsn, "quarantine", "list", "--format", "json").output)
    assert (listed["document"], listed["captured_at"]) == ({"game_pk": EMPTY_FINAL}, "2020-10-25T01:37:29+00:00")
    number = str(listed["id"])
    assert f"game_pk {EMPTY_FINAL}" in run(dsn, "quarantine", "list").output
    shown = run(dsn, "quarantine", "show", number).output
    for told in (str(EMPTY_FINAL), "game.live_game_linescore", "9 of 9 rows deleted", "it would empty a table"):
        assert told in shown

    assert run(dsn, "quarantine", "retry", number).exit_code == 1, "it waits for a decision"
    assert (real.places(EMPTY_FINAL), real.watermarks(EMPTY_FINAL)) == before
    accepted = run(dsn, "quarantine", "accept", number)
    assert accepted.exit_code == 0
    expected = {name: [*map(len, each)] for name, each in changes(whole.rows, empty.rows).items()}
    lines = [line.split() for line in accepted.output.splitlines() if line.startswith("game.live_game_")]
    printed = {name: [int(each) for each in numbers] for name, *numbers in lines}
    assert printed == {name: numbers for name, numbers in expected.items() if any(numbers)}
    assert expected["game.live_game_pitch_events"] == [0, 0, 0, 290]
    assert real.rows(EMPTY_FINAL) == empty.rows
    assert real.quarantine(EMPTY_FINAL) == {}
    assert real.watermarks(EMPTY_FINAL)[EMPTY_FINAL][:2] == (empty.as_of, empty.digest)
    assert documents(real.run([EMPTY_FINAL])) == (0, 1, 1, 0)


# ------------------------------------------------------------------------------------------- what is not guarded


def real_snapshots(stubs: Path, *variants: tuple[int, int, int]) -> list[Snapshot]:
    """A game with so many plays, bench and bullpen players on each side, and people taken away."""
    made = []
    for minute, (plays, bench, gone) in enumerate(variants):
        feed = feeds.feed(feeds.files(stubs, 823717)[0], plays=plays)
        for team in feed["liveData"]["boxscore"]["teams"].values():
            del team["bench"][bench:], team["bullpen"][bench:]
        for name in sorted(feed["gameData"]["players"])[:gone]:
            del feed["gameData"]["players"][name]
        made.append(snapshot(feeds.METHOD, 823717, at(minute), feed))
    return made


@pytest.mark.parametrize(
    ("first", "second", "applied"),
    [
        ((40, 12, 0), (40, 0, 0), True),
        ((0, 12, 0), (0, 12, 52), True),
        ((1, 12, 0), (1, 12, 52), False),
        ((40, 12, 0), (20, 12, 0), False),
        ((40, 12, 0), (39, 12, 0), True),
    ],
    ids=["benches and bullpens", "before the first pitch", "after it", "half of the plays", "a play"],
)
def test_what_may_vanish(
    real: Laws, stubs_dir: Path, first: tuple[int, int, int], second: tuple[int, int, int], *, applied: bool
) -> None:
    before, after = real_snapshots(stubs_dir, first, second)
    real.arrive(before)
    real.run([823717])
    real.arrive(after)
    assert documents(real.run([823717])) == ((1, 1, 0, 0) if applied else (0, 1, 0, 1))
    assert real.rows(823717) == (after if applied else before).rows


@pytest.mark.parametrize(
    ("guard", "before", "after", "applied"),
    [
        (ShrinkGuard(0.2, 5, ()), 9, 7, True),
        (ShrinkGuard(0.2, 5, ()), 9, 6, False),
        (ShrinkGuard(1.0, 5, ()), 4, 0, True),
        (ShrinkGuard(1.0, 5, ()), 5, 0, False),
        (ShrinkGuard(1.0, 5, ()), 5, 1, True),
        (ShrinkGuard(0.0, 5, ("sample.plays",)), 0, 0, True),
    ],
    ids=["2 of 10", "3 of 10", "all 4", "all 5", "4 of 5", "none of a table that says whether it began"],
)
def test_the_limits(either: Laws, guard: ShrinkGuard, before: int, after: int, *, applied: bool) -> None:
    """The game itself is a row, too."""
    method = replace(METHOD, shrink_guard=guard)
    its = [
        snapshot(METHOD, 1, at(minute), response(rbi=[1] * plays, score=minute))
        for minute, plays in enumerate((before, after))
    ]
    either.arrive(its[0])
    either.run([1], method=method)
    either.arrive(its[1])
    assert documents(either.run([1], method=method)) == ((1, 1, 0, 0) if applied else (0, 1, 0, 1))


@pytest.mark.parametrize("percent", range(1, 100))
def test_the_share_is_exact(percent: int) -> None:
    """As it is written in the mapping, not as a binary fraction."""
    guard = ShrinkGuard(percent / 100, 5, ())
    shrink.check(guard, {"t": Loss(100, percent, 100 - percent, guarded=True)})
    with pytest.raises(Rejected, match="it would"):
        shrink.check(guard, {"t": Loss(100, percent + 1, 99 - percent, guarded=True)})


def test_what_is_added_makes_up_for_no_loss(either: Laws) -> None:
    """Three of ten rows are lost, however many come."""
    plays = [{"index": index, "rbi": 1} for index in range(19)]
    before, after = (
        snapshot(METHOD, 1, at(minute), response(score=minute) | {"plays": of})
        for minute, of in enumerate((plays[:9], plays[3:]))
    )
    either.arrive(before)
    either.run([1])
    either.arrive(after)
    [told] = either.run([1]).quarantined
    assert told.why.value == "3 of 10 rows deleted"
    assert either.rows(1) == before.rows


def test_another_mapping_may_take_rows_away(either: Laws) -> None:
    """What vanishes because of the mapping is no loss of the document; what the next capture loses is."""
    its = [snapshot(METHOD, 1, at(minute), response(rbi=[1] * 20, score=minute)) for minute in range(2)]
    fewer = replace(PLAYS, extract=lambda document, capture: PLAYS.extract(document, capture)[:10])
    changed = replace(METHOD, tables=(GAMES, fewer), fingerprint="sample-2")
    either.arrive(its[0])
    either.run([1])
    counts = either.run([1], method=changed)
    assert documents(counts) == (1, 0, 0, 0)
    assert counts.tables["sample.plays"] == TableCounts(unchanged=10, deleted=10)
    either.arrive(its[1], snapshot(METHOD, 1, at(2), response(rbi=[1] * 2)))
    assert documents(either.run([1], method=changed)) == (1, 1, 0, 1)


def test_a_loss_over_several_captures_is_none(either: Laws) -> None:
    """Each is held against the one before it; what waits is not what the next one is held against."""
    sizes = [20, 17, 5, 15, 13]
    either.arrive(*(snapshot(METHOD, 1, at(minute), response(rbi=[1] * size)) for minute, size in enumerate(sizes)))
    assert documents(either.run([1])) == (4, 0, 0, 1)
    assert len(either.rows(1)["sample.plays"]) == 13
    [note] = either.quarantine(1)
    assert note[1] == NOON + timedelta(minutes=2)
