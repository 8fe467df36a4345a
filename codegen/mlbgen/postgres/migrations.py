"""Migrations, named as in Flyway: V1 for the raw tables of all methods, one for each method's tables, then changes."""

import re
from collections.abc import Sequence

from mlbgen import ir, layout
from mlbgen.language.names import snake
from mlbgen.postgres import change, released, scripts
from mlbgen.postgres.difference import SchemaDifference
from mlbgen.postgres.relation import Relation, documents_relation, raw_relation, table_relation
from mlbgen.postgres.released import Released

_VERSION = re.compile(r"v\d+")
_REGENERATE = "Regenerate: just generate"


def first_files(methods: Sequence[ir.Method]) -> dict[str, str]:
    """The first migrations, their resulting schema and their sum file, by path in the generated package."""
    texts = {"V1__raw_tables.sql": raw_ddl(methods)}
    for version, method in enumerate(methods, start=2):
        texts[f"V{version}__{_subject(method)}_tables.sql"] = tables_ddl([method])
    return _paths(released.texts(texts, relations(methods), scripts.mapping_files(methods)))


def next_files(
    before: Released, what: str, to_do: SchemaDifference, methods: Sequence[ir.Method], concerned: Sequence[ir.Method]
) -> dict[str, str]:
    """The folder's files with one more migration, by path in the generated package.

    `concerned` lists the methods whose tables change.
    """
    texts = {**before.scripts, f"V{before.version + 1}__{what}.sql": change.change_script(to_do, concerned)}
    return _paths(released.texts(texts, to_do.after, scripts.mapping_files(methods)))


def relations(methods: Sequence[ir.Method]) -> tuple[Relation, ...]:
    """The whole schema of these methods, parents before children."""
    return (*_all_raw(methods), *(table_relation(table) for method in methods for table in method.tables))


def tables_ddl(methods: Sequence[ir.Method]) -> str:
    """The DDL of these methods' tables."""
    return _script(methods, [table_relation(table) for method in methods for table in method.tables])


def raw_ddl(methods: Sequence[ir.Method]) -> str:
    """The DDL of these methods' raw tables, each with its documents table."""
    return _script(methods, _all_raw(methods))


def raw_relations(method: ir.Method) -> tuple[Relation, Relation]:
    """The method's raw table and its documents table."""
    return raw_relation(method), documents_relation(method)


def _all_raw(methods: Sequence[ir.Method]) -> list[Relation]:
    return [relation for method in methods for relation in raw_relations(method)]


def _script(methods: Sequence[ir.Method], tables: Sequence[Relation]) -> str:
    return f"{scripts.sql_header(methods, _REGENERATE)}\n{scripts.create(tables)}"


def _subject(method: ir.Method) -> str:
    """`game_live` for game.liveGameV1: the endpoint, and of the method what it does not repeat."""
    endpoint = snake(method.endpoint).split("_")
    words = snake(method.method).split("_")
    return "_".join((*endpoint, *(word for word in words if word not in endpoint and not _VERSION.fullmatch(word))))


def _paths(texts: dict[str, str]) -> dict[str, str]:
    return {f"{layout.MIGRATIONS}/{name}": text for name, text in texts.items()}
