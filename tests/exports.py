"""What an export holds, read by programs other than those that wrote it, and what the database holds, by psycopg."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import psycopg
from psycopg import sql

Rows: TypeAlias = dict[str, Counter[tuple[Any, ...]]]  # by table or view
FORMS = ("parquet", "duckdb", "sqlite", "csv")
_TYPES = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_FLOATS = {"numeric", "double precision", "real"}
_LATEST = {"infinity": 1, "-infinity": -1}


def types(dsn: str, name: str) -> dict[str, str]:
    """The columns of a relation, with their types."""
    with psycopg.connect(dsn) as connection:
        return dict(connection.execute(_TYPES, [name]).fetchall())


def database(dsn: str, names: Sequence[str], where: str = "true") -> Rows:
    """The rows of the database: numbers of any size as doubles, all else as its text."""
    found: Rows = {}
    with psycopg.connect(dsn, options="-c timezone=UTC -c datestyle=ISO -c search_path=") as connection:
        for name in names:
            of = types(dsn, name)
            columns = [sql.SQL("{}::text").format(sql.Identifier(each)) for each in of]
            query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
                sql.SQL(", ").join(columns), sql.Identifier(*name.split(".")), sql.SQL(where)
            )
            rows = connection.execute(query).fetchall()
            found[name] = Counter(
                tuple(_plain(kind, value) for kind, value in zip(of.values(), row, strict=True)) for row in rows
            )
    return found


def exported(form: str, place: Path, columns: Mapping[str, Mapping[str, str]]) -> Rows:
    """The rows of an export in the same form."""
    read = {"parquet": _parquet, "duckdb": _duckdb, "sqlite": _sqlite, "csv": _csv}[form]
    return {
        name: Counter(
            tuple(_plain(kind, row[column]) for column, kind in of.items()) for row in read(place, name, list(of))
        )
        for name, of in columns.items()
    }


def _plain(kind: str, value: object) -> object:
    """A value in the form in which both sides are compared; texts are as PostgreSQL prints them."""
    if value is None:
        return None
    if kind in _FLOATS or kind.startswith("numeric("):
        return repr(float(str(value)))
    if kind == "boolean":
        return {"t": True, "f": False, "true": True, "false": False, "1": True, "0": False}[str(value).lower()]
    if kind.endswith("[]"):
        return _list(value)
    if kind == "jsonb":
        return json.dumps(json.loads(str(value)), sort_keys=True)
    if kind in {"date", "timestamp with time zone"}:
        return _time(kind, value)
    return str(value)


def _list(value: object) -> object:
    if isinstance(value, str) and value.startswith("{"):  # PostgreSQL's
        inner = value.strip("{}")
        value = [None if each == "NULL" else each.strip('"') for each in inner.split(",")] if inner else []
    elif isinstance(value, str):
        value = json.loads(value)
    assert isinstance(value, list)
    return tuple(None if each is None else str(each) for each in value)


def _time(kind: str, value: object) -> object:
    if isinstance(value, datetime):
        value = value.astimezone(UTC).isoformat(" ")
    text = str(value).replace("Z", "").removesuffix("+00:00").removesuffix("+00")
    if text in _LATEST or kind == "date":
        return text
    head, _, fraction = text.partition(".")
    return f"{head}.{fraction.ljust(6, '0')}"


def _parquet(place: Path, name: str, columns: list[str]) -> Iterator[dict[str, Any]]:
    """By DuckDB, which has infinite times."""
    if not (place / name).exists():
        return iter(())
    files = str(place / name / "**" / "*.parquet")
    return _asked("SELECT * FROM read_parquet(?, hive_partitioning = true)", [files], columns)


def _duckdb(place: Path, name: str, columns: list[str]) -> Iterator[dict[str, Any]]:
    schema, own = name.split(".")
    return _asked(f'SELECT * FROM "{schema}"."{own}"', [], columns, place)


def _asked(query: str, values: list[str], columns: list[str], place: Path | None = None) -> Iterator[dict[str, Any]]:
    with duckdb.connect(":memory:" if place is None else place, read_only=place is not None) as connection:
        described = connection.execute(f"DESCRIBE {query}", values).fetchall()
        shown = ", ".join(
            f'"{column}"::VARCHAR AS "{column}"' if "TIME" in kind or kind == "DATE" else f'"{column}"'
            for column, kind, *_ in described
        )
        found = connection.execute(f"SELECT {shown} FROM ({query})", values).fetchall()
        names = [each[0] for each in described]
        assert sorted(names) == sorted(columns)
    return (dict(zip(names, row, strict=True)) for row in found)


def _sqlite(place: Path, name: str, columns: list[str]) -> Iterator[dict[str, Any]]:
    with closing(sqlite3.connect(place)) as connection:
        names = ", ".join(f'"{each}"' for each in columns)
        found = connection.execute(f'SELECT {names} FROM "{name.replace(".", "_", 1)}"').fetchall()
    return (dict(zip(columns, row, strict=True)) for row in found)


def _csv(place: Path, name: str, columns: list[str]) -> Iterator[dict[str, Any]]:
    """By DuckDB, which tells NULL from an empty text; an apostrophe before a text is taken off."""
    query = "SELECT * FROM read_csv(?, all_varchar = true, allow_quoted_nulls = false, hive_partitioning = false)"
    for file in sorted((place / name).rglob("*.csv")):
        assert file.read_bytes().startswith(b"\xef\xbb\xbf")
        for row in _asked(query, [str(file)], columns):
            yield {key: value.removeprefix("'") if isinstance(value, str) else value for key, value in row.items()}
