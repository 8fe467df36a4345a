"""Runs jobs that capture: finds out what to ask for, and has it asked for, in this process or in several."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TypeAlias

from mlb_etl import client, client_request, registry, schedule
from mlb_etl.capture import Captured, Target
from mlb_etl.client import Source
from mlb_etl.client_request import Request
from mlb_etl.counts import Counts
from mlb_etl.errors import EtlError
from mlb_etl.ingest_worker import Ingested, Order, Worker
from mlb_etl.workers import Workers

_AT_A_TIME = 25  # captured before they are applied
Progress: TypeAlias = Callable[[Captured, int], None]


class IngestJob:
    """A job with the values of its parameters, on a source."""

    def __init__(self, order: Order, given: Mapping[str, Sequence[str]], source: Source) -> None:
        if not order.job.storage.raw:
            raise EtlError(f"job {order.job.name} captures nothing: its storage.raw is false")
        self._order = order
        self._given = given
        self._source = source
        self._method = order.method

    def pending(self) -> Iterator[Request]:
        """What would be asked for now, the schedule aside."""
        targets = self._targets()
        if self._order.job.expand is None:
            yield from (target.request for target in targets)
            return
        with closing(Worker(self._order, self._source)) as worker:
            yield from (target.request for target in targets if not worker.settled(target))

    def schedules(self) -> list[Request]:
        """The schedules that are asked for."""
        return [schedule.request(query) for query in self._order.job.queries(self._given)]

    def run(self, progress: Progress, *, workers: int = 1) -> Ingested:
        """Capture, and apply what is captured a few at a time, in this process or in so many.

        `progress` is told what became of some, and how many there are.
        """
        targets = self._targets()
        size = min(_AT_A_TIME, -(-len(targets) // workers)) or 1
        tasks = [targets[start : start + size] for start in range(0, len(targets), size)]
        total = Ingested(Captured(), Counts() if self._order.applies else None)
        for done in self._done(tasks, lambda became: progress(became, len(targets)), workers):
            total += done
        return total

    def _done(
        self, tasks: Sequence[list[Target]], progress: Callable[[Captured], None], workers: int
    ) -> Iterator[Ingested]:
        if workers == 1 or len(tasks) <= 1:
            with closing(Worker(self._order, self._source)) as worker:
                yield from (worker.run(task, progress) for task in tasks)
            return
        module = registry.methods(self._order.settings.tables)[self._method.name]
        for _, done in Workers(workers, _start, (self._order,), _task, (module,))(tasks):
            progress(done.captured)
            yield done

    def _targets(self) -> list[Target]:
        """Each once, in the order of the schedule or of the parameters."""
        job = self._order.job
        if job.expand is None:
            asked = (client_request.of_method(self._method, values) for values in job.asked(self._given))
            return list({request.key: Target(request) for request in asked}.values())
        with closing(Worker(self._order, self._source)) as worker:
            listed = [game for request in self.schedules() for game in worker.listed(request)]
        games = {game.game_pk: game for game in listed}
        return [
            Target(client_request.of_method(self._method, {"game_pk": str(game.game_pk)}), game)
            for game in games.values()
            if game.state not in job.expand.except_states
        ]


_worker: Worker  # of a worker process


def _start(order: Order) -> None:
    global _worker  # noqa: PLW0603 - a process of a pool has no other place that outlives a task
    client.set_up_logs()
    _worker = Worker(order, order.source())


def _task(targets: list[Target]) -> Ingested:
    return _worker.run(targets, lambda _: None)
