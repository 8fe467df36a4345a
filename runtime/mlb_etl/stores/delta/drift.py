"""How responses differ from the samples that the mappings were made with: etl.drift in a lake."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import pyarrow as pa

from mlb_etl.laws import drift
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.arrow import TIME
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.delta.marks import again
from mlb_etl.stores.delta.records import records
from mlb_etl.stores.interfaces.database import DriftedCapture

TABLE = "drift"
SCHEMA = pa.schema(
    [
        pa.field("method", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("seen", pa.string(), nullable=False),
        pa.field("first_seen_at", TIME, nullable=False),
        pa.field("last_seen_at", TIME, nullable=False),
        pa.field("captures", pa.int64(), nullable=False),
        pa.field("document", pa.string(), nullable=False),
        pa.field("request", pa.string(), nullable=False),
        pa.field("content_hash", pa.binary(), nullable=False),
    ]
)
MATCHING = " AND ".join(f"t.{name} = s.{name}" for name in ("method", "path", "kind", "seen"))

Name: TypeAlias = tuple[str, str, str]  # path, kind and what was seen


class Drift:
    """Records how captures of a method differ."""

    def __init__(self, lake: Lake, method: str) -> None:
        self._lake = lake
        self._method = method

    def record(self, drifted: Sequence[DriftedCapture]) -> None:
        """Add the changes of captures to those recorded; without any, nothing is read or written."""
        if any(each.changes for each in drifted):
            again(lambda: self._record(drifted))

    def _record(self, drifted: Sequence[DriftedCapture]) -> None:
        table = self._lake.open(lakes.CONTROL, TABLE)
        found = records(table, where=lakes.any_of("method", [self._method]))
        known: dict[Name, dict[str, Any]] = {(row["path"], row["kind"], row["seen"]): row for row in found}
        changed: dict[Name, dict[str, Any]] = {}
        for each in sorted(drifted, key=lambda each: each.capture.captured_at):
            for change in each.changes:
                name: Name = (change.path, change.kind, change.seen)
                if name not in known and len(known) >= drift.MOST_PATHS:
                    name = ("…", change.kind, "")
                known[name] = changed[name] = self._with(known.get(name), name, each)
        lakes.merge(table, lakes.changes(SCHEMA, changed.values()), MATCHING)

    def _with(self, row: dict[str, Any] | None, name: Name, of: DriftedCapture) -> dict[str, Any]:
        """The row of a change with another capture; one that the tables show already is not counted again."""
        capture = of.capture
        example = {
            "last_seen_at": capture.captured_at,
            "document": capture.document,
            "request": capture.request,
            "content_hash": capture.answer_hash,
        }
        if row is None:
            path, kind, seen = name
            own = {"method": self._method, "path": path, "kind": kind, "seen": seen, "captures": 1}
            return {**own, "first_seen_at": capture.captured_at, **example}
        again_counted = (row["request"], row["last_seen_at"]) == (capture.request, capture.captured_at)
        counts = not capture.is_shown and not again_counted
        later = capture.captured_at >= row["last_seen_at"]
        return {
            **row,
            "captures": row["captures"] + counts,
            "first_seen_at": min(row["first_seen_at"], capture.captured_at),
            **(example if later else {}),
        }
