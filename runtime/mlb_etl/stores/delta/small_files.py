"""Writes the small files of a table together, so that a reader opens few: each takes it about half a millisecond."""

from collections import Counter

from deltalake import DeltaTable

from mlb_etl.stores.delta import lake as lakes

MOST = 8  # small files that a partition may have before they are written together
_LARGE = 16 << 20  # bytes; files of half that size are not small, so that bodies are not copied over and over


def compact_many(table: DeltaTable) -> None:
    """Write the small files of a table together if a partition has many; raises Overtaken if others came first."""
    small = Counter(path.rpartition("/")[0] for path, size in lakes.files(table) if size < _LARGE // 2)
    if any(number > MOST for number in small.values()):
        lakes.compact(table, _LARGE)
