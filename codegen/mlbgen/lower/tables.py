"""Tables: combines `tables` and `defaults` of a mapping."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mlbgen import ir
from mlbgen.language import spec
from mlbgen.language.names import SqlName
from mlbgen.lower import carry, columns, expand, foreign_keys, keys, naming, origins, renamed, written
from mlbgen.lower.derived import lower_derived
from mlbgen.lower.only_for import lower_only_for
from mlbgen.lower.report import Place, Report
from mlbgen.lower.scope import PathScope, Root


@dataclass(frozen=True, slots=True)
class Common:
    """What all tables share: the mapping's defaults, the keys of the document and the root of its paths.

    `mapped` collects the full paths that tables take. `others` gives each table of other mappings its file.
    """

    place: Place
    defaults: spec.Defaults
    document: Mapping[str, ir.DocumentKey]
    root: Root
    raw_table: ir.RawTable
    mapped: set[str]
    others: Mapping[str, str]

    def scope(self) -> PathScope:
        """A new scope for a table, without its levels and look-ups."""
        values = (key.value for key in self.document.values())
        parameters = [value.name for value in values if isinstance(value, ir.ParameterValue)]
        return PathScope(self.root, self.mapped, parameters)


def tables(report: Report, place: Place, declared: list[spec.Table], common: Common) -> tuple[ir.Table, ...]:
    """Lower all tables, parents before children."""
    drafts: list[foreign_keys.TableDraft] = []
    taken = {common.raw_table.name, common.raw_table.documents}
    expanded = [each for number, one in enumerate(declared) for each in expand.expand(report, place.at(number), one)]
    by_name = {table.name: (at, table) for at, table in expanded}
    for at, table in expanded:
        draft = _Table(report, at, table, common, by_name).draft()
        if draft.table.name in taken:
            report.add("MG023", at.at("name"), f'there is already a table "{draft.table.name}"')
        taken.add(draft.table.name)
        naming.check_own(report, at.at("name"), table.name, common.others)
        drafts.append(draft)
    return foreign_keys.add(report, drafts, tuple(common.document), common.others)


class _Table:
    """Lowers one table; placeholders replace what has an error, so that the rest is checked too."""

    def __init__(
        self, report: Report, place: Place, declared: spec.Table, common: Common, tables: written.Tables
    ) -> None:
        self.report, self.place, self.declared, self.common, self.tables = report, place, declared, common, tables
        self.schema, self.name = naming.qualified(report, place.at("name"), declared.name)
        self.position = place.at("name").position()
        self.columns: dict[str, ir.Column] = {}
        self.derived: dict[str, ir.DerivedColumn] = {}
        self.partition_place, self.partition_by = self._partition_by()

    def draft(self) -> foreign_keys.TableDraft:
        """Lower the table without its foreign keys."""
        declared, errors = self.declared, self.report.count
        if "duplicates" in declared.model_fields_set and not declared.rows and declared.origins is None:
            at = self.place.at("duplicates").key
            self.report.add("MG044", at, '"duplicates" has no effect in a table with one row per document', "remove it")
        drafts = origins.lower_origins(self.report, self.place, declared, self.common.scope)
        if declared.visit and declared.origins is not None:
            at = self.place.at("visit").key
            self.report.add("MG044", at, '"visit" has no effect in a table with origins', "remove it")
        visits = carry.visits(self.report, self.place, declared.visit, drafts[0].scope)
        placed = self._written_columns()
        renamed.check(self.report, placed, self.common.document)
        values = self._lower_columns(placed, drafts)
        self.columns |= {column.name: column for column in columns.own_columns(self.position)}
        if self.report.count == errors:
            origins.check_used(self.report, self.place, declared, drafts)
            carry.check_filters(self.report, self.place, drafts[0].levels, self.columns.values())
        partition = self._partition()
        if partition is not None:
            self.columns[partition.column] = replace(self.columns[partition.column], nullable=False)
        key = self._primary_key(partition)
        if self.report.count == errors:
            self._check_nullable(key, {name: at for name, (at, _) in placed.items() if name in self.columns})
        table = ir.Table(
            schema=self.schema,
            name=self.name,
            description=declared.description,
            levels=drafts[0].levels,
            lookups=drafts[0].lookups,
            columns=tuple(self.columns.values()),
            primary_key=key,
            identity=keys.identity(self._declared_key(), partition),
            duplicates=declared.duplicates,
            partition=partition,
            foreign_keys=(),
            indexes=tuple(self._indexes(partition)),
            checks=tuple(self._checks()),
            guarded=declared.shrink_guard,
            position=self.position,
            hydration=declared.hydrate,
            visits=visits,
            derived=tuple(self.derived.values()),
            origin=drafts[0].scope.origin,
            subject=declared.subject or self.common.defaults.subject or self.schema,
            only_for=lower_only_for(self.report, self.place.at("only_for"), declared.only_for, self.common.document),
            other_origins=tuple(
                each.origin([*self.columns.values()], its) for each, its in zip(drafts[1:], values[1:], strict=True)
            ),
        )
        if self.report.count == errors:
            origins.check_keys(self.report, {name: at for name, (at, _) in placed.items()}, table, key)
        unreferenced = self.partition_by is not None and self.partition_by.foreign_keys is not None
        return foreign_keys.TableDraft(
            table, self._declared_key(), self.place, declared.foreign_keys, unreferenced=unreferenced
        )

    def _written_columns(self) -> written.Columns:
        """The default columns, the partition column, and the table's own, which override those before them."""
        default = written.declared_columns(self.report, self.common.place.at("columns"), self.common.defaults.columns)
        taken: written.Columns = {}
        if self.partition_by is not None:
            taken = written.partition_column(
                self.report, self.partition_place, self.partition_by, self.tables, self.common.root.name
            )
        own = written.declared_columns(self.report, self.place.at("columns"), self.declared.columns)
        return default | {name: each for name, each in taken.items() if name not in own} | own

    def _lower_columns(
        self, placed: written.Columns, drafts: Sequence[origins.OriginDraft]
    ) -> list[dict[str, ir.Value]]:
        """Lower the columns with values of their own, then those derived from them; returns each origin's values."""
        derived = [name for name, (_, column) in placed.items() if column.derive is not None]
        values: list[dict[str, ir.Value]] = [{} for _ in drafts]
        for name, (at, column) in placed.items():
            if name not in derived:
                self.columns[name], its = origins.lower_column(self.report, at, column, drafts)
                for known, value in zip(values, its, strict=True):
                    known[name] = value
        types = {name: column.type for name, column in self.columns.items()}
        for name in derived:
            self.derived[name] = lower_derived(self.report, *placed[name], types, derived)
        return values

    def _partition_by(self) -> tuple[Place, spec.TablePartition | None]:
        """The partitioning that the table, or else the defaults, declare, and its place."""
        declared, place = self.declared.partition_by, self.place
        if declared is None:
            declared, place = self.common.defaults.partition_by, self.common.place
        return place.at("partition_by"), None if isinstance(declared, str) else declared

    def _partition(self) -> ir.Partition | None:
        declared, place = self.partition_by, self.partition_place
        if declared is None:
            return None
        if declared.foreign_keys is not None and declared.column != naming.CAPTURED_AT:
            message = f'"foreign_keys" has no effect: a table partitioned by {declared.column} can be referenced'
            self.report.add("MG044", place.at("foreign_keys").key, message, "remove it")
        if declared.column in self.derived:
            keys.report_derived(self.report, place.at("column"), declared.column)
            self.columns[declared.column] = columns.placeholder(self.derived[declared.column].name, place.position())
            return None
        types = {name: column.type for name, column in self.columns.items() if name != naming.INGESTED_AT}
        if declared.column in types or declared.of is None:
            elsewhere = written.table_with(declared.column, self.tables, self.common.root.name)
            found = keys.lower_partition(self.report, place, declared, types, elsewhere=elsewhere)
        else:
            found = None  # already reported: there was no column to take
        if declared.column not in types:
            self.columns[declared.column] = columns.placeholder(
                naming.sql_name(self.report, declared.column), place.position()
            )
        return found

    def _primary_key(self, partition: ir.Partition | None) -> tuple[SqlName, ...]:
        document = self.common.document
        for name, key in document.items():
            if not columns.is_document_key(self.columns.get(name), key):
                help_ = "add it to defaults.columns, with the type, source and default that it has in source.document"
                self.report.add("MG053", self.place.at("name"), f'the table lacks the document\'s key "{name}"', help_)
        declared = self.declared.primary_key
        at = self.place.at("primary_key")
        keys.check_primary_key(self.report, at, declared, self.columns, document=tuple(document), derived=self.derived)
        return keys.widened(self._declared_key(), partition)

    def _declared_key(self) -> tuple[SqlName, ...]:
        return tuple(naming.sql_name(self.report, each) for each in self.declared.primary_key)

    def _check_nullable(self, key: tuple[str, ...], places: Mapping[str, Place]) -> None:
        """Make default columns outside the key nullable, then check that exactly the key columns are NOT NULL."""
        for name, place in places.items():
            if place.location[:1] == ("defaults",) and name not in key:
                self.columns[name] = replace(self.columns[name], nullable=True)
            keys.check_nullable(self.report, place, self.columns[name], key)

    def _indexes(self, partition: ir.Partition | None) -> Iterator[ir.Index]:
        names: set[str] = set()
        known = self.columns | self.derived
        for place, given in ((self.common.place, self.common.defaults.indexes), (self.place, self.declared.indexes)):
            for number, declared in enumerate(given):
                at = place.at("indexes", number)
                index = keys.lower_index(self.report, at, declared, known, table=self.name, by=partition)
                if index is None:
                    continue
                if index.name in names:
                    self.report.add("MG023", at, f"{self.name} already has this index")
                names.add(index.name)
                yield index

    def _checks(self) -> Iterator[ir.Check]:
        names: set[str] = set()
        known = self.columns | self.derived
        for number, declared in enumerate(self.declared.checks):
            at = self.place.at("checks", number)
            if declared.name in names:
                self.report.add("MG023", at.at("name"), f'there is already a check "{declared.name}"')
            names.add(declared.name)
            check = keys.lower_check(self.report, at, declared, known, table=self.name)
            if check is not None:
                yield check
