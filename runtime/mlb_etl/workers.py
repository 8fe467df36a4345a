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
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from mlb_etl.errors import EtlError

T = TypeVar("T")
R = TypeVar("R")

_POOLS = 5  # started, the last after four deaths of workers
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Workers(Generic[T, R]):
    """So many processes that do tasks: each calls `start` with the facts once, and `work` with every task it gets.

    A task of which a worker died is done again, so half of it may have been done before. `preload` are modules that
    processes shall have at once.
    """

    number: int
    start: Callable[..., None]
    facts: tuple[Any, ...]
    work: Callable[[T], R]
    preload: tuple[str, ...]

    def __call__(self, tasks: Sequence[T]) -> Iterator[tuple[T, R]]:
        """Each task with what came of it, as they are done; what a task raises ends the work."""
        context = _context([self.work.__module__, *self.preload])
        left = list(tasks)
        for _ in range(_POOLS):
            failed: list[T] = []
            facts = (log.getEffectiveLevel(), self.start, self.facts)
            with ProcessPoolExecutor(self.number, context, _start, facts) as pool:
                futures = [self._submitted(pool, task) for task in left]
                of = dict(zip(futures, left, strict=True))
                try:
                    for future in as_completed(futures):
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


def _start(level: int, start: Callable[..., None], facts: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches all at once, and none has anything to clear up
    logging.basicConfig(format="%(levelname)s: %(message)s", level=level)
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
