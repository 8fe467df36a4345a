"""Transforms a method's captures, in this process or in several."""

import gc
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.apply.transform import Task, Transformer, batches, count, tasks
from mlb_etl.apply.workers import Workers
from mlb_etl.errors import DatabaseUnavailable
from mlb_etl.laws.counts import Counts, DocumentCounts, TableCounts
from mlb_etl.laws.standing import TO_APPLY, StoredCapture, pending
from mlb_etl.laws.verdict import Policy
from mlb_etl.retries import Retries, retrying
from mlb_etl.stores.interfaces.database import Database, Stores

T = TypeVar("T")

PATIENCE = 60.0  # seconds for the database to come back
_ALONE = 10  # captures; this process applies so few before others would have started
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Fills a method's tables from its captures: `pipeline(issue_ids=[7])`, or `pipeline()` for all.

    With several workers, each is a process with its own connection.
    """

    method: Method
    database: Database
    workers: int = 1

    def __call__(self, **keys: Sequence[Any]) -> Counts:
        """Apply the captures of some documents: each keyword is the plural of a document key, with its values."""
        names = {f"{key.name}s": key.name for key in self.method.document}
        if unknown := keys.keys() - names:
            raise TypeError(f"{self.method.name} is about {', '.join(names)}, not {', '.join(sorted(unknown))}")
        return self.run({names[plural]: values for plural, values in keys.items()})

    def run(
        self,
        scope: Mapping[str, Sequence[Any]],
        policy: Policy = "new",
        progress: Callable[[int, int], None] | None = None,
    ) -> Counts:
        """Apply the captures of the documents in `scope`, which maps document keys to the wanted values.

        A capture that can't be applied goes to quarantine and does not stop the others. `progress` is called with the
        number of documents done and their total.
        """
        with self.database.open() as stores:
            stores.require_migrated()
            worth, counts = self._sifted(stores, scope, policy)
        total, done = len({capture.document for capture in worth}), 0
        for documents, more in self._work(worth, policy):
            counts += more
            done += documents
            if progress is not None:
                progress(done, total)
        for name in registry.with_hydrations(self.database.package, self.method.name)[1:]:
            hydration = replace(self, method=registry.method(self.database.package, name))
            counts += hydration.run(scope, policy, progress)
        return counts

    def settle(self, numbers: Sequence[int], policy: Policy) -> Counts:
        """Apply the captures with these ids in quarantine, one by one in the order of their times."""
        with self.database.open() as stores:
            captures = stores.raw(self.method).quarantined(numbers)
        with Session(self.database, self.method, policy) as session:
            return sum((session.apply([capture]) for capture in captures), Counts())

    def _sifted(
        self, stores: Stores, scope: Mapping[str, Sequence[Any]], policy: Policy
    ) -> tuple[list[StoredCapture], Counts]:
        """The captures that may change something, and the counts of the others."""
        became: Counter[str] = Counter()
        worth: list[StoredCapture] = []
        notes: list[int] = []
        for capture, stands in pending(stores.raw(self.method).captures(scope), self.method.fingerprint, policy):
            became[stands] += 1
            if stands in TO_APPLY:
                worth.append(capture)
            elif capture.note is not None:
                notes.append(capture.note)
        if not became and self.method.hydration is None:  # few requests ask for one
            log.warning("no captures of %s in %s", scope or "any document", self.method.qualified_raw_table)
        waiting = tuple(stores.quarantine(self.method).waiting(notes)) if notes else ()
        counts = DocumentCounts(same=became["same"], stale=became["stale"], quarantined=len(waiting))
        count(self.method, Counts(DocumentCounts(same=became["same"], stale=became["stale"])))  # others were, before
        return worth, Counts(counts, {table.qualified_name: TableCounts() for table in self.method.tables}, waiting)

    def _work(self, worth: Sequence[StoredCapture], policy: Policy) -> Iterator[tuple[int, Counts]]:
        """Apply the captures task by task; yields the number of documents and the counts of each task."""
        unread = sum(each.applied is None or each.content_hash != each.applied.content_hash for each in worth)
        if self.workers > 1 and unread > _ALONE:
            facts = (self.database, self.method.name, policy)
            module = registry.methods(self.database.package)[self.method.name]
            preload = (module, type(self.database).__module__)
            spread = Workers(self.workers, _start, facts, _task, preload)
            for task, counts in spread(list(tasks(worth, self.workers, self.database.batches_a_unit))):
                yield len(task), counts
            return
        with Session(self.database, self.method, policy) as session:
            for task in tasks(worth, batches_a_unit=self.database.batches_a_unit):
                yield len(task), session.run(task)


class Session:
    """A transformer that reconnects when the connection or the transaction is lost."""

    def __init__(
        self, database: Database, method: Method, policy: Policy = "new", *, patience: float = PATIENCE
    ) -> None:
        self._database, self._method, self._policy, self._patience = database, method, policy, patience
        self._stores: Stores | None = None
        self._transformer: Transformer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, task: Task) -> Counts:
        """Apply the captures of a task."""
        with _uncollected():
            return sum(map(self.apply, batches(task)), Counts())

    def apply(self, captures: Sequence[StoredCapture]) -> Counts:
        """Apply captures of different documents."""
        return self.do(lambda transformer: transformer.apply(captures))

    def do(self, work: Callable[[Transformer], T]) -> T:
        """Do some work, and repeat it if the server goes away or breaks a deadlock."""
        retries = Retries(attempts=None, first=0.1, longest=5.0, patience=self._patience)
        return retrying(lambda: self._do(work), lambda why: isinstance(why, DatabaseUnavailable), retries)

    def _do(self, work: Callable[[Transformer], T]) -> T:
        try:
            if self._transformer is None:
                self._stores = self._database.open()
                self._transformer = Transformer(self._stores, self._method, self._policy)
            return work(self._transformer)
        except DatabaseUnavailable as error:
            log.warning("%s; trying again", error)
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; the next use opens a new one."""
        if self._stores is not None:
            self._stores.close()
        self._stores = self._transformer = None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Disable garbage collection: decoded data has no cycles, and looking for them takes a tenth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


_session: Session  # of a worker process


def _start(database: Database, name: str, policy: Policy) -> None:
    global _session  # noqa: PLW0603 - only globals of a pool's process outlive a task
    _session = Session(database, registry.method(database.package, name), policy)


def _task(task: Task) -> Counts:
    return _session.run(task)
