"""Restores captures from an object store into the raw tables."""

import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from mlb_contracts import Method
from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.capture.loader import Loader, Readable
from mlb_etl.capture.object_store import ObjectStore, former_object_name, object_name, parse_name
from mlb_etl.capture.restored import Restored, RestoreFailure
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.extract.answer import HeldDocument
from mlb_etl.http import answers
from mlb_etl.stores.interfaces.archive import CaptureFilter
from mlb_etl.stores.interfaces.captures import Fate
from mlb_etl.stores.interfaces.database import Stores

_AHEAD = 8  # objects that are read in advance
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RestoreScope:
    """Which captures to restore: those of these methods (default: all), captured on this UTC day or later.

    new_only: don't read objects again whose names say that the raw table has them.
    """

    methods: Sequence[str] = ()
    since: date | None = None
    new_only: bool = False


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
    names = (name for day in days for name in _wanted(stores, package, store, day, new_only=scope.new_only))
    for name, _, became in loader.store_each(_read(loader, *each) for each in _ahead(store, names)):
        outcome = _outcome(name, became)
        progress(outcome, total)
        restored += outcome
    passed_over = Restored(known=max(0, total - restored.done))
    progress(passed_over, total)
    return restored + passed_over


def restore_objects(stores: Stores, package: str, store: ObjectStore, names: Sequence[str]) -> Restored:
    """Store the captures in these objects, in this order; a bad one does not stop the others."""
    loader = Loader(stores, package)
    read = (_read(loader, *each) for each in _ahead(store, names))
    return sum((_outcome(name, became) for name, _, became in loader.store_each(read)), Restored())


def _wanted(stores: Stores, package: str, store: ObjectStore, day: str, *, new_only: bool) -> Iterator[str]:
    """The objects of a day to read, in order."""
    known = _Known(stores, package, day) if new_only else None
    for name in sorted(store.names(day)):
        if known is None or name not in known:
            yield name


class _Known:
    """The captures of a day that the raw table has, as far as names of objects tell."""

    def __init__(self, stores: Stores, package: str, day: str) -> None:
        endpoint, method, date_ = (each.partition("=")[2] for each in day.split("/"))
        since = datetime.combine(date.fromisoformat(date_), time(), UTC)
        archive = stores.archive(registry.method(package, f"{endpoint}.{method}"))
        wanted = CaptureFilter(since=since, before=since + timedelta(days=1))
        self._seen: defaultdict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
        for each in archive.recent(wanted, archive.count(wanted) or 1):
            if (found := parse_name(object_name(each.request, each.content_hash.hex()))) is not None:
                subject, captured_at = found
                self._seen[subject].append((captured_at, max(captured_at, each.last_seen_at)))

    def __contains__(self, name: str) -> bool:
        subject, captured_at = parse_name(name) or ("", datetime.max.replace(tzinfo=UTC))
        return any(first <= captured_at <= last for first, last in self._seen.get(subject, ()))


def methods_in(store: ObjectStore, package: str, scope: RestoreScope = RestoreScope()) -> list[Method]:
    """The methods in scope of which the store has captures."""
    return [
        each
        for each in _methods(package, scope)
        if any(True for form in each.forms for _ in store.days(each.endpoint, form.method))
    ]


def _methods(package: str, scope: RestoreScope) -> list[Method]:
    known = registry.methods(package)
    if unknown := [name for name in scope.methods if name not in known]:
        raise EtlError(f"no mapping for {unknown[0]}; {package} has {', '.join(sorted(known))}")
    return [registry.method(package, name) for name in scope.methods or sorted(known)]


def _days(package: str, store: ObjectStore, scope: RestoreScope) -> Iterator[str]:
    methods = _methods(package, scope)
    for endpoint, name in dict.fromkeys((each.endpoint, form.method) for each in methods for form in each.forms):
        for day in store.days(endpoint, name):
            if scope.since is None or day.rpartition("date=")[2] >= str(scope.since):
                yield day


def _ahead(store: ObjectStore, names: Iterable[str]) -> Iterator[tuple[str, Future[Response]]]:
    """The objects in order, a few of them read in advance."""
    reading: deque[tuple[str, Future[Response]]] = deque()
    with ThreadPoolExecutor(_AHEAD) as pool:
        for name in names:
            reading.append((name, pool.submit(store.get, name)))
            if len(reading) > _AHEAD:
                yield reading.popleft()
        yield from reading


def _read(loader: Loader, name: str, coming: Future[Response]) -> tuple[str, Readable | Rejected]:
    try:
        response = coming.result()
        method = loader.method(response)
        return name, Readable(method, response, _held(name, method, response))
    except Rejected as why:
        return name, why


def _outcome(name: str, became: Fate | Rejected) -> Restored:
    if not isinstance(became, Rejected):
        return Restored.of(became)
    log.info("refused %s: %s", name, became)
    return Restored(failures=(RestoreFailure(name, became),))


def _held(name: str, method: Method, response: Response) -> tuple[HeldDocument, ...]:
    """The documents of a response; raises Rejected if it does not belong to the object's name."""
    held = answers.read_documents(method, response)
    former = [former_object_name(response, each.keys) for each in held]
    if name != object_name(response) and former != [name]:
        raise Rejected("the object's name does not match its content", value=object_name(response))
    return held
