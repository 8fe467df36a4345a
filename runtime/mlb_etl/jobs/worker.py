"""The work of one process in a capture job: requests targets, stores the responses, and applies them if ordered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.capture import capturer
from mlb_etl.capture.capturer import CaptureCounts, Capturer, CaptureTarget
from mlb_etl.capture.record import Recorder, Replay
from mlb_etl.errors import EtlError
from mlb_etl.extract import request_keys
from mlb_etl.http.client import Client, Fetcher
from mlb_etl.http.request import Request
from mlb_etl.jobs.listing import ListedItem, Listing, TableListing
from mlb_etl.jobs.spec import Job
from mlb_etl.laws.counts import Counts
from mlb_etl.retries import Retries
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.database import Database, Stores


@dataclass(frozen=True, slots=True)
class IngestOrder:
    """A job, and the options for running it.

    transform, store: apply captures, or store them in the object store, even if the job does not; again: also request
    settled targets; record, replay: a folder to record all answers in, or to serve them from; listings: the listings of
    the API that a job may expand by, by name, in addition to the tables of mappings.
    """

    job: Job
    settings: Settings
    database: Database
    transform: bool = False
    store: bool = False
    again: bool = False
    record: Path | None = None
    replay: Path | None = None
    listings: Mapping[str, Listing] = field(default_factory=dict)

    @property
    def method(self) -> Method:
        return registry.method(self.settings.tables, self.job.source.name)

    @property
    def listing(self) -> Listing | None:
        """The listing that the job expands by, if any; raises EtlError if it is unknown."""
        expand = self.job.expand
        if expand is None:
            return None
        if expand.table is not None:
            return TableListing(registry.method(self.settings.tables, expand.by), expand.table)
        if expand.by not in self.listings:
            raise EtlError(f"job {self.job.name} expands by {expand.by}, which is not a known listing")
        return self.listings[expand.by]

    @property
    def applies(self) -> bool:
        """Whether captures are applied to the tables."""
        return self.transform or self.job.storage.transforms

    def source(self) -> Fetcher:
        """Open the source of responses: the API, possibly with a recorder, or a recording."""
        if self.replay is not None:
            return Replay(self.replay)
        requests = self.job.requests
        client = Client.of(self.settings, rate=requests.rate, retries=Retries(requests.attempts))
        return client if self.record is None else Recorder(client, self.record)


@dataclass(frozen=True, slots=True)
class IngestResult:
    """The captured targets, and the counts of what was applied; None if nothing was to be applied."""

    captured: CaptureCounts
    counts: Counts | None = None

    def __add__(self, other: "IngestResult") -> "IngestResult":
        counts = [counts for counts in (self.counts, other.counts) if counts is not None]
        return IngestResult(self.captured + other.captured, sum(counts, Counts()) if counts else None)


class Worker:
    """Carries out an order with a source, on its own connection, which it opens when needed."""

    def __init__(self, order: IngestOrder, source: Fetcher) -> None:
        self._order = order
        self._source = source

    def run(self, targets: Sequence[CaptureTarget], progress: Callable[[CaptureCounts], None]) -> IngestResult:
        """Capture, and then apply; `progress` is called with the outcome of each target."""
        captured = self._capturer.run(targets, progress)
        if not self._order.applies:
            return IngestResult(captured)
        method = self._order.method
        return IngestResult(captured, Pipeline(method, self._order.database).run(_scope(method, targets)))

    def listed(self, listing: Listing, asked: Request) -> Sequence[ListedItem]:
        """Request the items of a listing; a failed request is recorded."""
        with self._stores.failures().noting(asked):
            return self._source.fetch(asked, listing.read)[1]

    def settled(self, target: CaptureTarget) -> bool:
        """Whether the target need not be requested anymore."""
        return self._capturer.settled(target)

    def close(self) -> None:
        """Close the connection."""
        if "_stores" in self.__dict__:
            self._stores.close()

    @cached_property
    def _stores(self) -> Stores:
        stores = self._order.database.open()
        stores.require_migrated()
        return stores

    @cached_property
    def _capturer(self) -> Capturer:
        order = self._order
        store = capturer.open_object_store(order.settings) if order.store or order.job.storage.in_object_store else None
        return Capturer(
            self._stores,
            order.method,
            self._source,
            again=order.again,
            recorded=order.replay is not None,
            may_be_missing=order.job.requests.may_be_missing and order.replay is None,
            store=store,
        )


def _scope(method: Method, targets: Sequence[CaptureTarget]) -> Mapping[str, list[Any]]:
    """The values of those document keys that all requests name."""
    named = [request_keys.requested_keys(method, target.request.parameters) for target in targets]
    names = [key.name for key in method.document if all(key.name in each for each in named)]
    return {name: list(dict.fromkeys(value for each in named for value in each[name])) for name in names}
