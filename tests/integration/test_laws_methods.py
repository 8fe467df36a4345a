"""The write laws over every method and hydration: captures of a real answer and of edits of it, in many orders.

Whatever the order, each document ends with the rows of the newest capture that holds it, and a second round writes
nothing. In memory for many orders, in PostgreSQL for one.
"""

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
from databases import WRITER, temporary_database
from laws import Rows, identity
from memory_tables import MemoryTables
from psycopg import sql
from psycopg.conninfo import make_conninfo
from samples import connect

from mlb_contracts import Capture, Method, Table
from mlb_etl import registry
from mlb_etl.apply.write import WriteResult, write_documents
from mlb_etl.capture import stub_files
from mlb_etl.errors import Rejected
from mlb_etl.extract.answer import Answer, one_document
from mlb_etl.extract.extract import extract
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.interfaces.tables import Document, TableStore
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.upsert import Upsert

PACKAGE = "mlb_tables"
METHODS = {name: registry.method(PACKAGE, name) for name in registry.methods(PACKAGE)}
INVENTED = Path(__file__).parents[2] / "schemas" / "samples"  # of what no captured answer has
ORDERS = 6
ITEMS = 6  # of an answer with several documents
TRIES = 100
START = datetime(2026, 7, 1, 12, tzinfo=UTC)

Keys = tuple[Any, ...]


@dataclass(frozen=True)
class Held:
    """A capture of one document, with its rows."""

    keys: Mapping[str, Any]
    capture: StoredCapture
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Captured:
    """An answer at a time, and the documents that it holds."""

    as_of: datetime
    documents: tuple[Held, ...]


# ---------------------------------------------------------------------------------------------- answers and edits


@cache
def answer_of(name: str, folders: tuple[Path, ...]) -> tuple[Any, Mapping[str, str]]:
    """The smallest captured answer of the method that makes several rows, and the parameters of its request."""
    method, one_row = METHODS[name], None
    for folder in folders:
        files = [file for form in {form.method for form in method.forms} for file in _stubs(folder, method, form)]
        for file in sorted(files, key=lambda each: (each.stat().st_size, each.name)):
            response = stub_files.parse_stub(stub_files.read_file(file))
            if response is None or not _asked(method) <= {*response.hydrations}:
                continue
            content = _shortened(method, json.loads(response.data))
            try:
                found = captured(method, content, response.parameters, START)
            except Rejected:
                continue
            if rows := size(content_of(method, found)):
                one_row = one_row or (content, response.parameters)
            if rows > 1:
                return content, response.parameters
    assert one_row is not None, f"no sample of {name} makes rows"
    return one_row


def _stubs(folder: Path, method: Method, form: str) -> Iterable[Path]:
    return stub_files.find_stubs(folder / method.endpoint / form) if (folder / method.endpoint / form).is_dir() else ()


def _asked(method: Method) -> set[str]:
    return set() if method.hydration is None else {*method.hydration.split(",")}


def _shortened(method: Method, content: Any) -> Any:
    """The answer with its first items only; the others count as absent where the request asked for them."""
    if method.items is not None:
        *outer, last = method.items.path.removesuffix("[*]").split(".")
        place = content
        for name in (each for each in outer if each != "$"):
            place = place[name]
        if last == "$":
            return content[:ITEMS]
        place[last] = place[last][:ITEMS]
    return content


def containers(value: Any) -> Iterator[Any]:
    """All lists and objects in a JSON value that have members."""
    if isinstance(value, list | dict) and value:
        yield value
        for each in value if isinstance(value, list) else list(value.values()):
            yield from containers(each)


def fewer(content: Any, draw: Random) -> Iterator[Any]:
    """The content without one item or one object, which is put back afterwards; lists first."""
    found = list(containers(content))
    for each in shuffled(draw, [each for each in found if isinstance(each, list)]):
        last = each.pop()
        yield content
        each.append(last)
    for each in shuffled(draw, [each for each in found if isinstance(each, dict)]):
        for name in [name for name, value in each.items() if isinstance(value, dict | list)]:
            taken = each.pop(name)
            yield content
            each[name] = taken


def changed(method: Method, content: Any, draw: Random) -> Iterator[Any]:
    """The content with one value changed that a column may take, which is put back afterwards."""
    columns = (column for table in method.tables for column in table.columns if column.name not in table.primary_key)
    names = {path.rpartition(".")[2] for column in columns for path in column.paths}
    places = [(each, name) for each in containers(content) if isinstance(each, dict) for name in each if name in names]
    for each, name in shuffled(draw, places):
        value = each[name]
        if isinstance(value, bool | int | str):
            each[name] = (
                (not value) if isinstance(value, bool) else value + 1 if isinstance(value, int) else f"{value}1"
            )
            yield content
            each[name] = value


def shuffled(draw: Random, of: list[Any]) -> list[Any]:
    return draw.sample(of, len(of))


def captured(method: Method, content: Any, parameters: Mapping[str, str], as_of: datetime) -> Captured:
    """A capture of that content; raises Rejected if it can't be applied."""
    body, capture = json.dumps(content).encode(), Capture(as_of, parameters)
    if method.items is None:
        found = extract(method, capture, body)
        return Captured(as_of, (_held(one_document(body, found.keys)[0], found.rows, capture),))
    answer = Answer(method, capture, body)
    held = answer.documents()
    return Captured(as_of, tuple(_held(each, answer.extract(each.keys, each.places).rows, capture) for each in held))


def _held(of: Any, rows: Sequence[Sequence[Any]], capture: Capture) -> Held:
    keys = dict(of.keys)
    name = json.dumps(dict(sorted(keys.items(), key=lambda each: (len(each[0]), each[0]))), default=str)  # as jsonb
    as_of = capture.captured_at
    stored = StoredCapture(
        tuple(keys.values()), name, as_of, as_of, of.content_hash, dict(capture.parameters),
        ahead=False, note=None, quarantine=None, applied=None,
    )  # fmt: skip
    return Held(keys, stored, [tuple(table_rows) for table_rows in rows])


def kept(method: Method, rows: Iterable[Iterable[Sequence[Any]]]) -> Rows:
    """Rows as the tables store them, by table and key, without the time of the capture and derived columns."""
    return {
        table.qualified_name: dict(_kept(table, row) for row in of)
        for table, of in zip(method.tables, rows, strict=True)
    }


def _kept(table: Table, row: Sequence[Any]) -> tuple[Keys, tuple[Any, ...]]:
    of = {column.name: _stored_value(column.type, value) for column, value in zip(table.columns, row, strict=True)}
    key = identity(table)
    return tuple(of[name] for name in key), tuple(
        value for name, value in of.items() if name not in {*key, "captured_at"}
    )


def _stored_value(type_: str, value: Any) -> Any:
    scale = re.fullmatch(r"numeric\(\d+,(\d+)\)", type_)
    if value is None or scale is None:
        return value
    return Decimal(value).quantize(Decimal(1).scaleb(-int(scale[1])), ROUND_HALF_UP)


def content_of(method: Method, of: Captured) -> dict[str, Rows]:
    return {held.capture.document: kept(method, held.rows) for held in of.documents}


def size(rows: Mapping[str, Rows]) -> int:
    return sum(len(table) for tables in rows.values() for table in tables.values())


def edited(
    method: Method, content: Any, parameters: Mapping[str, str], edits: Iterator[Any], good: Callable[[Any], bool]
) -> Any:
    """The first edit that makes a good difference in the rows."""
    base = content_of(method, captured(method, content, parameters, START))
    for candidate in islice(edits, TRIES):
        try:
            found = content_of(method, captured(method, candidate, parameters, START))
        except Rejected:
            continue
        if found != base and good(found):
            return copy.deepcopy(candidate)
    return None


def of_name(name: str) -> Random:
    """Draws the same edits and orders each time."""
    return Random(hashlib.sha256(name.encode()).hexdigest())  # noqa: S311 - no secret


@cache
def history(name: str, folders: tuple[Path, ...]) -> tuple[Captured, ...]:
    """Captures at several times: fewer rows, another value, the same again, and the first content at the end."""
    method = METHODS[name]
    content, parameters = answer_of(name, folders)
    draw = of_name(name)
    whole = size(content_of(method, captured(method, content, parameters, START)))
    less = edited(method, content, parameters, fewer(copy.deepcopy(content), draw), lambda found: size(found) < whole)
    other = edited(
        method, content, parameters, changed(method, copy.deepcopy(content), draw), lambda found: size(found) == whole
    )
    assert other is not None, "a value can be changed"
    assert less is not None or whole == 1, "a row can be removed"
    contents = [content, less or other, content, other, other, less or content, other]
    return tuple(
        captured(method, each, parameters, START + timedelta(minutes=minute)) for minute, each in enumerate(contents)
    )


# ----------------------------------------------------------------------------------------------------- the stores


@dataclass(frozen=True)
class Store:
    """Tables of a method, with a reader of the rows and the watermark of a document."""

    tables: TableStore
    rows: Callable[[Keys], Rows]
    watermark: Callable[[str], Watermark | None]

    def write(self, method: Method, of: Captured) -> list[WriteResult]:
        """Apply each document of an answer by itself; losses are accepted."""
        results = []
        for held in of.documents:
            stored = held.capture._replace(applied=self.watermark(held.capture.document))
            document = Document(stored, self.tables.pack(held.rows))
            results.append(write_documents(self.tables, method, [document], "accept"))
        return results


def in_memory(method: Method) -> Store:
    tables = MemoryTables(method)

    def rows(keys: Keys) -> Rows:
        return kept(method, ([tuple(row.values()) for row in tables.of(each, keys).values()] for each in method.tables))

    return Store(tables, rows, tables.watermarks.get)


def in_postgres(connection: Connection, method: Method) -> Store:
    def rows(keys: Keys) -> Rows:
        return kept(method, (_stored(connection, method, each, keys) for each in method.tables))

    def watermark(document: str) -> Watermark | None:
        query = "SELECT as_of, content_hash, fingerprint FROM etl.watermark WHERE method = %s AND document = %s::jsonb"
        found = connection.execute(query, [method.name, document]).fetchone()
        return None if found is None else Watermark(*found)

    return Store(Upsert(connection, method), rows, watermark)


def _stored(connection: Connection, method: Method, table: Table, keys: Keys) -> list[tuple[Any, ...]]:
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    same = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(key.name)) for key in method.document)
    query = sql.SQL("SELECT {} FROM {} WHERE {}").format(columns, sql.Identifier(table.schema, table.name), same)
    return connection.execute(query, keys).fetchall()


def follow(store: Store, method: Method, captures: Sequence[Captured]) -> None:
    """Apply the captures in this order, twice, and compare the tables with the newest capture of each document."""
    newest: dict[str, Held] = {}
    for capture in captures:
        store.write(method, capture)
        for held in capture.documents:
            known = newest.get(held.capture.document)
            if known is None or known.capture.as_of <= held.capture.as_of:
                newest[held.capture.document] = held
        for held in newest.values():
            assert store.rows(held.capture.keys) == kept(method, held.rows), method.name
    for capture in captures:
        for result in store.write(method, capture):
            assert not {*result.verdicts} & {"applied", "conflict"}
            assert not any(counts.inserted or counts.updated or counts.deleted for counts in result.tables.values())
    for held in newest.values():
        assert store.rows(held.capture.keys) == kept(method, held.rows), method.name


@pytest.mark.parametrize("name", METHODS)
def test_any_order_of_captures_ends_with_the_newest(name: str, stubs_dir: Path) -> None:
    captures = history(name, (stubs_dir, INVENTED))
    draw = of_name(name)
    for number in range(ORDERS):
        order = list(captures) if number == 0 else draw.sample(captures, len(captures))
        follow(in_memory(METHODS[name]), METHODS[name], order)


@pytest.mark.parametrize("name", METHODS)
def test_captures_end_with_the_newest_in_postgres(name: str, stubs_dir: Path, methods_database: Connection) -> None:
    """Newer, older, and the same again."""
    first, second, third, *others = history(name, (stubs_dir, INVENTED))
    follow(in_postgres(methods_database, METHODS[name]), METHODS[name], [second, first, *others, third, second])


@pytest.fixture(scope="module")
def methods_database(server: Server, template: str) -> Iterator[Connection]:
    """One database for all methods, as the role that may only load."""
    with temporary_database(server, template) as dsn, closing(connect(make_conninfo(dsn, user=WRITER))) as connection:
        yield connection
