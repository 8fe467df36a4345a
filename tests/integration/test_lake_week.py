"""A simulated week in PostgreSQL and in a lake, live and in another order: equal rows, counts and quarantine.

Seven games, one of each day; two of them are followed live and corrected later. 18 captures, four of which are bad. One
machine fills the lake, and Spark another one: it costs seconds for each run, so what came live comes to it in two
batches.
"""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import feeds
import pytest
from checks import some
from delta_lake import DeltaLaws
from feeds import METHOD, PACKAGE
from laws import Laws, Snapshot, documents, nonzero
from simulated import Games

from mlb_etl.laws.counts import Counts
from mlb_sim.times import DAY, MINUTE

AT = (0.3, 0.7, 1.0)  # when a live game is polled, as parts of it


@dataclass(frozen=True)
class Week:
    """Captures in the order of their times, by what they are."""

    games: Games

    @cached_property
    def live(self) -> list[Snapshot]:
        return [self.games.snapshot(pk, part) for pk in self.followed for part in AT]

    @cached_property
    def finals(self) -> list[Snapshot]:
        return [self.games.snapshot(pk, 1) for pk in self.games.pks if pk not in self.followed]

    @cached_property
    def corrections(self) -> list[Snapshot]:
        """Pitches are classified otherwise, days later."""
        return [self.games.snapshot(pk, 1, later=2 * DAY) for pk in self.followed]

    @cached_property
    def followed(self) -> list[int]:
        """Games with a correction."""
        timelines = {
            pk: self.games.simulator.timeline(self.games.simulator.calendar.by_pk[pk]) for pk in self.games.pks
        }
        return [pk for pk, timeline in timelines.items() if timeline.reclassified_at or timeline.rescored_at]

    @cached_property
    def shrunk(self) -> Snapshot:
        """Half of the plays of a game are gone."""
        pk = self.games.pks[1]
        feed = self.games.feed(pk, 1)
        feeds.keep_plays(feed, len(feed["liveData"]["plays"]["allPlays"]) // 2)
        return self.games.edited(pk, feed, 1, later=MINUTE)

    @cached_property
    def bad(self) -> list[Snapshot]:
        """One that lost much, one that contradicts another of its time, one without a key, one that breaks a check."""
        _, _, contradicted, keyless, broken, *_ = self.games.pks
        other, lacking, checked = (self.games.feed(pk, 1) for pk in (contradicted, keyless, broken))
        other["gameData"]["venue"]["name"] = "Elsewhere"
        del lacking["liveData"]["plays"]["allPlays"][3]["about"]["atBatIndex"]
        checked["liveData"]["linescore"]["innings"][0]["num"] = 0
        return [
            self.shrunk,
            self.games.edited(contradicted, other, 1),
            self.games.edited(keyless, lacking, 1, later=MINUTE, broken=True),
            self.games.edited(broken, checked, 1, later=MINUTE, broken=True),
        ]

    @property
    def captures(self) -> list[Snapshot]:
        return [*self.live, *self.finals, *self.corrections, *self.bad]


@pytest.fixture(scope="module")
def week() -> Week:
    return Week(Games(days=7, most=1))


def told(of: Counts) -> tuple[Any, ...]:
    """What a run says that does not depend on the words of a store."""
    waiting = sorted((each.document, each.captured_at, each.why.table) for each in of.quarantined)
    warned = sorted((*each,) for each in of.warnings)
    return documents(of), nonzero(of.tables), [(json.loads(name), *why) for name, *why in waiting], warned


@pytest.fixture
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> DeltaLaws:
    """An empty lake, and what fills it."""
    if request.param == "one machine":
        return DeltaLaws(tmp_path, PACKAGE, METHOD)
    spark = request.getfixturevalue("spark")
    from spark_engine import SparkLaws  # noqa: PLC0415 - what it imports may be missing

    return SparkLaws(tmp_path, PACKAGE, METHOD, spark)


@pytest.mark.parametrize("order", ["live", "replayed"])
@pytest.mark.parametrize("lake", ["one machine", "Spark"], indirect=True)
def test_a_week_is_the_same_in_both_stores(week: Week, database: str, lake: DeltaLaws, order: str) -> None:
    postgres, games = Laws(database, PACKAGE, METHOD), week.games.pks
    with closing(postgres.connection):
        for step in some(steps(week, order, batches=type(lake) is not DeltaLaws)):
            for laws in (postgres, lake):
                laws.arrive(*step)
            assert told(lake.run(games)) == told(postgres.run(games))
        assert_equal(lake, postgres, games)
        if order != "live":
            return
        assert postgres.quarantine(*games) == {each.note: "waiting" for each in week.bad}
        accepted = postgres.settle(week.shrunk, policy="accept")
        assert told(lake.settle(week.shrunk, policy="accept")) == told(accepted)
        assert accepted.tables["game.live_game_plays"].deleted > 20
        assert_equal(lake, postgres, games)
        for each in (*week.corrections, week.shrunk):
            assert lake.rows(each.game_pk) == each.rows


def steps(week: Week, order: str, *, batches: bool) -> list[Sequence[Snapshot]]:
    """What arrives before each run."""
    if order == "live" and batches:
        return [[*week.live, *week.finals], [*week.corrections, *week.bad]]
    if order == "live":
        return [*([each] for each in week.live), week.finals, week.corrections, week.bad]
    shuffled = Random(7).sample(week.captures, len(week.captures))  # noqa: S311 - no secret
    return [shuffled[:9], shuffled[9:]]


def assert_equal(lake: Laws, postgres: Laws, games: Sequence[int]) -> None:
    rows = postgres.rows(*games)
    assert sum(map(bool, rows.values())) > 30
    assert lake.rows(*games) == rows
    assert {game: (*mark,) for game, mark in lake.watermarks(*games).items()} == postgres.watermarks(*games)
    assert lake.quarantine(*games) == postgres.quarantine(*games) != {}
