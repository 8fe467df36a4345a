"""Chooses how Spark does the work of a pipeline: by the database that it fills."""

from pyspark.sql import SparkSession

from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.errors import EtlError, redacted
from mlb_etl.spark.jdbc import JdbcPipeline
from mlb_etl.spark.lake import LakePipeline
from mlb_etl.spark.server import ServerPipeline
from mlb_etl.spark.session import SPARK_ERRORS, first_line
from mlb_etl.stores.delta.database import Delta
from mlb_etl.stores.delta.lake import CONTROL, Lake
from mlb_etl.stores.delta.marks import TABLE
from mlb_etl.stores.postgres.database import Postgres

_DELTA = (
    "start it with --packages io.delta:delta-spark_4.2_2.13:4.4.1 (4.2 is the version of Spark), and with the"
    " configuration that docs/spark.md names"
)


def on_spark(work: Pipeline, spark: SparkSession, jdbc: str | None = None) -> Pipeline:
    """The pipeline that does the same by Spark; raises EtlError if it can't.

    `jdbc`: the URL by which the JVM reads captures in PostgreSQL; without it tasks read them on their own connections.
    """
    if isinstance(work.database, Postgres) and jdbc is not None:
        return JdbcPipeline(method=work.method, database=work.database, workers=work.workers, spark=spark, url=jdbc)
    if not isinstance(work.database, Delta):
        return ServerPipeline(work.method, work.database, work.workers, spark=spark)
    if jdbc is not None:
        raise EtlError("--jdbc is for captures in PostgreSQL: a lake has its own")
    keys = {key.name for key in work.method.document}
    if shared := next((table for table in work.method.tables if not keys <= {*table.identity}), None):
        raise EtlError(
            f"{shared.qualified_name}: its keys do not tell the document of a row, so documents can't be written"
            " apart: run it without --engine spark"
        )
    with work.database.open() as stores:
        stores.require_migrated()
    _require_delta(spark, work.database.lake)
    return LakePipeline(work.method, work.database, work.workers, spark=spark, lake=work.database.lake)


def _require_delta(spark: SparkSession, lake: Lake) -> None:
    """Raise EtlError unless Spark can read the lake."""
    try:
        spark.read.format("delta").load(lake.uri(CONTROL, TABLE)).schema  # noqa: B018 - it is read when it is asked for
    except SPARK_ERRORS as error:
        if "DATA_SOURCE_NOT_FOUND" in str(error):
            raise EtlError(f"this Spark can't read Delta tables: {_DELTA}") from error
        raise EtlError(f"Spark can't read the lake at {redacted(lake.root)}: {first_line(error)}") from error
