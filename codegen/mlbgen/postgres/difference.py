"""Differences between two schemas: tables to create, drop, alter in place, or rebuild from the raw responses.

The order of columns does not count: PostgreSQL appends a new column, and every statement names its columns.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeAlias, TypeVar, assert_never

from mlbgen import ir
from mlbgen.language.names import SqlName
from mlbgen.postgres.relation import CheckConstraint, Field, Relation
from mlbgen.postgres.renaming import NOTHING, Renames, renamed
from mlbgen.postgres.widening import widens

# Schema, table and column.
_Place: TypeAlias = tuple[SqlName, SqlName, SqlName]
_T = TypeVar("_T", ir.ForeignKey, ir.Index, CheckConstraint)


@dataclass(frozen=True, slots=True)
class Remade(Generic[_T]):
    """Foreign keys, checks or indexes of a table to drop and to add.

    Those in both are recreated, since they depend on a column or a table that changes.
    """

    dropped: tuple[_T, ...]
    added: tuple[_T, ...]

    def words(self, kind: str) -> Iterator[str]:
        """The changes in words, such as `index games_venue_idx added`."""
        dropped, added = ({str(each.name) for each in of} for of in (self.dropped, self.added))
        for name in sorted(dropped | added):
            what = "recreated" if name in dropped & added else "dropped" if name in dropped else "added"
            yield f"{kind} {name} {what}"


@dataclass(frozen=True, slots=True)
class AlteredTable:
    """A table that changes in place; `old` has the names that `renames` leads to.

    A column that is both dropped and added gets a type that can't hold all its values, or is derived in another way.
    The other fields list changed columns in their new form.
    """

    old: Relation
    new: Relation
    dropped: tuple[Field, ...]
    added: tuple[Field, ...]
    widened: tuple[Field, ...]
    nullability: tuple[Field, ...]
    defaults: tuple[Field, ...]
    descriptions: tuple[Field, ...]
    foreign_keys: Remade[ir.ForeignKey]
    checks: Remade[CheckConstraint]
    indexes: Remade[ir.Index]
    ahead: tuple[int | str, ...]
    is_described: bool
    renames: Renames = NOTHING

    @property
    def narrowed(self) -> frozenset[str]:
        """The columns that are dropped and added again, with another type or derived in another way."""
        return frozenset(each.name for each in self.added) & {each.name for each in self.dropped}

    @property
    def rederived(self) -> frozenset[str]:
        """Those of them that are derived before and after: nothing is lost, as the server computes them again."""
        was, is_ = ({each.name for each in of if each.derived is not None} for of in (self.dropped, self.added))
        return frozenset(was & is_)

    @property
    def changes(self) -> tuple[str, ...]:
        """The changes in words, such as `column venue added`."""
        both = self.narrowed
        columns = {
            "dropped": [each for each in self.dropped if each.name not in both],
            "added": [each for each in self.added if each.name not in both],
            "gets a narrower type": [each for each in self.added if each.name in both - self.rederived],
            "is derived again": [each for each in self.added if each.name in self.rederived],
            "gets a wider type": self.widened,
            "gets another nullability": self.nullability,
            "gets another default": self.defaults,
            "gets another description": self.descriptions,
        }
        return (
            *self.renames.words,
            *(f"column {each.name} {what}" for what, fields in columns.items() for each in fields),
            *self.foreign_keys.words("foreign key"),
            *self.checks.words("check"),
            *self.indexes.words("index"),
            *([f"partitions added: {', '.join(map(str, self.ahead))}"] if self.ahead else []),
            *(["table gets another description"] if self.is_described else []),
        )

    @property
    def after(self) -> Relation:
        """The table after the change: columns in the database's order, with all partitions that were ever premade."""
        gone = {each.name for each in self.dropped}
        new = {each.name: each for each in self.new.fields}
        fields = (*(new[each.name] for each in self.old.fields if each.name not in gone), *self.added)
        return replace(self.new, fields=fields, partition=_with_all(self.old.partition, self.new.partition))


@dataclass(frozen=True, slots=True)
class RebuiltTable:
    """A table that can't change in place, with the reasons. Raw tables can't be rebuilt at all."""

    old: Relation
    new: Relation
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SchemaDifference:
    """The difference of two schemas; tables are in the order of the new one, parents before children."""

    new: tuple[Relation, ...]
    created: tuple[Relation, ...]
    dropped: tuple[Relation, ...]
    rebuilt: tuple[RebuiltTable, ...]
    altered: tuple[AlteredTable, ...]
    unchanged: tuple[Relation, ...]

    @property
    def new_schemas(self) -> tuple[SqlName, ...]:
        """The PostgreSQL schemas that had no table before."""
        rebuilt, altered = (each.old for each in self.rebuilt), (each.old for each in self.altered)
        known = {each.schema for each in (*self.unchanged, *self.dropped, *altered, *rebuilt)}
        return tuple(sorted({each.schema for each in self.created} - known))

    def __bool__(self) -> bool:
        return bool(self.created or self.dropped or self.rebuilt or self.altered)

    @property
    def after(self) -> tuple[Relation, ...]:
        """The schema after the change."""
        rebuilt, altered = (each.new for each in self.rebuilt), (each.after for each in self.altered)
        return (*self.unchanged, *altered, *rebuilt, *self.created)


def difference(old: Sequence[Relation], new: Sequence[Relation]) -> SchemaDifference:
    """Compare two schemas."""
    old, renames = renamed(old, new)
    before = {each.qualified_name: each for each in old}
    wanted = {each.qualified_name for each in new}
    pairs = [(before[each.qualified_name], each) for each in new if each.qualified_name in before]
    rebuilt = tuple(RebuiltTable(*pair, reasons) for pair in pairs if (reasons := _reasons(*pair)))
    again = frozenset(each.new.qualified_name for each in rebuilt)
    kept = [pair for pair in pairs if pair[1].qualified_name not in again]
    retyped = frozenset(place for pair in kept for place in _retyped(*pair))
    altered = [
        replace(_altered(*pair, retyped, again), renames=renames.get(pair[1].qualified_name, NOTHING)) for pair in kept
    ]
    return SchemaDifference(
        new=tuple(new),
        created=tuple(each for each in new if each.qualified_name not in before),
        dropped=tuple(each for each in old if each.qualified_name not in wanted),
        rebuilt=rebuilt,
        altered=tuple(each for each in altered if each.changes),
        unchanged=tuple(each.old for each in altered if not each.changes),
    )


def _reasons(old: Relation, new: Relation) -> tuple[str, ...]:
    """The reasons why the table can't change in place, if any."""
    reasons = []
    before = {each.name: each for each in old.fields}
    if old.primary_key != new.primary_key:
        reasons.append(f"its key was ({', '.join(old.primary_key)}) and is ({', '.join(new.primary_key)})")
    if _by_words(old) != _by_words(new):
        reasons.append(f"it was {_by_words(old)} and is {_by_words(new)}")
    for field in new.fields:
        released = before.get(field.name)
        if released is None:
            if not field.nullable and not field.now and field.name not in new.primary_key:
                reasons.append(f"{field.name} is new and may not be NULL")
        elif _is_bound(new, field.name, released.type, field.type):
            reasons.append(f"{field.name} of its key was {released.type} and is {field.type}")
    unnamed = ({each.condition for each in of.checks if each.name is None} for of in (old, new))
    if len({frozenset(each) for each in unnamed}) > 1:
        reasons.append("a check without a name differs")
    return tuple(reasons)


def _is_bound(relation: Relation, column: str, old: str, new: str) -> bool:
    """Whether the type differs and can't be altered: of the partition column, or narrowed in the key."""
    is_partition = relation.partition is not None and relation.partition.column == column
    return old != new and (is_partition or (column in relation.primary_key and not widens(old, new)))


def _by_words(relation: Relation) -> str:
    match relation.partition:
        case None:
            return "not partitioned"
        case ir.ListPartition(column):
            return f"partitioned by list of {column}"
        case ir.MonthPartition(column):
            return f"partitioned by month of {column}"
        case _:
            assert_never(relation.partition)


def _with_all(old: ir.Partition | None, new: ir.Partition | None) -> ir.Partition | None:
    """The new partitioning, with all partitions that either premakes."""
    match new:
        case None:
            return None
        case ir.ListPartition(column, values):
            made = old.values if isinstance(old, ir.ListPartition) else ()
            return ir.ListPartition(column, tuple(sorted({*made, *values})))
        case ir.MonthPartition(column, months):
            before = old.months if isinstance(old, ir.MonthPartition) else ()
            return ir.MonthPartition(column, tuple(sorted({*before, *months})))
        case _:
            assert_never(new)


def _retyped(old: Relation, new: Relation) -> Iterable[_Place]:
    types = {each.name: each.type for each in old.fields}
    for field in new.fields:
        if types.get(field.name, field.type) != field.type:
            yield new.schema, new.name, field.name


def _altered(old: Relation, new: Relation, retyped: frozenset[_Place], rebuilt: frozenset[str]) -> AlteredTable:
    before, after = ({each.name: each for each in of.fields} for of in (old, new))
    both = [(each, after[each.name]) for each in old.fields if each.name in after]
    touched = {column for schema, table, column in retyped if (schema, table) == (new.schema, new.name)}
    narrowed = {to.name for each, to in both if _is_remade(each, to, touched)}
    kept = [pair for pair in both if pair[1].name not in narrowed]
    touched |= narrowed
    return AlteredTable(
        old=old,
        new=new,
        dropped=_derived_first(each for each in old.fields if each.name not in after or each.name in narrowed),
        added=_derived_last(each for each in new.fields if each.name not in before or each.name in narrowed),
        widened=tuple(to for each, to in kept if each.type != to.type),
        nullability=tuple(to for each, to in kept if each.nullable != to.nullable),
        defaults=tuple(to for each, to in kept if each.now != to.now),
        descriptions=tuple(to for each, to in kept if each.description != to.description),
        foreign_keys=_remade(old.foreign_keys, new.foreign_keys, lambda key: _follows(key, new, retyped, rebuilt)),
        checks=_remade(old.checks, new.checks, lambda check: not touched.isdisjoint(check.condition.columns)),
        indexes=_remade(old.indexes, new.indexes, lambda index: _is_over(index, touched, narrowed)),
        ahead=_ahead(old, new),
        is_described=old.description != new.description,
    )


def _is_remade(old: Field, new: Field, retyped: set[SqlName]) -> bool:
    """Whether the column can't be altered, as its values or the type of what it is derived from would be lost."""
    if old.derived is None and new.derived is None:
        return old.type != new.type and not widens(old.type, new.type)
    used = () if new.derived is None else new.derived.columns
    return (old.derived, old.type) != (new.derived, new.type) or not retyped.isdisjoint(used)


def _derived_first(fields: Iterable[Field]) -> tuple[Field, ...]:
    """In the order in which they can be dropped: derived columns before those that they need."""
    return tuple(sorted(fields, key=lambda each: each.derived is None))


def _derived_last(fields: Iterable[Field]) -> tuple[Field, ...]:
    """In the order in which they can be added."""
    return tuple(sorted(fields, key=lambda each: each.derived is not None))


def _remade(old: tuple[_T, ...], new: tuple[_T, ...], depends: Callable[[_T], bool]) -> Remade[_T]:
    return Remade(
        tuple(each for each in old if each not in new or depends(each)),
        tuple(each for each in new if each not in old or depends(each)),
    )


def _follows(key: ir.ForeignKey, of: Relation, retyped: frozenset[_Place], rebuilt: frozenset[str]) -> bool:
    """Whether a foreign key must be recreated: a column at either end changes, or the referenced table is rebuilt."""
    own = {(of.schema, of.name, column) for column in key.columns}
    theirs = {(key.schema, key.table, column) for column in key.references}
    return f"{key.schema}.{key.table}" in rebuilt or not retyped.isdisjoint(own | theirs)


def _is_over(index: ir.Index, retyped: set[SqlName], narrowed: set[SqlName]) -> bool:
    """Whether an index must be recreated: it uses a dropped column, or one of another type in an expression."""
    where = () if index.where is None else index.where.columns
    match index:
        case ir.ColumnIndex(columns=columns):
            return not retyped.isdisjoint(where) or not narrowed.isdisjoint(columns)
        case ir.ExpressionIndex(expression=expression):
            return not retyped.isdisjoint((*where, *expression.columns))
        case _:
            assert_never(index)


def _ahead(old: Relation, new: Relation) -> tuple[int | str, ...]:
    """The premade partitions that are new."""
    if old.partition is None or new.partition is None:
        return ()
    before = frozenset(old.partition.ahead)
    return tuple(each for each in new.partition.ahead if each not in before)
