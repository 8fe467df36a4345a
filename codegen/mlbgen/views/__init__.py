"""Views that a person writes as SQL, one file each: read, and checked against the tables of all mappings.

Nothing is changed about a query: what the file says goes to PostgreSQL. docs/errors.md explains each code.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mlbgen.language.diagnostics import Diagnostic, MappingErrors
from mlbgen.language.errors import unusable_files
from mlbgen.lower import did_you_mean
from mlbgen.postgres.relation import Relation
from mlbgen.postgres.view import View, ViewColumn
from mlbgen.views import files
from mlbgen.views.columns import Found, check_query
from mlbgen.views.report import ViewReport

__all__ = ("load_views",)


def load_views(paths: Iterable[Path], tables: Sequence[Relation], *, root: Path) -> tuple[View, ...]:
    """The views in these SQL files, each after those that it reads. Raises MappingErrors with the mistakes of all."""
    written: dict[str, files.WrittenView] = {}
    wrong: list[Diagnostic] = []
    taken = {each.qualified_name: "a table of the mappings" for each in tables}
    for path in paths:
        file = Path(os.path.relpath(path, root)).as_posix()
        with unusable_files():
            report = ViewReport(file, path.read_bytes().decode(errors="replace"))
        view = files.parse(report)
        if view is not None and view.qualified_name in taken:
            message = f"there is already {taken[view.qualified_name]} named {view.qualified_name}"
            report.add("MG121", view.at, message, "choose another name")
        elif view is not None:
            taken[view.qualified_name] = f"a view, in {file},"
            written[view.qualified_name] = view
        wrong += report.found
    known: dict[str, Mapping[str, str]] = {
        each.qualified_name: {field.name: field.description for field in each.fields} for each in tables
    }
    views: list[View] = []
    for each in _in_order(written, wrong):
        names = check_query(each, known, written)
        if names:  # else those that read it are left out, too
            views.append(_checked(each, names))
            known[each.qualified_name] = {column.name: column.description for column in views[-1].columns}
        wrong += each.report.found
    if wrong:
        raise MappingErrors(wrong)
    return tuple(views)


def _in_order(written: Mapping[str, files.WrittenView], wrong: list[Diagnostic]) -> Iterator[files.WrittenView]:
    """Each view after those that it reads; views that read each other are reported and left out."""
    left = dict(sorted(written.items()))
    while left:
        ready = [each for each in left.values() if left.keys().isdisjoint(each.reads)]
        if not ready:
            circle = ", ".join(left)
            for each in left.values():
                each.report.add("MG126", each.at, f"views read each other: {circle}", "remove one of the references")
                wrong += each.report.found
            return
        yield from ready
        left = {name: each for name, each in left.items() if each not in ready}


def _checked(written: files.WrittenView, names: Found) -> View:
    """The view with a description of each column: its own comment, or that of the table's column it repeats."""
    report, comments = written.report, dict(written.comments)
    for name, (offset, _) in comments.items():
        if name not in names:
            report.add("MG124", offset, f'the view has no column "{name}" to comment on', did_you_mean(name, names))
    for name, (offset, inherited) in names.items():
        if name not in comments and not inherited:
            help_ = f"add COMMENT ON COLUMN {written.qualified_name}.{name} IS '...'"
            report.add("MG124", offset, f'the column "{name}" has no comment and repeats none that has one', help_)
    for offset, name in written.key:
        if name not in names:
            report.add("MG125", offset, f'the view has no column "{name}" to index', did_you_mean(name, names))
    columns = ((name, comments[name][1] if name in comments else text) for name, (_, text) in names.items())
    return replace(written.view(), columns=tuple(ViewColumn(files.sql_name(name), text) for name, text in columns))
