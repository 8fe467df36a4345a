"""The next migration: from the released schema to that of the mappings, unless it would do harm."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlbgen import ir, layout
from mlbgen.language.diagnostics import Diagnostic, MappingErrors, Position
from mlbgen.language.errors import MlbgenError
from mlbgen.language.source import with_lines
from mlbgen.postgres import migrations
from mlbgen.postgres.difference import AlteredTable, RebuiltTable, SchemaDifference, difference
from mlbgen.postgres.relation import Relation
from mlbgen.postgres.released import Released
from mlbgen.postgres.view import View
from mlbgen.postgres.view_difference import ViewsDifference, views_difference
from mlbgen.project import generate


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a migration may do only if allowed: drop data, and rebuild tables."""

    drop: bool = False
    rebuild: bool = False


@dataclass(frozen=True, slots=True)
class Migration:
    """The texts of all files in the migrations' folder, by path in the project, with the new one, and its changes.

    Both are empty if there is nothing to do.
    """

    files: Mapping[str, str]
    changes: tuple[str, ...]


def unreleased(methods: Sequence[ir.Method], released: Released | None, views: Sequence[View] = ()) -> list[Diagnostic]:
    """Each table and view that differs from what the released migrations create."""
    if released is None:
        return []
    places = _Places(methods)
    help_ = "run `mlbgen migrate WHAT`, where WHAT names the change"
    wanted = migrations.relations(methods)
    change = difference(released.schema, wanted)
    behind = [
        Diagnostic(places.of(table), "MG110", f"no migration has this yet: {table.qualified_name}: {what}", help_)
        for table, what in _changes(change)
    ]
    behind += [
        Diagnostic(places.of_view(view), "MG110", f"no migration has this yet: {view.qualified_name}: {what}", help_)
        for view, what in views_difference(released.views, views, change).changes
    ]
    return sorted([*behind, *_never_existed(released.schema, wanted, places)])


def read_and_plan(root: Path, what: str, allowed: Allowed) -> Migration:
    """The next migration of a project; raises MappingErrors."""
    inputs = generate.read_project(root)
    methods, before = [each.method for each in inputs], generate.read_released(root)
    views = generate.read_views(root, inputs)
    try:
        return plan(methods, before, what, allowed, layout.package(root), views=views)
    except MappingErrors as refused:
        raise MappingErrors(with_lines(refused.diagnostics, root=root)) from refused


def plan(
    methods: Sequence[ir.Method],
    released: Released | None,
    what: str,
    allowed: Allowed,
    into: str = layout.PACKAGE,
    *,
    views: Sequence[View] = (),
) -> Migration:
    """The next migration, V<n>__<what>.sql in the package `into`; raises MappingErrors for what is not allowed.

    A view can be dropped without permission, since no data is lost.
    """
    if released is None:
        raise MlbgenError("no migration is released yet: `mlbgen generate` writes the first ones")
    wanted, places = migrations.relations(methods), _Places(methods)
    change = difference(released.schema, wanted)
    if refused := [*_never_existed(released.schema, wanted, places), *_refused(change, places, allowed)]:
        raise MappingErrors(refused)
    of_views = views_difference(released.views, views, change)
    if not change and not of_views:
        return Migration({}, ())
    words = [(table.qualified_name, does) for table, does in _changes(change)]
    concerned = _concerned(methods, {name for name, _ in words}, of_views)
    files = migrations.next_files(released, what, change, of_views, methods=methods, concerned=concerned)
    paths = {f"{layout.generated(into)}/{path}": text for path, text in files.items()}
    words += [(view.qualified_name, does) for view, does in of_views.changes]
    return Migration(paths, tuple(f"{name}: {does}" for name, does in words))


def _concerned(methods: Sequence[ir.Method], changed: set[str], views: ViewsDifference) -> Sequence[ir.Method]:
    """The methods with tables that change; all, if the migration would otherwise have no source."""
    concerned = [each for each in methods if not changed.isdisjoint(_tables(each))]
    return concerned if concerned or views.created or views.described else methods


class _Places:
    """The positions of tables and columns in the mappings."""

    def __init__(self, methods: Sequence[ir.Method]) -> None:
        self._first = Position(methods[0].mapping_file, 1, 1)
        self._raw = {
            relation.qualified_name: Position(each.mapping_file, 1, 1)
            for each in methods
            for relation in migrations.raw_relations(each)
        }
        tables = [table for each in methods for table in each.tables]
        self._tables = {f"{table.schema}.{table.name}": table.position for table in tables}
        self._columns: dict[tuple[str, str], Position] = {}
        for table in tables:
            name = f"{table.schema}.{table.name}"
            self._columns |= {(name, column.name): column.position for column in table.columns}
            self._columns |= {(name, column.name): column.position for column in table.derived}

    def of_view(self, view: View) -> Position:
        """The position of the view in its file; of one that is gone, the start of the first mapping."""
        return view.position or self._first

    def of(self, table: Relation, column: str = "") -> Position:
        """The position of the column, else of the table, else the start of the first mapping."""
        name = table.qualified_name
        of_table = self._tables.get(name) or self._raw.get(name) or self._first
        return self._columns.get((name, column), of_table)


def _tables(method: ir.Method) -> set[str]:
    return {each.qualified_name for each in migrations.relations([method])}


def _changes(change: SchemaDifference) -> Iterator[tuple[Relation, str]]:
    """Each change of a table, in words."""
    for table in change.created:
        yield table, "table added"
    for table in change.dropped:
        yield table, "table dropped"
    for rebuilt in change.rebuilt:
        yield rebuilt.new, f"table rebuilt, because {'; '.join(rebuilt.reasons)}"
    for altered in change.altered:
        yield from ((altered.new, words) for words in altered.changes)


def _never_existed(old: Iterable[Relation], new: Iterable[Relation], places: _Places) -> Iterator[Diagnostic]:
    """Columns that are renamed from one that was never released; after the migration the old name is forgotten."""
    released = {each.qualified_name: [field.name for field in each.fields] for each in old}
    for table in new:
        known = released.get(table.qualified_name, [])
        gone = sorted({*known} - {field.name for field in table.fields})
        for field in table.fields:
            if known and field.renamed_from is not None and {field.name, field.renamed_from}.isdisjoint(known):
                message = f'{table.qualified_name} was released without a column "{field.renamed_from}" to rename'
                help_ = f"released, and no longer in the mapping: {', '.join(gone)}" if gone else "remove renamed_from"
                yield Diagnostic(places.of(table, field.name), "MG114", message, help_)


def _refused(change: SchemaDifference, places: _Places, allowed: Allowed) -> Iterator[Diagnostic]:
    for rebuilt in change.rebuilt:
        if rebuilt.new.raw:
            yield _of_responses(rebuilt, places)
        elif not allowed.rebuild:
            yield _not_in_place(rebuilt, places)
    if allowed.drop:
        return
    for table in change.dropped:
        message = f"no mapping has the released table {table.qualified_name} any more"
        yield Diagnostic(places.of(table), "MG111", message, "--allow-drop drops it with all its rows")
    for altered in change.altered:
        yield from _drops(altered, places)
    for rebuilt in change.rebuilt:
        yield from _gone(rebuilt.old, rebuilt.new, places)


def _drops(altered: AlteredTable, places: _Places) -> Iterator[Diagnostic]:
    yield from _gone(altered.old, altered.new, places)
    table, derived = altered.new, {field.name for field in altered.old.fields if field.derived is not None}
    for name in sorted(altered.narrowed - altered.rederived):
        was, becomes = altered.old.type_of(name), table.type_of(name)
        how = f"was released as {was}, and {becomes} can't hold every {was}"
        if name in derived:
            how = "was released as a derived column, and gets values of its own"
        elif any(field.name == name and field.derived is not None for field in table.fields):
            how = "was released with values of its own, and is derived now"
        help_ = "--allow-drop drops its values; `mlb-etl transform` fills it again from the raw responses"
        yield Diagnostic(places.of(table, name), "MG111", f"{table.qualified_name}.{name} {how}", help_)


def _gone(old: Relation, new: Relation, places: _Places) -> Iterator[Diagnostic]:
    names = {each.name for each in new.fields}
    for field in old.fields:
        if field.name not in names:
            message = f"{new.qualified_name}.{field.name} was released, but the mapping no longer has it"
            yield Diagnostic(places.of(new), "MG111", message, "--allow-drop drops it with all its values")


def _not_in_place(rebuilt: RebuiltTable, places: _Places) -> Diagnostic:
    name = rebuilt.new.qualified_name
    message = f"{name} can't change in place: {'; '.join(rebuilt.reasons)}"
    help_ = (
        f"--rebuild writes a migration that rebuilds it; `mlb-etl rebuild --table {name}` applies it, "
        "with rows derived from the raw responses"
    )
    return Diagnostic(places.of(rebuilt.new), "MG112", message, help_)


def _of_responses(rebuilt: RebuiltTable, places: _Places) -> Diagnostic:
    message = f"the raw table {rebuilt.new.qualified_name} can't change like this: {'; '.join(rebuilt.reasons)}"
    help_ = "nothing can derive its rows again: undo the change, or name another raw_table"
    return Diagnostic(places.of(rebuilt.new), "MG113", message, help_)
