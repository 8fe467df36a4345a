"""What loaders without write laws share: the tables, rows extracted by straight-line Python, and batches of games.

Needs neither mlb_etl nor mlbgen, so that it also runs in the environment of dlt.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pyarrow as pa
import zstandard

from mlb_contracts import Row, convert
from mlb_contracts.rows import first_of_each, last_of_each

BATCH = 50  # games a transaction
BEFORE = datetime(1900, 1, 1, tzinfo=UTC)  # every capture
_ARROW = {
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "double precision": pa.float64(),
    "integer": pa.int32(),
    "numeric": pa.decimal128(38, 9),
    "smallint": pa.int16(),
    "text": pa.string(),
    "timestamptz": pa.timestamp("us", "UTC"),
}
# The newest capture of each game of a share that no load has read yet.
_NEWEST = """
SELECT DISTINCT ON (request) captured_at, encoding, body FROM {raw}
WHERE captured_at > %s AND mod(abs(hashtext(request::text)), %s) = %s ORDER BY request, captured_at DESC
"""

Extract = Callable[[Any, datetime], list[Row]]


@dataclass(frozen=True, slots=True)
class PlainTable:
    """A table: SQL types by column, the primary key, and the function that makes its rows of a decoded response."""

    name: str
    columns: dict[str, str]
    key: list[str]
    extract: Extract

    @property
    def arrow_schema(self) -> pa.Schema:
        fields = (pa.field(name, _ARROW[kind], nullable=name not in self.key) for name, kind in self.columns.items())
        return pa.schema(list(fields))

    def arrow(self, rows: Sequence[Row]) -> pa.Table:
        """The rows as Arrow data."""
        schema = self.arrow_schema
        columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(schema)
        arrays = [pa.array(each, field.type) for each, field in zip(columns, schema, strict=True)]
        return pa.Table.from_arrays(arrays, schema=schema)


@dataclass(frozen=True, slots=True)
class Plan:
    """The raw table, as SQL, and the tables to fill."""

    raw: str
    tables: list[PlainTable]


def functions(source: str, names: Sequence[str]) -> list[Extract]:
    """The functions with these names in the text of a module."""
    known: dict[str, Any] = {"convert": convert, "date": date, "datetime": datetime, "Decimal": Decimal}
    known |= {"first_of_each": first_of_each, "last_of_each": last_of_each}
    exec(compile(source, "<expert>", "exec"), known)  # noqa: S102 - made from our own mapping
    return [known[name] for name in names]


def read_plan(path: Path) -> Plan:
    """A plan that `expert.plan` has written."""
    facts = json.loads(path.read_text())
    extract = functions(facts["source"], [table["name"] for table in facts["tables"]])
    return Plan(
        facts["raw"], [PlainTable(**table, extract=its) for table, its in zip(facts["tables"], extract, strict=True)]
    )


def batches(
    dsn: str, plan: Plan, since: datetime = BEFORE, shares: int = 1, share: int = 0
) -> Iterator[tuple[datetime, list[list[Row]]]]:
    """The rows of each table, from the newest captures of many games at a time, and the latest time of all so far.

    Captures up to `since` are left out; of several shares of the games only one is read.
    """
    decompress = zstandard.ZstdDecompressor().decompress
    query = _NEWEST.format(raw=plan.raw).encode()
    with psycopg.connect(dsn) as connection, connection.cursor("newest", binary=True) as cursor:
        cursor.execute(query, [since, shares, share])
        while captures := cursor.fetchmany(BATCH):
            rows: list[list[Row]] = [[] for _ in plan.tables]
            for captured_at, encoding, body in captures:
                since = max(since, captured_at)
                document = orjson.loads(decompress(body) if encoding == "zstd" else body)
                for table, its in zip(plan.tables, rows, strict=True):
                    its.extend(table.extract(document, captured_at))
            yield since, rows
