"""Keeps the files of a lake few while many small units write to it, as following games does.

Each unit adds a file to each table with new rows, and replaces files of others. Now and then the small files of a
partition are written together, and files that were replaced, with the versions that need them, are forgotten.
"""

import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

from mlb_contracts import Method
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta import schema
from mlb_etl.stores.delta.captures import seen_table
from mlb_etl.stores.delta.lake import CONTROL, Lake, Overtaken
from mlb_etl.stores.delta.small_files import compact_many

EVERY = 20  # units between two looks at the tables
KEEP = timedelta(hours=1)  # for readers of a version that was replaced
_CLEAN = 900.0  # seconds between two deletions


class Tidier:
    """The upkeep of a method's tables and the control tables, by the process that writes them."""

    def __init__(self, lake: Lake, package: str, method: Method) -> None:
        self._lake = lake
        names = {(method.raw_schema, method.raw_table), (method.raw_schema, seen_table(method))}
        names |= {(each.schema, each.name) for each in method.tables}
        self._tables = [
            each for each in schema.wanted(package) if each.schema == CONTROL or (each.schema, each.name) in names
        ]
        self._units = 0
        self._cleaned_at = time.monotonic()

    def tidy(self) -> None:
        """Note that a unit has ended, and do what is due; what another writer gets in the way of is due next time."""
        self._units += 1
        if self._units % EVERY:
            return
        clean = time.monotonic() - self._cleaned_at >= _CLEAN
        for each in self._tables:
            table = self._lake.open(each.schema, each.name)
            with suppress(Overtaken):
                compact_many(table)
                if clean:
                    self._clean(self._lake.open(each.schema, each.name))
        if clean:
            self._cleaned_at = time.monotonic()

    def _clean(self, table: Any) -> None:
        """Delete replaced files, and have the log forget the versions that need them."""
        if not schema.SOON_FORGOTTEN.items() <= lakes.facts(table).items():
            lakes.configure(table, schema.SOON_FORGOTTEN)
        lakes.vacuum(table, KEEP)
