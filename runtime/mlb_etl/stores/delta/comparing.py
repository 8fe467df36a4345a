"""Compares the rows of documents with those of a table in the lake: which are new, differ or vanished."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias, cast

import pyarrow as pa

from mlb_contracts import Row, Table
from mlb_etl.errors import DuplicateKey
from mlb_etl.stores.delta import arrow, expressions
from mlb_etl.stores.delta import lake as lakes
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
    """Rows of a table, with the key of each, and the keys of the document that it belongs to."""

    rows: pa.Table
    keys: list[Key]
    owners: list[Key]


@dataclass(frozen=True, slots=True)
class TableChanges:
    """What a unit does to a table: rows to add, to replace and to delete; `compared` are versions it looked at."""

    table: Table
    inserted: list[pa.Table] = field(default_factory=list)
    updated: list[pa.Table] = field(default_factory=list)
    gone: list[pa.Table] = field(default_factory=list)
    compared: list[int] = field(default_factory=list)

    def take(self, new: KeyedRows, old: KeyedRows, as_of: Mapping[Key, datetime | None]) -> Mapping[Key, Counter[str]]:
        """Take what turns the old rows of documents into the new ones; return the numbers of rows by document.

        Old rows later than `as_of` of their document stay; if that is None, none does.
        """
        counts: dict[Key, Counter[str]] = {owner: Counter() for owner in as_of}
        times = old.rows["captured_at"].to_pylist()
        compared = [column.name for column in self.table.columns if column.name not in _LATE]
        contents, were = values_of(new.rows, compared), values_of(old.rows, compared)
        vanished = {key: place for place, key in enumerate(old.keys)}
        inserted, updated, gone = list[int](), list[int](), list[int]()

        def is_kept(place: int, owner: Key) -> bool:
            latest = as_of[owner]
            kept = latest is not None and times[place] > latest
            counts[owner]["kept_out"] += kept
            return kept

        for number, (key, owner) in enumerate(zip(new.keys, new.owners, strict=True)):
            place = vanished.pop(key, None)
            if place is None:
                inserted.append(number)
                counts[owner]["inserted"] += 1
            elif old.owners[place] != owner:
                name = self.table.qualified_name
                raise DuplicateKey("a row of another document has this key", value=key, table=name)
            elif not is_kept(place, owner) and contents[number] != were[place]:
                updated.append(number)
                counts[owner]["updated"] += 1
        for place in vanished.values():
            if not is_kept(place, old.owners[place]):
                gone.append(place)
                counts[old.owners[place]]["deleted"] += 1
        self.inserted.append(_at(new.rows, inserted))
        self.updated.append(_at(new.rows, updated))
        self.gone.append(_at(old.rows, gone).select([*dict.fromkeys((*self.table.identity, *self.table.primary_key))]))
        return counts

    @property
    def is_any(self) -> bool:
        """Whether there is any change."""
        return any(each.num_rows for each in (*self.inserted, *self.updated, *self.gone))

    @property
    def only_inserts(self) -> bool:
        """Whether rows are only added."""
        return not any(each.num_rows for each in (*self.updated, *self.gone))

    @property
    def written(self) -> pa.Table:
        """The rows that are new or differ, without the store's own columns."""
        return pa.concat_tables([arrow.columns(self.table, ()), *self.inserted, *self.updated])

    @property
    def finished(self) -> pa.Table:
        """The same with them, in the order of the lake."""
        rows = arrow.finished(self.table, expressions.with_derived(self.table, self.written))
        return rows.select(arrow.schema(self.table).names)

    @property
    def merged(self) -> pa.Table:
        """All changed rows, each with whether it is deleted."""
        parts = ((self.finished, [False]), (pa.concat_tables(self.gone), [True]))
        marked = [rows.append_column(GONE, pa.array(is_gone * rows.num_rows, pa.bool_())) for rows, is_gone in parts]
        return pa.concat_tables(marked, promote_options="default")

    @property
    def matching(self) -> str:
        """The condition under which a changed row is the same as one in the lake."""
        return " AND ".join(f"t.{lakes.quoted(name)} = s.{lakes.quoted(name)}" for name in self.table.identity)


def new_rows(place: int, table: Table, documents: Sequence[Document]) -> KeyedRows:
    """The documents' rows of the table at that place; raises DuplicateKey if two have one key."""
    its = [(each.capture.keys, row) for each in documents for row in packed(each, place).rows]
    rows = arrow.columns(table, [row for _, row in its])
    new = KeyedRows(rows, values_of(rows, table.identity), [owner for owner, _ in its])
    if len({*new.keys}) < len(new.keys):
        [(twice, _)] = Counter(new.keys).most_common(1)
        raise DuplicateKey("two rows have one key", value=twice, table=table.qualified_name)
    return new


def packed(of: Document, place: int) -> Rows:
    """The rows of a document in the table at that place."""
    return cast("Rows", (of.rows or ())[place])


def values_of(rows: pa.Table, names: Sequence[str]) -> list[Key]:
    """The values of these columns, by row."""
    return list(zip(*(rows[name].to_pylist() for name in names), strict=True))


def _at(rows: pa.Table, places: list[int]) -> pa.Table:
    return rows.take(pa.array(places, pa.int64()))
