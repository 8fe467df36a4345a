"""Which tables and views an export has."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.errors import EtlError, shortened
from mlb_etl.export.manifest import Selection


@dataclass(frozen=True, slots=True)
class Chosen:
    """A table with the method whose documents it holds, or a view, which has none."""

    name: str
    method: Method | None


def choose(package: str, selection: Selection) -> list[Chosen]:
    """The chosen tables, or all, parents before children; then the views. Raises EtlError for an unknown table."""
    methods = [registry.method(package, each) for each in registry.methods(package)]
    tables = {
        table.qualified_name: Chosen(table.qualified_name, method) for method in methods for table in method.tables
    }
    wanted = {_known(each, list(tables)) for each in selection.tables} or {*tables}
    for view in selection.views:
        if "." not in view or view in tables:
            raise EtlError(f"--view {shortened(view)}: schema.view is expected; `mlb-etl views list` lists all")
    return [
        *(each for name, each in tables.items() if name in wanted),
        *(Chosen(each, None) for each in selection.views),
    ]


def _known(name: str, tables: Sequence[str]) -> str:
    if name in tables:
        return name
    found = [each for each in tables if name == each.partition(".")[2]]
    if len(found) == 1:
        return found[0]
    near = found or difflib.get_close_matches(name, tables, n=1)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(tables)}"
    raise EtlError(f"no table {shortened(name)}: {hint}")
