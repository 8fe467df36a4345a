"""Creates the partitions that rows need before they are loaded, without a lock that blocks readers.

ATTACH PARTITION locks the table in SHARE UPDATE EXCLUSIVE mode, which blocks neither readers nor writers. But it also
gives the new partition each foreign key, which locks the table at the other end in SHARE ROW EXCLUSIVE mode and so
waits for writers (observed in pg_locks on 15 and 18). A writer that holds one table and waits for the next could then
deadlock with the creation of a partition. Therefore tables with foreign keys are locked first, in the order of the
writers.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Self, assert_never

import psycopg
from psycopg import sql

from mlb_contracts import Method, Partition, Table, partitions, times
from mlb_etl.errors import Rejected
from mlb_etl.stores.postgres.db import Connection

LOCK = 0x6D6C625F70617274  # "mlb_part": one process per database creates or drops partitions at a time
ATTEMPTS = 5
log = logging.getLogger(__name__)

_LONGEST = 500  # bytes of a text value
_EXISTING = """
SELECT child.relname
FROM pg_inherits
JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent = to_regclass(%s)
"""
# Those of the tables that a foreign key leaves or references.
_WITH_FOREIGN_KEYS = """
SELECT name FROM unnest(%s::text[]) AS name
WHERE EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND to_regclass(name) IN (conrelid, confrelid))
"""
# Runs as the owner of the tables, so that a role that only loads needs no privilege to change the schema.
_CREATE = "SELECT etl.create_partition(%s, %s, %s)"
_ATTACH = sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})")


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A partitioned table, and the SQL type of its partition column."""

    schema: str
    name: str
    by: Partition
    type: str

    @classmethod
    def of(cls, table: Table) -> Self | None:
        """The table of a method, or None if it is unpartitioned."""
        if table.partition is None:
            return None
        of_type = next(column.type for column in table.columns if column.name == table.partition.column)
        return cls(table.schema, table.name, table.partition, of_type)

    @classmethod
    def of_raw(cls, method: Method) -> Self:
        """The raw table of a method."""
        return cls(method.raw_schema, method.raw_table, method.raw_partition, "timestamptz")

    @classmethod
    def of_documents(cls, method: Method) -> Self:
        """The documents table beside the raw table of a method."""
        return cls(method.raw_schema, method.documents_table, method.raw_partition, "timestamptz")

    @property
    def qualified_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def quoted(self) -> str:
        return _quoted(self.schema, self.name)

    def partition(self, value: Any) -> str:
        """The unqualified name of the partition for rows with this value."""
        match self.by.kind:
            case "list":
                return partitions.value_partition(self.name, value)
            case "month":
                day = _day(value)
                return partitions.month_partition(self.name, day.year, day.month)
            case _:
                assert_never(self.by.kind)

    def key(self, value: Any) -> str:
        """What `etl.create_partition` takes for it: the month, or the value itself."""
        match self.by.kind:
            case "list":
                return str(value)
            case "month":
                return f"{_day(value):%Y-%m}"
            case _:
                assert_never(self.by.kind)


class Partitions:
    """Creates partitions on a connection, and caches which exist."""

    def __init__(self, connection: Connection, names: Iterable[tuple[str, str]]) -> None:
        """`names` are the schemas and names of all tables that writers lock together, in their locking order."""
        self._connection = connection
        self._names = tuple(names)
        self._known: dict[Partitioned, set[str]] = {}

    @classmethod
    def of_method(cls, connection: Connection, method: Method) -> Self:
        """For the tables of a method, which are written parents before children."""
        return cls(connection, [(table.schema, table.name) for table in method.tables])

    @classmethod
    def of_raw(cls, connection: Connection, method: Method) -> Self:
        """For the raw table of a method and its documents table."""
        return cls(connection, [(method.raw_schema, name) for name in (method.raw_table, method.documents_table)])

    def ensure(self, needed: Mapping[Partitioned, Iterable[Any]]) -> list[str]:
        """Create missing partitions for these values of the tables' partition columns; return the names of new ones.

        Call it before the transaction that writes the rows, as it creates partitions in a separate one.
        """
        missing = {table: self._missing(table, values) for table, values in needed.items()}
        missing = {table: values for table, values in missing.items() if values}
        if not missing:
            return []
        made = self._make_in_turn(missing)
        for table, values in missing.items():
            self._known[table].update(values)
        for name in made:
            log.info("created partition %s", name)
        return made

    def forget(self) -> None:
        """Clear the cache, because another process dropped partitions."""
        self._known.clear()

    def _missing(self, table: Partitioned, values: Iterable[Any]) -> dict[str, Any]:
        """A value for each partition that is not known to exist, by its name."""
        known = self._known.get(table)
        if known is None:
            known = self._known[table] = self._existing(table)
        return {name: value for value in values if (name := table.partition(value)) not in known}

    def _existing(self, table: Partitioned) -> set[str]:
        return {name for (name,) in self._connection.execute(_EXISTING, [table.quoted])}

    def _make_in_turn(self, missing: Mapping[Partitioned, Mapping[str, Any]]) -> list[str]:
        """Create them in one transaction; retry after a deadlock with a session that locks in another order."""
        for _ in range(ATTEMPTS - 1):
            try:
                with self._connection.transaction():
                    return self._make(missing)
            except psycopg.errors.DeadlockDetected as error:
                log.info("deadlock while creating partitions, retrying: %s", error)
        with self._connection.transaction():
            return self._make(missing)

    def _make(self, missing: Mapping[Partitioned, Mapping[str, Any]]) -> list[str]:
        self._connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        existing = {table: self._existing(table) for table in missing}  # another worker may have been faster
        left = {
            table: {name: value for name, value in sorted(values.items()) if name not in existing[table]}
            for table, values in missing.items()
        }
        self._lock({table: values for table, values in left.items() if values})
        for table, values in left.items():
            for value in values.values():
                self._create(table, value)
        return [f"{table.schema}.{name}" for table, values in left.items() for name in values]

    def _lock(self, missing: Mapping[Partitioned, Mapping[str, Any]]) -> None:
        """Block writers of the tables that foreign keys lock."""
        names = [_quoted(*name) for name in self._names]
        linked = {name for (name,) in self._connection.execute(_WITH_FOREIGN_KEYS, [names])}
        if linked.isdisjoint(table.quoted for table in missing):
            return
        tables = [sql.SQL("ONLY {}").format(sql.Identifier(*name)) for name in self._names if _quoted(*name) in linked]
        lock = sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE")
        self._connection.execute(lock.format(sql.SQL(", ").join(tables)))

    def _create(self, table: Partitioned, value: object) -> None:
        """Create a table and attach it, which does not block readers as CREATE TABLE ... PARTITION OF would."""
        self._connection.execute(_CREATE, [table.schema, table.name, table.key(value)])


def refusal(value: Any) -> str | None:
    """Why the value can't have a partition, or None if it can.

    The catalog keeps the bounds of a partition in one row of at most 8160 bytes, with up to four per byte of a text.
    """
    if isinstance(value, str) and len(value.encode()) > _LONGEST:
        return f"a table is partitioned by this value, so it may have at most {_LONGEST} bytes"
    if isinstance(value, str) and "\0" in value:
        return "a table is partitioned by this value, so it must not contain U+0000"
    return None


def months(first: date, last: date) -> Sequence[date]:
    """The first day of each month from that of `first` to that of `last`."""
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def make_writers_wait(connection: Connection) -> None:
    """Block writers, and the creation of partitions, until the transaction ends; readers continue.

    Locks are taken in the order of a writer, which creates partitions, then locks the watermarks of its documents, and
    only then writes.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    connection.execute("LOCK TABLE etl.watermark IN EXCLUSIVE MODE")


def attach(connection: Connection, table: Partitioned, name: str) -> None:
    """Attach a detached month again; `name` is as `Partitioned.partition` returns it."""
    year, month = name.removeprefix(f"{table.name}_").split("_")
    parts = sql.Identifier(table.schema, table.name), sql.Identifier(table.schema, name)
    connection.execute(_ATTACH.format(*parts, *partitions.month_bounds(int(year), int(month), table.type)))


def _quoted(schema: str, name: str) -> str:
    return sql.Identifier(schema, name).as_string()


def _day(value: date | datetime) -> date:
    """The day of the value, in UTC; raises Rejected if it is too early or too late for a partition."""
    day = value.astimezone(UTC).date() if isinstance(value, datetime) else value
    try:
        return times.game_day(day)
    except ValueError as error:
        raise Rejected(f"no monthly partition is created for it: {error}", value=str(value)) from error
