"""What a unit changes in one table of a lake: new rows compared with those that are there, as columns of Arrow."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias, cast

import pyarrow as pa
import pyarrow.compute as pc

from mlb_contracts import Row, Table
from mlb_etl.errors import DuplicateKey
from mlb_etl.laws.counts import RowChanges
from mlb_etl.stores.delta import arrow, expressions
from mlb_etl.stores.delta.arrow import TIME
from mlb_etl.stores.delta.lake import GONE
from mlb_etl.stores.interfaces.tables import Document

Key: TypeAlias = tuple[Any, ...]
_LATE = frozenset({"captured_at"})  # tells nothing of what a row says


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a document in one table, as they were extracted."""

    rows: Sequence[Row]

    @property
    def number(self) -> int:
        """The number of rows."""
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class KeyedRows:
    """Rows of a table, with the key of each, and the number of its document; None for one of another document."""

    rows: pa.Table
    keys: list[Key]
    owners: list[int | None]


@dataclass(slots=True)
class TableChanges:
    """What a unit does to a table: rows to add, to replace and to delete.

    new: all rows of the applied documents; compared: the versions of the table that they were compared with; added,
    replaced: rows as the lake keeps them; gone: keys of rows.
    """

    table: Table
    new: list[KeyedRows] = field(default_factory=list)
    added: list[pa.Table] = field(default_factory=list)
    replaced: list[pa.Table] = field(default_factory=list)
    gone: list[pa.Table] = field(default_factory=list)
    compared: list[int] = field(default_factory=list)

    def insert(self, new: KeyedRows, old: KeyedRows) -> int:
        """Take rows of documents that have none in the lake, and return their number; raises as `_kept` does."""
        if old.keys:
            raise DuplicateKey("a row has the key of another row", table=self.table.qualified_name)
        self.new.append(new)
        self.added.append(self._kept(new.rows))
        return len(new.keys)

    def replace(self, new: KeyedRows, old: KeyedRows, latest: Sequence[datetime | None]) -> list[RowChanges]:
        """Take what turns the old rows into the new ones; return the numbers of rows by document.

        Old rows that are later than `latest` of their document stay; if that is None, none does. Raises as `_kept`
        does.
        """
        if None in old.owners:
            raise _duplicate(self.table, old, old.owners.index(None), "a row of another document has this key")
        kept = _later(old, latest)
        at = {key: place for place, key in enumerate(old.keys)}
        there = list(map(at.get, new.keys))
        inserted = [number for number, place in enumerate(there) if place is None]
        matched = [(number, at) for number, at in enumerate(there) if at is not None and at not in kept]
        updated = self._differing(new.rows, old.rows, matched)
        gone = sorted({*range(len(old.keys))}.difference(there, kept))
        self.new.append(new)
        both = self._kept(rows_at(new.rows, [*inserted, *updated]))
        self.added.append(both.slice(0, len(inserted)))
        self.replaced.append(both.slice(len(inserted)))
        self.gone.append(
            rows_at(old.rows, gone).select([*dict.fromkeys((*self.table.identity, *self.table.primary_key))])
        )
        became = [_by_owner(new, inserted), _by_owner(new, updated), _by_owner(old, gone), _by_owner(old, kept)]
        return [RowChanges(*(each[document] for each in became)) for document in range(len(latest))]

    def _differing(self, new: pa.Table, old: pa.Table, matched: Sequence[tuple[int, int]]) -> list[int]:
        """The numbers of those new rows that say something else than their old ones."""
        numbers = [number for number, _ in matched]
        ours, theirs = rows_at(new, numbers), rows_at(old, [place for _, place in matched])
        differs = pa.repeat(False, len(numbers))  # noqa: FBT003 - it is the value
        for _, mask in differences(self.table, ours, theirs):
            differs = pc.or_(differs, mask)
        return [numbers[each] for each in pc.indices_nonzero(differs).to_pylist()]

    @property
    def is_any(self) -> bool:
        """Whether there is any change."""
        return any(each.num_rows for each in (*self.added, *self.replaced, *self.gone))

    @property
    def only_inserts(self) -> bool:
        """Whether rows are only added."""
        return not any(each.num_rows for each in (*self.replaced, *self.gone))

    def _kept(self, rows: pa.Table) -> pa.Table:
        """Rows as the lake keeps them: in the order of its columns, with those that the store adds.

        Raises CheckFailed for a row that breaks a check, and ValueRefused for a value that a derived column can't hold.
        """
        rows = expressions.with_derived(self.table, rows)
        expressions.require_checks(self.table, rows)
        return arrow.finished(self.table, rows).select(arrow.schema(self.table).names)

    @property
    def written(self) -> pa.Table:
        """The rows to be written."""
        return pa.concat_tables([*self.added, *self.replaced])

    @property
    def merged(self) -> pa.Table:
        """All changed rows, each with whether it is deleted."""
        parts = [(self.written, [False]), *((keys, [True]) for keys in self.gone)]
        marked = [rows.append_column(GONE, pa.array(is_gone * rows.num_rows, pa.bool_())) for rows, is_gone in parts]
        return pa.concat_tables(marked, promote_options="default")


def new_rows(place: int, table: Table, documents: Sequence[Document]) -> KeyedRows:
    """The documents' rows of the table at that place; raises DuplicateKey if two have one key."""
    rows = arrow.columns(table, [row for each in documents for row in packed(each, place).rows])
    keys = values_of(rows, table.identity)
    new = KeyedRows(rows, keys, [number for number, each in enumerate(documents) for _ in packed(each, place).rows])
    if len({*keys}) < len(keys):
        [(twice, _)] = Counter(keys).most_common(1)
        raise _duplicate(table, new, keys.index(twice), "two rows have one key")
    return new


def packed(of: Document, place: int) -> Rows:
    """The rows of a document in the table at that place."""
    return cast("Rows", (of.rows or ())[place])


def _duplicate(table: Table, of: KeyedRows, place: int, reason: str) -> DuplicateKey:
    [key] = of.rows.slice(place, 1).select(list(table.identity)).to_pylist()
    return DuplicateKey(reason, value=tuple(key.values()), table=table.qualified_name)


def keyed_rows(
    found: pa.Table, keys: Sequence[str], identity: Sequence[str], documents: Sequence[Document]
) -> KeyedRows:
    """Rows of the lake, of these documents or of others; `keys` are the columns that identify a document."""
    ours = pa.table(
        [
            pa.array([each.capture.keys[number] for each in documents], found.schema.field(name).type)
            for number, name in enumerate(keys)
        ],
        names=list(keys),
    )
    numbers = {key: number for number, key in enumerate(values_of(ours, keys))}
    return KeyedRows(found, values_of(found, identity), [numbers.get(key) for key in values_of(found, keys)])


def differences(table: Table, ours: pa.Table, theirs: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """The columns in which rows differ, each with the rows that do; two NULLs are equal."""
    for column in table.columns:
        if column.name not in _LATE:
            one, other = ours[column.name], theirs[column.name].cast(ours[column.name].type)
            if not one.equals(other):
                same = pc.or_(pc.fill_null(pc.equal(one, other), False), pc.and_(one.is_null(), other.is_null()))  # noqa: FBT003
                yield column.name, pc.invert(same)


def values_of(rows: pa.Table, names: Sequence[str]) -> list[Key]:
    """The values of these columns, by row; days and times are numbers."""
    return list(zip(*(_listed(rows[name]) for name in names), strict=True))


_FORMATS: dict[int, Literal["h", "i", "q"]] = {16: "h", 32: "i", 64: "q"}  # of memoryview, by bits


def _listed(column: pa.ChunkedArray) -> list[Any]:
    """The values of a column: integers straight from its memory, as `to_pylist` makes an object of Arrow for each."""
    if pa.types.is_temporal(column.type):
        column = column.cast(pa.int32() if pa.types.is_date32(column.type) else pa.int64())
    if pa.types.is_string(column.type):
        return [each for chunk in column.chunks for each in _texts(chunk)]
    if not pa.types.is_signed_integer(column.type) or column.null_count:
        return list(column.to_pylist())
    form, found = _FORMATS[column.type.bit_width], list[Any]()
    for chunk in column.chunks:
        found += memoryview(chunk.buffers()[1]).cast("B").cast(form)[chunk.offset : chunk.offset + len(chunk)].tolist()
    return found


def _texts(chunk: pa.Array) -> Iterable[Any]:
    """Keys repeat few texts."""
    coded = chunk.dictionary_encode()
    texts = [*coded.dictionary.to_pylist(), None]
    return map(texts.__getitem__, _listed(pa.chunked_array([coded.indices.fill_null(len(texts) - 1)])))


def _later(old: KeyedRows, latest: Sequence[datetime | None]) -> set[int]:
    """The places of rows that are later than the capture of their document."""
    if not old.keys or all(each is None for each in latest):
        return set()
    bounds = pa.array(latest, TIME).take(pa.array(old.owners, pa.int64()))
    later = pc.greater(old.rows["captured_at"].combine_chunks(), bounds)
    return {*pc.indices_nonzero(pc.fill_null(later, False)).to_pylist()}  # noqa: FBT003 - it is the value


def _by_owner(of: KeyedRows, places: Iterable[int]) -> Counter[int | None]:
    """How many of these rows each document has."""
    return Counter(map(of.owners.__getitem__, places))


def rows_at(rows: pa.Table, places: Sequence[int]) -> pa.Table:
    """The rows at these places; all of them are not copied."""
    if len(places) == rows.num_rows and all(map(int.__eq__, places, range(len(places)))):
        return rows
    return rows.take(pa.array(places, pa.int64()))
