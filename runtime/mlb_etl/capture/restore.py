"""Restores captures from an object store into the raw tables."""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

from mlb_contracts import Method
from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.capture.loader import Loader
from mlb_etl.capture.object_store import ObjectStore, former_object_name, object_name
from mlb_etl.capture.restored import Restored, RestoreFailure
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.extract.answer import HeldDocument
from mlb_etl.http import answers
from mlb_etl.stores.interfaces.database import Stores

_AHEAD = 8  # objects that are read in advance
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RestoreScope:
    """Which captures to restore: those of these methods (default: all), captured on this UTC day or later."""

    methods: Sequence[str] = ()
    since: date | None = None


def restore_captures(
    stores: Stores,
    package: str,
    store: ObjectStore,
    progress: Callable[[Restored, int], None],
    scope: RestoreScope = RestoreScope(),
) -> Restored:
    """Store each capture, by method and day, and by time for each document; a bad one does not stop the others.

    `progress` is called with the outcome of each and their total.
    """
    days = list(_days(package, store, scope))
    total = sum(1 for day in days for _ in store.names(day))
    loader = Loader(stores, package)
    restored = Restored()
    progress(restored, total)
    for name, coming in _ahead(store, days):
        became = _restore(loader, name, coming)
        progress(became, total)
        restored += became
    return restored


def _days(package: str, store: ObjectStore, scope: RestoreScope) -> Iterator[str]:
    known = registry.methods(package)
    if unknown := [name for name in scope.methods if name not in known]:
        raise EtlError(f"no mapping for {unknown[0]}; {package} has {', '.join(sorted(known))}")
    for name in scope.methods or sorted(known):
        method = registry.method(package, name)
        for day in store.days(method.endpoint, method.method):
            if scope.since is None or day.rpartition("date=")[2] >= str(scope.since):
                yield day


def _ahead(store: ObjectStore, days: Sequence[str]) -> Iterator[tuple[str, Future[Response]]]:
    """The objects in order, a few of them read in advance."""
    reading: deque[tuple[str, Future[Response]]] = deque()
    with ThreadPoolExecutor(_AHEAD) as pool:
        for day in days:
            for name in sorted(store.names(day)):
                reading.append((name, pool.submit(store.get, name)))
                if len(reading) > _AHEAD:
                    yield reading.popleft()
        yield from reading


def _restore(loader: Loader, name: str, coming: Future[Response]) -> Restored:
    try:
        response = coming.result()
        method = loader.method(response)
        became = loader.store(method, response, _held(name, method, response))
    except Rejected as why:
        log.info("refused %s: %s", name, why)
        return Restored(failures=(RestoreFailure(name, why),))
    return Restored.of(became)


def _held(name: str, method: Method, response: Response) -> tuple[HeldDocument, ...]:
    """The documents of a response; raises Rejected if it does not belong to the object's name."""
    held = answers.read_documents(method, response)
    former = [former_object_name(response, each.keys) for each in held]
    if name != object_name(response) and former != [name]:
        raise Rejected("the object's name does not match its content", value=object_name(response))
    return held
