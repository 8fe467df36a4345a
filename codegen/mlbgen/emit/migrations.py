"""Migrations, named as Flyway does: V1 the raw tables of all methods, one for the tables of each, then the changes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from mlbgen import ir
from mlbgen.emit import released
from mlbgen.emit.python import render
from mlbgen.emit.released import FOLDER, Released
from mlbgen.names import snake
from mlbgen.sql import alter, nodes, printer
from mlbgen.sql import ddl as trees
from mlbgen.sql.difference import Difference
from mlbgen.sql.relation import Relation, of_raw, of_table

_VERSION = re.compile(r"v\d+")
_REGENERATE = "-- Regenerate: just generate\n"
_RELEASED = "-- Released: a further change of the mapping is another migration, by `mlbgen migrate`.\n"
# What `mlb-etl rebuild` looks for: the tables that it fills, by a line of the header, and when.
_REBUILDS = "-- Rebuilds: {tables}\n"
_FILL = "-- Here `mlb-etl rebuild` fills the new tables.\n"


@dataclass(frozen=True, slots=True)
class _Compressed:
    """A column whose values are packed by lz4; quoted names."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class _Guarded:
    """A table that is dropped only when `mlb-etl rebuild` fills the new one; its name quoted and as people write it."""

    table: str
    name: str


def files(methods: Sequence[ir.Method]) -> dict[str, str]:
    """The first migrations, the schema that they lead to and their sum file, by path within the generated package."""
    scripts = {"V1__raw_tables.sql": raw_ddl(methods)}
    for version, method in enumerate(methods, start=2):
        scripts[f"V{version}__{_subject(method)}_tables.sql"] = ddl([method])
    return _paths(released.texts(scripts, relations(methods), _mappings(methods)))


def next_files(
    before: Released, change: Difference, what: str, methods: Sequence[ir.Method], concerned: Sequence[ir.Method]
) -> dict[str, str]:
    """The folder's files with one more migration, by path within the generated package.

    `concerned` are those of the methods whose tables change.
    """
    scripts = {**before.scripts, f"V{before.version + 1}__{what}.sql": script(change, concerned)}
    return _paths(released.texts(scripts, change.after, _mappings(methods)))


def relations(methods: Sequence[ir.Method]) -> tuple[Relation, ...]:
    """The whole schema of these methods, parents before children."""
    return (*map(of_raw, methods), *(of_table(table) for method in methods for table in method.tables))


def ddl(methods: Sequence[ir.Method]) -> str:
    """The tables of these methods."""
    tables = [of_table(table) for method in methods for table in method.tables]
    return _script(methods, tables)


def raw_ddl(methods: Sequence[ir.Method]) -> str:
    """The raw tables of these methods."""
    return _script(methods, [of_raw(method) for method in methods])


def script(change: Difference, methods: Sequence[ir.Method]) -> str:
    """The migration that makes the change in tables of these methods."""
    again = [each.new for each in change.rebuilt]
    heads = [_header(methods, _RELEASED)]
    if again:
        heads[0] += _REBUILDS.format(tables=", ".join(each.qualified_name for each in again))
    if change.altered or change.dropped or again:
        heads.append(_statements([alter.wait_briefly()]))
    made = {each.qualified_name: _table(each) for each in change.created}
    made |= {each.qualified_name: _unindexed(each) for each in again}
    parts = (
        *heads,
        *(render("guard.sql.jinja", _Guarded(printer.line(trees.of(each)), each.qualified_name)) for each in again),
        *_drops(change),
        *(_statements(alter.column_changes(each)) for each in change.altered),
        _statements(map(trees.schema, change.new_schemas)),
        *(made[name] for name in change.order),
        *([_FILL] if again else []),
        *(_statements((*trees.indexes(each), *trees.comments(each))) for each in again),
        *(_statements(alter.additions(each)) for each in change.altered),
    )
    return "\n".join(filter(None, parts))


def _drops(change: Difference) -> Iterable[str]:
    """Foreign keys first, as they hold tables and columns; what loses data says that it was asked for."""
    yield "".join(_statements(alter.foreign_key_drops(each)) for each in change.altered)
    yield "".join(_statements(alter.check_and_index_drops(each)) for each in change.altered)
    gone = [*change.dropped, *(each.old for each in change.rebuilt)]
    if gone:
        yield _asked_for("ban-drop-table", _statements([alter.table_drop(gone)]))
    for each in change.altered:
        if each.dropped:
            yield _asked_for("ban-drop-column", _statements(alter.column_drops(each)))


def _asked_for(rule: str, statement: str) -> str:
    return f"-- squawk-ignore {rule}\n{statement}"


def create(tables: Sequence[Relation]) -> str:
    """What makes these tables and their schemas; parents come before children."""
    schemas = sorted({relation.schema for relation in tables})
    return "\n".join((_statements(map(trees.schema, schemas)), *map(_table, tables)))


def _script(methods: Sequence[ir.Method], tables: Sequence[Relation]) -> str:
    return f"{_header(methods, _REGENERATE)}\n{create(tables)}"


def _table(relation: Relation) -> str:
    parts = (_unindexed(relation), *map(_statements, (trees.indexes(relation), trees.comments(relation))))
    return "\n".join(filter(None, parts))


def _unindexed(relation: Relation) -> str:
    """The table and its partitions, which take the compression of `data` from it."""
    parts = [f"{printer.block(trees.table(relation))};\n"]
    if relation.raw:
        parts.append(
            render("lz4.sql.jinja", _Compressed(printer.line(trees.of(relation)), printer.line(nodes.name("data"))))
        )
    return "\n".join(filter(None, (*parts, _statements(trees.partitions(relation)))))


def _statements(statements: Iterable[exp.Expr]) -> str:
    return "".join(f"{_laid_out(statement)};\n" for statement in statements)


def _laid_out(statement: exp.Expr) -> str:
    """On one line, unless it alters a table in more than one way."""
    several = isinstance(statement, exp.Alter) and len(statement.args["actions"]) > 1
    return printer.block(statement) if several else printer.line(statement)


def _subject(method: ir.Method) -> str:
    """`game_live` for game.liveGameV1: the endpoint, and of the method what it does not repeat."""
    endpoint = snake(method.endpoint).split("_")
    words = snake(method.method).split("_")
    return "_".join((*endpoint, *(word for word in words if word not in endpoint and not _VERSION.fullmatch(word))))


def _header(methods: Sequence[ir.Method], then: str) -> str:
    return f"-- Code generated by mlbgen from {_mappings(methods)}. DO NOT EDIT.\n{then}"


def _mappings(methods: Sequence[ir.Method]) -> str:
    return ", ".join(method.mapping_file for method in methods)


def _paths(texts: dict[str, str]) -> dict[str, str]:
    return {f"{FOLDER}/{name}": text for name, text in texts.items()}
