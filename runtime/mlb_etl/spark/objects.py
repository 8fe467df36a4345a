"""Stores captures from an object store in the raw table by Spark: each task reads the objects of some requests."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

import msgspec
import pyarrow as pa
from pyspark.sql import SparkSession

from mlb_contracts import Method
from mlb_etl.capture.object_store import ObjectStore
from mlb_etl.capture.restore import restore_objects
from mlb_etl.capture.restored import Restored, RestoreFailure
from mlb_etl.errors import Rejected
from mlb_etl.extract import request_keys
from mlb_etl.spark.fold import Batches
from mlb_etl.stores.interfaces.database import Database

_TASKS = 64  # at most


class _Failed(msgspec.Struct):
    name: str
    reason: str
    path: str
    value: str | None
    table: str | None


class _Told(msgspec.Struct):
    stored: int
    seen: int
    known: int
    failures: list[_Failed]


def restore(spark: SparkSession, database: Database, place: str, names: Sequence[str]) -> Restored:
    """Store the captures in these objects; those of one request in the order of their times."""
    requests: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(names, key=lambda name: name.rpartition("/")[2]):
        requests[_request(name)].append(name)
    if not requests:
        return Restored()
    coming = spark.createDataFrame(pa.table([list(requests.values())], names=["names"]))
    coming = coming.repartition(min(_TASKS, len(requests)))
    done = coming.mapInArrow(restoring(database, place), "told binary").collect()
    return sum((_restored(bytes(row[0])) for row in done), Restored())


def restoring(database: Database, place: str) -> Batches:
    """The function for `mapInArrow` that stores the captures in objects."""

    def restore_batches(coming: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        store = ObjectStore(place)
        with database.open() as stores:
            for each in coming:
                for names in each["names"].to_pylist():
                    done = restore_objects(stores, database.package, store, names)
                    yield pa.RecordBatch.from_pydict({"told": [msgspec.json.encode(_told(done))]}, _SCHEMA)

    return restore_batches


def scope(method: Method, names: Sequence[str]) -> dict[str, list[object]]:
    """The documents that the objects are about, as far as each of their names tells."""
    found: dict[str, dict[object, None]] = {}
    for number, name in enumerate(names):
        segments = (each.partition("=") for each in name.split("/")[3:-1])
        try:
            keys = request_keys.requested_keys(method, {unquote(key): unquote(value) for key, _, value in segments})
        except Rejected:
            return {}
        told = {key: dict.fromkeys(values) for key, values in keys.items()}
        found = told if number == 0 else {key: found[key] | told[key] for key in found.keys() & told.keys()}
    return {key: list(values) for key, values in found.items()}


def _request(name: str) -> str:
    """What the names of a request's objects share: all but the day, the time and the content."""
    endpoint, method, _, *about = name.split("/")[:-1]
    return "/".join((endpoint, method, *about))


def _told(done: Restored) -> _Told:
    failures = [
        _Failed(each.name, each.why.reason, each.why.path, str(each.why.value), each.why.table)
        for each in done.failures
    ]
    return _Told(done.stored, done.seen, done.known, failures)


def _restored(data: bytes) -> Restored:
    told = msgspec.json.decode(data, type=_Told)
    failures = (
        RestoreFailure(each.name, Rejected(each.reason, path=each.path, value=each.value, table=each.table))
        for each in told.failures
    )
    return Restored(told.stored, told.seen, told.known, tuple(failures))


_SCHEMA = pa.schema([("told", pa.binary())])
