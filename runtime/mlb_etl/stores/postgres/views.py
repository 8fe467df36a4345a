"""The views over the package's tables, the user's own included, and refreshing those that are materialized."""

import difflib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from importlib.resources import files
from typing import Literal

import psycopg

from mlb_etl.errors import EtlError
from mlb_etl.stores.postgres import schema_drift
from mlb_etl.stores.postgres.db import Connection, with_advice

# Runs as the owner of the tables, as `etl.create_partition` does.
_REFRESH = "SELECT etl.refresh_view(%s, %s, %s)"


@dataclass(frozen=True, slots=True)
class View:
    """A view. Only a materialized one has a key, is populated or not, and has rows (an estimate) and a size in bytes.

    `key` has the columns of a unique index, by which the view can be refreshed while it is read.
    """

    schema: str
    name: str
    materialized: bool
    reads: Sequence[str]
    key: Sequence[str] | None
    populated: bool | None
    rows: int | None
    size: int | None

    @property
    def qualified_name(self) -> str:
        """`schema.view`."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A view that was refreshed: how, in how many seconds; or the reason why it could not be."""

    view: str
    how: Literal["concurrently", "exclusively"]
    seconds: float
    why: str | None = None


def list_views(connection: Connection, package: str) -> list[View]:
    """The views that read the package's tables, each after those that it reads."""
    query = (files(__package__) / "sql" / "views.sql").read_bytes()
    found = connection.execute(query, {"schemas": schema_drift.schemas(package)}).fetchall()
    views = {view.qualified_name: view for view in (View(*row) for row in found)}
    order = TopologicalSorter({name: [each for each in view.reads if each in views] for name, view in views.items()})
    return [views[name] for name in order.static_order()]


def materialized_views(connection: Connection, package: str, names: Sequence[str]) -> list[View]:
    """The materialized views of these names, or all, in the order of `list_views`. Raises EtlError for other names."""
    views = list_views(connection, package)
    known = [each.qualified_name for each in views if each.materialized]
    for name in names:
        if name not in known:
            raise EtlError(_unknown(name, {each.qualified_name for each in views}, known))
    return [each for each in views if each.materialized and (not names or each.qualified_name in names)]


def refresh(connection: Connection, view: View) -> Refreshed:
    """Refresh a view: readers only wait if it has no unique key, or was never filled."""
    how: Literal["concurrently", "exclusively"] = "concurrently" if view.key and view.populated else "exclusively"
    started = time.monotonic()
    try:
        connection.execute(_REFRESH, [view.schema, view.name, how == "concurrently"])
    except psycopg.Error as error:
        if connection.closed:
            raise
        return Refreshed(view.qualified_name, how, _since(started), with_advice(error))
    return Refreshed(view.qualified_name, how, _since(started))


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)


def _unknown(name: str, views: set[str], known: Sequence[str]) -> str:
    if name in views:
        return f"{name} is not materialized, so there is nothing to refresh: it always shows the tables as they are"
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}" if known else "there is none"
    return f"no materialized view {name} reads the tables: {hint}"
