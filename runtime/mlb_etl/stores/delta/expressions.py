"""Checks and derived columns, which the mapping's expressions state: DuckDB computes them over new rows."""

import functools
import os
from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from mlb_contracts import Table
from mlb_etl.errors import CheckFailed, ValueRefused
from mlb_etl.stores.delta.arrow import arrow_type
from mlb_etl.stores.delta.lake import quoted
from mlb_etl.stores.interfaces.tables import path_of

CONFIGURATION: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "enable_external_access": "false"}
_DOCUMENT = "_document"
_BROKEN = "count(*) FILTER (WHERE NOT ({expression})) AS {name}"


def with_derived(table: Table, rows: pa.Table) -> pa.Table:
    """The rows with their derived columns; raises ValueRefused for a value that its column can't hold."""
    if not table.derived:
        return rows
    wanted = ", ".join(f"({each.expression})::{each.type} AS {quoted(each.name)}" for each in table.derived)
    try:
        found = _query(f"SELECT {wanted} FROM new", rows)  # noqa: S608 - the mapping's own expressions
    except duckdb.Error as error:
        raise ValueRefused(f"a derived column can't hold its value: {error}", table=table.qualified_name) from error
    for each in table.derived:
        rows = rows.append_column(each.name, found[each.name].cast(arrow_type(each.type)))
    return rows


def require_checks(table: Table, rows: pa.Table) -> None:
    """Raise CheckFailed for the first check of severity `error` that a row breaks; rows have their derived columns."""
    for counts in _broken(table, rows, "error", [0] * rows.num_rows).values():
        for name, broken in counts.items():
            check = next(each for each in table.checks if each.name == name)
            names = ", ".join(map(quoted, check.columns))
            [found, *_] = _query(f"SELECT {names} FROM new WHERE NOT ({check.expression}) LIMIT 1", rows).to_pylist()  # noqa: S608 - as above
            value = found if len(found) > 1 else found[check.columns[0]]
            reason = f"rows that break the check {name}: {broken}"
            why = CheckFailed(reason, path=path_of(table, check.columns[0]), value=value, table=table.qualified_name)
            why.check = name
            raise why


def warnings(table: Table, rows: pa.Table, documents: Sequence[int | None]) -> Mapping[int, Mapping[str, int]]:
    """How many rows break each check of severity `warn`, by its name, by the number of each row's document."""
    if not any(each.severity == "warn" for each in table.checks):
        return {}
    return _broken(table, with_derived(table, rows), "warn", documents)


def _broken(table: Table, rows: pa.Table, severity: str, documents: Sequence[int | None]) -> dict[int, dict[str, int]]:
    """The numbers of rows that break a check, by document, without zeros."""
    checks = [each for each in table.checks if each.severity == severity]
    if not checks or not rows.num_rows:
        return {}
    counts = ", ".join(_BROKEN.format(expression=each.expression, name=quoted(each.name)) for each in checks)
    new = rows.append_column(_DOCUMENT, pa.array(documents, pa.int64()))
    statement = f"SELECT {_DOCUMENT}, {counts} FROM new GROUP BY {_DOCUMENT} ORDER BY {_DOCUMENT}"  # noqa: S608 - as above
    found = {}
    for row in _query(statement, new).to_pylist():
        number = row.pop(_DOCUMENT)
        if broken := {name: of for name, of in row.items() if of}:
            found[number] = broken
    return found


def _query(statement: str, new: pa.Table) -> pa.Table:
    with _connection(os.getpid()).cursor() as cursor:
        cursor.register("new", new)
        return cursor.sql(statement).to_arrow_table()


@functools.cache
def _connection(process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001 - a fork needs one of its own
    """A database in memory, which takes longer to open than to ask."""
    connection = duckdb.connect(config=CONFIGURATION)
    connection.execute("SET GLOBAL integer_division = true")  # as PostgreSQL divides
    return connection
