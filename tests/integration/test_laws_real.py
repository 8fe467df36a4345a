"""The write laws on captures of real games: every order and split, and how much a second capture writes."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import feeds
import pytest
from checks import some
from laws import Laws, Snapshot, changes, documents, nonzero, snapshot

from mlb_etl.laws.counts import TableCounts


def captures(stubs: Path, game: int) -> list[Snapshot]:
    """The game's captures, oldest first."""
    responses = map(feeds.capture, feeds.files(stubs, game))
    return [snapshot(feeds.METHOD, game, each.captured_at, each.data) for each in responses]


def splits(captures: Sequence[Snapshot]) -> list[list[list[Snapshot]]]:
    """Every order of the captures, cut into runs in every way; within a run they are taken by their times."""
    found = []
    for order in permutations(captures):
        for cuts in range(2 ** (len(order) - 1)):
            runs: list[list[Snapshot]] = [[]]
            for place, each in enumerate(order):
                if place and cuts >> (place - 1) & 1:
                    runs.append([])
                runs[-1].append(each)
            if all(run == sorted(run, key=lambda each: each.as_of) for run in runs):
                found.append(runs)
    return found


@pytest.mark.parametrize(
    ("real_either", "game", "number"),
    [("postgres", 823717, 3), ("postgres", 746139, 2), ("postgres", 746551, 2), ("delta", 746139, 2)],
    indirect=["real_either"],
)
def test_every_order_and_split(real_either: Laws, stubs_dir: Path, game: int, number: int) -> None:
    its = captures(stubs_dir, game)
    assert len(its) == number
    newest = its[-1]
    real_either.arrive(newest)
    assert documents(real_either.run([game])) == (1, 0, 0, 0)
    alone = real_either.rows(game)
    assert alone == newest.rows
    for runs in some(splits(its)):
        real_either.forget(game)
        for run in runs:
            real_either.arrive(*run)
            real_either.run([game])
        assert real_either.rows(game) == alone
        assert real_either.quarantine(game) == {}
        assert real_either.watermarks(game)[game][:2] == (newest.as_of, newest.digest)


# Rows inserted, updated, unchanged and deleted by the second capture, as seen in the two feeds.
SECOND = {
    747175: {"plays": TableCounts(updated=15, unchanged=60)},
    823243: {
        "players": TableCounts(updated=4, unchanged=48),
        "pitch_events": TableCounts(updated=58, unchanged=217),
    },
}


@pytest.mark.parametrize("game", SECOND)
def test_a_second_capture_writes_exactly_the_rows_that_differ(real_either: Laws, stubs_dir: Path, game: int) -> None:
    first, second = captures(stubs_dir, game)
    real_either.arrive(first)
    real_either.run([game])
    before = real_either.places(game)
    real_either.arrive(second)
    counts = real_either.run([game])
    assert first.rows is not None
    assert second.rows is not None
    expected = changes(first.rows, second.rows)
    assert nonzero(counts.tables) == {name: change.counts for name, change in expected.items() if any(change)}
    written = {name: each for name, each in counts.tables.items() if each.inserted or each.updated or each.deleted}
    assert {name.removeprefix("game.live_game_"): each for name, each in written.items()} == SECOND[game]
    assert real_either.rows(game) == second.rows
    for name, places in some(real_either.places(game).items()):
        touched = {key for key in places if places[key] != before[name].get(key)}
        assert touched == expected[name].inserted | expected[name].updated
