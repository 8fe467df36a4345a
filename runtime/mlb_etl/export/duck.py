"""DuckDB: schemas, types, comments and primary keys as in PostgreSQL.

Not foreign keys, whose indexes don't fit into the memory that an export may take, and double the size of the file.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from mlb_etl.errors import EtlError
from mlb_etl.export.manifest import Format, Held, Manifest, encode
from mlb_etl.export.targets import Change

MANIFEST = "_export"
_MEMORY = "40MB"  # of DuckDB, beside Arrow's batches and the interpreter
_ROWS = 5_000  # in a transaction, at least
# Rows of a row group, of which one is in memory, and bytes of a block, of which each column of a table has one there
_GROUP, _BLOCK = 30_720, 16_384
_SIMPLE = {
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.string(): "VARCHAR",
    pa.date32(): "DATE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
}


class DuckDB:
    """Writes DuckDB files."""

    form: Format = "duckdb"
    leftovers = (".wal",)

    def manifest(self, place: Path) -> str | None:
        """As `Engine` says."""
        try:
            with duckdb.connect(place, read_only=True) as connection:
                found = connection.execute(f"SELECT manifest FROM {MANIFEST}").fetchall()
        except duckdb.CatalogException:
            return None
        except duckdb.Error as error:
            raise EtlError(f"{place} can't be read as a DuckDB file, so it stays as it is: {_line(error)}") from error
        return str(found[0][0]) if found else None

    def open(self, place: Path, changes: Sequence[Change], show: Callable[[], None]) -> "_Writer":
        """As `Engine` says."""
        return _Writer(place, changes, show)


class _Writer:
    """Deletes rows in transactions of their own, and inserts in small ones, as each keeps its part of the index."""

    def __init__(self, place: Path, changes: Sequence[Change], show: Callable[[], None]) -> None:
        self._place = place
        self._show = show
        with _translated(place):
            self._connection = duckdb.connect(config=_config(place))
            sizes = f"ROW_GROUP_SIZE {_GROUP}, BLOCK_SIZE {_BLOCK}"
            self._connection.execute(f"ATTACH {_literal(str(place))} AS export ({sizes})")
            self._connection.execute("USE export")
            for change in reversed(changes):
                if not change.keys:
                    self._connection.execute(f"DROP TABLE IF EXISTS {_name(change)}")
            for change in changes:
                if not change.keys:
                    self._create(change)

    def _create(self, change: Change) -> None:
        of = change.relation
        parts = [
            f"{_quoted(each.name)} {_type(field.type)}{'' if each.nullable else ' NOT NULL'}"
            for each, field in zip(of.columns, change.schema, strict=True)
        ]
        if of.primary_key:
            parts.append(f"PRIMARY KEY ({_listed(of.primary_key)})")
        run = self._connection.execute
        run(f"CREATE SCHEMA IF NOT EXISTS {_quoted(of.schema)}")
        run(f"CREATE TABLE {_name(change)} ({', '.join(parts)})")
        if of.comment:
            run(f"COMMENT ON TABLE {_name(change)} IS {_literal(of.comment)}")
        for each in of.columns:
            if each.comment:
                run(f"COMMENT ON COLUMN {_name(change)}.{_quoted(each.name)} IS {_literal(each.comment)}")

    def remove(self, change: Change) -> int:
        """As `Writer` says."""
        if not change.keys:
            return 0
        same = " AND ".join(f"t.{_quoted(each)} = d.{_quoted(each)}" for each in change.keys)
        with _translated(self._place):
            self._connection.register("documents", change.documents)
            deleted = self._connection.execute(f"DELETE FROM {_name(change)} AS t USING documents AS d WHERE {same}")
            [(number,)] = deleted.fetchall()
            self._connection.unregister("documents")
        return int(number)

    def add(self, change: Change, season: int | None, batches: pa.RecordBatchReader) -> int:  # noqa: ARG002 - one table has all
        """As `Writer` says."""
        return sum(self._insert(change, rows) for rows in _collected(batches))

    def _insert(self, change: Change, rows: pa.Table) -> int:
        with _translated(self._place):
            self._connection.register("rows", rows)
            [(number,)] = self._connection.execute(f"INSERT INTO {_name(change)} FROM rows").fetchall()
            self._connection.unregister("rows")
        return int(number)

    def held(self, change: Change) -> Held:
        """As `Writer` says."""
        with _translated(self._place):
            [(number,)] = self._connection.execute(f"SELECT count(*) FROM {_name(change)}").fetchall()
        return Held(change.shape, {"": int(number)})

    def finish(self, manifest: Manifest) -> None:
        """As `Writer` says."""
        with _translated(self._place):
            self._connection.execute(f"CREATE OR REPLACE TABLE {MANIFEST} (manifest VARCHAR NOT NULL)")
            self._connection.execute(
                f"COMMENT ON TABLE {MANIFEST} IS 'What mlb-etl export wrote here, for the next time.'"
            )
            self._connection.execute(f"INSERT INTO {MANIFEST} VALUES (?)", [encode(manifest).decode()])
            self._connection.execute("CHECKPOINT")
        self.close()
        self._show()

    def close(self) -> None:
        """As `OpenFile` says."""
        self._connection.close()


def _config(place: Path) -> dict[str, str | bool | int | float | list[str]]:
    """One thread, as memory goes with threads; what does not fit goes to a folder beside the file."""
    return {"memory_limit": _MEMORY, "threads": "1", "temp_directory": f"{place}.tmp"}


def _collected(batches: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """The rows in pieces that a transaction keeps in memory with its part of the indexes."""
    found: list[pa.RecordBatch] = []
    for batch in batches:
        found.append(batch)
        if sum(each.num_rows for each in found) >= _ROWS:
            yield pa.Table.from_batches(found)
            found = []
    if found:
        yield pa.Table.from_batches(found)


@contextmanager
def _translated(place: Path) -> Iterator[None]:
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise EtlError(f"{place}: {_line(error)}; what was exported there before is unchanged") from error


def _line(error: duckdb.Error) -> str:
    return " ".join(str(error).split())


def _type(of: pa.DataType) -> str:
    if pa.types.is_decimal(of):
        return f"DECIMAL({of.precision},{of.scale})"
    return f"{_SIMPLE[of.value_type]}[]" if pa.types.is_list(of) else _SIMPLE[of]


def _name(change: Change) -> str:
    return _quoted(change.relation.schema, change.relation.name)


def _quoted(*parts: str) -> str:
    return ".".join('"' + each.replace('"', '""') + '"' for each in parts)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(_quoted, names))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
