"""Makes the partitions that rows need, before they are loaded, without a lock that blocks readers.

ATTACH PARTITION locks the table in SHARE UPDATE EXCLUSIVE mode, which blocks neither readers nor writers. But a foreign
key becomes the new partition's too, and that locks the table at its other end in SHARE ROW EXCLUSIVE mode, which waits
for writers (pg_locks says so on 15 and on 18). A writer that holds one of the tables and waits for the next would then
wait for the maker of partitions, and the maker for the writer. So tables with foreign keys are locked first, in the
order in which writers lock them, and the two cannot deadlock.
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

LOCK = 0x6D6C625F70617274  # "mlb_part": one maker or dropper of partitions at a time in a database
ATTEMPTS = 5
log = logging.getLogger(__name__)

_LONGEST = 500  # bytes of a text
_EXISTING = """
SELECT child.relname
FROM pg_inherits
JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent = to_regclass(%s)
"""
# Those of the tables that are at either end of a foreign key.
_WITH_FOREIGN_KEYS = """
SELECT name FROM unnest(%s::text[]) AS name
WHERE EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND to_regclass(name) IN (conrelid, confrelid))
"""
_ATTACH = sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES {}")


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A partitioned table, and the SQL type of its partition column."""

    schema: str
    name: str
    by: Partition
    type: str

    @classmethod
    def of(cls, table: Table) -> Self | None:
        """The table of a method, unless it is unpartitioned."""
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
        """The table of the documents that the captures in the raw table hold."""
        return cls(method.raw_schema, method.documents_table, method.raw_partition, "timestamptz")

    @property
    def qualified_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def quoted(self) -> str:
        return _quoted(self.schema, self.name)

    def partition(self, value: Any) -> str:
        """The name of the partition for rows with that value, without its schema."""
        match self.by.kind:
            case "list":
                return partitions.value_partition(self.name, value)
            case "month":
                day = _day(value)
                return partitions.month_partition(self.name, day.year, day.month)
            case _:
                assert_never(self.by.kind)


class Partitions:
    """The partitions of a connection's database, as far as they were asked for."""

    def __init__(self, connection: Connection, names: Iterable[tuple[str, str]]) -> None:
        """`names` are the schema and name of all tables that writers lock together, in the order in which they do."""
        self._connection = connection
        self._names = tuple(names)
        self._known: dict[Partitioned, set[str]] = {}

    @classmethod
    def of_method(cls, connection: Connection, method: Method) -> Self:
        """Those of the tables of a method, whose order is that of writing: parents before children."""
        return cls(connection, [(table.schema, table.name) for table in method.tables])

    @classmethod
    def of_raw(cls, connection: Connection, method: Method) -> Self:
        """Those of the raw table of a method, and of the documents table beside it."""
        return cls(connection, [(method.raw_schema, name) for name in (method.raw_table, method.documents_table)])

    def ensure(self, needed: Mapping[Partitioned, Iterable[Any]]) -> list[str]:
        """Make sure that rows with these values of the tables' partition columns have a partition; what was made.

        To be called before the transaction that writes the rows: what is missing is made in one of its own.
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
        """Ask the database again which partitions there are, as others dropped some."""
        self._known.clear()

    def _missing(self, table: Partitioned, values: Iterable[Any]) -> dict[str, Any]:
        """A value for each partition that is not known to be there, by its name."""
        known = self._known.get(table)
        if known is None:
            known = self._known[table] = self._existing(table)
        return {name: value for value in values if (name := table.partition(value)) not in known}

    def _existing(self, table: Partitioned) -> set[str]:
        return {name for (name,) in self._connection.execute(_EXISTING, [table.quoted])}

    def _make_in_turn(self, missing: Mapping[Partitioned, Mapping[str, Any]]) -> list[str]:
        """Make them in one transaction; again where others, who keep to no order, brought about a deadlock."""
        for _ in range(ATTEMPTS - 1):
            try:
                with self._connection.transaction():
                    return self._make(missing)
            except psycopg.errors.DeadlockDetected as error:
                log.info("a deadlock while making partitions, once more: %s", error)
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
            for name, value in values.items():
                self._create(table, name, value)
        return [f"{table.schema}.{name}" for table, values in left.items() for name in values]

    def _lock(self, missing: Mapping[Partitioned, Mapping[str, Any]]) -> None:
        """Keep writers away from the tables that foreign keys lock."""
        names = [_quoted(*name) for name in self._names]
        linked = {name for (name,) in self._connection.execute(_WITH_FOREIGN_KEYS, [names])}
        if linked.isdisjoint(table.quoted for table in missing):
            return
        tables = [sql.SQL("ONLY {}").format(sql.Identifier(*name)) for name in self._names if _quoted(*name) in linked]
        lock = sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE")
        self._connection.execute(lock.format(sql.SQL(", ").join(tables)))

    def _create(self, table: Partitioned, name: str, value: object) -> None:
        """Make the table apart and attach it, which unlike CREATE TABLE ... PARTITION OF lets everyone read on."""
        whole, part = sql.Identifier(table.schema, table.name), sql.Identifier(table.schema, name)
        self._connection.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(part, whole))
        self._connection.execute(_ATTACH.format(whole, part, _bounds(table, value)))


def refusal(value: Any) -> str | None:
    """Why rows with that value in the partition column can't have a partition, or None where they can.

    The catalog has the bounds of a partition in one row, of 8160 bytes at most, and each byte of a text as up to four.
    """
    if isinstance(value, str) and len(value.encode()) > _LONGEST:
        return f"a table is partitioned by it, for which it may have {_LONGEST} bytes at most"
    if isinstance(value, str) and "\0" in value:
        return "a table is partitioned by it, for which it may not have the character U+0000"
    return None


def months(first: date, last: date) -> Sequence[date]:
    """The first days of the months from that of `first` to that of `last`."""
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def make_writers_wait(connection: Connection) -> None:
    """Make others wait until the transaction ends, before they make partitions or write rows; readers go on.

    The locks are taken in the order in which a writer takes them: it makes partitions, and then locks the watermarks of
    its documents before it writes anything.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    connection.execute("LOCK TABLE etl.watermark IN EXCLUSIVE MODE")


def attach(connection: Connection, table: Partitioned, name: str) -> None:
    """Attach a partition of a month again, which has its name as `Partitioned.partition` gives it."""
    year, month = name.removeprefix(f"{table.name}_").split("_")
    bounds = _bounds(table, date(int(year), int(month), 1))
    parts = sql.Identifier(table.schema, table.name), sql.Identifier(table.schema, name)
    connection.execute(_ATTACH.format(*parts, bounds))


def _quoted(schema: str, name: str) -> str:
    return sql.Identifier(schema, name).as_string()


def _bounds(table: Partitioned, value: Any) -> sql.Composed:
    match table.by.kind:
        case "list":
            return sql.SQL("IN ({})").format(sql.Literal(value))
        case "month":
            day = _day(value)
            return sql.SQL("FROM ({}) TO ({})").format(*partitions.month_bounds(day.year, day.month, table.type))
        case _:
            assert_never(table.by.kind)


def _day(value: date | datetime) -> date:
    """The day of the value, in UTC; raises Rejected for one that no partition is made for."""
    day = value.astimezone(UTC).date() if isinstance(value, datetime) else value
    try:
        return times.game_day(day)
    except ValueError as error:
        raise Rejected(f"no partition of a month is made for it: {error}", value=str(value)) from error
