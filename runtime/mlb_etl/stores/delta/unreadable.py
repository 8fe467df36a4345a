"""Values that could not be read and are NULL in the tables: etl.unreadable in a lake."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from mlb_contracts.misfit import Misfit
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.lake import GONE, Lake
from mlb_etl.stores.delta.records import records
from mlb_etl.stores.texts import storable_text

TABLE = "unreadable"
SCHEMA = pa.schema(
    [
        pa.field("method", pa.string(), nullable=False),
        pa.field("document", pa.string(), nullable=False),
        pa.field("table_name", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("place", pa.string()),
        pa.field("value", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("number", pa.int32()),
    ]
)
_KEY = ("method", "document", "table_name", "path")
_MATCHING = " AND ".join(f"t.{name} = s.{name}" for name in _KEY)


class Unreadable:
    """Records the unreadable values of a method."""

    def __init__(self, lake: Lake, method: str) -> None:
        self._lake = lake
        self._method = method

    def open(self) -> Any:
        """The table, whose version the next `replace` follows."""
        return self._lake.open(lakes.CONTROL, TABLE)

    def replace(self, table: Any, found: Mapping[str, Sequence[Misfit]]) -> None:
        """Replace the recorded values of these documents; raises Overtaken if others have written since."""
        own = f"{lakes.any_of('method', [self._method])} AND {lakes.any_of('document', found)}"
        known = {_key(row): row for row in records(table, where=own)}
        rows = {_key(row): row for name, its in found.items() for row in self._rows(name, its)}
        changed = [row for key, row in rows.items() if known.get(key) != row]
        gone = [row | {GONE: True} for key, row in known.items() if key not in rows]
        if changed or gone:
            lakes.merge(table, lakes.changes(SCHEMA, [*changed, *gone]), _MATCHING)

    def _rows(self, document: str, values: Sequence[Misfit]) -> list[dict[str, Any]]:
        return [
            {
                "method": self._method,
                "document": document,
                "table_name": each.table,
                "path": storable_text(each.path),
                "place": storable_text(each.place),
                "value": storable_text(each.value),
                "reason": storable_text(each.reason),
                "number": each.number,
            }
            for each in values
        ]


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEY)
