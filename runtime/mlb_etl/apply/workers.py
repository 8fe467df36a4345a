"""Spreads work over processes. If one is killed, another starts its task again."""

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
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from mlb_etl import logs, spans, tally
from mlb_etl.errors import EtlError

T = TypeVar("T")
R = TypeVar("R")

_POOLS = 5  # at most; a pool ends when one of its workers dies
_OFTEN = 0.2  # seconds between polls for messages of workers
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Workers(Generic[T, R]):
    """A number of processes: each calls `start` with `facts` once, and then `work` with every task that it gets.

    If a worker dies, its task is done again, though part of it may be done already. `preload` names modules to import
    before workers start. `receive` is called from time to time with the messages that `work` passed to `send_message`.
    """

    number: int
    start: Callable[..., None]
    facts: tuple[Any, ...]
    work: Callable[[T], R]
    preload: tuple[str, ...]
    receive: Callable[[list[Any]], None] = lambda _: None

    def __call__(self, tasks: Sequence[T]) -> Iterator[tuple[T, R]]:
        """Yield each task with its result, as they are done; an exception in a task ends the work."""
        context = _context([self.work.__module__, *self.preload])
        left = list(tasks)
        for _ in range(_POOLS):
            failed: list[T] = []
            reader, writer = context.Pipe(duplex=False)
            habits = _Habits(
                logs.current_settings(), log.getEffectiveLevel(), counts=tally.is_on(), tracer=spans.tracer()
            )
            facts = (habits, writer, self.start, self.facts)
            with reader, writer, ProcessPoolExecutor(self.number, context, _start, facts) as pool:
                futures = [self._submitted(pool, task) for task in left]
                of = dict(zip(futures, left, strict=True))
                try:
                    for future in self._as_completed(futures, reader):
                        try:
                            result, counted = future.result()
                            tally.merge(counted)
                            yield of[future], result
                        except BrokenProcessPool:
                            failed.append(of[future])
                finally:
                    for future in futures:  # after an error, start no more tasks
                        future.cancel()
            if not failed:
                return
            log.warning("a worker process died; new ones repeat its work")
            left = failed
        raise EtlError("worker processes were killed repeatedly: is memory short? Try fewer with --workers")

    def _as_completed(
        self, futures: Sequence[Future[tuple[R, tally.Numbers]]], reader: Connection
    ) -> Iterator[Future[tuple[R, tally.Numbers]]]:
        """The futures as they are done, each after all messages of its worker."""
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, _OFTEN, FIRST_COMPLETED)
            messages = []
            while reader.poll():
                messages.append(reader.recv())
            if messages:
                self.receive(messages)
            yield from done

    def _submitted(self, pool: ProcessPoolExecutor, task: T) -> Future[tuple[R, tally.Numbers]]:
        try:
            return pool.submit(_do, self.work, task)
        except BrokenProcessPool as error:
            future: Future[tuple[R, tally.Numbers]] = Future()
            future.set_exception(error)
            return future


def _context(modules: list[str]) -> multiprocessing.context.BaseContext:
    """Fork if this process has no other threads, since forks need no imports; otherwise use a fork server.

    Libraries have threads that Python does not count, and that of a lake refuses to work in a fork.
    """
    if sys.platform == "linux" and len([*Path("/proc/self/task").iterdir()]) == 1:
        return multiprocessing.get_context("fork")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(modules)
    return context


_writer: Connection  # of a worker process


def send_message(message: object) -> None:
    """Send a short message from a worker to the first process, during a task.

    A pipe takes up to PIPE_BUF (at least 512) bytes atomically, so such a message arrives whole even if a worker dies.
    """
    _writer.send(message)


def _do(work: Callable[[T], R], task: T) -> tuple[R, tally.Numbers]:
    """Do a task in a worker; return its result, and what was counted meanwhile."""
    with spans.span("task"):
        result = work(task)
    if (tracer := spans.tracer()) is not None:
        tracer.flush()  # a worker may end without a word
    return result, tally.take()


class _Habits(NamedTuple):
    """How a worker logs, as the first process does, whether it counts, and what records its spans."""

    logs: logs.LogSettings | None
    level: int
    counts: bool
    tracer: spans.Tracer | None


def _start(habits: _Habits, writer: Connection, start: Callable[..., None], facts: tuple[Any, ...]) -> None:
    global _writer  # noqa: PLW0603 - only globals of a pool's process outlive a task
    _writer = writer
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches all processes, and workers have nothing to clean up
    logs.set_up_worker(habits.logs, habits.level)
    spans.set_up(habits.tracer)
    if habits.counts:
        tally.begin()  # a fork has the numbers of the first process
    logging.getLogger("stamina").setLevel(logging.ERROR)  # the code that retries logs why
    threading.Thread(target=_end_with_parent, daemon=True).start()
    start(*facts)
    gc.freeze()


def _end_with_parent() -> None:
    """End a worker whose parent was killed and which would wait forever; its transaction rolls back."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
