"""Makes the partitions that rows need, before they are loaded, without a lock that blocks readers."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from psycopg import sql

from mlb_etl.contracts import Partition
from mlb_etl.db import Connection

LOCK = 0x6D6C625F70617274  # "mlb_part": one maker of partitions at a time in a database
log = logging.getLogger(__name__)

_EXISTING = """
SELECT child.relname
FROM pg_inherits
JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent = to_regclass(%s)
"""


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A partitioned table, and the SQL type of its partition column."""

    schema: str
    name: str
    by: Partition
    type: str


class Partitions:
    """The partitions of a connection's database, as far as they were asked for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[Partitioned, set[str]] = {}

    def ensure(self, table: Partitioned, values: Iterable[Any]) -> None:
        """Make sure that rows with these values of the partition column have a partition."""
        needed = {_suffix(table.by, value): value for value in values}
        known = self._known.get(table)
        if known is None:
            known = self._known[table] = self._existing(table)
        for suffix in sorted(needed.keys() - known):
            self._create(table, suffix, needed[suffix])
            known.add(suffix)

    def _existing(self, table: Partitioned) -> set[str]:
        name = sql.Identifier(table.schema, table.name).as_string()
        found = self._connection.execute(_EXISTING, [name])
        return {child.removeprefix(f"{table.name}_") for (child,) in found}

    def _create(self, table: Partitioned, suffix: str, value: object) -> None:
        """Make the table apart and attach it, which unlike CREATE TABLE ... PARTITION OF lets everyone read on."""
        parent = sql.Identifier(table.schema, table.name)
        child = sql.Identifier(table.schema, f"{table.name}_{suffix}")
        with self._connection.transaction():
            self._connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            if suffix in self._existing(table):  # another worker was faster
                return
            self._connection.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(child, parent))
            attach = sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES {}")
            self._connection.execute(attach.format(parent, child, _bounds(table, value)))
        log.info("created partition %s.%s_%s", table.schema, table.name, suffix)


def _suffix(partition: Partition, value: Any) -> str:
    """`2024` for a value of a list, `2024_07` for a month."""
    if partition.kind == "list":
        return str(value)
    day = _day(value)
    return f"{day.year:04}_{day.month:02}"


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
