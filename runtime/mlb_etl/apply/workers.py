"""Work spread over processes, which may be killed: what a dead one had begun is begun again by another."""

import gc
import logging
import multiprocessing
import multiprocessing.context
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from mlb_etl import logs
from mlb_etl.errors import EtlError

T = TypeVar("T")
R = TypeVar("R")

_POOLS = 5  # started, the last after four deaths of workers
_OFTEN = 0.2  # seconds between looks at what workers tell
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Workers(Generic[T, R]):
    """So many processes that do tasks: each calls `start` with the facts once, and `work` with every task it gets.

    A task of which a worker died is done again, so half of it may have been done before. `preload` are modules that
    processes shall have at once. `hear` is called every now and then with what `work` passed to `tell` meanwhile.
    """

    number: int
    start: Callable[..., None]
    facts: tuple[Any, ...]
    work: Callable[[T], R]
    preload: tuple[str, ...]
    hear: Callable[[list[Any]], None] = lambda _: None

    def __call__(self, tasks: Sequence[T]) -> Iterator[tuple[T, R]]:
        """Each task with what came of it, as they are done; what a task raises ends the work."""
        context = _context([self.work.__module__, *self.preload])
        left = list(tasks)
        for _ in range(_POOLS):
            failed: list[T] = []
            reader, writer = context.Pipe(duplex=False)
            facts = (logs.current_settings(), log.getEffectiveLevel(), writer, self.start, self.facts)
            with reader, writer, ProcessPoolExecutor(self.number, context, _start, facts) as pool:
                futures = [self._submitted(pool, task) for task in left]
                of = dict(zip(futures, left, strict=True))
                try:
                    for future in self._as_completed(futures, reader):
                        try:
                            yield of[future], future.result()
                        except BrokenProcessPool:
                            failed.append(of[future])
                finally:
                    for future in futures:  # after an error the rest is not begun
                        future.cancel()
            if not failed:
                return
            log.warning("a worker process died; its work is done again by new ones")
            left = failed
        raise EtlError("worker processes were killed again and again: is memory short? try fewer with --workers")

    def _as_completed(self, futures: Sequence[Future[R]], reader: Connection) -> Iterator[Future[R]]:
        """The futures as they are done, each after all that its worker told."""
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, _OFTEN, FIRST_COMPLETED)
            told = []
            while reader.poll():
                told.append(reader.recv())
            if told:
                self.hear(told)
            yield from done

    def _submitted(self, pool: ProcessPoolExecutor, task: T) -> Future[R]:
        try:
            return pool.submit(self.work, task)
        except BrokenProcessPool as error:
            future: Future[R] = Future()
            future.set_exception(error)
            return future


def _context(modules: list[str]) -> multiprocessing.context.BaseContext:
    """A fork has imported everything already, where nothing else runs in this process that it would cut off."""
    if sys.platform == "linux" and threading.active_count() == 1:
        return multiprocessing.get_context("fork")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(modules)
    return context


_writer: Connection  # of a worker process


def send_message(message: object) -> None:
    """Tell the first process something short while a task is done; called in a worker.

    What a pipe takes in one piece (PIPE_BUF, 512 bytes or more) comes whole, whatever is killed when.
    """
    _writer.send(message)


def _start(
    chosen: logs.LogSettings | None, level: int, writer: Connection, start: Callable[..., None], facts: tuple[Any, ...]
) -> None:
    global _writer  # noqa: PLW0603 - a process of a pool has no other place that outlives a task
    _writer = writer
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches all at once, and none has anything to clear up
    logs.set_up_worker(chosen, level)
    logging.getLogger("stamina").setLevel(logging.ERROR)  # who tries again tells himself why
    threading.Thread(target=_end_with_parent, daemon=True).start()
    start(*facts)
    gc.freeze()


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for tasks for ever; ended within one, it leaves nothing by half."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
