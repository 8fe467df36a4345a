"""Makes the partitions that rows need, before they are loaded, without a lock that blocks readers.

ATTACH PARTITION locks the table itself in SHARE UPDATE EXCLUSIVE mode, which blocks neither readers nor writers. But
where foreign keys lead to or from the table, it also locks the tables at their other ends, and the partitions of those
that are referenced, in SHARE ROW EXCLUSIVE mode (pg_locks says so on 15 and on 18), which waits for writers. A writer
that holds one of the tables and waits for the next would then wait for whoever makes partitions, and that one for the
writer. So all tables with foreign keys are locked first, and in the order in which writers lock them.
"""

import hashlib
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Self

import psycopg
from psycopg import sql

from mlb_etl.contracts import Method, Partition, Table
from mlb_etl.db import Connection

LOCK = 0x6D6C625F70617274  # "mlb_part": one maker or dropper of partitions at a time in a database
ATTEMPTS = 5
log = logging.getLogger(__name__)

_PLAIN = re.compile(r"[a-z0-9_]{1,9}")  # what a table's name has room for
_EXISTING = """
SELECT child.relname
FROM pg_inherits
JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent = to_regclass(%s)
"""
_WITH_FOREIGN_KEYS = """
SELECT name FROM unnest(%s::text[]) AS name
WHERE EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND to_regclass(name) IN (conrelid, confrelid))
"""


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

    @property
    def qualified_name(self) -> str:
        return f"{self.schema}.{self.name}"

    def partition(self, value: Any) -> str:
        """The name of the partition for rows with that value, without its schema."""
        return f"{self.name}_{_suffix(self.by, value)}"


class Partitions:
    """The partitions of a connection's database, as far as they were asked for."""

    def __init__(self, connection: Connection, tables: Iterable[tuple[str, str]]) -> None:
        """`tables` are schemas and names of all tables that writers lock together, in the order in which they do."""
        self._connection = connection
        self._tables = tuple(tables)
        self._known: dict[Partitioned, set[str]] = {}

    @classmethod
    def of_method(cls, connection: Connection, method: Method) -> Self:
        """Those of the tables of a method, whose order is that of writing: parents before children."""
        return cls(connection, [(table.schema, table.name) for table in method.tables])

    @classmethod
    def of_raw(cls, connection: Connection, method: Method) -> Self:
        """Those of the raw table of a method."""
        return cls(connection, [(method.raw_schema, method.raw_table)])

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

    def _missing(self, table: Partitioned, values: Iterable[Any]) -> dict[str, Any]:
        """A value for each partition that is not known to be there, by its name."""
        known = self._known.get(table)
        if known is None:
            known = self._known[table] = self._existing(table)
        return {name: value for value in values if (name := table.partition(value)) not in known}

    def _existing(self, table: Partitioned) -> set[str]:
        return {name for (name,) in self._connection.execute(_EXISTING, [_quoted(table.schema, table.name)])}

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
        self._lock(missing)
        made = []
        for table, values in missing.items():
            for name in sorted(values.keys() - self._existing(table)):  # another worker may have been faster
                self._create(table, name, values[name])
                made.append(f"{table.schema}.{name}")
        return made

    def _lock(self, missing: Iterable[Partitioned]) -> None:
        """Keep writers away from the tables with foreign keys, if any of them is to get a partition."""
        names = [_quoted(*table) for table in self._tables]
        linked = {name for (name,) in self._connection.execute(_WITH_FOREIGN_KEYS, [names])}
        if linked.isdisjoint(_quoted(table.schema, table.name) for table in missing):
            return
        tables = [sql.Identifier(*table) for table in self._tables if _quoted(*table) in linked]
        lock = sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE")
        self._connection.execute(lock.format(sql.SQL(", ").join(sql.SQL("ONLY {}").format(each) for each in tables)))

    def _create(self, table: Partitioned, name: str, value: object) -> None:
        """Make the table apart and attach it, which unlike CREATE TABLE ... PARTITION OF lets everyone read on."""
        parent, child = sql.Identifier(table.schema, table.name), sql.Identifier(table.schema, name)
        self._connection.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(child, parent))
        attach = sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES {}")
        self._connection.execute(attach.format(parent, child, _bounds(table, value)))


def months(first: date, last: date) -> Sequence[date]:
    """The first days of the months from that of `first` to that of `last`."""
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def _quoted(schema: str, name: str) -> str:
    return sql.Identifier(schema, name).as_string()


def _suffix(partition: Partition, value: Any) -> str:
    """`2024` for a value of a list, or a hash where it makes no name; `2024_07` for a month."""
    if partition.kind == "month":
        day = _day(value)
        return f"{day.year:04}_{day.month:02}"
    text = str(value).replace("-", "_") if isinstance(value, int) else str(value)
    return text if _PLAIN.fullmatch(text) else hashlib.sha256(text.encode()).hexdigest()[:8]


def _bounds(table: Partitioned, value: Any) -> sql.Composed:
    if table.by.kind == "list":
        return sql.SQL("IN ({})").format(sql.Literal(value))
    start = _day(value).replace(day=1)
    end = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    midnight = " 00:00:00+00" if table.type == "timestamptz" else ""
    return sql.SQL("FROM ({}) TO ({})").format(f"{start}{midnight}", f"{end}{midnight}")


def _day(value: date | datetime) -> date:
    """The day of the value, in UTC."""
    return value.astimezone(UTC).date() if isinstance(value, datetime) else value
