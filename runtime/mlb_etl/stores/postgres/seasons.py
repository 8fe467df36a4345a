"""Drops a season: its partitions, children first, and all other rows of its documents.

Documents are removed completely: with rows outside the season's partitions, and with their watermarks, as the tables no
longer show them. `transform` would derive the rows again from captures in the raw tables, so the caller decides whether
to delete these too.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import psycopg
from psycopg import sql

from mlb_contracts import Method, Table
from mlb_etl import registry
from mlb_etl.errors import EtlError
from mlb_etl.stores.postgres import composing, db, partitions, premake, standing
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.partitions import Partitioned

Captures: TypeAlias = Literal["keep", "delete"]

log = logging.getLogger(__name__)
_SEASON = "season"  # the season column of tables not partitioned by season
_WAIT = "SET LOCAL lock_timeout = '5s'"  # while it waits for readers, all other sessions queue behind it
_PARTITIONS = """
SELECT relname, pg_get_expr(relpartbound, pg_class.oid) = format('FOR VALUES IN (%%L)', %(season)s::text)
FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = to_regclass(%(table)s)
ORDER BY relname
"""
_CAPTURES = """
SELECT
    count(DISTINCT (request, captured_at, answer_hash)),
    count(DISTINCT (request, captured_at, answer_hash)) FILTER (
        WHERE unapplied AND standing <> 'dropped'
    )
FROM ({captures}) AS capture
JOIN {documents} USING ({keys})
"""
# A response is deleted once all its documents are.
_DELETE = """
DELETE FROM {raw} AS r USING {of_captures} AS o, {documents}
WHERE {of_answer} AND {of_season} AND NOT EXISTS (
    SELECT FROM {of_captures} AS o WHERE {of_answer} AND NOT EXISTS (SELECT FROM {documents} WHERE {of_season})
)
"""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows to be dropped: a whole partition, or if `partition` is None, other rows of the table."""

    table: str
    partition: str | None
    rows: int


@dataclass(frozen=True, slots=True)
class Content:
    """The number of a method's documents in the season, and of their captures in the raw table.

    `waiting` counts captures not applied yet; `shared` counts documents that also have rows of other seasons.
    """

    method: str
    documents: int
    captures: int
    waiting: int
    shared: int


@dataclass(frozen=True, slots=True)
class Season:
    """What dropping a season removes, in that order: children before their parents."""

    season: int
    parts: tuple[Part, ...]
    contents: tuple[Content, ...]

    def refusal(self, captures: Captures | None) -> str | None:
        """Why the season can't be dropped, or None if it can; `captures`: what to do with those in the raw tables."""
        for each in self.contents:
            if each.shared:
                return f"{each.method}: {each.shared} of its documents also have rows of other seasons"
            if each.captures and captures is None:
                return (
                    f"{each.method}: the raw table has {each.captures} captures of it, from which `mlb-etl transform`"
                    " would restore it: give --captures delete or --captures keep"
                )
            if each.waiting and captures == "delete":
                return (
                    f"{each.method}: {each.waiting} of its captures are not applied yet: run `mlb-etl transform` first"
                )
        return None if self.parts else f"the tables have no rows of season {self.season}"


def preview_drop(connection: Connection, package: str, season: int) -> Season:
    """What `drop` would remove; changes nothing."""
    return _season(season, [_OfMethod(connection, method, season) for method in _methods(package)])


def drop_season(connection: Connection, package: str, season: int, captures: Captures | None) -> Season:
    """Drop the season in one transaction, during which writers wait; return what it removed.

    Raises EtlError, and changes nothing, if `Season.refusal` gives a reason or the server refuses, for example because
    a table outside the package references a row or a view depends on a partition.
    """
    with connection.transaction():
        partitions.make_writers_wait(connection)
        of_methods = [_OfMethod(connection, method, season) for method in _methods(package)]
        found = _season(season, of_methods)
        if reason := found.refusal(captures):
            raise EtlError(f"season {season} was not dropped: {reason}")
        connection.execute(_WAIT)
        try:
            for each in of_methods:
                each.lock()
                each.drop(captures)
        except (psycopg.errors.ForeignKeyViolation, psycopg.errors.DependentObjectsStillExist) as error:
            raise EtlError(f"season {season} was not dropped: something depends on it: {db.message(error)}") from error
    for part in found.parts:
        log.info("dropped %s", part.partition or f"{part.rows} rows of {part.table}")
    return found


def _methods(package: str) -> list[Method]:
    """The methods with at least one table that has a season column."""
    methods = [registry.method(package, name) for name in registry.methods(package)]
    return [method for method in methods if any(map(_column, method.tables))]


def _season(season: int, of_methods: Sequence["_OfMethod"]) -> Season:
    parts = (part for each in of_methods for part in each.parts)
    return Season(season, tuple(parts), tuple(each.content for each in of_methods))


def _column(table: Table) -> str | None:
    """The column with the season of a row, if the table has one."""
    partitioned = Partitioned.of(table)
    if partitioned is not None and premake.is_season(partitioned):
        return partitioned.by.column
    return next((each.name for each in table.columns if each.name == _SEASON and each.type in premake.YEARS), None)


class _OfMethod:
    """The tables of a method, and their rows of a season."""

    def __init__(self, connection: Connection, method: Method, season: int) -> None:
        self._connection = connection
        self._method = method
        self._season = season
        self._keys = sql.SQL(", ").join(sql.Identifier(key.name) for key in method.document)
        self._columns = {table: column for table in method.tables if (column := _column(table)) is not None}
        self._documents = self._read_documents()
        self._parts = {table: self._read_parts(table) for table in reversed(method.tables)}

    @property
    def parts(self) -> Iterator[Part]:
        """What would be dropped, children before their parents."""
        for table, parts in self._parts.items():
            for partition, rows in parts:
                yield Part(table.qualified_name, partition and f"{table.schema}.{partition}", rows)

    @property
    def content(self) -> Content:
        """The counts of the season's documents and their captures."""
        query = sql.SQL(_CAPTURES).format(
            captures=standing.captures(self._method), documents=self._documents, keys=self._keys
        )
        ((captures, waiting),) = self._connection.execute(query).fetchall()
        number = self._number(sql.SQL("SELECT count(*) FROM {}").format(self._documents))
        return Content(self._method.name, number, captures, waiting, self._shared())

    def lock(self) -> None:
        """Lock the tables before anything is dropped, in the order of writers and of most readers."""
        tables = (sql.SQL("ONLY {}").format(composing.table_name(table)) for table in self._method.tables)
        self._connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.SQL(", ").join(tables)))

    def drop(self, captures: Captures | None) -> None:
        """Drop the partitions, and delete rows, watermarks and, if wanted, captures."""
        for table, parts in self._parts.items():
            for partition, _ in parts:
                if partition is None:
                    self._delete(composing.table_name(table))
                else:
                    names = composing.table_name(table), sql.Identifier(table.schema, partition)
                    self._connection.execute(sql.SQL("ALTER TABLE {} DETACH PARTITION {}").format(*names))
                    self._connection.execute(sql.SQL("DROP TABLE {}").format(names[1]))
        for name in ("watermark", "unreadable", *(["quarantine"] if captures == "delete" else [])):
            forget = sql.SQL("DELETE FROM {} WHERE method = {} AND document IN (SELECT {} FROM {})")
            table_ = sql.Identifier("etl", name)
            self._connection.execute(
                forget.format(table_, self._method.name, standing.document_json(self._method, "d"), self._documents)
            )
        if captures == "delete":
            self._delete_captures()

    def _delete_captures(self) -> None:
        """Delete the captures of the documents from the raw table."""
        of_captures = standing.documents_table(self._method)
        query = sql.SQL(_DELETE).format(
            raw=standing.raw_table(self._method),
            of_captures=of_captures,
            documents=self._documents,
            of_answer=standing.in_capture("o", "r"),
            of_season=self._same("o"),
        )
        self._connection.execute(query)
        self._delete(of_captures)

    def _read_documents(self) -> sql.Composed:
        """The season's documents, as a table expression `d` of their keys."""
        each = sql.SQL("SELECT {} FROM {} WHERE {} = {}")
        queries = (
            each.format(self._keys, composing.table_name(table), sql.Identifier(column), self._season)
            for table, column in self._columns.items()
        )
        found = self._connection.execute(sql.SQL(" UNION ").join(queries)).fetchall()
        arrays = (
            sql.SQL("{}::{}[]").format([row[place] for row in found], sql.SQL(key.type))
            for place, key in enumerate(self._method.document)
        )
        return sql.SQL("unnest({}) AS d ({})").format(sql.SQL(", ").join(arrays), self._keys)

    def _read_parts(self, table: Table) -> list[tuple[str | None, int]]:
        """What to drop from the table, with row counts: whole partitions, and under None all other rows."""
        whole = list(self._whole(table))
        query = sql.SQL("SELECT count(*) FROM {} JOIN {} USING ({})")
        rows = self._number(query.format(composing.table_name(table), self._documents, self._keys))
        rest = rows - sum(number for _, number in whole)
        return [*whole, (None, rest)] if rest > 0 else [*whole]

    def _whole(self, table: Table) -> Iterator[tuple[str, int]]:
        """The partitions that hold only rows of the season, with row counts: its own partition, and months."""
        column = self._columns.get(table)
        if table.partition is None or column is None:
            return
        by_season = table.partition.kind == "list" and table.partition.column == column
        facts = {"table": composing.table_name(table).as_string(), "season": self._season}
        for name, is_its in self._connection.execute(_PARTITIONS, facts).fetchall():
            if not by_season or is_its:
                query = sql.SQL("SELECT count(*), count(*) FILTER (WHERE {} = {}) FROM {}").format(
                    sql.Identifier(column), self._season, sql.Identifier(table.schema, name)
                )
                ((rows, its),) = self._connection.execute(query).fetchall()
                if by_season or (rows == its and rows > 0):
                    yield name, rows

    def _shared(self) -> int:
        """The number of documents that also have rows of other seasons."""
        others = sql.SQL(" OR ").join(
            sql.SQL("EXISTS (SELECT FROM {} AS t WHERE {} AND t.{} <> {})").format(
                composing.table_name(table), self._same(), sql.Identifier(column), self._season
            )
            for table, column in self._columns.items()
        )
        return self._number(sql.SQL("SELECT count(*) FROM {} WHERE {}").format(self._documents, others))

    def _delete(self, table: sql.Identifier) -> None:
        """Delete the table's rows of the documents."""
        query = sql.SQL("DELETE FROM {} AS t USING {} WHERE {}")
        self._connection.execute(query.format(table, self._documents, self._same()))

    def _same(self, of: str = "t") -> sql.Composed:
        """The condition under which a row of the alias `of` belongs to the document `d`."""
        names = [key.name for key in self._method.document]
        pairs = (sql.SQL("{} = {}").format(sql.Identifier(of, name), sql.Identifier("d", name)) for name in names)
        return sql.SQL(" AND ").join(pairs)

    def _number(self, query: sql.Composed) -> int:
        ((number,),) = self._connection.execute(query).fetchall()
        return int(number)
