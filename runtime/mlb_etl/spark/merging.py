"""MERGE INTO a table of a lake: it takes rows only while their documents are claimed by who merges."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pyspark.sql import DataFrame, SparkSession

from mlb_contracts import Method, Table
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.spark.session import SPARK_ERRORS
from mlb_etl.stores.delta import arrow, marks
from mlb_etl.stores.delta.lake import CONTROL, GONE, Lake, Overtaken
from mlb_etl.stores.delta.marks import Lost
from mlb_etl.stores.delta.writer import LEASE

_LOST = "MLB_ETL_CLAIM_LOST"
# As pysail and delta-spark say that another writer has committed to the table meanwhile.
_OVERTAKEN = ("Failed to commit transaction", "DELTA_CONCURRENT", "DELTA_METADATA_CHANGED")
_LEFT = LEASE / 2  # of a claim, when a statement starts: whoever takes it over makes a slower one fail
_MERGE = """MERGE INTO {table} AS t
USING (
  SELECT c.* FROM {view} AS c
  WHERE CASE
    WHEN (
      SELECT count(*) FROM {marks} AS m
      WHERE m.writer = {writer} AND m.claimed_at > current_timestamp() - INTERVAL {left} SECONDS
    ) = {documents} THEN true
    ELSE raise_error('{lost}')
  END
) AS s
ON {same}
WHEN MATCHED AND s.{gone} AND t.captured_at <= s.captured_at THEN DELETE
WHEN MATCHED AND NOT s.{gone} AND t.captured_at <= s.captured_at THEN UPDATE SET {set}
WHEN NOT MATCHED AND NOT s.{gone} THEN INSERT ({names}) VALUES ({values})"""


@dataclass(frozen=True, slots=True)
class Held:
    """The claims of a unit: its name in the marks, and the number of documents that it has claimed."""

    writer: str
    documents: int


def merge(spark: SparkSession, lake: Lake, table: Table, changes: DataFrame, held: Held) -> None:
    """Write changed rows: those whose column `_gone` is true are deleted.

    Raises Overtaken if another writer came first, and Lost if another one has taken a document over.
    """
    view = f"mlb_etl_{uuid.uuid4().hex}"
    changes.createOrReplaceTempView(view)
    try:
        spark.sql(statement(lake, table, view, held)).collect()
    except SPARK_ERRORS as error:
        text = str(error)
        if _LOST in text:
            raise Lost("another writer has taken a document over") from error
        if any(each in text for each in _OVERTAKEN):
            raise Overtaken(f"{table.qualified_name}: another writer came first") from error
        raise
    finally:
        spark.catalog.dropTempView(view)


def statement(lake: Lake, table: Table, view: str, held: Held) -> str:
    """The statement that merges the rows of a view.

    Its source reads the marks, so it fails if the claims are gone when it is run; and if another writer takes them over
    later, the new version that it makes of each table makes this commit fail.
    """
    names = arrow.schema(table).names
    same = " AND ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in table.identity)
    return _MERGE.format(
        table=_table(lake, table.schema, table.name),
        view=quoted(view),
        marks=_table(lake, CONTROL, marks.TABLE),
        writer=literal(held.writer),
        left=int(_LEFT / timedelta(seconds=1)),
        documents=held.documents,
        lost=_LOST,
        same=same,
        gone=GONE,
        set=", ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in names),
        names=", ".join(map(quoted, names)),
        values=", ".join(f"s.{quoted(name)}" for name in names),
    )


def within(method: Method, documents: Sequence[Sequence[StoredCapture]]) -> str:
    """The condition that rows of these documents meet, by which files without any are left out."""
    parts = []
    for place, key in enumerate(method.document):
        values = [its[0].keys[place] for its in documents]
        parts.append(f"{quoted(key.name)} BETWEEN {literal(min(values))} AND {literal(max(values))}")
    return " AND ".join(parts)


def quoted(name: str) -> str:
    """A name in Spark's SQL."""
    return "`" + name.replace("`", "``") + "`"


def literal(value: object) -> str:
    """A key's value in Spark's SQL: a number, a text or a day."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    return f"DATE '{value}'"


def _table(lake: Lake, schema: str, name: str) -> str:
    return f"delta.{quoted(lake.uri(schema, name))}"
