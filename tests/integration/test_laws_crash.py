"""Workers are killed at any moment, and servers stopped: each document is applied completely or not at all."""

import multiprocessing
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

import laws_workers
import pytest
from checks import some
from databases import FAST, create_database, create_template, temporary_folder
from forked import processes
from laws import Laws, Snapshot, snapshot, together
from sample_tables.game import METHOD
from samples import PACKAGE, at, response

from mlb_etl.apply import transform
from mlb_etl.errors import EtlError
from mlb_etl.stores.embedded.server import Server

__all__ = ["processes"]

GAMES = range(1, 21)
PATIENCE = 60.0  # seconds, on a busy machine


class Size(NamedTuple):
    """Of a test: games, captures of each, workers, and how many of these are killed."""

    games: int
    captures: int
    workers: int
    kills: int


@pytest.fixture(autouse=True)
def _processes(processes: ForkServerContext) -> None:
    """For pools, too."""


def captures(each: int, games: Sequence[int] = GAMES) -> list[Snapshot]:
    """This many captures of each game, the last one the newest: 50 plays, some of which change, appear and vanish."""
    made = []
    for game in games:
        for minute in range(each):
            rbi = [(game + minute * place) % 4 for place in range(50 + minute % 3)]
            made.append(snapshot(METHOD, game, at(minute), response(game, rbi=rbi, season=2020 + game % 3)))
    return made


def assert_whole(laws: Laws, captured: Sequence[Snapshot]) -> int:
    """Assert that each game that is whole has the rows of its watermark's capture; return the number of such games."""
    named = {(each.game_pk, each.as_of): each.rows or {} for each in captured}
    marks, rows = laws.whole(*GAMES)
    assert rows == {**laws.rows(), **together(named[game, mark[0]] for game, mark in marks.items())}
    return len(marks)


def assert_newest(laws: Laws, captured: Sequence[Snapshot]) -> None:
    newest = {each.game_pk: each for each in sorted(captured, key=lambda each: each.as_of)}
    assert laws.rows(*GAMES) == together(each.rows or {} for each in newest.values())
    assert {game: mark[0] for game, mark in laws.watermarks(*GAMES).items()} == {
        game: each.as_of for game, each in newest.items()
    }
    assert laws.quarantine(*GAMES) == {}


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.002)


def assert_ended(workers: Sequence[BaseProcess]) -> None:
    for worker in workers:
        worker.join(PATIENCE)
    assert [worker.exitcode for worker in workers] == [0] * len(workers)


@pytest.mark.parametrize(
    ("either", "size"),
    [("postgres", Size(20, 10, 7, 20)), ("delta", Size(4, 4, 2, 5))],
    ids=["postgres", "delta"],
    indirect=["either"],
)
def test_workers_killed_at_random(either: Laws, processes: ForkServerContext, tmp_path: Path, size: Size) -> None:
    """All at once, one of them with a pool of two, on shuffled captures; in a lake, fewer of all."""
    chance = random.Random(7)  # noqa: S311 - no secret
    games = range(1, size.games + 1)
    captured = captures(size.captures, games)
    coming = chance.sample(captured, len(captured))
    stop = tmp_path / "stop"

    def start(number: int) -> BaseProcess:
        arguments = (either.database, list(games), number, 2 if number == 0 else 1, stop)
        process = processes.Process(target=laws_workers.again_and_again, args=arguments)
        process.start()
        return process

    workers = [start(number) for number in range(size.workers)]
    for kill in range(size.kills):
        either.arrive(*coming[kill :: size.kills])
        time.sleep(chance.uniform(0.02, 0.2))
        victim = chance.randrange(len(workers))
        pid = workers[victim].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        workers[victim].join()
        assert_whole(either, captured)
        workers[victim] = start(victim)
    stop.touch()
    assert_ended(workers)
    assert_newest(either, captured)


@pytest.fixture
def mortal() -> Iterator[Server]:
    """A server for this test, with durable commits even after an immediate stop."""
    folder = temporary_folder()
    server = Server(folder / "postgres", settings=FAST | {"synchronous_commit": "on"})
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.mark.parametrize("pools", [(1, 1, 1), (2,)], ids=["processes", "pool"])
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_the_server_is_restarted(
    mortal: Server,
    processes: ForkServerContext,
    tmp_path: Path,
    stop: signal.Signals,
    pools: Sequence[int],
) -> None:
    """Workers on the same games wait for it and continue."""
    dsn = create_database(mortal, create_template(mortal, PACKAGE))
    captured = captures(15)
    before = Laws(dsn, PACKAGE, METHOD)
    with closing(before.connection):
        before.arrive(*captured)
    workers = []
    for number, pool in enumerate(pools):
        arguments = (before.database, list(GAMES), pool, tmp_path / f"{number}")
        workers.append(processes.Process(target=laws_workers.once, args=arguments))
        workers[-1].start()
    for number in range(len(pools)):
        wait_for(tmp_path / f"{number}")
    os.kill(int((mortal.home / "data" / "postmaster.pid").read_text().split("\n", 1)[0]), stop)
    while mortal.running():
        time.sleep(0.005)
    assert mortal.start(), "it was down"
    after = Laws(dsn, PACKAGE, METHOD)
    with closing(after.connection):
        marks = after.watermarks(*GAMES)
        assert {mark[0] for mark in marks.values()} != {at(14)} or len(marks) < len(GAMES), "it was in the middle"
        assert_whole(after, captured)
        assert_ended(workers)
        assert_newest(after, captured)


@pytest.mark.parametrize(
    ("either", "deaths", "each"),
    [("postgres", 1, 10), ("postgres", 4, 10), ("delta", 1, 1)],
    ids=["postgres-1", "postgres-4", "delta-1"],
    indirect=["either"],
)
def test_workers_of_the_pool_are_killed(
    either: Laws, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, deaths: int, each: int
) -> None:
    """The pipeline repeats their work by itself, a few times."""
    monkeypatch.setattr(transform, "BATCH", 1)
    captured = captures(each)
    either.arrive(*captured)
    killed: set[int | None] = set()

    def progress(_done: int, _total: int) -> None:
        alive = [each for each in multiprocessing.active_children() if each.pid not in killed]
        if len(killed) < 2 * deaths and len(alive) == 2:
            for worker in some(alive):
                assert worker.pid is not None
                os.kill(worker.pid, signal.SIGKILL)
                killed.add(worker.pid)

    counts = either.pipeline(workers=2).run({}, progress=progress)
    assert caplog.text.count("a worker process died") == deaths
    assert counts.documents.quarantined == 0
    assert_newest(either, captured)


def test_workers_that_are_killed_repeatedly(sample: Laws, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error reports it, and all documents are whole."""
    monkeypatch.setattr(transform, "BATCH", 1)
    captured = captures(10)
    sample.arrive(*captured)

    def progress(_done: int, _total: int) -> None:
        for each in multiprocessing.active_children():
            each.kill()

    with pytest.raises(EtlError, match="killed repeatedly: is memory short"):
        sample.pipeline(workers=2).run({}, progress=progress)
    assert 0 < assert_whole(sample, captured) < len(GAMES)
    sample.run(GAMES)
    assert_newest(sample, captured)


def test_the_workers_of_a_killed_pipeline_end(sample: Laws, processes: ForkServerContext, tmp_path: Path) -> None:
    captured = captures(10)
    sample.arrive(*captured)
    started = tmp_path / "started"
    pipeline = processes.Process(target=laws_workers.once, args=(sample.database, list(GAMES), 2, started))
    pipeline.start()
    wait_for(started)
    pipeline.kill()
    pipeline.join()
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    deadline = time.monotonic() + 10
    while sample.connection.execute(others).fetchone() != (0,):
        assert time.monotonic() < deadline, "a worker is there still"
        time.sleep(0.01)
    assert_whole(sample, captured)
