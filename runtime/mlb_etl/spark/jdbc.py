"""Transforms the captures in PostgreSQL by Spark, whose JVM reads them by JDBC: a partition for each task."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import DataFrame

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.apply.pipeline import Session
from mlb_etl.apply.transform import Task
from mlb_etl.errors import EtlError, shortened
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Policy
from mlb_etl.spark import wire
from mlb_etl.spark.fold import Batches
from mlb_etl.spark.server import ServerPipeline, told
from mlb_etl.spark.session import SPARK_ERRORS, first_line
from mlb_etl.spark.wire import Pending
from mlb_etl.stores.encoding import StoredBody
from mlb_etl.stores.postgres import db, jdbc
from mlb_etl.stores.postgres.database import Postgres, PostgresStores
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.raw import RawWriter

_MOST = 100  # captures in a task, which keeps their bodies in memory; those of one document stay together
_FETCHED = "16"  # rows at once, as the driver keeps them in memory; without a number it fetches all
_DRIVER = "org.postgresql.Driver"
_LACKING = (
    "this Spark has no JDBC driver of PostgreSQL: name org.postgresql:postgresql:42.7.8 in spark.jars.packages,"
    " or its file in spark.jars"
)
Bodies = Mapping[tuple[str, Any, bytes], StoredBody]


@dataclass(frozen=True, slots=True, kw_only=True)
class JdbcPipeline(ServerPipeline):
    """Fills a method's tables in PostgreSQL by Spark; its JVM reads the captures, by the URL of JDBC."""

    database: Postgres
    url: str

    def _outcomes(self, work: Sequence[Task], policy: Policy) -> DataFrame:
        parts = [part for task in work for part in _parts(task)]
        given = [[wire.encode(Pending(captures)) for captures in each] for each in parts]
        conditions = [jdbc.condition(capture for captures in each for capture in captures) for each in parts]
        shared = self.spark.sparkContext.broadcast(given)
        function = _applying(self.database, self.method.name, policy, shared)
        return self._captures(self.database, conditions).mapInArrow(function, "outcome binary")

    def _captures(self, database: Postgres, conditions: list[str]) -> DataFrame:
        """The rows of the raw table that meet a condition, a partition for each."""
        access = {**jdbc.credentials(database.settings), "driver": _DRIVER, "fetchsize": _FETCHED}
        try:
            table = jdbc.raw_table(self.method)
            return self.spark.read.jdbc(self.url, table, predicates=conditions, properties=access).select(*jdbc.COLUMNS)
        except SPARK_ERRORS as error:
            why = _LACKING if _DRIVER in str(error) else shortened(first_line(error))
            raise EtlError(f"Spark can't read {self.method.qualified_raw_table} by JDBC: {why}") from error


def _parts(task: Task) -> Iterator[Task]:
    """The documents of a task, cut where they have too many captures."""
    part: Task = []
    for captures in task:
        if part and sum(map(len, part)) + len(captures) > _MOST:
            yield part
            part = []
        part.append(captures)
    yield part


def _applying(database: Postgres, name: str, policy: Policy, given: Any) -> Batches:
    """The function for `mapInArrow` that applies the documents of its partition, whose captures come in."""

    def apply_batches(coming: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        method = registry.method(database.package, name)
        rows = (row for each in coming for row in each.select(jdbc.COLUMNS).to_pylist())
        bodies = {
            (row["request"], row["captured_at"], row["content_hash"]): StoredBody(row["encoding"], row["body"])
            for row in rows
        }
        context = TaskContext.get()
        documents = given.value[0 if context is None else context.partitionId()]
        with Session(_Database(database.settings, bodies), method, policy) as session:
            yield told(session.run([wire.decode_pending(method, each).captures for each in documents]))

    return apply_batches


@dataclass(frozen=True, slots=True)
class _Database(Postgres):
    """The database, with captures that were read already."""

    bodies: Bodies = field(repr=False)

    def open(self) -> PostgresStores:
        return _Stores(db.connect(self.settings), self.package, self.bodies)


class _Stores(PostgresStores):
    def __init__(self, connection: Connection, package: str, bodies: Bodies) -> None:
        super().__init__(connection, package)
        self._bodies = bodies

    def raw(self, method: Method) -> RawWriter:
        return _Raw(self.connection, method, self._bodies)


class _Raw(RawWriter):
    def __init__(self, connection: Connection, method: Method, bodies: Bodies) -> None:
        super().__init__(connection, method)
        self._bodies = bodies

    def read_all(self, captures: Sequence[StoredCapture]) -> Iterator[tuple[StoredCapture, StoredBody]]:
        for each in captures:
            if each.answer not in self._bodies:
                raise EtlError(f"{each.document}: JDBC found no capture of {each.captured_at} in the raw table")
            yield each, self._bodies[each.answer]
