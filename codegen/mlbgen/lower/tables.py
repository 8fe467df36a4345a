"""Tables: everything of the mapping's `tables` and `defaults`, put together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from mlbgen import ir, spec
from mlbgen.lower import columns, expand, foreign_keys, keys, levels, naming
from mlbgen.lower.report import Place, Report
from mlbgen.lower.scope import Scope
from mlbgen.shape import Shape


@dataclass(frozen=True, slots=True)
class Common:
    """What all tables share: the mapping's defaults, the keys of the document and the shape of the response.

    `mapped` collects the full paths that tables take.
    """

    place: Place
    defaults: spec.Defaults
    document: Mapping[str, ir.DocumentKey]
    shape: Shape
    raw_table: str
    mapped: set[str]


def tables(report: Report, place: Place, declared: list[spec.Table], common: Common) -> tuple[ir.Table, ...]:
    """All tables, parents before children."""
    drafts: list[foreign_keys.Draft] = []
    taken = {common.raw_table}
    for number, written in enumerate(declared):
        for at, table in expand.expand(report, place.at(number), written):
            draft = _Table(report, at, table, common).draft()
            if draft.table.name in taken:
                report.add("MG023", at.at("name"), f'there is a table "{draft.table.name}" already')
            taken.add(draft.table.name)
            drafts.append(draft)
    return foreign_keys.add(report, drafts, tuple(common.document))


class _Table:
    """One table on its way; where something has an error, another stands in, so that the rest is looked at too."""

    def __init__(self, report: Report, place: Place, declared: spec.Table, common: Common) -> None:
        self.report, self.place, self.declared, self.common = report, place, declared, common
        self.schema, self.name = naming.qualified(report, place.at("name"), declared.name)
        self.position = place.at("name").position()
        self.columns: dict[str, ir.Column] = {}

    def draft(self) -> foreign_keys.Draft:
        """The table but for its foreign keys."""
        declared, scope, errors = self.declared, Scope(self.common.shape, self.common.mapped), self.report.count
        if "duplicates" in declared.model_fields_set and not declared.rows:
            at = self.place.at("duplicates").key
            self.report.add("MG044", at, '"duplicates" has no use in a table of one row a document', "leave it out")
        loops = levels.levels(self.report, self.place, declared.rows, scope)
        lookups = levels.lookups(self.report, self.place, declared.let, scope)
        placed = self._written_columns()
        for name, (at, column) in placed.items():
            self.columns[name] = columns.column(self.report, at, column, scope)
        self.columns |= {column.name: column for column in columns.own_columns(self.position)}
        if self.report.count == errors:
            levels.check_used(self.report, self.place, declared, scope)
        partition = self._partition()
        key = self._primary_key(partition)
        if self.report.count == errors:
            self._check_nullable(key, {name: at for name, (at, _) in placed.items()})
        table = ir.Table(
            schema=self.schema,
            name=self.name,
            description=declared.description,
            levels=loops,
            lookups=lookups,
            columns=tuple(self.columns.values()),
            primary_key=key,
            identity=keys.identity(tuple(declared.primary_key), partition),
            duplicates=declared.duplicates,
            partition=partition,
            foreign_keys=(),
            indexes=tuple(self._indexes(partition)),
            checks=tuple(self._checks()),
            guarded=declared.shrink_guard,
            position=self.position,
        )
        return foreign_keys.Draft(table, tuple(declared.primary_key), self.place, declared.foreign_keys)

    def _written_columns(self) -> dict[str, tuple[Place, spec.Column]]:
        """The default columns, each as the table says it if it does, and then the table's own."""
        merged: dict[str, tuple[Place, spec.Column]] = {}
        for place, written in ((self.common.place, self.common.defaults.columns), (self.place, self.declared.columns)):
            seen: set[str] = set()
            for number, each in enumerate(written):
                for at, column in expand.expand(self.report, place.at("columns", number), each):
                    if column.name in seen:
                        self.report.add("MG023", at.at("name"), f'there is a column "{column.name}" already')
                    seen.add(column.name)
                    merged[column.name] = (at, column)
        return merged

    def _partition(self) -> ir.Partition | None:
        declared, place = self.declared.partition_by, self.place.at("partition_by")
        if declared is None:
            declared, place = self.common.defaults.partition_by, self.common.place.at("partition_by")
        if isinstance(declared, str):
            return None
        types = {name: column.type for name, column in self.columns.items() if name != naming.INGESTED_AT}
        return keys.partition(self.report, place, declared, types)

    def _primary_key(self, partition: ir.Partition | None) -> tuple[str, ...]:
        document = self.common.document
        for name, key in document.items():
            if not columns.is_document_key(self.columns.get(name), key):
                help_ = "add it to defaults.columns, with the type and the path that source.document gives it"
                self.report.add("MG053", self.place.at("name"), f'the table lacks the document\'s key "{name}"', help_)
        declared = self.declared.primary_key
        keys.check_primary_key(self.report, self.place.at("primary_key"), declared, self.columns, tuple(document))
        return keys.widened(tuple(declared), partition)

    def _check_nullable(self, key: tuple[str, ...], places: Mapping[str, Place]) -> None:
        """Only keys are NOT NULL; a default column is one in the tables whose key has it."""
        for name, place in places.items():
            if place.location[:1] == ("defaults",) and name not in key:
                self.columns[name] = replace(self.columns[name], nullable=True)
            keys.check_nullable(self.report, place, self.columns[name], key)

    def _indexes(self, partition: ir.Partition | None) -> Iterator[ir.Index]:
        names: set[str] = set()
        for place, written in ((self.common.place, self.common.defaults.indexes), (self.place, self.declared.indexes)):
            for number, declared in enumerate(written):
                at = place.at("indexes", number)
                index = keys.index(self.report, at, declared, self.columns, table=self.name, by=partition)
                if index is None:
                    continue
                if index.name in names:
                    self.report.add("MG023", at, f"there is such an index of {self.name} already")
                names.add(index.name)
                yield index

    def _checks(self) -> Iterator[ir.Check]:
        names: set[str] = set()
        for number, declared in enumerate(self.declared.checks):
            at = self.place.at("checks", number)
            if declared.name in names:
                self.report.add("MG023", at.at("name"), f'there is a check "{declared.name}" already')
            names.add(declared.name)
            check = keys.check(self.report, at, declared, self.columns, table=self.name)
            if check is not None:
                yield check
