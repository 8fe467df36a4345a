"""Runs jobs that capture: determines the requests, and sends them from one process or several."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import count
from typing import NamedTuple, Protocol, Self, TypeAlias

from mlb_etl import registry, retries
from mlb_etl.apply import workers
from mlb_etl.apply.workers import Workers
from mlb_etl.capture.capturer import CaptureCounts, CaptureTarget
from mlb_etl.errors import EtlError
from mlb_etl.http import request
from mlb_etl.http.client import Fetcher
from mlb_etl.http.request import Request
from mlb_etl.jobs import job_files, listing
from mlb_etl.jobs.worker import IngestOrder, IngestResult, Worker
from mlb_etl.laws.counts import Counts

_AT_A_TIME = 25  # captures between two applications


class ProgressCounts(Protocol):
    """The outcome of some targets or objects, for a progress display."""

    @property
    def done(self) -> int:
        """The number of all."""

    @property
    def skipped(self) -> int:
        """The number of those that took no time."""

    @property
    def failed(self) -> int:
        """The number of failed ones."""


Progress: TypeAlias = Callable[[ProgressCounts, int], None]


class IngestJob:
    """A job with values for its parameters, and the source of its responses."""

    def __init__(self, order: IngestOrder, given: Mapping[str, Sequence[str]], source: Fetcher) -> None:
        if not order.job.storage.captures:
            raise EtlError(f"job {order.job.name} captures nothing, because its storage has no raw")
        self._order = order
        self._given = given
        self._source = source
        self._method = order.method

    def pending(self) -> Iterator[Request]:
        """The requests that a run would send now, without listings."""
        targets = self._targets()
        if self._order.job.expand is None:
            yield from (target.request for target in targets)
            return
        with closing(Worker(self._order, self._source)) as worker:
            yield from (target.request for target in targets if not worker.settled(target))

    def listings(self) -> list[Request]:
        """The requests for listings."""
        found = self._order.listing
        return (
            [found.request(query) for query in job_files.listing_parameters(self._order.job, self._given)]
            if found
            else []
        )

    def run(self, progress: Progress, *, workers: int = 1) -> dict[str, IngestResult]:
        """Capture, and apply a few captures at a time, with this number of processes; the result of each database.

        `progress` is called with the outcome of some targets and the total, each target counted once for each database.
        The source may be closed afterwards.
        """
        targets, names = self._targets(), [*self._order.databases]
        size = min(_AT_A_TIME, -(-len(targets) // workers)) or 1
        tasks = [_Task(start * len(names), targets[start : start + size]) for start in range(0, len(targets), size)]
        steps = len(targets) * len(names)
        progress(CaptureCounts(), steps)
        total = {name: IngestResult(counts=Counts() if self._order.applies(name) else None) for name in names}
        for done in self._done(tasks, lambda became: progress(became, steps), workers):
            total |= {name: total[name] + its for name, its in done.items()}
        return total

    def _done(
        self, tasks: Sequence["_Task"], progress: Callable[[ProgressCounts], None], workers: int
    ) -> Iterator[dict[str, IngestResult]]:
        if workers == 1 or len(tasks) <= 1:
            with closing(Worker(self._order, self._source)) as worker:
                yield from (worker.run(task.targets, progress) for task in tasks)
            return
        self._source.close()  # ends its threads, so that workers can be forked; each opens its own source
        module = registry.methods(self._order.settings.tables)[self._method.name]
        known: set[int] = set()

        def report(steps: list[_Step]) -> None:
            new = {step.number: step for step in steps if step.number not in known}  # repeated after a worker's death
            known.update(new)
            progress(_Steps.of(new.values()))

        spread = Workers(workers, _start, (self._order,), _run, (module,), report)
        yield from (done for _, done in spread(tasks))

    def _targets(self) -> list[CaptureTarget]:
        """The targets of the order's share, each once, in the order of the listing or of the parameters."""
        found = self._all_targets()
        return found if self._order.share is None else self._order.share(found)

    def _all_targets(self) -> list[CaptureTarget]:
        job, found = self._order.job, self._order.listing
        if job.expand is None or found is None:
            asked = (
                request.build_request(self._method, values) for values in job_files.method_parameters(job, self._given)
            )
            return list({request.key: CaptureTarget(request) for request in asked}.values())
        with closing(Worker(self._order, self._source)) as worker:
            items = [item for asked in self.listings() for item in worker.listed(found, asked)]
        return listing.item_targets(self._method, job.expand, items)


class _Task(NamedTuple):
    """Some targets, and the index of their first step among those of all targets."""

    start: int
    targets: list[CaptureTarget]


class _Step(NamedTuple):
    """The outcome of a target, in a compact form for passing between processes."""

    number: int
    skipped: int
    failed: int


class _Steps(NamedTuple):
    done: int
    skipped: int
    failed: int

    @classmethod
    def of(cls, steps: Collection[_Step]) -> Self:
        return cls(len(steps), sum(step.skipped for step in steps), sum(step.failed for step in steps))


_worker: Worker  # of a worker process


def _start(order: IngestOrder) -> None:
    global _worker  # noqa: PLW0603 - only globals of a pool's process outlive a task
    retries.set_up_logs()
    _worker = Worker(order, order.source())


def _run(task: _Task) -> dict[str, IngestResult]:
    numbers = count(task.start)
    return _worker.run(
        task.targets, lambda became: workers.send_message(_Step(next(numbers), became.skipped, became.failed))
    )
