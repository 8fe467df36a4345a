"""Upkeep of a lake: fewer and larger files, no files that nothing refers to, and who wrote what when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from mlb_etl.errors import EtlError
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta import schema
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.delta.marks import again


@dataclass(frozen=True, slots=True)
class Compacted:
    """What was done to the files of a table: numbers of files replaced and written."""

    table: str
    removed: int
    added: int


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """The number of files of a table that nothing referred to any more."""

    table: str
    files: int


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a table: when it was written, and by what."""

    version: int
    written_at: datetime
    operation: str


def optimize(lake: Lake, package: str) -> Iterator[Compacted]:
    """Write small files together, table by table; writers wait for none of it."""
    for each in schema.wanted(package):
        done: list[dict[str, Any]] = []
        again(partial(_compact, lake, each, done))
        yield Compacted(each.qualified_name, done[-1]["numFilesRemoved"], done[-1]["numFilesAdded"])


def _compact(lake: Lake, each: schema.Wanted, done: list[dict[str, Any]]) -> None:
    done.append(lakes.compact(lake.open(each.schema, each.name)))


def vacuum(lake: Lake, package: str, older_than: timedelta) -> Iterator[Vacuumed]:
    """Delete files that no version refers to which is younger than that; readers of older versions fail."""
    for each in schema.wanted(package):
        files = lakes.vacuum(lake.open(each.schema, each.name), older_than)
        yield Vacuumed(each.qualified_name, files)


def history(lake: Lake, package: str, table: str, limit: int) -> list[Version]:
    """The last versions of a table, newest first; raises EtlError for a table that the lake does not have."""
    of = next((each for each in schema.wanted(package) if each.qualified_name == table), None)
    if of is None:
        raise EtlError(f"the lake has no table {table}: `mlb-etl lake optimize` lists its tables")
    found = lakes.history(lake.open(of.schema, of.name), limit)
    return [
        Version(each["version"], datetime.fromtimestamp(each["timestamp"] / 1000, UTC), each["operation"])
        for each in found
    ]
