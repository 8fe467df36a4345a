"""Runs jobs that capture: finds out what to ask for, asks, keeps the answers raw, and applies them where wanted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from mlb_etl import client_request, db, migrate, registry, schedule
from mlb_etl.capture import Captured, Capturer, Target
from mlb_etl.client import Client, Retries, Source
from mlb_etl.client_request import Request
from mlb_etl.contracts import Method
from mlb_etl.counts import Counts
from mlb_etl.errors import EtlError
from mlb_etl.failures import Failures
from mlb_etl.jobs import Expansion, Job
from mlb_etl.pipeline import Pipeline
from mlb_etl.record import Recorder, Replay
from mlb_etl.settings import Settings

_AT_A_TIME = 25  # captured before they are applied
Progress: TypeAlias = Callable[[Captured, int], None]


@dataclass(frozen=True, slots=True)
class Ingested:
    """What was captured, and what was done to the tables, None where that was not asked for."""

    captured: Captured
    counts: Counts | None


class IngestJob:
    """A job with the values of its parameters, on a source."""

    def __init__(self, job: Job, given: Mapping[str, Sequence[str]], settings: Settings, source: Source) -> None:
        if not job.storage.raw:
            raise EtlError(f"job {job.name} captures nothing: its storage.raw is false")
        self._job = job
        self._given = given
        self._settings = settings
        self._source = source
        self._method = registry.method(settings.tables, job.source.name)

    def pending(self, *, again: bool = False) -> Iterator[Request]:
        """What would be asked for now, the schedule aside."""
        expand = self._job.expand
        if expand is None:
            yield from (target.request for target in self._named())
            return
        with self._connection() as connection:
            targets = self._listed(connection, expand)
            capturer = Capturer(connection, self._method, self._source, again=again)
            yield from (target.request for target in targets if not capturer.settled(target))

    def schedules(self) -> list[Request]:
        """The schedules that are asked for."""
        return [schedule.request(query) for query in self._job.queries(self._given)]

    def run(self, progress: Progress, *, transform: bool = False, again: bool = False) -> Ingested:
        """Capture, and apply what is captured a few at a time.

        `progress` is told what became of each, and how many there are; `transform` applies even if the job does not;
        `again` asks for what is settled too.
        """
        captured, counts = Captured(), Counts()
        apply = transform or self._job.storage.transform
        with self._connection() as connection:
            expand = self._job.expand
            targets = self._named() if expand is None else self._listed(connection, expand)
            capturer = Capturer(connection, self._method, self._source, again=again)
            for start in range(0, len(targets), _AT_A_TIME):
                some = targets[start : start + _AT_A_TIME]
                captured += capturer.run(some, lambda each: progress(each, len(targets)))
                if apply:
                    counts += Pipeline(self._method, self._settings).run(_scope(self._method, some))
        return Ingested(captured, counts if apply else None)

    @contextmanager
    def _connection(self) -> Iterator[db.Connection]:
        with db.connect(self._settings) as connection, db.edge():
            migrate.require(connection, self._settings.tables)
            yield connection

    def _named(self) -> list[Target]:
        """Each once, in the order of the parameters."""
        asked = (client_request.of_method(self._method, values) for values in self._job.asked(self._given))
        return list({request.key: Target(request) for request in asked}.values())

    def _listed(self, connection: db.Connection, expand: Expansion) -> list[Target]:
        """Each once, in the order of the schedule."""
        failures = Failures(connection)
        games = {}
        for request in self.schedules():
            with failures.noting(request):
                _, listed = self._source.fetch(request, schedule.read)
            games.update({game.game_pk: game for game in listed})
        return [
            Target(client_request.of_method(self._method, {"game_pk": str(game.game_pk)}), game)
            for game in games.values()
            if game.state not in expand.except_states
        ]


def source(job: Job, settings: Settings, *, record: Path | None = None, replay: Path | None = None) -> Source:
    """Where the job's responses come from: the API, which may be recorded, or a recording."""
    if replay is not None:
        return Replay(replay)
    client = Client.of(settings, rate=job.requests.rate, retries=Retries(job.requests.attempts))
    return client if record is None else Recorder(client, record)


def _scope(method: Method, targets: Sequence[Target]) -> dict[str, list[Any]]:
    """The values of the document's keys, as far as requests tell them."""
    asked = [target.request.parameters for target in targets]
    told = {key.name: key.parameter or key.name for key in method.document}
    return {key: [each[name] for each in asked] for key, name in told.items() if name in asked[0]}
