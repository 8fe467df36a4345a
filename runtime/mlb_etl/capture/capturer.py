"""Sends the requests of a job and stores the raw answers; a failure does not stop the others."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from mlb_contracts import Capture, Method
from mlb_contracts.response import Response
from mlb_etl import tally
from mlb_etl.capture.batches import is_enough
from mlb_etl.errors import EtlError, NotFound, Rejected, Unreachable
from mlb_etl.extract.answer import HeldDocument
from mlb_etl.http import answers
from mlb_etl.http.bodies import TooLarge
from mlb_etl.http.client import Fetcher
from mlb_etl.http.request import Request
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.captures import Answered
from mlb_etl.stores.interfaces.database import Stores
from mlb_etl.stores.interfaces.operations import failure_kind

ENOUGH = 10  # consecutive requests without an answer
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CaptureTarget:
    """A request whose answer is to be captured.

    settled: tells whether a capture shows the final state; None if more may come. following: the target of the next
    page, by the answer, None after the last page; it raises Rejected if that can't be told.
    """

    request: Request
    settled: Callable[[bytes], bool] | None = None
    following: Callable[[Response], "CaptureTarget | None"] | None = None

    @property
    def name(self) -> str:
        """The parameters, for messages."""
        return ", ".join(f"{name} {value}" for name, value in self.request.parameters.items())


@dataclass(frozen=True, slots=True)
class Failure:
    """A target that could not be captured, and why."""

    target: CaptureTarget
    why: NotFound | Rejected | Unreachable


@dataclass(frozen=True, slots=True)
class CaptureCounts:
    """Targets, by outcome.

    stored: new content; seen: the same content as stored before; skipped: not requested, since the final state is
    captured already, or not there yet, where that is no failure.
    """

    stored: int = 0
    seen: int = 0
    skipped: int = 0
    failures: tuple[Failure, ...] = ()

    @property
    def done(self) -> int:
        return self.stored + self.seen + self.skipped + len(self.failures)

    @property
    def failed(self) -> int:
        return len(self.failures)

    def __add__(self, other: "CaptureCounts") -> "CaptureCounts":
        return CaptureCounts(
            self.stored + other.stored,
            self.seen + other.seen,
            self.skipped + other.skipped,
            self.failures + other.failures,
        )


class CaptureSink(Protocol):
    """A second place for captures, besides the raw table."""

    def put(self, response: Response) -> None:
        """Keep a response; raises StoreUnavailable."""


def open_object_store(settings: Settings) -> CaptureSink:
    """Open the object store of the settings; raises EtlError if none is set."""
    if settings.store is None:
        raise EtlError("MLB_ETL_OBJECT_STORE is not set: it names where captures go, s3://bucket/prefix or a folder")
    from mlb_etl.capture.object_store import ObjectStore  # noqa: PLC0415 - it needs an extra that may not be installed

    return ObjectStore(settings.store, make=True)


class Capturer:
    """Captures responses of a method into its raw table.

    Writes the object store first, if there is one, so that it always holds at least what the raw table holds. Failed
    requests are recorded. Unless the answers are `recorded` ones, an answer ahead of the database's clock fails. With
    `may_be_missing`, a request that the API answers with 404 is skipped: what it asks for is not there yet.
    """

    def __init__(
        self,
        stores: Stores,
        method: Method,
        source: Fetcher,
        *,
        again: bool = False,
        recorded: bool = False,
        may_be_missing: bool = False,
        store: CaptureSink | None = None,
    ) -> None:
        self._raw = stores.raw(method)
        self._failures = stores.failures()
        self._method = method
        self._source = source
        self._again = again
        self._recorded = recorded
        self._may_be_missing = may_be_missing
        self._store = store
        self._unanswered = 0

    def run(self, targets: Iterable[CaptureTarget], progress: Callable[[CaptureCounts], None]) -> CaptureCounts:
        """Capture the targets, one after the other; `progress` is called with the outcome of each, of its last page.

        After `ENOUGH` requests in a row without an answer, the remaining targets fail without a request. Answers wait
        until there are as many as the raw table takes at once.
        """
        total = CaptureCounts()
        waiting: list[tuple[CaptureTarget, Answered]] = []
        for target, found in self._answers(targets):
            if isinstance(found, CaptureCounts):
                total += self._tell(progress, target, found)
            else:
                waiting.append((target, found))
            if is_enough([response for _, (response, _) in waiting], self._raw.batch):
                total += self._store_all(waiting, progress)
                waiting = []
        return total + self._store_all(waiting, progress)

    def _answers(self, targets: Iterable[CaptureTarget]) -> Iterator[tuple[CaptureTarget, Answered | CaptureCounts]]:
        """The answer to each target and those that follow it, or its outcome if there is none.

        Of those yielded, the last page alone has nothing that follows.
        """
        for first in targets:
            target: CaptureTarget | None = first
            while target is not None:
                found, after = self._answer(target), None
                if not isinstance(found, CaptureCounts) and target.following is not None:
                    try:
                        after = target.following(found[0])
                    except Rejected as why:
                        self._failures.note(target.request, why)
                        yield target, found
                        found = _failed(target, why)
                yield (target if after is not None else replace(target, following=None)), found
                target = after

    def _tell(
        self, progress: Callable[[CaptureCounts], None], target: CaptureTarget, outcome: CaptureCounts
    ) -> CaptureCounts:
        """Count the outcome of a target, and pass it on unless further pages follow."""
        numbers = {"stored": outcome.stored, "unchanged": outcome.seen, "skipped": outcome.skipped}
        for word, number in (numbers | {"failed": outcome.failed}).items():
            if number:
                tally.add("captures", self._method.name, word, number=number)
        for failure in outcome.failures:
            tally.add("failures", self._method.name, failure_kind(failure.why))
        if target.following is None:
            progress(outcome)
        return outcome

    def settled(self, target: CaptureTarget) -> bool:
        """Whether the newest capture shows the final state, so that no request is needed.

        `again` requests it all the same, to get corrections that don't change the state.
        """
        if self._again or target.settled is None:
            return False
        capture = Capture(self._raw.now(), target.request.parameters)
        newest = self._raw.newest(self._method.request_name(target.request.method, capture))
        return newest is not None and target.settled(newest)

    def _answer(self, target: CaptureTarget) -> Answered | CaptureCounts:
        """The answer to a target's request, or the outcome if there is none to be stored."""
        if self.settled(target):
            return CaptureCounts(skipped=1)
        try:
            with self._failures.noting(target.request):
                try:
                    response, held = self._fetch(target.request)
                except NotFound:
                    if not self._may_be_missing:
                        raise
                    log.info("not there yet: %s", target.name)
                    return CaptureCounts(skipped=1)
                if not self._recorded:
                    self._raw.require_present(response)
                if self._store is not None:
                    self._store.put(response)
        except (NotFound, Rejected, Unreachable) as why:
            return _failed(target, why)
        return response, held

    def _store_all(
        self, waiting: Sequence[tuple[CaptureTarget, Answered]], progress: Callable[[CaptureCounts], None]
    ) -> CaptureCounts:
        """Store the answers to targets, and return the outcomes."""
        total = CaptureCounts()
        for (target, _), became in zip(waiting, self._raw.store_all([each for _, each in waiting]), strict=True):
            if isinstance(became, TooLarge):
                self._failures.note(target.request, became)
                outcome = _failed(target, became)
            else:
                log.info("%s %s", became, target.name)
                outcome = CaptureCounts(stored=1) if became == "stored" else CaptureCounts(seen=1)
            total += self._tell(progress, target, outcome)
        return total

    def _fetch(self, asked: Request) -> tuple[Response, tuple[HeldDocument, ...]]:
        if self._unanswered == ENOUGH:
            raise Unreachable(f"not requested: the API gave no answer {ENOUGH} times in a row")
        try:
            found = self._source.fetch(asked, partial(answers.read_documents, self._method))
        except Unreachable:
            self._unanswered += 1
            raise
        except (NotFound, Rejected):
            self._unanswered = 0
            raise
        self._unanswered = 0
        return found


def _failed(target: CaptureTarget, why: NotFound | Rejected | Unreachable) -> CaptureCounts:
    log.info("failed %s: %s", target.name, why)
    return CaptureCounts(failures=(Failure(target, why),))
