"""SQLite: STRICT tables named schema_table, with primary and foreign keys; descriptions are in a table."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

import adbc_driver_manager as manager
import adbc_driver_sqlite as driver
import pyarrow as pa

from mlb_etl.errors import EtlError
from mlb_etl.export import texts
from mlb_etl.export.manifest import Format, Held, Manifest, encode
from mlb_etl.export.targets import Change
from mlb_etl.stores.adbc import Adbc

MANIFEST, DESCRIPTIONS = "_export", "_descriptions"
_DOCUMENTS = "_documents"
_PRAGMAS = ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -16000")


class SQLite:
    """Writes SQLite files."""

    form: Format = "sqlite"
    leftovers = ("-wal", "-shm", "-journal")

    def manifest(self, place: Path) -> str | None:
        """As `Engine` says."""
        try:
            with closing(sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                found = connection.execute(f"SELECT manifest FROM {MANIFEST}").fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return None
            raise EtlError(f"{place} can't be read: {error}") from error
        except sqlite3.DatabaseError:
            return None
        return str(found[0][0]) if found else None

    def open(self, place: Path, changes: Sequence[Change], show: Callable[[], None]) -> "_Writer":
        """As `Engine` says."""
        return _Writer(place, changes, show)


class _Writer:
    """Writes by ADBC's driver, without a journal, as the file shows only when it is complete."""

    def __init__(self, place: Path, changes: Sequence[Change], show: Callable[[], None]) -> None:
        self._place = place
        self._show = show
        with _translated(place):
            self._connection = Adbc(driver.connect(str(place)))
            for pragma in _PRAGMAS:
                with self._connection.query(pragma) as said:
                    said.read_all()
            self._connection.run("BEGIN")
            self._connection.run(
                f"CREATE TABLE IF NOT EXISTS {DESCRIPTIONS} (name TEXT, column TEXT, description TEXT) STRICT"
            )
            for change in reversed(changes):
                if not change.keys:
                    self._connection.run(f"DROP TABLE IF EXISTS {_quoted(_name(change))}")
            for change in changes:
                if not change.keys:
                    self._create(change)

    def _create(self, change: Change) -> None:
        of = change.relation
        parts = [
            f"{_quoted(each.name)} {_type(field.type)}{'' if each.nullable else ' NOT NULL'}"
            for each, field in zip(of.columns, _schema(change.schema), strict=True)
        ]
        if of.primary_key:
            parts.append(f"PRIMARY KEY ({_listed(of.primary_key)})")
        for key in of.foreign_keys:
            table = _quoted(key.table.replace(".", "_", 1))
            parts.append(f"FOREIGN KEY ({_listed(key.columns)}) REFERENCES {table} ({_listed(key.referenced)})")
        self._connection.run(f"CREATE TABLE {_quoted(_name(change))} ({', '.join(parts)}) STRICT")
        self._connection.run(f"DELETE FROM {DESCRIPTIONS} WHERE name = {_literal(_name(change))}")
        described = [(None, of.comment), *((each.name, each.comment) for each in of.columns)]
        names, comments = zip(*described, strict=True)
        self._store(DESCRIPTIONS, name=[_name(change)] * len(described), column=names, description=comments)

    def remove(self, change: Change) -> int:
        """As `Writer` says."""
        if change.documents is None:
            return 0
        before = self._count(change)
        keys, names = _listed(change.keys), _quoted(_name(change))
        with _translated(self._place):
            self._ingest(_DOCUMENTS, change.documents.to_reader(), "create")
            self._connection.run(f"DELETE FROM {names} WHERE ({keys}) IN (SELECT {keys} FROM {_DOCUMENTS})")
            self._connection.run(f"DROP TABLE {_DOCUMENTS}")
        return before - self._count(change)

    def add(self, change: Change, season: int | None, batches: pa.RecordBatchReader) -> int:  # noqa: ARG002 - one table has all
        """As `Writer` says."""
        with _translated(self._place):
            return self._ingest(_name(change), batches, "append")

    def _ingest(self, name: str, batches: pa.RecordBatchReader, mode: Literal["create", "append"]) -> int:
        schema = _schema(batches.schema)
        converted = (texts.adapted(each, schema, _convert) for each in batches)
        return self._connection.ingest(name, pa.RecordBatchReader.from_batches(schema, converted), mode)

    def _store(self, table: str, /, **columns: Sequence[str | None]) -> None:
        texts_only = {each: pa.array(values, pa.string()) for each, values in columns.items()}
        self._connection.ingest(table, pa.table(texts_only).to_reader(), "append")

    def _count(self, change: Change) -> int:
        statement = f"SELECT count(*) FROM {_quoted(_name(change))}"
        with _translated(self._place), self._connection.query(statement) as found:
            return int(found.read_all().column(0)[0].as_py())

    def held(self, change: Change) -> Held:
        """As `Writer` says."""
        return Held(change.shape, {"": self._count(change)})

    def finish(self, manifest: Manifest) -> None:
        """As `Writer` says."""
        with _translated(self._place):
            self._connection.run(f"DROP TABLE IF EXISTS {MANIFEST}")
            self._connection.run(f"CREATE TABLE {MANIFEST} (manifest TEXT NOT NULL) STRICT")
            self._store(MANIFEST, manifest=[encode(manifest).decode()])
            self._connection.run("COMMIT")
        self.close()
        self._show()

    def close(self) -> None:
        """As `OpenFile` says."""
        self._connection.close()


@contextmanager
def _translated(place: Path) -> Iterator[None]:
    try:
        yield
    except manager.Error as error:
        reason = " ".join(str(error).split())
        raise EtlError(f"{place}: {reason}; what was exported there before is unchanged") from error


def _schema(of: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field(each.name, _stored(each.type), each.nullable) for each in of])


def _stored(of: pa.DataType) -> pa.DataType:
    if pa.types.is_boolean(of):
        return pa.int8()
    if pa.types.is_decimal(of):
        return pa.float64()
    return pa.string() if pa.types.is_temporal(of) or pa.types.is_list(of) else of


def _convert(of: pa.Array) -> pa.Array:
    if pa.types.is_temporal(of.type):
        return texts.time_text(of)
    if pa.types.is_decimal(of.type):  # by their digits: Arrow's own way is off by a bit
        of = of.cast(pa.string())
    return texts.json_text(of) if pa.types.is_list(of.type) else of.cast(_stored(of.type))


def _type(of: pa.DataType) -> str:
    if pa.types.is_integer(of):
        return "INTEGER"
    return "REAL" if pa.types.is_floating(of) else "TEXT"


def _name(change: Change) -> str:
    return f"{change.relation.schema}_{change.relation.name}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(_quoted, names))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
