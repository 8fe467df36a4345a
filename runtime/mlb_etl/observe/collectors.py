"""Turns what a run counted, and the status of the database, into metrics."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from mlb_etl import tally
from mlb_etl.errors import EtlError
from mlb_etl.observe import catalog
from mlb_etl.observe.catalog import Metric
from mlb_etl.stores.interfaces.operations import DatabaseStatus

try:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
    from prometheus_client.core import Metric as Family
    from prometheus_client.registry import Collector
except ImportError as error:
    raise EtlError("MLB_ETL_METRICS needs the package prometheus-client: pip install 'mlb-etl[observe]'") from error

_UPPER = [*map(str, tally.BOUNDS), "+Inf"]


@dataclass(frozen=True, slots=True)
class Ended:
    """When a run ended, in seconds since 1970, and whether with exit code 0."""

    at: float
    succeeded: bool


class RunCollector(Collector):
    """What a run counted up to now; `ended` is set when it has ended."""

    def __init__(self, command: str, subject: str) -> None:
        self._labels = [command, subject]
        self.ended: Ended | None = None

    def collect(self) -> Iterator[Family]:
        """Every metric of a run, those without numbers too, so that queries find them."""
        numbers: defaultdict[str, dict[tuple[str, ...], float]] = defaultdict(dict)
        for (name, *labels), number in tally.numbers().items():
            numbers[name][tuple(labels)] = number
        for name, metric in catalog.COUNTED.items():
            if metric.kind == "histogram":
                yield self._histogram(metric, numbers[name], numbers[f"{name}_sum"])
                continue
            family = CounterMetricFamily(metric.name, metric.help, labels=[*catalog.RUN_LABELS, *metric.labels])
            known = numbers[name] if metric.labels else {(): 0.0, **numbers[name]}
            for values, number in known.items():
                family.add_metric([*self._labels, *values], number)
            yield family
        if self.ended is not None:
            yield self._gauge(catalog.RUN_ENDED, self.ended.at)
            yield self._gauge(catalog.RUN_SUCCEEDED, float(self.ended.succeeded))

    def _gauge(self, metric: Metric, value: float) -> Family:
        family = GaugeMetricFamily(metric.name, metric.help, labels=catalog.RUN_LABELS)
        family.add_metric(self._labels, value)
        return family

    def _histogram(
        self, metric: Metric, counts: Mapping[tuple[str, ...], float], sums: Mapping[tuple[str, ...], float]
    ) -> Family:
        family = HistogramMetricFamily(metric.name, metric.help, labels=[*catalog.RUN_LABELS, *metric.labels])
        for labels, total in sums.items():
            cumulated = accumulate(counts.get((*labels, upper), 0.0) for upper in _UPPER)
            family.add_metric([*self._labels, *labels], list(zip(_UPPER, cumulated, strict=True)), total)
        return family


class DatabaseCollector(Collector):
    """The status of the database that was last read; None if it could not be read."""

    def __init__(self) -> None:
        self._status: DatabaseStatus | None = None
        self._read_at: float | None = None

    def note(self, status: DatabaseStatus | None) -> None:
        """Take the status that was read, or None if the database can't be read."""
        self._status = status
        self._read_at = time.time() if status is not None else self._read_at

    def collect(self) -> Iterator[Family]:
        """The gauges; of a database that can't be read, only that."""
        status = self._status
        yield _family(catalog.DATABASE_UP, {(): float(status is not None)})
        if self._read_at is not None:
            yield _family(catalog.STATUS_READ, {(): self._read_at})
        if status is not None:
            yield from _of_status(status)


def _of_status(status: DatabaseStatus) -> Iterator[Family]:
    yield _family(catalog.PENDING_MIGRATIONS, {(): float(len(status.migrations))})
    by_method = {(each.method,): each for each in status.methods}
    yield _family(catalog.BEHIND, {name: float(each.behind) for name, each in by_method.items()})
    yield _family(catalog.QUARANTINED, {name: float(each.quarantined) for name, each in by_method.items()})
    yield _times(catalog.OLDEST_UNAPPLIED, {name: each.behind_since for name, each in by_method.items()})
    yield _times(catalog.NEWEST_RESPONSE, {name: each.newest for name, each in by_method.items()})
    yield _times(catalog.NEWEST_SHOWN, {name: each.shown for name, each in by_method.items()})
    failed = Counter((each.method,) for each in status.failures)
    yield _family(catalog.FAILED, {name: float(failed[name]) for name in {*by_method, *failed}})
    drifted = {each.method: float(each.paths) for each in status.drift}
    yield _family(catalog.DRIFTED, {name: drifted.get(name[0], 0.0) for name in by_method})
    yield _family(catalog.UNREADABLE, _summed(((each.table,), each.values) for each in status.unreadable))
    yield _family(catalog.CHANGING, {(): float(len(status.changing))})
    seen = [each.seen_at for each in status.changing if each.seen_at is not None]
    yield _times(catalog.CHANGING_OLDEST, {(): min(seen, default=None)})
    yield _family(catalog.PARTITIONS, {(each.table, each.kind): float(each.ahead) for each in status.partitions})
    yield _family(catalog.LAST_RUNS, _summed(((each.command, each.state), 1) for each in status.runs))
    started: dict[tuple[str, ...], datetime | None] = {(each.command,): each.started_at for each in status.runs[::-1]}
    yield _times(catalog.LAST_STARTED, started)


def _summed(numbers: Iterable[tuple[tuple[str, ...], float]]) -> dict[tuple[str, ...], float]:
    found: dict[tuple[str, ...], float] = {}
    for labels, number in numbers:
        found[labels] = found.get(labels, 0.0) + number
    return found


def _times(metric: Metric, values: Mapping[tuple[str, ...], datetime | None]) -> Family:
    return _family(metric, {labels: at.timestamp() for labels, at in values.items() if at is not None})


def _family(metric: Metric, values: Mapping[tuple[str, ...], float]) -> Family:
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
