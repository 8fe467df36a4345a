"""One of several targets: a thread with a connection of its own, which keeps the responses that it is given.

It works off a backlog, so that a target that is slow or away holds back no other.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from mlb_contracts import Method
from mlb_etl.apply.pipeline import Session
from mlb_etl.baseball.live.fetch import FetchedFeed
from mlb_etl.baseball.live.keep import Keeper, KeepResult, Missed
from mlb_etl.baseball.live.plan import CapturedGame
from mlb_etl.baseball.live.update import TargetSummary
from mlb_etl.capture.capturer import CaptureSink
from mlb_etl.errors import DatabaseUnavailable, EtlError, Rejected, StoreUnavailable, with_notes
from mlb_etl.http.request import Request
from mlb_etl.stores.interfaces.database import Database

T = TypeVar("T")
_AWAY = (DatabaseUnavailable, StoreUnavailable)
BACKLOG = 100  # responses, of about 1 MB each
_ERRANDS = 1000  # failures and answers of requests that wait to be recorded
_LATE = 2  # failed attempts at the end: one may be under way already, so the last one starts after it
_BACK = 2.0  # seconds between two attempts to reach it again
WAIT = 1.0  # seconds to wait for the database before checking whether to stop
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Task(Generic[T]):
    """Work for the thread; `game`: whose feed is to be kept, empty for an errand."""

    work: Callable[[Keeper], T]
    game: str = ""
    result: "Future[T]" = field(default_factory=Future)


class LiveTarget:
    """A target, until it is closed. After an error that a user has to fix it is left out: all results are that error.

    While it is away, responses wait, and errands fail. If more than `BACKLOG` wait, it misses the oldest one whose game
    has a newer one in the backlog, which shows all that happened since.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        method: Method,
        store: CaptureSink | None = None,
        *,
        applies: bool = True,
    ) -> None:
        self.name = name
        self.bug: BaseException | None = None
        self.error: EtlError | None = None  # why it is left out
        self.summary = TargetSummary()
        self._database = database
        self._method = method
        self._store = store
        self._applies = applies
        self._errands: deque[_Task[Any]] = deque()
        self._responses: deque[_Task[Any]] = deque()
        self._is_away = False
        self._retry_at = 0.0
        self._closing = False
        self._late_attempts = 0
        self._changed = threading.Condition()
        self.ready = self._errand(lambda _: self._require_migrated())
        self._thread = threading.Thread(target=self._run, name=f"target {name}")
        self._thread.start()

    @property
    def away(self) -> bool:
        """Whether the last attempt to reach it failed a moment ago."""
        return self._is_away and time.monotonic() < self._retry_at

    def keep(self, found: FetchedFeed) -> Future[KeepResult]:
        """Store and apply a feed, after those that wait already."""
        task = _Task(partial(self._keep, found), str(found.held.keys))
        with self._changed:
            if len(self._responses) >= BACKLOG:
                self._miss(_oldest_replaced(self._responses))
            self._add(self._responses, task)
        return task.result

    def catch_up(self, keys: Mapping[str, Any]) -> Future[CapturedGame]:
        """Apply the pending captures of a game, before the responses that wait."""
        return self._errand(lambda keeper: keeper.catch_up(keys))

    def note(self, request: Request, why: Missed | None) -> None:
        """Record the outcome of a request, unless the target is away or far behind."""
        if not self.away and len(self._errands) < _ERRANDS:
            self._errand(lambda keeper: keeper.note(request, why))

    def close(self) -> None:
        """Work off what waits, unless the target is still away; then end."""
        with self._changed:
            self._closing, self._retry_at = True, 0.0
            self._changed.notify()
        self._thread.join()
        if self._responses:
            log.warning("%s: %d responses were not stored, as it is away", self.name, len(self._responses))
        while self._responses:
            self._miss(0)

    def _errand(self, work: Callable[[Keeper], T]) -> "Future[T]":
        task = _Task(work)
        with self._changed:
            self._add(self._errands, task)
        return task.result

    def _add(self, tasks: deque[_Task[Any]], task: _Task[Any]) -> None:
        if self.error is not None:
            task.result.set_exception(self.error)
            return
        tasks.append(task)
        self._changed.notify()

    def _miss(self, place: int) -> None:
        """Take a response out of the backlog."""
        missed = self._responses[place]
        del self._responses[place]
        self.summary.missed += 1
        missed.result.set_exception(DatabaseUnavailable(f"{self.name} missed a response"))

    def _run(self) -> None:
        with Session(self._database, self._method, patience=WAIT) as session:
            keeper = Keeper(session, self._method, self._store, applies=self._applies)
            while (task := self._next()) is not None:
                self._do(task, keeper)

    def _next(self) -> _Task[Any] | None:
        """The next task: errands first. None if nothing is left to do after the target was closed."""
        with self._changed:
            while True:
                if self._errands:
                    return self._errands.popleft()
                if self._closing and (not self._responses or self._late_attempts == _LATE):
                    return None
                pause = self._retry_at - time.monotonic()
                if self._responses and pause <= 0:
                    return self._responses.popleft()
                self._changed.wait(pause if self._responses else None)

    def _do(self, task: _Task[Any], keeper: Keeper) -> None:
        try:
            with self._database.explained():
                result = task.work(keeper)
        except _AWAY as why:
            self._wait_for_it(task, why)
        except Rejected as why:
            log.warning("%s: %s", self.name, with_notes(why))
            self.summary.missed += bool(task.game)
            task.result.set_exception(why)
        except EtlError as why:
            log.warning("%s failed, the other targets go on: %s", self.name, with_notes(why))
            self._leave_out(task, why)
        except BaseException as bug:  # noqa: BLE001 - the thread that owns this target raises it
            self.bug = bug
            self._leave_out(task, EtlError(f"a bug ended the work on {self.name}"))
        else:
            self._is_away, self._retry_at = False, 0.0
            task.result.set_result(result)

    def _wait_for_it(self, task: _Task[Any], why: EtlError) -> None:
        """Try a response again later; an errand fails, and at the start the target."""
        if task.result is self.ready:
            log.warning("%s failed, the other targets go on: %s", self.name, with_notes(why))
            self._leave_out(task, why)
            return
        if not self._is_away:
            log.warning("%s is away, its responses wait: %s", self.name, with_notes(why))
        with self._changed:
            self._is_away, self._late_attempts = True, self._late_attempts + self._closing
            self._retry_at = 0.0 if self._closing else time.monotonic() + _BACK
            if task.game:
                self._responses.appendleft(task)
                return
        task.result.set_exception(why)

    def _leave_out(self, task: _Task[Any], why: EtlError) -> None:
        """Fail this task and all others, from now on."""
        with self._changed:
            self.error, self.summary.error = why, with_notes(why)
            waiting = [task, *self._errands, *self._responses]
            self.summary.missed += sum(bool(each.game) for each in waiting)
            self._errands.clear()
            self._responses.clear()
        for each in waiting:
            each.result.set_exception(why)

    def _require_migrated(self) -> None:
        with self._database.open() as stores:
            stores.require_migrated()

    def _keep(self, found: FetchedFeed, keeper: Keeper) -> KeepResult:
        kept = keeper.keep(found)
        self.summary.fates[kept.fate] = self.summary.fates.get(kept.fate, 0) + 1
        self.summary.quarantined += kept.counts.documents.quarantined
        if kept.fate == "stored":
            self.summary.latencies.append(kept.committed - found.arrived)
        return kept


def _oldest_replaced(tasks: deque[_Task[Any]]) -> int:
    """The place of the oldest response whose game has a newer one; the oldest of all if there is none."""
    games = Counter(each.game for each in tasks)
    return next((place for place, each in enumerate(tasks) if games[each.game] > 1), 0)
