"""Reads whole tables and views from one snapshot: facts by psycopg, rows as Arrow data by ADBC's driver.

Both connections see the same snapshot, which the first exports to the second.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.resources import files
from typing import Any, Self

import adbc_driver_manager as manager
import adbc_driver_postgresql as driver
import psycopg
import pyarrow as pa
from adbc_driver_postgresql import StatementOptions
from psycopg import conninfo, sql

from mlb_contracts import Method
from mlb_etl.errors import DatabaseUnavailable, EtlError, shortened
from mlb_etl.settings import Settings
from mlb_etl.stores.adbc import Adbc
from mlb_etl.stores.interfaces.reading import SEASON, ReadColumn, ReadForeignKey, Relation, Wanted
from mlb_etl.stores.postgres import arrow_types, db, migrate, session
from mlb_etl.stores.postgres.db import translate_errors
from mlb_etl.stores.postgres.sql_errors import reraise

_BATCH = 4 << 20  # bytes; about 5,000 rows of the widest table
_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_TAKEN = "SELECT pg_catalog.pg_export_snapshot(), pg_catalog.transaction_timestamp()"
_MARKS = """
SELECT document::text, left(pg_catalog.md5(pg_catalog.concat_ws('|', as_of, content_hash, fingerprint, applied_at)), 16)
FROM etl.watermark WHERE method = %s
"""


class PostgresSnapshot:
    """The database at one moment, in a transaction of each of two connections."""

    def __init__(self, settings: Settings) -> None:
        self._reading: Generator[pa.RecordBatch, None, None] = _nothing()
        self._facts = db.connect(settings)
        try:
            with translate_errors():
                migrate.require(self._facts, settings.tables, writing=False)
                self._facts.execute(_BEGIN)
                [(name, taken_at)] = self._facts.execute(_TAKEN).fetchall()
            self._taken_at: datetime = taken_at
            with _translated():
                self._rows = Adbc(driver.connect(_full_dsn(self._facts)))
            try:
                self._share(name)
            except BaseException:
                self._rows.close()
                raise
        except BaseException:
            self._facts.close()
            raise

    def _share(self, name: str) -> None:
        pins = [sql.SQL("SET {} = {}").format(sql.Identifier(each), of) for each, of in session.PINNED.items()]
        moment = sql.SQL("SET TRANSACTION SNAPSHOT {}").format(name)
        with _translated():
            for statement in (*pins, sql.SQL(_BEGIN), moment):
                self._rows.run(statement.as_string(None))

    @property
    def taken_at(self) -> datetime:
        """As `Snapshot` says."""
        return self._taken_at

    @translate_errors()
    def relations(self, names: Sequence[str]) -> list[Relation]:
        """As `Snapshot` says."""
        query = (files(__package__) / "sql" / "relations.sql").read_bytes()
        schemas, own = zip(*(each.split(".", 1) for each in names), strict=True) if names else ((), ())
        rows = self._facts.execute(query, {"schemas": list(schemas), "names": list(own)}).fetchall()
        found = {each.qualified_name: each for each in map(_relation, rows)}
        if missing := [each for each in names if each not in found]:
            raise EtlError(f"the database has no table or view {shortened(missing[0])}")
        return [found[each] for each in names]

    @translate_errors()
    def marks(self, method: Method) -> Mapping[str, str]:
        """As `Snapshot` says."""
        return dict(self._facts.execute(_MARKS, [method.name]).fetchall())

    @translate_errors()
    def seasons(self, relation: Relation, wanted: Wanted) -> list[int | None]:
        """As `Snapshot` says."""
        query = sql.SQL("SELECT DISTINCT {} FROM {} WHERE {} ORDER BY 1").format(
            sql.Identifier(SEASON), _name(relation), _condition(relation, wanted)
        )
        return [season for (season,) in self._facts.execute(query)]

    def schema(self, relation: Relation) -> pa.Schema:
        """As `Snapshot` says; comments are the metadata `description` of each."""
        fields = [
            pa.field(each.name, arrow_types.arrow_type(each.type), each.nullable, _metadata(each))
            for each in relation.columns
        ]
        return pa.schema(fields)

    def batches(self, relation: Relation, wanted: Wanted) -> pa.RecordBatchReader:
        """As `Snapshot` says."""
        schema = self.schema(relation)
        self._reading.close()
        self._reading = self._batches(relation, wanted, schema)
        return pa.RecordBatchReader.from_batches(schema, self._reading)

    def _batches(self, relation: Relation, wanted: Wanted, schema: pa.Schema) -> Generator[pa.RecordBatch, None, None]:
        names = [
            sql.SQL("{}::text").format(sql.Identifier(each.name))
            if arrow_types.read_as_text(each.type)
            else sql.Identifier(each.name)
            for each in relation.columns
        ]
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
            sql.SQL(", ").join(names), _name(relation), _condition(relation, wanted)
        )
        options = {StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(_BATCH)}
        with _translated(relation.qualified_name), self._rows.query(query.as_string(None), options) as rows:
            for batch in rows:
                columns = map(arrow_types.column, relation.columns, batch.columns)
                yield pa.RecordBatch.from_arrays(list(columns), schema=schema)

    def close(self) -> None:
        """As `Snapshot` says."""
        self._reading.close()
        self._rows.close()
        self._facts.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _nothing() -> Generator[pa.RecordBatch, None, None]:
    yield from ()


def _full_dsn(connection: db.Connection) -> str:
    """The DSN of the connection, with its password."""
    password = {"password": connection.info.password} if connection.info.password else {}
    return conninfo.make_conninfo(connection.info.dsn, **password)


def _relation(row: Sequence[Any]) -> Relation:
    schema, name, kind, populated, comment, columns, key, references = row
    return Relation(
        schema,
        name,
        kind,
        populated,
        comment,
        tuple(ReadColumn(*each) for each in columns or ()),
        tuple(key or ()),
        tuple(ReadForeignKey(tuple(own), table, tuple(its)) for own, table, its in references or ()),
    )


def _metadata(of: ReadColumn) -> dict[str, str] | None:
    return None if of.comment is None else {"description": of.comment}


def _name(relation: Relation) -> sql.Identifier:
    return sql.Identifier(relation.schema, relation.name)


def _condition(relation: Relation, wanted: Wanted) -> sql.Composable:
    parts: list[sql.Composable] = [sql.SQL("true")]
    if wanted.seasons and relation.has_season:
        years = sql.Literal([each for each in wanted.seasons if each is not None])
        chosen = sql.SQL("{} = ANY({}::integer[])").format(sql.Identifier(SEASON), years)
        none = sql.SQL("{} IS NULL").format(sql.Identifier(SEASON))
        parts.append(sql.SQL("({} OR {})").format(chosen, none) if None in wanted.seasons else chosen)
    if wanted.keys:
        types = {each.name: each.type for each in relation.columns}
        arrays = [
            sql.SQL("{}::text[]::{}[]").format([str(each[place]) for each in wanted.documents], sql.SQL(types[name]))
            for place, name in enumerate(wanted.keys)
        ]
        keys = sql.SQL(", ").join(map(sql.Identifier, wanted.keys))
        parts.append(sql.SQL("({}) IN (SELECT * FROM unnest({}))").format(keys, sql.SQL(", ").join(arrays)))
    return sql.SQL(" AND ").join(parts)


@contextmanager
def _translated(table: str | None = None) -> Iterator[None]:
    """Translate the errors of ADBC's driver as those of psycopg, which have the same SQLSTATE."""
    try:
        yield
    except manager.Error as error:
        try:
            known: Callable[[str], psycopg.Error] = psycopg.errors.lookup(error.sqlstate or "")
        except KeyError:
            raise DatabaseUnavailable(f"the connection to the database was lost: {error}") from error
        reraise(known(str(error)), table)
