"""Columns with another name: the released tables as they are called then, and what renames them.

PostgreSQL carries a new name into keys, partitions, checks, indexes and foreign keys. Names of indexes and foreign keys
that were made of the old one follow by statements of their own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar, assert_never

import sqlglot
from sqlglot import exp

from mlbgen import ir
from mlbgen.language.names import SqlName
from mlbgen.postgres.relation import Field, Relation

_T = TypeVar("_T", ir.ForeignKey, ir.Index)
# New names by old ones: of a table's columns, and of those of all tables by their qualified names.
_Names: TypeAlias = Mapping[SqlName, SqlName]
_Tables: TypeAlias = Mapping[str, _Names]


@dataclass(frozen=True, slots=True)
class Renames:
    """Old and new names of a table's columns, indexes and foreign keys."""

    columns: tuple[tuple[SqlName, SqlName], ...] = ()
    indexes: tuple[tuple[SqlName, SqlName], ...] = ()
    foreign_keys: tuple[tuple[SqlName, SqlName], ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The changes in words, such as `column note renamed to remark`."""
        kinds = {"column": self.columns, "index": self.indexes, "foreign key": self.foreign_keys}
        return tuple(f"{kind} {old} renamed to {new}" for kind, pairs in kinds.items() for old, new in pairs)


NOTHING = Renames()


def renamed(old: Sequence[Relation], new: Sequence[Relation]) -> tuple[list[Relation], dict[str, Renames]]:
    """The old tables under the names that the new ones have, and what renames each table that differs."""
    wanted = {each.qualified_name: each for each in new}
    columns = {each.qualified_name: _columns(each, wanted.get(each.qualified_name)) for each in old}
    tables, renames = [], {}
    for each in old:
        table = _under_new_names(each, columns)
        if names := columns[each.qualified_name]:
            target = wanted[each.qualified_name]
            indexes = _follow(table.indexes, target.indexes)
            keys = _follow(table.foreign_keys, target.foreign_keys)
            renames[each.qualified_name] = Renames(tuple(names.items()), _pairs(indexes), _pairs(keys))
            table = replace(
                table,
                indexes=tuple(indexes.get(index.name, index) for index in table.indexes),
                foreign_keys=tuple(keys.get(key.name, key) for key in table.foreign_keys),
            )
        tables.append(table)
    return tables, renames


def _columns(old: Relation, new: Relation | None) -> _Names:
    """The columns that the new table asks to rename; a hint has no effect once the new name is released."""
    known = {each.name for each in old.fields}
    fields = () if new is None else new.fields
    hints = {each.renamed_from: each.name for each in fields if each.name not in known}
    return {each.name: hints[each.name] for each in old.fields if each.name in hints}


def _under_new_names(old: Relation, tables: _Tables) -> Relation:
    names = tables[old.qualified_name]
    keys = tuple(_key(each, names, tables.get(f"{each.schema}.{each.table}", {})) for each in old.foreign_keys)
    if not names:
        return replace(old, foreign_keys=keys)
    partition = old.partition
    return replace(
        old,
        fields=tuple(_field(each, names) for each in old.fields),
        primary_key=_each(old.primary_key, names),
        partition=None
        if partition is None
        else replace(partition, column=names.get(partition.column, partition.column)),
        foreign_keys=keys,
        indexes=tuple(_index(each, names) for each in old.indexes),
        checks=tuple(replace(each, condition=_expression(each.condition, names)) for each in old.checks),
    )


def _field(old: Field, names: _Names) -> Field:
    derived = None if old.derived is None else _expression(old.derived, names)
    return replace(old, name=names.get(old.name, old.name), derived=derived)


def _each(columns: Iterable[SqlName], names: _Names) -> tuple[SqlName, ...]:
    return tuple(names.get(each, each) for each in columns)


def _key(key: ir.ForeignKey, own: _Names, theirs: _Names) -> ir.ForeignKey:
    return replace(key, columns=_each(key.columns, own), references=_each(key.references, theirs))


def _index(index: ir.Index, names: _Names) -> ir.Index:
    where = None if index.where is None else _expression(index.where, names)
    match index:
        case ir.ColumnIndex(columns=columns):
            return replace(index, columns=_each(columns, names), where=where)
        case ir.ExpressionIndex(expression=expression):
            return replace(index, expression=_expression(expression, names), where=where)
        case _:
            assert_never(index)


def _expression(old: ir.Expression, names: _Names) -> ir.Expression:
    """The expression as lowering would write it; if it is written otherwise, what uses it is dropped and added."""
    if names.keys().isdisjoint(old.columns):
        return old
    tree = sqlglot.parse_one(old.sql, dialect="postgres", into=exp.Condition)
    for column in list(tree.find_all(exp.Column)):
        column.this.set("this", names.get(SqlName(column.name), column.name))
    return ir.Expression(tree.sql(dialect="postgres", identify=True, comments=False), _each(old.columns, names))


def _follow(old: tuple[_T, ...], new: tuple[_T, ...]) -> dict[SqlName, _T]:
    """By the old name, what is the same under another name now."""
    taken = {each.name for each in old}
    found = {each.name: [other for other in new if replace(each, name=other.name) == other] for each in old}
    return {
        name: others[0] for name, others in found.items() if others and taken.isdisjoint(each.name for each in others)
    }


def _pairs(followed: Mapping[SqlName, ir.ForeignKey | ir.Index]) -> tuple[tuple[SqlName, SqlName], ...]:
    return tuple((old, new.name) for old, new in followed.items())
