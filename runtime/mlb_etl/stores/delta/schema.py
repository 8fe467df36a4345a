"""Makes the tables of a generated package in a lake, and adds columns that came later."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pyarrow as pa

from mlb_contracts import Table
from mlb_etl import registry
from mlb_etl.errors import EtlError
from mlb_etl.stores.delta import arrow, captures, drift, failures, marks, quarantine, runs, unreadable
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.lake import CONTROL, Lake
from mlb_etl.stores.delta.marks import again


@dataclass(frozen=True, slots=True)
class Wanted:
    """A table as the package needs it."""

    schema: str
    name: str
    columns: pa.Schema
    facts: dict[str, Any]

    @property
    def qualified_name(self) -> str:
        """Its name with that of its schema."""
        return f"{self.schema}.{self.name}"


# Whoever opens a table reads its log: 0.4 ms for each version since the last checkpoint, which takes 2 ms to write.
_CHECKPOINTS = {"delta.checkpointInterval": "10"}
# Following games writes thousands of versions a day, most of them of the control tables, whose past nobody reads.
_FORGOTTEN = _CHECKPOINTS | {"delta.logRetentionDuration": "interval 7 days"}
SOON_FORGOTTEN = _CHECKPOINTS | {
    "delta.logRetentionDuration": "interval 1 hours",
    "delta.deletedFileRetentionDuration": "interval 1 hours",
}


def wanted(package: str) -> Iterator[Wanted]:
    """The tables that a package needs, the control tables first."""
    for module in (marks, quarantine, failures, drift, unreadable, runs):
        yield Wanted(CONTROL, module.TABLE, module.SCHEMA, {"configuration": SOON_FORGOTTEN})
    raw: set[tuple[str, str]] = set()
    for name in registry.methods(package):
        method = registry.method(package, name)
        if (method.raw_schema, method.raw_table) not in raw:
            raw.add((method.raw_schema, method.raw_table))
            facts = {"configuration": _FORGOTTEN}
            raw_facts = {"configuration": _FORGOTTEN | captures.CONFIGURATION}
            yield Wanted(method.raw_schema, method.raw_table, captures.SCHEMA, raw_facts)
            yield Wanted(method.raw_schema, captures.seen_table(method), captures.SEEN_SCHEMA, facts)
        for table in method.tables:
            yield Wanted(table.schema, table.name, arrow.schema(table), _facts(table))


def _facts(table: Table) -> dict[str, Any]:
    return {"partition_by": arrow.partition_columns(table), "configuration": _FORGOTTEN}


@dataclass(frozen=True, slots=True)
class Difference:
    """What a lake lacks of a table: the table itself, or columns; `refused` are differences that it can't change."""

    table: Wanted
    missing: bool
    added: tuple[pa.Field, ...]
    refused: tuple[str, ...]


def differences(lake: Lake, package: str) -> list[Difference]:
    """What the lake lacks of the package's tables."""
    found = []
    for each in wanted(package):
        if not lake.exists(each.schema, each.name):
            found.append(Difference(each, missing=True, added=(), refused=()))
            continue
        opened = lake.open(each.schema, each.name)
        there = pa.schema(opened.schema().to_arrow())
        added = tuple(field for field in each.columns if field.name not in there.names)
        other = tuple(
            f"column {field.name} is {there.field(field.name).type}, the mapping has {field.type}"
            for field in each.columns
            if field.name in there.names and not _same(there.field(field.name).type, field.type)
        )
        by, wanted_by = opened.metadata().partition_columns, each.facts.get("partition_by", [])
        if by != wanted_by:
            other = (*other, f"it is partitioned by {_listed(by)}, the mapping has {_listed(wanted_by)}")
        if added or other:
            found.append(Difference(each, missing=False, added=added, refused=other))
    return found


def apply(lake: Lake, package: str) -> list[str]:
    """Make what the lake lacks, and return the names of the tables that were made or changed.

    Raises EtlError, before it changes anything, if a column has another type.
    """
    found = differences(lake, package)
    if refused := next((each for each in found if each.refused), None):
        raise EtlError(
            f"{refused.table.qualified_name}: {refused.refused[0]}: a lake can't change it; stop all"
            f" writers, delete the table's folder {lake.uri(refused.table.schema, refused.table.name)}, and run"
            " `mlb-etl schema init` and `mlb-etl transform --replay`, which fills it from the captures"
        )
    for each in found:
        if each.missing:
            lake.create(each.table.schema, each.table.name, each.table.columns, **each.table.facts)
        else:
            lakes.add_columns(lake.open(each.table.schema, each.table.name), each.added)
    if not is_noted(lake, package):
        for table in wanted(package):
            again(partial(_configure, lake, table))
    again(partial(_note, lake, package))
    return [each.table.qualified_name for each in found]


def _configure(lake: Lake, wanted: Wanted) -> None:
    """Set the properties that the table was made without."""
    table = lake.open(wanted.schema, wanted.name)
    known = lakes.facts(table)
    if lacking := {name: value for name, value in wanted.facts["configuration"].items() if name not in known}:
        lakes.configure(table, lacking)


def require(lake: Lake, package: str) -> None:
    """Raise EtlError unless the lake has all tables of the package as they are now.

    Looks at one table only, if `apply` has noted there that it made all of them.
    """
    if is_noted(lake, package):
        return
    if lacking := differences(lake, package):
        raise EtlError(
            f"the lake lacks {lacking[0].table.qualified_name}"
            f"{'' if lacking[0].missing else ' as the mapping has it'}: run `mlb-etl schema init --target delta:…`"
        )


def is_noted(lake: Lake, package: str) -> bool:
    """Whether it is noted in the lake that it has all tables of the package."""
    if not lake.exists(CONTROL, marks.TABLE):
        return False
    return lakes.facts(lake.open(CONTROL, marks.TABLE)).get(_noted(package)) == fingerprint(package)


@cache
def fingerprint(package: str) -> str:
    """The tables that a package needs, with their columns and partitions, as one hash, which takes 10 ms."""
    facts = "".join(f"{each.qualified_name}\n{each.columns}\n{each.facts}\n" for each in wanted(package))
    return hashlib.sha256(facts.encode()).hexdigest()


def _noted(package: str) -> str:
    """The property of the table of watermarks that has the fingerprint of the package's tables."""
    return f"mlb_etl.tables.{package}"


def _note(lake: Lake, package: str) -> None:
    """Note that the lake has all tables of the package."""
    table, now = lake.open(CONTROL, marks.TABLE), fingerprint(package)
    if lakes.facts(table).get(_noted(package)) != now:
        lakes.note(table, _noted(package), now)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"


def _same(one: pa.DataType, other: pa.DataType) -> bool:
    texts = (pa.string(), pa.large_string(), pa.string_view())
    blobs = (pa.binary(), pa.large_binary(), pa.binary_view())
    return one == other or (one in texts and other in texts) or (one in blobs and other in blobs)
