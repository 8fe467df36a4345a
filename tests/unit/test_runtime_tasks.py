"""How captures are distributed among workers."""

from datetime import UTC, datetime

import pytest

from mlb_etl.apply.transform import BATCH, tasks
from mlb_etl.laws.standing import StoredCapture


def capture(number: int, minute: int = 0) -> StoredCapture:
    time = datetime(2024, 7, 13, 4, minute, tzinfo=UTC)
    return StoredCapture(
        (number,),
        f'{{"game_pk": {number}}}',
        time,
        time,
        b"",
        {},
        ahead=False,
        note=None,
        quarantine=None,
        applied=None,
    )


@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.parametrize("documents", [0, 1, 7, 24, 25, 26, 500])
def test_each_document_is_in_one_task_in_order(documents: int, workers: int) -> None:
    captures = [capture(number, minute) for number in range(documents) for minute in (0, 1)]
    shared = list(tasks(captures, workers))
    assert [each for task in shared for its in task for each in its] == captures
    assert all(len(its) == 2 for task in shared for its in task)
    assert all(0 < len(task) <= BATCH for task in shared)


def test_one_worker_gets_tasks_of_full_batches() -> None:
    assert [len(task) for task in tasks(map(capture, range(60)))] == [25, 25, 10]


def test_a_unit_can_take_several_batches() -> None:
    assert [len(task) for task in tasks(map(capture, range(260)), batches_a_unit=4)] == [100, 100, 60]
    assert [len(task) for task in tasks(map(capture, range(60)), 2, batches_a_unit=4)] == [30, 16, 14]


def test_workers_end_with_small_tasks() -> None:
    assert [len(task) for task in tasks(map(capture, range(120)), 2)] == [25, 25, 25, 23, 11, 6, 4, 1]
