"""`origins`: the places that rows of one table come from, and the value that each column has there."""

import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from mlbgen import ir
from mlbgen.language import spec
from mlbgen.lower import columns, levels, naming
from mlbgen.lower.report import Place, Report
from mlbgen.lower.scope import PathScope


@dataclass(frozen=True, slots=True)
class OriginDraft:
    """An origin without its columns: `scope` has its variables. A table without `origins` has one without a name."""

    scope: PathScope
    levels: tuple[ir.Level, ...]
    lookups: tuple[ir.LookUp, ...]

    def origin(self, found: Sequence[ir.Column], values: Mapping[str, ir.Value]) -> ir.Origin:
        """The origin with the table's columns, which have these values in it."""
        its = tuple(replace(each, value=values.get(each.name, each.value)) for each in found)
        return ir.Origin(self.scope.origin, self.levels, self.lookups, its)


def lower_origins(
    report: Report, place: Place, declared: spec.Table, new_scope: Callable[[], PathScope]
) -> list[OriginDraft]:
    """Lower the levels and look-ups of each origin, which follow those of the table."""
    if declared.origins is None:
        return [_origin(report, place, declared, None, new_scope())]
    found = []
    for name in declared.origins:
        naming.check_name(report, place.at("origins", name).key, name, "origin")
        scope = new_scope()
        scope.origin = name
        found.append(_origin(report, place, declared, declared.origins[name], scope))
    return found


def _origin(
    report: Report, place: Place, table: spec.Table, declared: spec.Origin | None, scope: PathScope
) -> OriginDraft:
    loops = levels.levels(report, place, table.rows, scope)
    own = place.at("origins", scope.origin)
    if declared is not None:
        loops += levels.levels(report, own, declared.rows, scope)
    lookups = levels.lookups(report, place, table.let, scope)
    if declared is not None:
        lookups += levels.lookups(report, own, declared.let, scope)
    return OriginDraft(scope, loops, lookups)


def lower_column(
    report: Report, place: Place, declared: spec.Column, origins: Sequence[OriginDraft]
) -> tuple[ir.Column, list[ir.Value]]:
    """The column as the first origin has it, and its value in each origin."""
    scopes = [each.scope for each in origins]
    here = [scope for scope in scopes if _is_here(place, declared, scope)]
    lowered = [(each, columns.lower_column(report, place, declared, each)) for each in here or [_all_variables(scopes)]]
    found = {id(scope): column.value for scope, column in lowered}
    values = [found.get(id(scope), ir.NoValue()) for scope in scopes]
    return replace(lowered[0][1], value=values[0]), values


def _all_variables(scopes: Sequence[PathScope]) -> PathScope:
    """A scope in which to report a column that no origin has."""
    scope = copy.copy(scopes[0])
    scope.variables = {name: each for other in reversed(scopes) for name, each in other.variables.items()}
    return scope


def _is_here(place: Place, declared: spec.Column, scope: PathScope) -> bool:
    """Whether the column has a value in rows of the origin: its level there, with a key or an index, or a path."""
    if not scope.origin:
        return True
    if name := declared.index_of or declared.key_of or declared.item_of:
        found = scope.variables.get(name)
        return found is not None and not (found.level and isinstance(found.level.container, ir.Single))
    paths = [declared.path] if isinstance(declared.path, str) else declared.path
    return paths is None or any(scope.reaches(place.at("path"), text) for text in paths)


def check_used(report: Report, place: Place, declared: spec.Table, origins: Sequence[OriginDraft]) -> None:
    """Report levels and look-ups that nothing uses."""
    levels.check_used(report, place, declared, set[str]().union(*(each.scope.used for each in origins)))
    for each in origins if declared.origins is not None else ():
        name = each.scope.origin
        levels.check_used(report, place.at("origins", name), (declared.origins or {})[name], each.scope.used)


def check_keys(report: Report, places: Mapping[str, Place], table: ir.Table, key: Collection[str]) -> None:
    """Report columns of the primary key that rows of an origin have no value for."""
    for origin in table.origins:
        for column in origin.columns:
            if column.name in key and isinstance(column.value, ir.NoValue) and column.default is None:
                message = (
                    f'"{column.name}" is in the primary key, but has no value in rows of the origin "{origin.name}"'
                )
                report.add("MG057", places[column.name], message, "give it a default that no other row has, such as -1")
