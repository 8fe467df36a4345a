"""Follows an object store: new objects go to the raw table and the tables, batch by batch.

Spark keeps in a checkpoint which objects a batch had. A batch that was not finished is done again, which changes
nothing where it was: captures and watermarks tell what is there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.capture.object_store import ObjectStore
from mlb_etl.capture.restored import Restored
from mlb_etl.errors import EtlError
from mlb_etl.laws.counts import Counts
from mlb_etl.spark import objects
from mlb_etl.spark.job import on_spark
from mlb_etl.spark.session import SPARK_ERRORS, first_line

_FILES = "path STRING, modificationTime TIMESTAMP, length BIGINT, content BINARY"
_PAUSE = "2 seconds"  # between looks at the store


@dataclass(frozen=True, slots=True)
class Stream:
    """How to follow a store: `checkpoint` is a folder of Spark's own, `files` the most objects in a batch.

    `once`: end when all objects that there are now are done.
    """

    checkpoint: str
    files: int
    once: bool


def follow(
    spark: SparkSession, work: Pipeline, place: str, stream: Stream, told: Callable[[Restored, Counts], None]
) -> None:
    """Apply the objects of a method as they come; `told` is called with the outcome of each batch."""
    failed: list[EtlError] = []

    def batch(frame: DataFrame, _: int) -> None:
        names = [_name(row[0]) for row in frame.select("path").collect()]
        try:
            restored = objects.restore(spark, work.database, place, names)
            told(restored, on_spark(work, spark).run(objects.scope(work.method, names)))
        except EtlError as error:
            failed.append(error)  # Spark makes another error of it
            raise

    files = spark.readStream.format("binaryFile").schema(_FILES).option("recursiveFileLookup", "true")
    files = files.option("pathGlobFilter", "*.json.gz").option("maxFilesPerTrigger", stream.files)
    writing = files.load(_folder(place, work)).select("path").writeStream.foreachBatch(batch)
    writing = writing.option("checkpointLocation", stream.checkpoint)
    try:
        query = (writing.trigger(availableNow=True) if stream.once else writing.trigger(processingTime=_PAUSE)).start()
        try:
            query.awaitTermination()
        finally:
            query.stop()
    except SPARK_ERRORS as error:
        if failed:
            raise failed[0] from error
        raise EtlError(f"the stream ended: {first_line(error)}") from error


def _folder(place: str, work: Pipeline) -> str:
    """Where the method's objects are; a folder that is to have them is made."""
    below = f"endpoint={work.method.endpoint}/method={work.method.method}"
    if place.startswith("s3://"):
        return f"{place.rstrip('/')}/{below}"
    ObjectStore(place)
    folder = Path(place.removeprefix("file://"), below).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def _name(path: str) -> str:
    """The name of an object, of which Spark gives the whole path."""
    return path[path.index("endpoint=") :]
