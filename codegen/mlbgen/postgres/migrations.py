"""Migrations, named as Flyway does: V1 the raw tables of all methods, one for the tables of each, then the changes."""

import re
from collections.abc import Sequence

from mlbgen import ir, layout
from mlbgen.language.names import snake
from mlbgen.postgres import change, released, scripts
from mlbgen.postgres.difference import Difference
from mlbgen.postgres.relation import Relation, of_documents, of_raw, of_table
from mlbgen.postgres.released import Released

_VERSION = re.compile(r"v\d+")
_REGENERATE = "Regenerate: just generate"


def files(methods: Sequence[ir.Method]) -> dict[str, str]:
    """The first migrations, the schema that they lead to and their sum file, by path within the generated package."""
    texts = {"V1__raw_tables.sql": raw_ddl(methods)}
    for version, method in enumerate(methods, start=2):
        texts[f"V{version}__{_subject(method)}_tables.sql"] = ddl([method])
    return _paths(released.texts(texts, relations(methods), scripts.mappings(methods)))


def next_files(
    before: Released, what: str, to_do: Difference, methods: Sequence[ir.Method], concerned: Sequence[ir.Method]
) -> dict[str, str]:
    """The folder's files with one more migration, by path within the generated package.

    `concerned` are those of the methods whose tables change.
    """
    texts = {**before.scripts, f"V{before.version + 1}__{what}.sql": change.script(to_do, concerned)}
    return _paths(released.texts(texts, to_do.after, scripts.mappings(methods)))


def relations(methods: Sequence[ir.Method]) -> tuple[Relation, ...]:
    """The whole schema of these methods, parents before children."""
    return (*_all_raw(methods), *(of_table(table) for method in methods for table in method.tables))


def ddl(methods: Sequence[ir.Method]) -> str:
    """The tables of these methods."""
    return _script(methods, [of_table(table) for method in methods for table in method.tables])


def raw_ddl(methods: Sequence[ir.Method]) -> str:
    """The raw tables of these methods, each with the table of its documents."""
    return _script(methods, _all_raw(methods))


def raw_relations(method: ir.Method) -> tuple[Relation, Relation]:
    """The method's raw table, and that of the documents in it."""
    return of_raw(method), of_documents(method)


def _all_raw(methods: Sequence[ir.Method]) -> list[Relation]:
    return [relation for method in methods for relation in raw_relations(method)]


def _script(methods: Sequence[ir.Method], tables: Sequence[Relation]) -> str:
    return f"{scripts.header(methods, _REGENERATE)}\n{scripts.create(tables)}"


def _subject(method: ir.Method) -> str:
    """`game_live` for game.liveGameV1: the endpoint, and of the method what it does not repeat."""
    endpoint = snake(method.endpoint).split("_")
    words = snake(method.method).split("_")
    return "_".join((*endpoint, *(word for word in words if word not in endpoint and not _VERSION.fullmatch(word))))


def _paths(texts: dict[str, str]) -> dict[str, str]:
    return {f"{layout.MIGRATIONS}/{name}": text for name, text in texts.items()}
