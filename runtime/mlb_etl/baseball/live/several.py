"""Keeps feeds in several targets at once: each gets each response, and the first to be done decides what comes next."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from mlb_contracts import Method
from mlb_etl.baseball.live.fetch import FetchedFeed
from mlb_etl.baseball.live.keep import KeepResult, Missed
from mlb_etl.baseball.live.plan import CapturedGame
from mlb_etl.baseball.live.target import WAIT, LiveTarget
from mlb_etl.baseball.live.update import TargetSummary
from mlb_etl.errors import DatabaseUnavailable
from mlb_etl.http.request import Request

T = TypeVar("T")
_SLOW = 2.0  # seconds for a target to say what it has of a game, after another has said it
_NEVER = datetime.min.replace(tzinfo=UTC)


class SeveralTargets:
    """Several targets as one, for one thread; raises EtlError at the start if none can be used."""

    def __init__(self, method: Method, targets: Sequence[LiveTarget], stopped: Callable[[], bool]) -> None:
        """`stopped`: whether to wait no more for targets that are away."""
        self._method = method
        self._targets = targets
        self._stopped = stopped

    def __enter__(self) -> Self:
        ready = [each.ready for each in self._targets]
        try:
            wait(ready)
            self._require_one(ready)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def method(self) -> str:
        """As `Keeping` says."""
        return self._method.name

    def keep(self, found: FetchedFeed) -> KeepResult:
        """As `Keeping` says, by the first target that has kept it; raises what one raised if none has."""
        return self._first([each.keep(found) for each in self._targets])

    def catch_up(self, keys: Mapping[str, Any]) -> CapturedGame:
        """As `Keeping` says; what the target knows that has the oldest captures, so that all get what comes next.

        A target that is slow to say it may have none: so all get the newest response, if only once more.
        """
        results = [each.catch_up(keys) for each in self._targets if not each.away]
        self._first(results)
        slow = wait(results, _SLOW).not_done
        known = [*self._require_one(results), *(CapturedGame() for _ in slow)]
        return min(known, key=lambda each: each.asked_at or _NEVER)

    def note(self, request: Request, why: Missed | None) -> None:
        """As `Keeping` says; a target that is away records nothing."""
        for each in self._targets:
            each.note(request, why)

    def close(self) -> None:
        """Let the targets work off what they have, and end."""
        for each in self._targets:
            each.close()

    def summaries(self) -> Mapping[str, TargetSummary]:
        """As `Keeping` says; to be called when the targets are closed."""
        self._require_no_bug()
        return {each.name: each.summary for each in self._targets}

    def _first(self, results: Sequence[Future[T]]) -> T:
        """The first result that there is; raises as `_require_one` does, or if it is time to stop and all are away."""
        waiting = {*results}
        while waiting:
            done, waiting = wait(waiting, WAIT, FIRST_COMPLETED)
            self._require_no_bug()
            for each in done:
                if each.exception() is None:
                    return each.result()
            if self._stopped() and all(each.away for each in self._targets if each.error is None):
                raise DatabaseUnavailable("all targets are away")
        return self._require_one(results)[0]

    def _require_one(self, results: Sequence[Future[T]]) -> list[T]:
        """The results there are; raises an error if there are none, if possible of a target that is not left out."""
        self._require_no_bug()
        done = [each for each in results if each.done()]
        found = [each.result() for each in done if each.exception() is None]
        if found:
            return found
        left_out = [each.error for each in self._targets]
        errors = [why for each in done if (why := each.exception()) is not None]
        raise min(errors, key=left_out.__contains__, default=DatabaseUnavailable("no target answers"))

    def _require_no_bug(self) -> None:
        bug = next((each.bug for each in self._targets if each.bug is not None), None)
        if bug is not None:
            raise bug
