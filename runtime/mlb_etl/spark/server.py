"""Transforms the captures in PostgreSQL by Spark: each task applies whole documents, on a connection of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline, Session
from mlb_etl.apply.transform import Task, count, tasks
from mlb_etl.laws.counts import Counts, Quarantined
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Policy
from mlb_etl.spark import wire
from mlb_etl.spark.fold import Batches
from mlb_etl.spark.wire import Pending
from mlb_etl.stores.interfaces.database import Database

_TASKS = 4  # for each task that runs at the same time, so that they end at about the same time


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPipeline(Pipeline):
    """Fills a method's tables in PostgreSQL by Spark, whose tasks have to reach the server."""

    spark: SparkSession

    def _work(self, worth: Sequence[StoredCapture], policy: Policy) -> Iterator[tuple[int, Counts]]:
        if not worth:
            return
        work = list(tasks(worth, self.workers * _TASKS))
        outcomes = [wire.decode_outcome(bytes(row[0])) for row in self._outcomes(work, policy).collect()]
        quarantined = (
            [Quarantined(its.number, its.document, its.captured_at, its.why) for its in each.refused]
            for each in outcomes
        )
        counts = sum((each.counts(its) for each, its in zip(outcomes, quarantined, strict=True)), Counts())
        count(self.method, counts)
        yield sum(map(len, work)), counts

    def _outcomes(self, work: Sequence[Task], policy: Policy) -> DataFrame:
        """What becomes of the documents: tasks read their captures on connections of their own."""
        given = [[wire.encode(Pending(captures)) for captures in each] for each in work]
        coming = self.spark.createDataFrame(pa.table([given], names=["documents"])).repartition(len(work))
        return coming.mapInArrow(applying(self.database, self.method.name, policy), "outcome binary")


def applying(database: Database, name: str, policy: Policy) -> Batches:
    """The function for `mapInArrow` that applies the captures of whole documents."""

    def apply_batches(coming: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        method = registry.method(database.package, name)
        with Session(database, method, policy) as session:
            for each in coming:
                for documents in each["documents"].to_pylist():
                    yield told(session.run([wire.decode_pending(method, its).captures for its in documents]))

    return apply_batches


def told(counts: Counts) -> pa.RecordBatch:
    """What became of some documents, for the driver."""
    outcome = wire.told(counts, refused=[wire.refused(each) for each in counts.quarantined])
    return pa.RecordBatch.from_pydict({"outcome": [wire.encode(outcome)]}, _OUTCOME)


_OUTCOME = pa.schema([("outcome", pa.binary())])
