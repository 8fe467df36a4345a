"""The tables as DBML, which dbdiagram.io, dbdocs and other tools draw and document."""

import re
from collections.abc import Iterable, Iterator

from mlbgen.dictionary.facts import ColumnFacts, Dictionary, Link, TableFacts
from mlbgen.rendering import render

_WORD = re.compile(r"\w+(\(\d+(,\d+)?\))?")


def text(dictionary: Dictionary) -> str:
    """All tables, references and subjects. What nothing enforces is a reference too, with a comment before it."""
    tables = [(table.name, tuple(_lines(table))) for table in dictionary.tables]
    links = [(_reference(table.name, each), each.enforced) for table in dictionary.tables for each in table.links]
    groups = [(_quoted(each.name, '"'), each.tables) for each in dictionary.subjects]
    return render("dictionary.dbml.jinja", {"tables": tables, "links": links, "groups": groups})


def _lines(table: TableFacts) -> Iterator[str]:
    for column in table.columns:
        yield f"{column.name} {_type(column.type)} [{', '.join(_settings(column))}]"
    yield "indexes {"
    yield f"  {_columns(table.primary_key)} [pk]"
    yield "}"
    yield f"Note: {_quoted(table.description)}"


def _settings(column: ColumnFacts) -> Iterator[str]:
    if not column.nullable:
        yield "not null"
    yield f"note: {_quoted(column.description)}"


def _reference(name: str, link: Link) -> str:
    return f"{name}.{_columns(link.columns)} > {link.table}.{_columns(link.references)}"


def _columns(names: Iterable[str]) -> str:
    """One name, or several in parentheses."""
    several = ", ".join(names)
    return f"({several})" if "," in several else several


def _type(name: str) -> str:
    return name if _WORD.fullmatch(name) else _quoted(name, '"')


def _quoted(plain: str, by: str = "'") -> str:
    """A text as DBML quotes it; it may not have line breaks, and a quoted name no quotes."""
    one_line = " ".join(plain.split())
    if by == '"':
        return '"' + one_line.replace('"', "'").replace("\\", "/") + '"'
    return "'" + one_line.replace("\\", "\\\\").replace("'", "\\'") + "'"
