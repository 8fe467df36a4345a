"""Asks for several things at once, in threads, so that none waits for the answer to another.

What is done with an answer is done by the thread that owns it all, and with it the database.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import Empty, SimpleQueue
from typing import Literal, Self, TypeAlias, TypeVar

from mlb_etl.baseball.live.clock import Clock

T = TypeVar("T")
Key: TypeAlias = int | Literal["schedule", "changes"]
"""What is asked for; a number is that of a game."""

AT_ONCE = 16


class Asking:
    """What is being asked for, so many things at once at most; `give_up` ends all of it."""

    def __init__(self, clock: Clock, at_once: int, give_up: Callable[[], None]) -> None:
        self._clock = clock
        self._at_once = at_once
        self._give_up = give_up
        self._threads = ThreadPoolExecutor(at_once, "asking")
        self._asked: set[Key] = set()
        self._done: SimpleQueue[tuple[Key, Callable[[], None]]] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._give_up()
        self._threads.shutdown()

    def __contains__(self, key: object) -> bool:
        return key in self._asked

    def __len__(self) -> int:
        return len(self._asked)

    @property
    def full(self) -> bool:
        """Whether something has to be answered before more can be asked for."""
        return len(self._asked) >= self._at_once

    def begin(self, key: Key, ask: Callable[[], T], then: Callable[[Future[T]], None]) -> None:
        """Have `ask` called by a thread; `then` is called with what came of it by `settle`."""

        def done(answer: Future[T]) -> None:
            self._done.put((key, partial(then, answer)))
            self._clock.wake()

        self._asked.add(key)
        self._threads.submit(ask).add_done_callback(done)

    def settle(self) -> bool:
        """Do what is to be done with one answer, if there is one."""
        try:
            key, then = self._done.get_nowait()
        except Empty:
            return False
        self._asked.remove(key)
        then()
        return True
