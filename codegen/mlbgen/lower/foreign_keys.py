"""Foreign keys: they reference the parent's whole key, stay within one document, and are covered by an index."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mlbgen import ir
from mlbgen.language import spec
from mlbgen.language.names import SqlName
from mlbgen.lower import naming
from mlbgen.lower.columns import UNKNOWN
from mlbgen.lower.keys import check_columns, widened
from mlbgen.lower.report import Place, Report, did_you_mean

_UNREFERENCED = (
    "partition the parent by a column that never changes, or omit such foreign keys: partition_by: "
    f"{{column: {naming.CAPTURED_AT}, kind: month, foreign_keys: none}}"
)


@dataclass(frozen=True, slots=True)
class TableDraft:
    """A table that only lacks its foreign keys; `key` is the primary key as declared, not widened.

    `unreferenced`: foreign keys to it are omitted, as the mapping says, because its partitioning makes them impossible.
    """

    table: ir.Table
    key: tuple[SqlName, ...]
    place: Place
    declared: Sequence[spec.ForeignKey]
    unreferenced: bool


@dataclass(frozen=True, slots=True)
class ForeignKeyTargets:
    """What foreign keys can reference: `parents` by name; `others` gives each table of other mappings its file.

    `document` lists the columns of the document's key.
    """

    parents: Mapping[str, TableDraft]
    others: Mapping[str, str]
    document: Sequence[str]


def add(
    report: Report, drafts: Sequence[TableDraft], document: Sequence[str], others: Mapping[str, str]
) -> tuple[ir.Table, ...]:
    """Add the foreign keys to the tables and sort these, parents before children."""
    targets = ForeignKeyTargets(
        {f"{draft.table.schema}.{draft.table.name}": draft for draft in drafts}, others, document
    )
    tables = [replace(draft.table, foreign_keys=_of_table(report, draft, targets)) for draft in drafts]
    return _sorted(report, tables, drafts)


def _of_table(report: Report, draft: TableDraft, targets: ForeignKeyTargets) -> tuple[ir.ForeignKey, ...]:
    found: dict[str, ir.ForeignKey] = {}
    for number, declared in enumerate(draft.declared):
        place = draft.place.at("foreign_keys", number)
        key = _foreign_key(report, place, draft, declared, targets)
        if key is None:
            continue
        if key.name in found:
            report.add("MG023", place, "the foreign key is declared twice")
        found[key.name] = key
    return tuple(found.values())


def _foreign_key(
    report: Report, place: Place, draft: TableDraft, declared: spec.ForeignKey, targets: ForeignKeyTargets
) -> ir.ForeignKey | None:
    parent = targets.parents.get(declared.references)
    columns: dict[str, ir.Column] = {column.name: column for column in draft.table.columns}
    derived = [column.name for column in draft.table.derived]
    good = check_columns(report, place.at("columns"), declared.columns, columns, derived)
    if parent is None:
        _report_unknown(report, place.at("references"), declared.references, targets)
        return None
    if draft.table.hydration != parent.table.hydration:
        _report_other_answers(report, place.at("references"), draft, parent)
        return None
    own = tuple(columns[each].name for each in declared.columns if each in columns)
    if not good or not _check_fit(report, place, draft, own, parent=parent, document=targets.document):
        return None
    if parent.unreferenced:
        return None
    partition = parent.table.partition
    references = widened(parent.key, partition)
    names = own if references == parent.key else (*own, references[-1])
    name = naming.derived_name(draft.table.name, *own, suffix="fkey")
    return ir.ForeignKey(name, names, parent.table.schema, parent.table.name, references)


def _report_unknown(report: Report, place: Place, name: str, targets: ForeignKeyTargets) -> None:
    if name in targets.others:
        message = f'"{name}" is a table of another mapping, {targets.others[name]}'
        help_ = "remove the foreign key: two mappings write their rows at different times; queries can still join"
        report.add("MG065", place, message, help_)
    else:
        report.add("MG060", place, f'unknown table "{name}"', did_you_mean(name, targets.parents))


def _report_other_answers(report: Report, place: Place, draft: TableDraft, parent: TableDraft) -> None:
    own, theirs = (
        "every response" if each.table.hydration is None else f"responses hydrated with {each.table.hydration}"
        for each in (draft, parent)
    )
    message = f"{parent.table.name} is filled from {theirs}, but this table from {own}"
    help_ = "remove the foreign key: their rows are written at different times; queries can still join"
    report.add("MG065", place, message, help_)


def _check_fit(
    report: Report,
    place: Place,
    draft: TableDraft,
    names: tuple[SqlName, ...],
    *,
    parent: TableDraft,
    document: Sequence[str],
) -> bool:
    """Check that the columns match the parent's key in number and type, and stay within the document."""
    key, at = parent.key, place.at("columns")
    if len(names) != len(key):
        message = f"{len(names)} columns reference a key of {len(key)}: {', '.join(key)}"
        report.add("MG061", at, message, f"reference the whole primary key of {parent.table.name}")
        return False
    good = _check_types(report, at, draft, names, parent) and _check_partition(report, place, draft, parent)
    for name in document:
        if (name, name) not in set(zip(names, key, strict=True)):
            report.add("MG064", at, f'the foreign key lacks "{name}", so it could reference another document')
            good = False
    return good and _check_covered(report, at, draft, names)


def _check_types(
    report: Report, place: Place, draft: TableDraft, names: tuple[SqlName, ...], parent: TableDraft
) -> bool:
    own = {column.name: column.type for column in draft.table.columns}
    theirs = defaultdict(lambda: UNKNOWN, {column.name: column.type for column in parent.table.columns})
    for number, (name, key) in enumerate(zip(names, parent.key, strict=True)):
        if UNKNOWN not in {own[name], theirs[key]} and own[name] != theirs[key]:
            message = f"{name} is {own[name]}, but {parent.table.name}.{key} is {theirs[key]}"
            report.add("MG061", place.at(number), message, "give both the same type")
            return False
    return True


def _check_partition(report: Report, place: Place, draft: TableDraft, parent: TableDraft) -> bool:
    """Check that the child has the parent's partition column, which widens the parent's key, with the same type."""
    references = widened(parent.key, parent.table.partition)
    if references == parent.key or parent.unreferenced:
        return True
    column, at = references[-1], place.at("references")
    if column == naming.CAPTURED_AT:
        message = f"{parent.table.name} is partitioned by {column}, which differs from row to row"
        report.add("MG064", at, message, _UNREFERENCED)
        return False
    own, theirs = (
        next((each.type for each in table.columns if each.name == column), None)
        for table in (draft.table, parent.table)
    )
    if own != theirs and UNKNOWN not in {own, theirs}:
        message = f'{parent.table.name} is partitioned by "{column}"; this table has no such column of the same type'
        report.add("MG064", at, message, "add the column, or partition the parent by another one")
        return False
    return True


def _check_covered(report: Report, place: Place, draft: TableDraft, names: tuple[SqlName, ...]) -> bool:
    """Require an index, without which each delete of a parent's row would scan the whole table."""
    indexes = [each.columns for each in draft.table.indexes if isinstance(each, ir.ColumnIndex) and each.where is None]
    if any(set(columns[: len(names)]) == set(names) for columns in (draft.table.primary_key, *indexes)):
        return True
    message = f"no index starts with {', '.join(names)}"
    report.add("MG063", place, message, f"add indexes: [{{columns: [{', '.join(names)}]}}]")
    return False


def _sorted(report: Report, tables: Sequence[ir.Table], drafts: Sequence[TableDraft]) -> tuple[ir.Table, ...]:
    """Sort parents before children, and otherwise keep the mapping's order."""
    left = list(zip(tables, drafts, strict=True))
    done: list[ir.Table] = []
    while left:
        waiting = {(table.schema, table.name) for table, _ in left}
        ready = [each for each in left if not any((key.schema, key.table) in waiting for key in each[0].foreign_keys)]
        if not ready:
            draft = left[0][1]
            names = ", ".join(table.name for table, _ in left)
            report.add("MG062", draft.place.at("foreign_keys"), f"the foreign keys of {names} form a cycle")
            return ()
        done.append(ready[0][0])
        left.remove(ready[0])
    return tuple(done)
