"""Checks and derived columns, which the mapping's expressions state: DuckDB computes them over new rows."""

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from mlb_contracts import Table
from mlb_etl.errors import CheckFailed, ValueRefused
from mlb_etl.stores.delta.arrow import arrow_type
from mlb_etl.stores.delta.lake import quoted

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
    """Raise CheckFailed for the first check of severity `error` that a row breaks."""
    for name, broken in _broken(table, rows, "error").items():
        if broken:
            why = CheckFailed(f"{broken} rows break the check {name}", value=broken, table=table.qualified_name)
            why.check = name
            raise why


def warnings(table: Table, rows: pa.Table) -> Mapping[str, int]:
    """How many rows break each check of severity `warn`, by its name."""
    return {name: broken for name, broken in _broken(table, rows, "warn").items() if broken}


def _broken(table: Table, rows: pa.Table, severity: str) -> dict[str, int]:
    checks = [each for each in table.checks if each.severity == severity]
    if not checks or not rows.num_rows:
        return {}
    counts = ", ".join(_BROKEN.format(expression=each.expression, name=quoted(each.name)) for each in checks)
    [found] = _query(f"SELECT {counts} FROM new", with_derived(table, rows)).to_pylist()  # noqa: S608 - the mapping's own expressions
    return dict(found)


def _query(statement: str, new: pa.Table) -> pa.Table:
    with duckdb.connect(config={"threads": 1, "enable_external_access": "false"}) as connection:
        connection.execute("SET integer_division = true")  # as PostgreSQL divides
        connection.register("new", new)
        return connection.sql(statement).to_arrow_table()
