"""Runs several requests at once, in threads, so that none waits for another.

The thread that owns this object, and the database, handles the answers.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import Empty, SimpleQueue
from typing import Literal, Self, TypeAlias, TypeVar

from mlb_etl.baseball.live.clock import Clock

T = TypeVar("T")
Key: TypeAlias = int | Literal["schedule", "changes"]
"""Identifies a request; a number is a game_pk."""

AT_ONCE = 16


class Asking:
    """The requests under way, up to a limit; `give_up` ends all of them."""

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
        """Whether the limit is reached, so that a request must end before another can start."""
        return len(self._asked) >= self._at_once

    def begin(self, key: Key, ask: Callable[[], T], then: Callable[[Future[T]], None]) -> None:
        """Call `ask` in a thread; `settle` later calls `then` with the result."""

        def done(answer: Future[T]) -> None:
            self._done.put((key, partial(then, answer)))
            self._clock.wake()

        self._asked.add(key)
        self._threads.submit(ask).add_done_callback(done)

    def settle(self) -> bool:
        """Handle one answer, if there is one."""
        try:
            key, then = self._done.get_nowait()
        except Empty:
            return False
        self._asked.remove(key)
        then()
        return True
