"""The work of one process in a capture job: requests targets, stores the responses, and applies them if ordered."""

import logging
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.capture import capturer
from mlb_etl.capture.capturer import CaptureCounts, Capturer, CaptureSink, CaptureTarget
from mlb_etl.capture.record import Recorder, Replay
from mlb_etl.errors import EtlError, StoreUnavailable, with_notes
from mlb_etl.extract import request_keys
from mlb_etl.http.client import Client, Fetcher
from mlb_etl.http.once import AskedOnce
from mlb_etl.http.request import Request
from mlb_etl.jobs.listing import ListedItem, Listing, TableListing
from mlb_etl.jobs.spec import Job
from mlb_etl.laws.counts import Counts
from mlb_etl.retries import Retries
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.database import Database, Stores

T = TypeVar("T")
log = logging.getLogger(__name__)


class Share(NamedTuple):
    """One of several shares of a job's targets, counted from 1."""

    number: int
    of: int

    def __call__(self, targets: Sequence[CaptureTarget]) -> list[CaptureTarget]:
        """Its targets: each target is in one share, wherever it stands in the listing at the time."""
        return [each for each in targets if zlib.crc32(each.request.target.encode()) % self.of == self.number - 1]


@dataclass(frozen=True, slots=True)
class IngestOrder:
    """A job, and the options for running it.

    databases: where captures are stored, by name; only_raw: those of them to whose tables the job does not apply them;
    transform, store: apply captures, or store them in the object store, even if the job does not; again: also request
    settled targets; share: only these targets; record, replay: a folder to record all answers in, or to serve them
    from; listings: the listings of the API that a job may expand by, by name, in addition to the tables of mappings.
    """

    job: Job
    settings: Settings
    databases: Mapping[str, Database]
    only_raw: frozenset[str] = frozenset()
    transform: bool = False
    store: bool = False
    again: bool = False
    share: Share | None = None
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

    def applies(self, name: str) -> bool:
        """Whether captures are applied to the tables of the database with this name."""
        return self.transform or (self.job.storage.transforms and name not in self.only_raw)

    def source(self) -> Fetcher:
        """Open the source of responses: the API, possibly with a recorder, or a recording."""
        if self.replay is not None:
            return Replay(self.replay)
        requests = self.job.requests
        client = Client.of(self.settings, rate=requests.rate, retries=Retries(requests.attempts))
        return client if self.record is None else Recorder(client, self.record)


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What came of an order in one database: the captured targets, and the counts of what was applied.

    counts: None if nothing was to be applied; error: why this database got no more, if others did.
    """

    captured: CaptureCounts = field(default_factory=CaptureCounts)
    counts: Counts | None = None
    error: str | None = None

    @property
    def is_incomplete(self) -> bool:
        """Whether a request failed, or a capture went to quarantine."""
        return bool(self.captured.failures or (self.counts and self.counts.documents.quarantined))

    def __add__(self, other: "IngestResult") -> "IngestResult":
        counts = [counts for counts in (self.counts, other.counts) if counts is not None]
        total = sum(counts, Counts()) if counts else None
        return IngestResult(self.captured + other.captured, total, self.error or other.error)


class Worker:
    """Carries out an order with a source: each request is sent once, and its answer goes to each database.

    If there are several databases, one that fails is left out from then on, and the others go on.
    """

    def __init__(self, order: IngestOrder, source: Fetcher) -> None:
        self._once = AskedOnce(source) if len(order.databases) > 1 else None
        self._source = self._once or source
        self._order = order
        self._sides = {name: _Side(order, name, self._source, lambda: self._store) for name in order.databases}
        self._lost: dict[str, str] = {}

    def run(
        self, targets: Sequence[CaptureTarget], progress: Callable[[CaptureCounts], None]
    ) -> dict[str, IngestResult]:
        """Capture, and then apply, in one database after the other; `progress` is called with each outcome."""
        if (pages := self._order.job.pages) is not None:
            targets = [pages.follow(self._order.method, target) for target in targets]
        done = self._each(lambda side: side.run(targets, progress))
        if self._once is not None:
            self._once.forget()
        return done | {name: IngestResult(error=why) for name, why in self._lost.items()}

    def listed(self, listing: Listing, asked: Request) -> Sequence[ListedItem]:
        """Request the items of a listing; a failed request is recorded."""
        with ExitStack() as noting:
            for each in self._each(lambda side: side.stores.failures().noting(asked)).values():
                noting.enter_context(each)
            return self._source.fetch(asked, listing.read)[1]

    def settled(self, target: CaptureTarget) -> bool:
        """Whether no database needs the target anymore."""
        return all(self._each(lambda side: side.capturer.settled(target)).values())

    def close(self) -> None:
        """Close the connections."""
        for each in self._sides.values():
            each.close()

    @cached_property
    def _store(self) -> CaptureSink | None:
        """The object store, which all databases share."""
        order = self._order
        wanted = order.store or order.job.storage.in_object_store
        return capturer.open_object_store(order.settings) if wanted else None

    def _each(self, work: Callable[["_Side"], T]) -> dict[str, T]:
        """Work on each database that has not failed yet."""
        done: dict[str, T] = {}
        for name, side in self._sides.items():
            if name in self._lost:
                continue
            try:
                with self._order.databases[name].explained():
                    done[name] = work(side)
            except StoreUnavailable:
                raise  # it is not of this database
            except EtlError as error:
                if len(self._sides) == 1:
                    raise
                self._lost[name] = with_notes(error)
                log.warning("%s failed, the other targets go on: %s", name, self._lost[name])
        return done


class _Side:
    """One database of an order, with a connection that is opened when needed."""

    def __init__(self, order: IngestOrder, name: str, source: Fetcher, store: Callable[[], CaptureSink | None]) -> None:
        self._order = order
        self._name = name
        self._source = source
        self._store = store

    def run(self, targets: Sequence[CaptureTarget], progress: Callable[[CaptureCounts], None]) -> IngestResult:
        """Capture, and then apply; `progress` is called with the outcome of each target."""
        captured = self.capturer.run(targets, progress)
        if not self._order.applies(self._name):
            return IngestResult(captured)
        method = self._order.method
        pipeline = Pipeline(method, self._order.databases[self._name])
        return IngestResult(captured, pipeline.run(_scope(method, targets)))

    def close(self) -> None:
        """Close the connection."""
        if "stores" in self.__dict__:
            self.stores.close()

    @cached_property
    def stores(self) -> Stores:
        """The stores of the database."""
        stores = self._order.databases[self._name].open()
        stores.require_migrated()
        return stores

    @cached_property
    def capturer(self) -> Capturer:
        """What stores the answers."""
        order = self._order
        return Capturer(
            self.stores,
            order.method,
            self._source,
            again=order.again,
            recorded=order.replay is not None,
            may_be_missing=order.job.requests.may_be_missing and order.replay is None,
            store=self._store(),
        )


def _scope(method: Method, targets: Sequence[CaptureTarget]) -> Mapping[str, list[Any]]:
    """The values of those document keys that all requests name."""
    named = [request_keys.requested_keys(method, target.request.parameters) for target in targets]
    names = [key.name for key in method.document if all(key.name in each for each in named)]
    return {name: list(dict.fromkeys(value for each in named for value in each[name])) for name in names}
