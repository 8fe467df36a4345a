"""Hydrations: what answers hold only if it was asked for. Its tables are a method of their own."""

from dataclasses import replace

from mlbgen import ir
from mlbgen.language import spec
from mlbgen.lower.fingerprint import fingerprint
from mlbgen.lower.report import Place, Report
from mlbgen.lower.requests import check_parameter

_PARAMETER = "hydrate"


def check(report: Report, place: Place, mapping: spec.Mapping) -> None:
    """Requests can ask for each hydration, and some table is filled without any."""
    source = mapping.source
    asks_anything = source.query is None or any(form.query is None for form in source.forms)
    for number, table in enumerate(mapping.tables):
        if table.hydrate is not None and not asks_anything:
            check_parameter(report, place.at("tables", number, "hydrate"), _PARAMETER, source, of_each=False)
    if all(table.hydrate is not None for table in mapping.tables):
        message = "each table has a hydration, and none tells which documents there are without one"
        report.add("MG066", place.at("tables"), message, "add a table without hydrate, if only of the document's keys")


def parts(method: ir.Method) -> tuple[ir.Method, ...]:
    """The method with the tables that each answer fills, and for each hydration one with its own.

    All share requests, raw table, documents and rules. What stands for an absent document says nothing of hydrations.
    """
    names = dict.fromkeys(table.hydration for table in method.tables if table.hydration is not None)
    return tuple(_part(method, name) for name in (None, *names)) if names else (method,)


def _part(method: ir.Method, hydration: str | None) -> ir.Method:
    tables = tuple(table for table in method.tables if table.hydration == hydration)
    own = {f"{table.schema}.{table.name}" for table in tables}
    guard = replace(method.shrink_guard, once=tuple(name for name in method.shrink_guard.once if name in own))
    items = method.items
    if items is not None and hydration is not None:
        items = replace(items, absent=None)
    part = replace(method, hydration=hydration, tables=tables, shrink_guard=guard, items=items)
    return replace(part, fingerprint=fingerprint(part))
