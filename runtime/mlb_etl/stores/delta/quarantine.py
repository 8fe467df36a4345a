"""Captures that could not be applied, each with the reason: etl.quarantine in a lake."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

import pyarrow as pa

from mlb_etl.errors import Rejected
from mlb_etl.laws.counts import Quarantined
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.arrow import TIME
from mlb_etl.stores.delta.lake import GONE, Lake
from mlb_etl.stores.delta.marks import Marks, again
from mlb_etl.stores.delta.records import records
from mlb_etl.stores.texts import storable_text

State: TypeAlias = Literal["waiting", "dropped"]
Name: TypeAlias = tuple[str, datetime, bytes]  # a capture: its document, time and content
TABLE = "quarantine"
SCHEMA = pa.schema(
    [
        pa.field("id", pa.int64(), nullable=False),
        pa.field("method", pa.string(), nullable=False),
        pa.field("document", pa.string(), nullable=False),
        pa.field("captured_at", TIME, nullable=False),
        pa.field("content_hash", pa.binary(), nullable=False),
        pa.field("state", pa.string(), nullable=False),
        pa.field("table_name", pa.string()),
        pa.field("path", pa.string()),
        pa.field("value", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("quarantined_at", TIME),
    ]
)
_MATCHING = "t.id = s.id"


class Quarantine:
    """The quarantine of a method; `fingerprint` and `marks` tell whether a capture was applied meanwhile."""

    def __init__(self, lake: Lake, method: str, fingerprint: str | None = None, marks: Marks | None = None) -> None:
        self._lake = lake
        self._method = method
        self._fingerprint = fingerprint
        self._marks = marks

    def add(self, capture: StoredCapture, why: Rejected) -> int | None:
        """As `QuarantineStore` says."""
        if self._was_applied(capture):
            return None
        added: list[int] = []
        again(lambda: added.append(self._add(capture, why)))
        if self._was_applied(capture):
            self.leave([capture])
            return None
        return added[-1]

    def leave(self, captures: Iterable[StoredCapture]) -> None:
        """As `QuarantineStore` says."""
        names = {_name(each) for each in captures}
        again(lambda: self._change(lambda row: row | {GONE: True} if _named(row) in names else None))

    def waiting(self, numbers: Sequence[int]) -> Iterator[Quarantined]:
        """As `QuarantineStore` says."""
        for row in sorted(self._rows(), key=lambda row: int(row["id"])):
            if row["id"] in numbers and row["state"] == "waiting":
                why = Rejected(row["reason"], path=row["path"], value=row["value"], table=row["table_name"])
                yield Quarantined(row["id"], row["document"], row["captured_at"], why)

    def drop(self, numbers: Sequence[int]) -> None:
        """Mark these captures as never to be applied."""
        dropped = {"state": "dropped"}
        again(lambda: self._change(lambda row: row | dropped if row["id"] in numbers else None))

    def entries(self) -> dict[Name, tuple[int, State]]:
        """The id and state of each capture in quarantine."""
        return {_named(row): (row["id"], row["state"]) for row in self._rows()}

    def _was_applied(self, capture: StoredCapture) -> bool:
        """Whether the tables show this capture, or a later one."""
        shown = self._shown(capture.document)
        if shown is None:
            return False
        same = self._fingerprint is not None and shown == capture.under(self._fingerprint)
        return same or shown.as_of > capture.as_of

    def _shown(self, document: str) -> Watermark | None:
        """What the tables show of a document."""
        mark = None if self._marks is None else self._marks.read([document]).get(document)
        return None if mark is None else mark.shown

    def _add(self, capture: StoredCapture, why: Rejected) -> int:
        table = self._open()
        rows = self._read(table)
        known = next((row for row in rows if row["method"] == self._method and _named(row) == _name(capture)), None)
        number: int = known["id"] if known else 1 + max((row["id"] for row in rows), default=0)
        row = {
            "id": number,
            "method": self._method,
            "document": capture.document,
            "captured_at": capture.captured_at,
            "content_hash": capture.content_hash,
            "state": known["state"] if known else "waiting",
            "table_name": why.table,
            "path": storable_text(why.path),
            "value": None if why.value is None else storable_text(why.value),
            "reason": storable_text(why.reason),
            "quarantined_at": datetime.now(UTC),
        }
        lakes.merge(table, lakes.changes(SCHEMA, [row]), _MATCHING)
        return number

    def _change(self, changed: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
        """Write what becomes of the entries for which `changed` gives something."""
        table = self._open()
        rows = [new for row in self._read(table, self._own) if (new := changed(row)) is not None]
        if rows:
            lakes.merge(table, lakes.changes(SCHEMA, rows), _MATCHING, insert=False)

    def _rows(self) -> list[dict[str, Any]]:
        return self._read(self._open(), self._own)

    @property
    def _own(self) -> str:
        return lakes.any_of("method", [self._method])

    def _open(self) -> Any:
        return self._lake.open(lakes.CONTROL, TABLE)

    def _read(self, table: Any, wanted: str | None = None) -> list[dict[str, Any]]:
        return records(table, where=wanted)


def _name(capture: StoredCapture) -> Name:
    return capture.document, capture.captured_at, capture.content_hash


def _named(row: dict[str, Any]) -> Name:
    return row["document"], row["captured_at"], row["content_hash"]
