"""Compares the rows of documents in a lake with those derived from their captures, some documents at a time."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from mlb_contracts import Capture, Method, Table
from mlb_etl.errors import Rejected
from mlb_etl.extract.answer import Answer
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.stores.delta import comparing
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.captures import DeltaCaptures
from mlb_etl.stores.delta.comparing import KeyedRows, Rows
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.delta.marks import Mark, Marks
from mlb_etl.stores.interfaces.operations import (
    NO_WATERMARK,
    OTHER_MAPPING,
    CaptureLost,
    ComparedDocument,
    DifferenceKind,
    RowDifference,
)  # fmt: skip
from mlb_etl.stores.interfaces.tables import Document

_AT_A_TIME = 25  # documents whose rows are read at once
_CLAIMED = "a writer has claimed it, and may have left it half written: run `mlb-etl transform`"
_BEGINNING = "a writer is at work on its first capture, and has written nothing yet: verify it again later"
_NEVER_BEGUN = "a writer that is gone was at work on its first capture, and wrote nothing: run `mlb-etl transform`"


def compare_documents(lake: Lake, method: Method, scope: Mapping[str, Sequence[Any]]) -> Iterator[ComparedDocument]:
    """Compare each document with the capture that the tables show of it; `scope` maps keys to the wanted values."""
    captures = DeltaCaptures(lake, method)
    marks = Marks(lake, method).read()
    of: defaultdict[str, list[StoredCapture]] = defaultdict(list)
    for each in captures.captures(scope):
        of[each.document].append(each)
    known = sorted(name for name in marks if _is_wanted(captures.keys(name), scope))
    for first in range(0, len(known), _AT_A_TIME):
        some = {name: _shown(method, marks[name], name, of[name]) for name in known[first : first + _AT_A_TIME]}
        yield from _compared(lake, method, captures, some)
    for table in method.tables:
        for name, number in _without_watermark(lake, method, table, scope, marks):
            why = f"{table.qualified_name} has {number} rows of it, but {NO_WATERMARK}"
            yield ComparedDocument(method.name, json.loads(name), why=why)


def _is_wanted(keys: Mapping[str, Any], scope: Mapping[str, Sequence[Any]]) -> bool:
    return all(keys[name] in values for name, values in scope.items())


def _shown(method: Method, mark: Mark, name: str, captures: Sequence[StoredCapture]) -> StoredCapture | str:
    """The capture that the tables show of a document, or why it can't be compared."""
    if mark.claimed is not None:
        return _CLAIMED
    if mark.shown is None:
        return _BEGINNING if mark.is_held else _NEVER_BEGUN
    if mark.shown.fingerprint != method.fingerprint:
        return OTHER_MAPPING
    for each in captures:
        if each.content_hash == mark.shown.content_hash and each.as_of >= mark.shown.as_of:
            return each._replace(as_of=mark.shown.as_of)
    return str(CaptureLost(method, name))


def _compared(
    lake: Lake, method: Method, captures: DeltaCaptures, shown: Mapping[str, StoredCapture | str]
) -> Iterator[ComparedDocument]:
    """Compare some documents at once."""
    why = {name: each for name, each in shown.items() if isinstance(each, str)}
    documents: dict[str, Document] = {}
    for capture, kept in captures.read_all([each for each in shown.values() if not isinstance(each, str)]):
        try:
            documents[capture.document] = _document(method, capture, kept.decoded())
        except Rejected as error:
            why[capture.document] = f"no rows can be derived from its capture: {error}"
    found: defaultdict[str, list[RowDifference]] = defaultdict(list)
    for place, table in enumerate(method.tables):
        for name, difference in _different(lake, method, place, table, list(documents.values())):
            found[name].append(difference)
    for name in shown:
        yield ComparedDocument(method.name, json.loads(name), tuple(found[name]), why.get(name))


def _document(method: Method, capture: StoredCapture, data: Any) -> Document:
    keys = {key.name: value for key, value in zip(method.document, capture.keys, strict=True)}
    answer = Answer(method, Capture(capture.as_of, capture.parameters), data)
    rows = [Rows(its) for its in answer.extract(keys, capture.places, storable_only=True).rows]
    for place, table in enumerate(method.tables):
        comparing.new_rows(place, table, [Document(capture, rows)])
    return Document(capture, rows)


def _different(
    lake: Lake, method: Method, place: int, table: Table, documents: Sequence[Document]
) -> Iterator[tuple[str, RowDifference]]:
    """The rows of documents that differ in a table, each with the name of its document."""
    if not documents:
        return
    new = comparing.new_rows(place, table, documents)
    old = _kept(lake, method, table, documents)
    at = {key: place for place, key in enumerate(old.keys)}
    there = list(map(at.get, new.keys))
    for number, row in enumerate(there):
        if row is None:
            yield (
                _name(documents, new, number),
                RowDifference(table.qualified_name, _key(table, new, number), "missing"),
            )
    times = old.rows["captured_at"].to_pylist()
    for row in sorted({*range(len(old.keys))}.difference(there)):
        key = _key(table, old, row)
        yield _name(documents, old, row), RowDifference(table.qualified_name, key, "extra", (), times[row])
    matched = [(number, row) for number, row in enumerate(there) if row is not None]
    ours = comparing.rows_at(new.rows, [number for number, _ in matched])
    theirs = comparing.rows_at(old.rows, [row for _, row in matched])
    columns: defaultdict[int, list[str]] = defaultdict(list)
    for column, mask in comparing.differences(table, ours, theirs):
        for pair, differs in enumerate(mask.to_pylist()):
            if differs:
                columns[pair].append(column)
    for pair, (number, row) in enumerate(matched):
        later = times[row] > documents[new.owners[number] or 0].capture.as_of
        if later or pair in columns:
            its = tuple(columns[pair])
            kind: DifferenceKind = "later" if later else "different"
            key = _key(table, new, number)
            yield _name(documents, new, number), RowDifference(table.qualified_name, key, kind, its, times[row])


def _kept(lake: Lake, method: Method, table: Table, documents: Sequence[Document]) -> KeyedRows:
    """The rows of documents in the lake."""
    keys = [key.name for key in method.document]
    wanted = " AND ".join(
        lakes.any_of(name, {each.capture.keys[number] for each in documents}) for number, name in enumerate(keys)
    )
    columns = list(dict.fromkeys((*keys, *(each.name for each in table.columns))))
    found = lakes.rows(lake.open(table.schema, table.name), columns, wanted)
    rows = comparing.keyed_rows(found, keys, table.identity, documents)
    ours = [place for place, owner in enumerate(rows.owners) if owner is not None]
    return KeyedRows(
        comparing.rows_at(rows.rows, ours), [rows.keys[each] for each in ours], [rows.owners[each] for each in ours]
    )


def _name(documents: Sequence[Document], of: KeyedRows, row: int) -> str:
    return documents[of.owners[row] or 0].capture.document


def _key(table: Table, of: KeyedRows, row: int) -> dict[str, Any]:
    [key] = of.rows.slice(row, 1).select(list(table.identity)).to_pylist()
    return dict(key)


def _without_watermark(
    lake: Lake, method: Method, table: Table, scope: Mapping[str, Sequence[Any]], marks: Mapping[str, Mark]
) -> list[tuple[str, int]]:
    """Documents in scope that have rows in the table but no watermark, with the number of rows."""
    names = [key.name for key in method.document]
    wanted = " AND ".join(lakes.any_of(name, values) for name, values in scope.items()) or None
    counted: Counter[str] = Counter()
    groups = (
        lakes.rows(lake.open(table.schema, table.name), names, wanted).group_by(names).aggregate([([], "count_all")])
    )
    for row in groups.to_pylist():
        keys = {name: str(row[name]) if isinstance(row[name], date) else row[name] for name in names}
        counted[json.dumps(keys)] += row["count_all"]
    return sorted((name, number) for name, number in counted.items() if name not in marks)
