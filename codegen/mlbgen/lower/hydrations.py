"""Hydrations: facts that responses only hold on request. The tables of each form a separate method."""

from dataclasses import replace

from mlb_contracts import conventions
from mlbgen import ir
from mlbgen.language import spec
from mlbgen.language.names import folder
from mlbgen.lower.fingerprint import fingerprint
from mlbgen.lower.report import Place, Report
from mlbgen.lower.requests import check_parameter


def check_hydrations(report: Report, place: Place, mapping: spec.Mapping) -> None:
    """Check that requests can ask for each hydration, and that some table needs none."""
    source = mapping.source
    asks_anything = source.query is None or any(form.query is None for form in source.forms)
    parameter = conventions.installed().hydrate
    for number, table in enumerate(mapping.tables):
        at = place.at("tables", number, "hydrate")
        if table.hydrate is not None and parameter is None:
            message = "no installed package says by which parameter requests ask for more than a plain answer"
            report.add("MG080", at, message, f"register one under {conventions.GROUP}, as docs/extensions.md shows")
        elif table.hydrate is not None and parameter is not None and not asks_anything:
            check_parameter(report, at, parameter, source, of_each=False)
    _check_packages(report, place, mapping)
    if all(table.hydrate is not None for table in mapping.tables):
        message = "every table has hydrate, so no table lists the documents without it"
        report.add(
            "MG066",
            place.at("tables"),
            message,
            "add a table without hydrate, even if it only holds the document's keys",
        )


def _check_packages(report: Report, place: Place, mapping: spec.Mapping) -> None:
    """Check that no two hydrations are generated into the same package."""
    known: dict[str, str] = {}
    for number, table in enumerate(mapping.tables):
        if table.hydrate is None:
            continue
        package = folder(mapping.source.endpoint, mapping.source.method, table.hydrate)
        first = known.setdefault(package, table.hydrate)
        if first != table.hydrate:
            message = f'the hydrations "{first}" and "{table.hydrate}" would both be generated into {package}'
            help_ = "package names are in snake_case: if both are the same hydration, write it the same way"
            report.add("MG023", place.at("tables", number, "hydrate"), message, help_)


def split_by_hydration(method: ir.Method) -> tuple[ir.Method, ...]:
    """Split a method: one with the tables that every response fills, and one for each hydration with its tables.

    All share requests, raw table, documents and rules. Only the first has `absent`, which says nothing of hydrations.
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
    sums = method.sums if hydration is None else None
    part = replace(method, hydration=hydration, tables=tables, shrink_guard=guard, items=items, sums=sums)
    return replace(part, fingerprint=fingerprint(part))
