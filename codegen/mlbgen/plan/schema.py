"""The part of a plan that concerns the database: the next migration, and the columns of views."""

from collections.abc import Sequence

from mlbgen import ir
from mlbgen.language.diagnostics import Diagnostic, MappingErrors
from mlbgen.plan.model import MigrationPlan, ViewPlan
from mlbgen.postgres import migrations
from mlbgen.postgres.difference import difference
from mlbgen.postgres.released import Released
from mlbgen.postgres.view import View
from mlbgen.postgres.view_difference import views_difference
from mlbgen.project import migrate
from mlbgen.project.migrate import Allowed

_OPTIONS = {"MG111": "--allow-drop", "MG112": "--rebuild"}
_WHAT = "plan"


def migration(methods: Sequence[ir.Method], released: Released | None, views: Sequence[View]) -> MigrationPlan | None:
    """The migration from the released schema to that of the mappings; None if there is nothing to do.

    Before the first release there is none either, since `mlbgen generate` writes the first ones.
    """
    if released is None:
        return None
    refused = _refused(methods, released, Allowed(), views)
    needs = tuple(option for code, option in _OPTIONS.items() if any(each.code == code for each in refused))
    version = released.version + 1
    if impossible := _refused(methods, released, Allowed(drop=True, rebuild=True), views):
        return MigrationPlan(version, needs=needs, refused=impossible)
    found = migrate.plan(methods, released, _WHAT, Allowed(drop=True, rebuild=True), views=views)
    if not found.changes:
        return None
    (sql,) = (text for path, text in found.files.items() if path.endswith(f"/V{version}__{_WHAT}.sql"))
    changes = tuple((name, what) for name, _, what in (each.partition(": ") for each in found.changes))
    return MigrationPlan(version, changes, sql, needs)


def changed_views(
    methods: Sequence[ir.Method], released: Released | None, views: Sequence[View]
) -> tuple[ViewPlan, ...]:
    """The views that are made, made anew, dropped or described, with the columns that they get and lose."""
    if released is None:
        return ()
    change = difference(released.schema, migrations.relations(methods))
    before, after = ({each.qualified_name: each for each in of} for of in (released.views, views))
    found = []
    for view, what in views_difference(released.views, views, change).changes:
        old, new = (_columns(each.get(view.qualified_name)) for each in (before, after))
        added, removed = (tuple(name for name in one if name not in other) for one, other in ((new, old), (old, new)))
        found.append(ViewPlan(view.qualified_name, what.removeprefix("view "), added, removed))
    return tuple(found)


def _refused(
    methods: Sequence[ir.Method], released: Released, allowed: Allowed, views: Sequence[View]
) -> tuple[Diagnostic, ...]:
    try:
        migrate.plan(methods, released, _WHAT, allowed, views=views)
    except MappingErrors as errors:
        return errors.diagnostics
    return ()


def _columns(view: View | None) -> tuple[str, ...]:
    return () if view is None else tuple(column.name for column in view.columns)
