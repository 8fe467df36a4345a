"""How fast work gets on, and how long it will take."""

import pytest

from mlb_etl.capture.restored import Restored
from mlb_etl.cli.progress import Tally


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Step:
    def __init__(self, done: int, skipped: int = 0, failed: int = 0) -> None:
        self.done, self.skipped, self.failed = done, skipped, failed


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_time_runs_from_when_the_work_begins(clock: Clock) -> None:
    tally = Tally(clock)
    clock.now += 50
    tally.add(Step(0))
    assert tally.said(10) == "0.0/s, 0 failed"
    clock.now += 2
    tally.add(Step(4, failed=1))
    assert tally.said(10) == "2.0/s, 1 failed, 0:00:03 left"
    clock.now += 3
    tally.add(Step(6))
    assert tally.said(10) == "2.0/s, 1 failed"


def test_what_is_skipped_takes_no_time(clock: Clock) -> None:
    tally = Tally(clock)
    tally.add(Step(1000, skipped=1000))
    clock.now += 10
    tally.add(Step(10))
    assert tally.said(8210) == "1.0/s, 0 failed, 2:00:00 left"


def test_objects_that_are_there_already_are_read_all_the_same(clock: Clock) -> None:
    tally = Tally(clock)
    tally.add(Restored())
    clock.now += 5
    tally.add(Restored(known=100))
    assert tally.said(100) == "20.0/s, 0 failed"
