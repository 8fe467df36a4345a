"""Building blocks for SQL statements about a table, laid out for people to read."""

from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256

from psycopg import sql

from mlb_contracts import Check, Column, DocumentKey, Table, limits

_WIDTH = 100  # characters per line of wrapped names


def table_name(of: Table) -> sql.Identifier:
    """The qualified name of the table."""
    return sql.Identifier(of.schema, of.name)


def stage_name(of: Table) -> sql.Identifier:
    """The session's staging table for its rows; the name includes the schema, so that equal names don't collide."""
    name = f"stage_{of.qualified_name}"
    if len(name) > limits.NAME_BYTES:
        mark = f"_{sha256(name.encode()).hexdigest()[:8]}"
        name = name[: limits.NAME_BYTES - len(mark)] + mark
    return sql.Identifier("pg_temp", name)


@cache
def quoted_name(*parts: str) -> sql.SQL:
    """A quoted name, cached because statements repeat each column up to eight times."""
    return sql.SQL(sql.Identifier(*parts).as_string(None))


def quoted_names(of: Iterable[str], *, alias: str | None = None) -> list[sql.SQL]:
    """Quoted columns, qualified by the alias if one is given."""
    return [quoted_name(each) if alias is None else quoted_name(alias, each) for each in of]


def array(key: DocumentKey) -> sql.Composed:
    """The parameter for an array of the documents' values of the key."""
    return sql.SQL("{}::{}[]").format(sql.Placeholder(key.name), sql.SQL(key.type))


def same_row(of: Table) -> list[sql.Composed]:
    """The conditions under which "old" and "new" are the same row."""
    return [sql.SQL('"old".{0} = "new".{0}').format(each) for each in quoted_names(of.identity)]


def document_conditions(document: Sequence[DocumentKey]) -> list[sql.Composed]:
    """The conditions under which "old" belongs to the documents; parameters let the planner use its index."""
    return [sql.SQL('"old".{} = ANY({})').format(sql.Identifier(key.name), array(key)) for key in document]


def broken(check: Check, *, sent_with_parameters: bool) -> sql.Composed:
    """The condition under which a row breaks the check; percent signs are doubled in statements with parameters."""
    expression = check.expression.replace("%", "%%") if sent_with_parameters else check.expression
    return sql.SQL("NOT ({})").format(sql.SQL(expression))


def content(of: Table) -> list[Column]:
    """The columns that can change from capture to capture, except `captured_at`."""
    return [each for each in of.columns if each.name not in {*of.identity, "captured_at"}]


def comma_separated(parts: Iterable[sql.Composable]) -> sql.SQL:
    """The parts, separated by commas, on one line."""
    return _joined(", ", parts)


def all_of(conditions: Iterable[sql.Composable], indent: int) -> sql.SQL:
    """The conditions, joined by AND, one per line."""
    return _joined(f"\n{' ' * indent}AND ", conditions)


def one_per_line(parts: Iterable[sql.Composable], indent: int) -> sql.SQL:
    """The parts, separated by commas, one per line."""
    return _joined(f",\n{' ' * indent}", parts)


def wrapped_list(parts: Iterable[sql.Composable], indent: int) -> sql.SQL:
    """The parts, separated by commas, as many per line as fit."""
    rows = [""]
    for text in (f"{part.as_string(None)}, " for part in parts):
        if rows[-1] and len(rows[-1]) + len(text) > _WIDTH:
            rows.append("")
        rows[-1] += text
    return sql.SQL(f"\n{' ' * indent}".join(row.rstrip() for row in rows).removesuffix(","))


def _joined(separator: str, parts: Iterable[sql.Composable]) -> sql.SQL:
    return sql.SQL(separator.join(part.as_string(None) for part in parts))
