"""Foreign keys: to the parent's whole key, within one document, and found by an index."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mlbgen import ir
from mlbgen.language import spec
from mlbgen.lower import naming
from mlbgen.lower.columns import UNKNOWN
from mlbgen.lower.keys import check_columns, widened
from mlbgen.lower.report import Place, Report, did_you_mean

_UNREFERENCED = (
    "partition the parent by a column that stays, or leave such foreign keys out: partition_by: "
    f"{{column: {naming.CAPTURED_AT}, kind: month, foreign_keys: none}}"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A table that lacks its foreign keys only; `key` is the primary key as declared, not widened.

    `unreferenced`: foreign keys to it are left out, as its partition makes them impossible and the mapping says so.
    """

    table: ir.Table
    key: tuple[str, ...]
    place: Place
    declared: Sequence[spec.ForeignKey]
    unreferenced: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What foreign keys can lead to: `parents` by their names; `others` are tables of other mappings, with the file.

    `document` are the columns of the document's key.
    """

    parents: Mapping[str, Draft]
    others: Mapping[str, str]
    document: Sequence[str]


def add(
    report: Report, drafts: Sequence[Draft], document: Sequence[str], others: Mapping[str, str]
) -> tuple[ir.Table, ...]:
    """The tables with their foreign keys, parents before children; `others` are the tables of other mappings."""
    known = Known({f"{draft.table.schema}.{draft.table.name}": draft for draft in drafts}, others, document)
    tables = [replace(draft.table, foreign_keys=_of_table(report, draft, known)) for draft in drafts]
    return _sorted(report, tables, drafts)


def _of_table(report: Report, draft: Draft, known: Known) -> tuple[ir.ForeignKey, ...]:
    found: dict[str, ir.ForeignKey] = {}
    for number, declared in enumerate(draft.declared):
        place = draft.place.at("foreign_keys", number)
        key = _foreign_key(report, place, draft, declared, known)
        if key is None:
            continue
        if key.name in found:
            report.add("MG023", place, "the foreign key is there twice")
        found[key.name] = key
    return tuple(found.values())


def _foreign_key(
    report: Report, place: Place, draft: Draft, declared: spec.ForeignKey, known: Known
) -> ir.ForeignKey | None:
    parent = known.parents.get(declared.references)
    columns = {column.name: column for column in draft.table.columns}
    good = check_columns(report, place.at("columns"), declared.columns, columns)
    if parent is None:
        _report_unknown(report, place.at("references"), declared.references, known)
        return None
    if draft.table.hydration != parent.table.hydration:
        _report_other_answers(report, place.at("references"), draft, parent)
        return None
    if not good or not _check_fit(
        report, place, draft, tuple(declared.columns), parent=parent, document=known.document
    ):
        return None
    if parent.unreferenced:
        return None
    partition = parent.table.partition
    references = widened(parent.key, partition)
    names = tuple(declared.columns) if references == parent.key else (*declared.columns, references[-1])
    name = naming.made_up(draft.table.name, *declared.columns, suffix="fkey")
    return ir.ForeignKey(name, names, parent.table.schema, parent.table.name, references)


def _report_unknown(report: Report, place: Place, name: str, known: Known) -> None:
    if name in known.others:
        message = f'"{name}" is a table of another mapping, {known.others[name]}'
        help_ = "leave the foreign key out: rows of two mappings are written at different times; queries can still join"
        report.add("MG065", place, message, help_)
    else:
        report.add("MG060", place, f'unknown table "{name}"', did_you_mean(name, known.parents))


def _report_other_answers(report: Report, place: Place, draft: Draft, parent: Draft) -> None:
    own, theirs = (
        "all answers" if each.table.hydration is None else f"answers that were asked for {each.table.hydration}"
        for each in (draft, parent)
    )
    message = f"{parent.table.name} has rows of {theirs}, and this table of {own}"
    help_ = "leave the foreign key out: their rows are written at different times; queries can still join"
    report.add("MG065", place, message, help_)


def _check_fit(
    report: Report, place: Place, draft: Draft, names: tuple[str, ...], *, parent: Draft, document: Sequence[str]
) -> bool:
    """The columns are as many and of the types of the parent's key, and lead to rows of the same document."""
    key, at = parent.key, place.at("columns")
    if len(names) != len(key):
        message = f"{len(names)} columns for a key of {len(key)}: {', '.join(key)}"
        report.add("MG061", at, message, f"{parent.table.name} is referenced by its whole primary key")
        return False
    good = _check_types(report, at, draft, names, parent) and _check_partition(report, place, draft, parent)
    for name in document:
        if (name, name) not in set(zip(names, key, strict=True)):
            report.add("MG064", at, f'the foreign key lacks "{name}", and could leave the document')
            good = False
    return good and _check_covered(report, at, draft, names)


def _check_types(report: Report, place: Place, draft: Draft, names: tuple[str, ...], parent: Draft) -> bool:
    own = {column.name: column.type for column in draft.table.columns}
    theirs = defaultdict(lambda: UNKNOWN, {column.name: column.type for column in parent.table.columns})
    for number, (name, key) in enumerate(zip(names, parent.key, strict=True)):
        if UNKNOWN not in {own[name], theirs[key]} and own[name] != theirs[key]:
            message = f"{name} is {own[name]}, and {parent.table.name}.{key} is {theirs[key]}"
            report.add("MG061", place.at(number), message, "give both the same type")
            return False
    return True


def _check_partition(report: Report, place: Place, draft: Draft, parent: Draft) -> bool:
    """The parent's partition column, which widens its key, is one of the child's and the same for both."""
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
        message = f'{parent.table.name} is partitioned by "{column}", which this table does not have in the same type'
        report.add("MG064", at, message, "add the column, or partition the parent by another")
        return False
    return True


def _check_covered(report: Report, place: Place, draft: Draft, names: tuple[str, ...]) -> bool:
    """Without an index each delete of a parent's row would read the whole table."""
    indexes = [each.columns for each in draft.table.indexes if isinstance(each, ir.ColumnIndex) and each.where is None]
    if any(set(columns[: len(names)]) == set(names) for columns in (draft.table.primary_key, *indexes)):
        return True
    message = f"no index starts with {', '.join(names)}"
    report.add("MG063", place, message, f"add indexes: [{{columns: [{', '.join(names)}]}}]")
    return False


def _sorted(report: Report, tables: Sequence[ir.Table], drafts: Sequence[Draft]) -> tuple[ir.Table, ...]:
    """Parents before children, else in the mapping's order."""
    left = list(zip(tables, drafts, strict=True))
    done: list[ir.Table] = []
    while left:
        waiting = {(table.schema, table.name) for table, _ in left}
        ready = [each for each in left if not any((key.schema, key.table) in waiting for key in each[0].foreign_keys)]
        if not ready:
            draft = left[0][1]
            names = ", ".join(table.name for table, _ in left)
            report.add("MG062", draft.place.at("foreign_keys"), f"the foreign keys of {names} go in a circle")
            return ()
        done.append(ready[0][0])
        left.remove(ready[0])
    return tuple(done)
