"""Migrations, named as in Flyway: V1 for the raw tables of all methods, one for each method's tables, then changes."""

import re
from collections.abc import Sequence

from mlbgen import ir, layout
from mlbgen.language.names import snake
from mlbgen.postgres import change, ddl, released, scripts, views
from mlbgen.postgres.difference import SchemaDifference
from mlbgen.postgres.relation import Relation, documents_relation, raw_relation, table_relation
from mlbgen.postgres.released import Released
from mlbgen.postgres.view import View, in_order
from mlbgen.postgres.view_difference import ViewsDifference

_VERSION = re.compile(r"v\d+")
_REGENERATE = "Regenerate: just generate"


def first_files(methods: Sequence[ir.Method], of_views: Sequence[View] = ()) -> dict[str, str]:
    """The first migrations, their resulting schema and their sum file, by path in the generated package."""
    texts = {"V1__raw_tables.sql": raw_ddl(methods)}
    for version, method in enumerate(methods, start=2):
        texts[f"V{version}__{_subject(method)}_tables.sql"] = tables_ddl([method])
    if of_views:
        header = scripts.sql_header(scripts.source_files((), of_views), _REGENERATE)
        texts[f"V{len(methods) + 2}__views.sql"] = f"{header}\n{_views_ddl(methods, of_views)}"
    sources = scripts.source_files(methods, of_views)
    return _paths(released.texts(texts, relations(methods), in_order(of_views), sources))


def next_files(
    before: Released,
    what: str,
    to_do: SchemaDifference,
    of_views: ViewsDifference,
    *,
    methods: Sequence[ir.Method],
    concerned: Sequence[ir.Method],
) -> dict[str, str]:
    """The folder's files with one more migration, by path in the generated package.

    `concerned` lists the methods whose tables change.
    """
    changed = (*of_views.created, *of_views.described)
    script = change.change_script(to_do, of_views, scripts.source_files(concerned, changed))
    texts = {**before.scripts, f"V{before.version + 1}__{what}.sql": script}
    sources = scripts.source_files(methods, of_views.after)
    return _paths(released.texts(texts, to_do.after, of_views.after, sources))


def relations(methods: Sequence[ir.Method]) -> tuple[Relation, ...]:
    """The whole schema of these methods, parents before children."""
    return (*_all_raw(methods), *(table_relation(table) for method in methods for table in method.tables))


def tables_ddl(methods: Sequence[ir.Method], of_views: Sequence[View] = ()) -> str:
    """The DDL of these methods' tables, and of views behind them."""
    header = scripts.sql_header(scripts.source_files(methods, of_views), _REGENERATE)
    tables = scripts.create([table_relation(table) for method in methods for table in method.tables])
    return "\n".join(filter(None, (header, tables, _views_ddl(methods, of_views))))


def raw_ddl(methods: Sequence[ir.Method]) -> str:
    """The DDL of these methods' raw tables, each with its documents table."""
    return f"{scripts.sql_header(scripts.source_files(methods), _REGENERATE)}\n{scripts.create(_all_raw(methods))}"


def raw_relations(method: ir.Method) -> tuple[Relation, Relation]:
    """The method's raw table and its documents table."""
    return raw_relation(method), documents_relation(method)


def _all_raw(methods: Sequence[ir.Method]) -> list[Relation]:
    return [relation for method in methods for relation in raw_relations(method)]


def _views_ddl(methods: Sequence[ir.Method], of_views: Sequence[View]) -> str:
    schemas = views.new_schemas(of_views, (each.schema for each in relations(methods)))
    created = map(views.create_view, in_order(of_views))
    return "\n".join(filter(None, (scripts.statement_lines(map(ddl.create_schema, schemas)), *created)))


def _subject(method: ir.Method) -> str:
    """`game_live` for game.liveGameV1: the endpoint, and of the method what it does not repeat."""
    endpoint = snake(method.endpoint).split("_")
    words = snake(method.method).split("_")
    return "_".join((*endpoint, *(word for word in words if word not in endpoint and not _VERSION.fullmatch(word))))


def _paths(texts: dict[str, str]) -> dict[str, str]:
    return {f"{layout.MIGRATIONS}/{name}": text for name, text in texts.items()}
