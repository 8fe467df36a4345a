"""Tables in memory: a minimal store, which shows that the interface suffices for the write laws."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeAlias, cast

from laws import Key, identity

from mlb_contracts import Method, Row, Table
from mlb_contracts.change import Change
from mlb_etl.errors import CheckFailed, DuplicateKey, Rejected, RowTooLong
from mlb_etl.laws.counts import CheckWarning, RowChanges, TableCounts
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.interfaces.database import DriftedCapture
from mlb_etl.stores.interfaces.tables import Document, Replaced

Named: TypeAlias = dict[str, Any]  # a row by its columns


@dataclass(frozen=True)
class _Rows:
    rows: list[Named]

    @property
    def number(self) -> int:
        return len(self.rows)


class MemoryTables:
    """Rows by table and key, and watermarks by document, for one user at a time; enforces only keys."""

    def __init__(self, method: Method, quarantine: MutableMapping[Any, object] | None = None) -> None:
        self.method = method
        self._quarantine = quarantine if quarantine is not None else {}
        self.rows: dict[str, dict[Key, Named]] = {table.qualified_name: {} for table in method.tables}
        self.watermarks: dict[str, Watermark] = {}
        self.drifted: Counter[Change] = Counter()

    def moment(self, time: datetime) -> datetime:
        return time

    def pack(self, rows: Sequence[Sequence[Row]]) -> Sequence[_Rows]:
        return [
            _Rows([dict(zip((column.name for column in table.columns), row, strict=True)) for row in its])
            for table, its in zip(self.method.tables, rows, strict=True)
        ]

    def prepare(self, documents: Sequence[Document]) -> None:
        """Do nothing, since there are no partitions."""

    def mend(self, why: CheckFailed | RowTooLong) -> bool:  # noqa: ARG002 - it raises neither
        return False

    def explain(self, why: Rejected, document: Document) -> Rejected:  # noqa: ARG002 - it has no more to tell
        return why

    @contextmanager
    def unit(self) -> Iterator[Self]:
        before = {name: dict(rows) for name, rows in self.rows.items()}, self.watermarks
        try:
            yield self
        except BaseException:
            self.rows, self.watermarks = before
            raise

    def lock(self, new: Mapping[str, Watermark]) -> Mapping[str, Watermark]:
        before = {name: self.watermarks[name] for name in new if name in self.watermarks}
        self.watermarks = {**new, **self.watermarks}
        return before

    def insert(self, documents: Sequence[Document]) -> Mapping[str, TableCounts]:
        tables = {name: TableCounts() for name in self.rows}
        for document in documents:
            for table, rows in self._new(document):
                if rows.keys() & self.rows[table.qualified_name].keys():
                    raise DuplicateKey("the key is there", table=table.qualified_name)
                self.rows[table.qualified_name].update(rows)
                tables[table.qualified_name] += TableCounts(inserted=len(rows))
        return tables

    def replace(self, documents: Sequence[Document], *, past_row_guard: bool) -> Replaced:
        tables = {name: TableCounts() for name in self.rows}
        changed: dict[str, dict[str, RowChanges]] = {}
        for document in documents:
            of = changed[document.capture.document] = {}
            for table, new in self._new(document):
                of[table.qualified_name] = its = self._replace(table, document.capture, new, guard=not past_row_guard)
                unchanged = len(new) - its.inserted - its.updated
                tables[table.qualified_name] += TableCounts(its.inserted, its.updated, unchanged, its.deleted)
        return Replaced(tables, changed)

    def conclude(
        self,
        watermarks: Mapping[str, Watermark],
        settled: Iterable[StoredCapture],
        applied: Sequence[Document],
    ) -> tuple[CheckWarning, ...]:
        self.watermarks = {**self.watermarks, **watermarks}
        self.record([DriftedCapture(each.capture, each.drift) for each in applied])
        for each in settled:
            self._quarantine.pop((each.document, each.captured_at, each.content_hash), None)
        return ()

    def record(self, drifted: Sequence[DriftedCapture]) -> None:
        for each in drifted:
            self.drifted.update(each.changes)

    def of(self, table: Table, keys: tuple[Any, ...]) -> dict[Key, Named]:
        """The rows of the document with these keys."""
        names = [key.name for key in self.method.document]
        rows = self.rows[table.qualified_name]
        return {key: row for key, row in rows.items() if tuple(row[name] for name in names) == keys}

    def _replace(self, table: Table, capture: StoredCapture, new: Mapping[Key, Named], *, guard: bool) -> RowChanges:
        rows, old = self.rows[table.qualified_name], self.of(table, capture.keys)
        later = {key for key, row in old.items() if guard and row["captured_at"] > capture.as_of}
        deleted = old.keys() - new.keys() - later
        inserted = new.keys() - old.keys()
        updated = {key for key in (new.keys() & old.keys()) - later if _content(new[key]) != _content(old[key])}
        for key in deleted:
            del rows[key]
        rows.update((key, new[key]) for key in inserted | updated)
        return RowChanges(len(inserted), len(updated), len(deleted), len(later))

    def _new(self, document: Document) -> Iterator[tuple[Table, dict[Key, Named]]]:
        for table, its in zip(self.method.tables, cast("Sequence[_Rows]", document.rows), strict=True):
            rows = {tuple(row[name] for name in identity(table)): row for row in its.rows}
            if len(rows) < its.number:
                raise DuplicateKey("two rows have one key", table=table.qualified_name)
            yield table, rows


def _content(row: Named) -> Named:
    return {name: value for name, value in row.items() if name != "captured_at"}
