"""The work of a task: documents come in with their captures and rows, and what becomes of them goes out.

`mapInArrow` calls it with one row for each document. So each row has all that a document needs, however Spark cuts the
rows into batches and tasks.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.apply.transform import Transformer, batches
from mlb_etl.errors import EtlError
from mlb_etl.laws.counts import Counts
from mlb_etl.laws.verdict import Policy
from mlb_etl.spark import wire
from mlb_etl.spark.memory import State, TableRows, TaskStores
from mlb_etl.spark.wire import Outcome, Pending
from mlb_etl.stores.delta import arrow
from mlb_etl.stores.delta.captures import Identity
from mlb_etl.stores.delta.lake import GONE, Lake
from mlb_etl.stores.encoding import StoredBody

TOGETHER = 32  # documents, whose rows are compared and checked at once
BODY = pa.schema(
    [
        pa.field("request", pa.string()),
        pa.field("captured_at", arrow.TIME),
        pa.field("content_hash", pa.binary()),
        pa.field("encoding", pa.string()),
        pa.field("body", pa.binary()),
    ]
)
PACKED = pa.schema([("document", pa.string()), ("place", pa.int32()), ("rows", pa.binary())])
BODIES = -1  # the place of bodies among the tables
Batches: TypeAlias = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


@dataclass(frozen=True, slots=True)
class Order:
    """What a task needs to know beside the documents."""

    lake: Lake
    package: str
    method: str
    policy: Policy


def table_column(place: int) -> str:
    """The column with the rows of the table at that place."""
    return f"t{place}"


def nullable(of: pa.Schema) -> pa.Schema:
    """The same columns, of which none need have a value: Spark keeps no such promises of nested ones."""
    return pa.schema([each.with_nullable(True) for each in of])  # noqa: FBT003


def packing(place: int) -> Batches:
    """The function for `mapInArrow` that packs rows by document, as one column can't have those of all tables.

    The first column of the rows is the document's.
    """

    def pack_batches(coming: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for each in coming:
            rows = pa.Table.from_batches([each])
            for document in rows["document"].unique().to_pylist():
                its = rows.filter(pc.equal(rows["document"], document)).drop_columns("document").combine_chunks()
                packed = pa.BufferOutputStream()
                with pa.ipc.new_stream(packed, its.schema) as stream:
                    stream.write_table(its)
                yield pa.RecordBatch.from_pylist(
                    [{"document": document, "place": place, "rows": packed.getvalue().to_pybytes()}], PACKED
                )

    return pack_batches


def goes(method: Method) -> pa.Schema:
    """What goes out: for some documents what became of them, and their changed rows of each table."""
    lists = [
        pa.field(table_column(place), pa.list_(pa.struct([*nullable(arrow.schema(table)), pa.field(GONE, pa.bool_())])))
        for place, table in enumerate(method.tables)
    ]
    return pa.schema([pa.field("outcome", pa.binary()), *lists])


def folding(order: Order) -> Batches:
    """The function for `mapInArrow`."""

    def fold_batches(coming: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        method = registry.method(order.package, order.method)
        for each in coming:
            for start in range(0, each.num_rows, TOGETHER):
                yield fold(order, method, each.slice(start, TOGETHER))

    return fold_batches


def fold(order: Order, method: Method, documents: pa.RecordBatch) -> pa.RecordBatch:
    """Apply the captures of some documents to their rows."""
    pending = [wire.decode_pending(method, each) for each in documents["pending"].to_pylist()]
    unpacked = _unpacked(documents["parts"].to_pylist())
    rows = [
        TableRows(method, place, _rows(unpacked.get(place, ()), arrow.schema(table)))
        for place, table in enumerate(method.tables)
    ]
    marks = {each.captures[0].document: each.mark for each in pending}
    known = {name: mark for name, mark in marks.items() if mark is not None}
    state = State(rows, _bodies(_rows(unpacked.get(BODIES, ()), BODY)), known)
    outcome = _applied(order, method, pending, state)
    columns = [pa.array([wire.encode(outcome)], pa.binary())]
    for place, each in enumerate(rows):
        written, gone = each.changes() if outcome.error is None else ((), ())
        columns.append(_list(goes(method).field(table_column(place)).type, written, gone))
    return pa.RecordBatch.from_arrays(columns, schema=goes(method))


def _applied(order: Order, method: Method, pending: Sequence[Pending], state: State) -> Outcome:
    """What `apply` made of the captures; an error that ends a run is told, for the driver to raise it."""
    transformer = Transformer(TaskStores(order.lake, order.package, state), method, order.policy)
    try:
        work = batches([each.captures for each in pending])
        counts = sum(map(transformer.apply, work), Counts())
    except EtlError as error:
        return Outcome(error=str(error), drift=[wire.drifted(each) for each in state.drifted])
    return wire.told(
        counts,
        put_aside=[wire.put_aside(*each) for each in state.refused.values()],
        moved=state.moved,
        settled=list(state.settled.values()),
        nulls={name: list(its) for name, its in state.unreadable.items()},
        drift=[wire.drifted(each) for each in state.drifted],
    )


def _unpacked(parts: Sequence[Sequence[Mapping[str, Any]] | None]) -> dict[int, list[pa.Table]]:
    """What was packed, by its place."""
    found: defaultdict[int, list[pa.Table]] = defaultdict(list)
    for its in parts:
        for each in its or ():
            found[each["place"]].append(pa.ipc.open_stream(each["rows"]).read_all())
    return found


def _rows(parts: Sequence[pa.Table], schema: pa.Schema) -> pa.Table:
    wanted = nullable(schema)
    return pa.concat_tables([wanted.empty_table(), *(each.select(wanted.names).cast(wanted) for each in parts)])


def _bodies(rows: pa.Table) -> dict[Identity, StoredBody]:
    return {
        (row["request"], row["captured_at"], row["content_hash"]): StoredBody(row["encoding"], row["body"])
        for row in rows.to_pylist()
    }


def _list(of: pa.DataType, written: pa.Table | tuple[()], gone: pa.Table | tuple[()]) -> pa.Array:
    """One list with these rows."""
    parts = [
        rows.append_column(GONE, pa.array([is_gone] * rows.num_rows, pa.bool_()))
        for rows, is_gone in ((written, False), (gone, True))
        if rows
    ]
    if not parts:
        return pa.array([[]], of)
    rows = pa.concat_tables(parts).cast(pa.schema(list(of.value_type))).to_struct_array().combine_chunks()
    return pa.ListArray.from_arrays(pa.array([0, len(rows)], pa.int32()), rows).cast(of)
