"""Transforms the captures in a lake by Spark: tasks extract and compare, one MERGE a table writes.

The claims on documents, their watermarks and the quarantine are those of `mlb_etl.stores.delta`, so that other writers
can be at work on the same lake.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from itertools import groupby

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as everyone has it
from pyspark.sql.pandas.types import from_arrow_schema

from mlb_contracts import Method
from mlb_contracts.misfit import Misfit
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.apply.transform import count
from mlb_etl.errors import DatabaseUnavailable, DriftFound, EtlError, redacted, shortened
from mlb_etl.laws.counts import Counts, Quarantined
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Policy, Watermark
from mlb_etl.retries import Retries, retrying
from mlb_etl.spark import merging, wire
from mlb_etl.spark.fold import BODIES, BODY, PACKED, Order, folding, goes, packing, table_column
from mlb_etl.spark.session import SPARK_ERRORS, first_line
from mlb_etl.spark.staging import staging
from mlb_etl.spark.wire import Outcome, Pending
from mlb_etl.stores.delta import arrow
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta import writer as writers
from mlb_etl.stores.delta.drift import Drift
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.delta.marks import Claim, Marks, again
from mlb_etl.stores.delta.quarantine import Quarantine
from mlb_etl.stores.delta.tables import shut_out_others
from mlb_etl.stores.delta.unreadable import Unreadable
from mlb_etl.stores.interfaces.database import DriftedCapture

UNIT = 1_000  # documents that are claimed at once
_A_TASK = 32  # documents
_RENEWED = 60.0  # seconds after which a claim is renewed
_RETRIES = Retries(attempts=None, first=0.1, longest=5.0, patience=60.0)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LakePipeline(Pipeline):
    """Fills a method's tables in a lake by Spark, which has to read and write Delta tables."""

    spark: SparkSession
    lake: Lake

    def _work(self, worth: Sequence[StoredCapture], policy: Policy) -> Iterator[tuple[int, Counts]]:
        documents = [list(its) for _, its in groupby(worth, lambda capture: capture.document)]
        order = Order(self.lake, self.database.package, self.method.name, policy)
        unit = _Unit(self.spark, self.lake, self.method, order)
        for start in range(0, len(documents), UNIT):
            some = documents[start : start + UNIT]
            work = partial(unit.apply, some)
            counts = retrying(work, lambda why: isinstance(why, DatabaseUnavailable), _RETRIES)
            count(self.method, counts)
            yield len(some), counts


class _Unit:
    """Applies the captures of some documents, which are claimed meanwhile."""

    def __init__(self, spark: SparkSession, lake: Lake, method: Method, order: Order) -> None:
        self._spark = spark
        self._lake = lake
        self._method = method
        self._order = order

    def apply(self, documents: Sequence[list[StoredCapture]]) -> Counts:
        """Apply all captures of these documents.

        Raises DatabaseUnavailable if others took them over meanwhile, and EtlError for what Spark can't do.
        """
        first = {its[0].document: its[0].applied or its[0].under(self._method.fingerprint) for its in documents}
        claim = Marks(self._lake, self._method).claim(first)
        try:
            shut_out_others(self._lake, self._method, claim)
            with staging(self._lake) as place:
                try:
                    outcomes = self._fold(documents, claim.before, place)
                except BaseException:
                    claim.give_back()
                    raise
                return self._written(claim, outcomes, place)
        except SPARK_ERRORS as error:
            raise EtlError(f"{self._method.name}: Spark failed: {redacted(shortened(first_line(error)))}") from error
        finally:
            writers.finished(claim.writer)

    def _fold(
        self, documents: Sequence[list[StoredCapture]], marks: Mapping[str, Watermark], place: str
    ) -> list[Outcome]:
        """Let tasks apply the captures in memory; what is to be written is then at the place."""
        coming = self._coming(documents, marks)
        number = -(-len(documents) // _A_TASK)
        folded = coming.repartition(number).mapInArrow(folding(self._order), from_arrow_schema(goes(self._method)))
        folded.write.parquet(place)
        found = self._spark.read.parquet(place).select("outcome").collect()
        outcomes = [wire.decode_outcome(row[0]) for row in found]
        if errors := [each for each in outcomes if each.error is not None]:
            self._record_drift(errors)
            kind = DriftFound if errors[0].drift else EtlError
            raise kind(errors[0].error)
        return outcomes

    def _coming(self, documents: Sequence[list[StoredCapture]], marks: Mapping[str, Watermark]) -> DataFrame:
        """One row for each document: what is pending, the bodies of its captures, and its rows in each table."""
        keys = self._method.document
        told = self._spark.createDataFrame(
            pa.table(
                [
                    [its[0].document for its in documents],
                    [wire.encode(Pending(its, marks.get(its[0].document))) for its in documents],
                    *(
                        pa.array([its[0].keys[place] for its in documents], arrow.arrow_type(key.type))
                        for place, key in enumerate(keys)
                    ),
                ],
                names=["document", "pending", *(key.name for key in keys)],
            )
        )
        names = [key.name for key in keys]
        parts = [self._bodies(documents).mapInArrow(packing(BODIES), from_arrow_schema(PACKED))]
        for place, table in enumerate(self._method.tables):
            if lakes.has_rows(self._lake.open(table.schema, table.name)):
                rows = self._read(table.schema, table.name).where(merging.within(self._method, documents))
                its = told.select("document", *names).join(rows, names).select("document", *arrow.schema(table).names)
                parts.append(its.mapInArrow(packing(place), from_arrow_schema(PACKED)))
        packed = reduce(DataFrame.union, parts).groupBy("document")
        lists = packed.agg(F.collect_list(F.struct("place", "rows")).alias("parts"))
        return told.select("document", "pending").join(lists, "document", "left")

    def _bodies(self, documents: Sequence[list[StoredCapture]]) -> DataFrame:
        """The bodies of the captures, by document."""
        answers = [(each.document, *each.answer) for its in documents for each in its]
        names = ["document", "request", "captured_at", "content_hash"]
        columns = zip(zip(*{*answers}, strict=True), (pa.string(), *BODY.types), strict=False)
        wanted = pa.table([pa.array(values, of) for values, of in columns], names=names)
        times = [each[2] for each in answers]
        raw = self._read(self._method.raw_schema, self._method.raw_table)
        raw = raw.where(F.col("captured_at").between(min(times), max(times))).select(*BODY.names)
        joined = self._spark.createDataFrame(wanted).join(raw, names[1:])
        return joined.select("document", *BODY.names)

    def _written(self, claim: Claim, outcomes: Sequence[Outcome], place: str) -> Counts:
        """Write what tasks have made, the watermarks last."""
        moved = {name: mark for each in outcomes for name, mark in each.moved.items()}
        claim.narrow(moved)
        with claim.writing():
            # A unit of other writers can't have changed a document since it was claimed: nothing needs to be compared.
            quarantine = Quarantine(self._lake, self._method.name)
            counts = sum((self._counted(each, quarantine) for each in outcomes), Counts())
            renewed = time.monotonic()
            for number, table in enumerate(self._method.tables):
                its = counts.tables.get(table.qualified_name)  # None if all were refused
                if its and (its.inserted or its.updated or its.deleted):
                    if time.monotonic() - renewed > _RENEWED:
                        claim.narrow(moved)
                        renewed = time.monotonic()
                    again(partial(self._merge, claim, len(moved), number, place))
            nulls = {name: its for each in outcomes for name, its in each.nulls.items()}
            if nulls:
                again(partial(self._note_unreadable, claim, nulls))
            claim.move(moved)
        quarantine.leave([capture for each in outcomes for capture in each.settled])
        self._record_drift(outcomes)
        return counts

    def _note_unreadable(self, claim: Claim, nulls: Mapping[str, Sequence[Misfit]]) -> None:
        values = Unreadable(self._lake, self._method.name)
        table = values.open()
        claim.require()
        values.replace(table, nulls)

    def _counted(self, outcome: Outcome, quarantine: Quarantine) -> Counts:
        """The counts of some documents; what was refused is put into quarantine."""
        found = []
        for each in outcome.put_aside:
            number = quarantine.add(each.capture, each.why.why)
            if number is not None:
                found.append(Quarantined(number, each.why.document, each.why.captured_at, each.why.why))
        return outcome.counts(found)

    def _merge(self, claim: Claim, documents: int, number: int, place: str) -> None:
        table = self._method.tables[number]
        rows = self._spark.read.parquet(place).select(F.explode(table_column(number)).alias("row")).select("row.*")
        merging.merge(self._spark, self._lake, table, rows, merging.Held(claim.writer, documents))

    def _record_drift(self, outcomes: Sequence[Outcome]) -> None:
        drifted = [DriftedCapture(each.capture, each.changes) for of in outcomes for each in of.drift]
        Drift(self._lake, self._method.name).record(drifted)

    def _read(self, schema: str, table: str) -> DataFrame:
        return self._spark.read.format("delta").load(self._lake.uri(schema, table))
