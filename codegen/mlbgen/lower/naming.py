"""What may be a name in SQL and in the generated Python, and the names that are made up."""

import hashlib
import keyword
from collections.abc import Mapping

from pydantic import BaseModel

from mlb_contracts import limits
from mlbgen import ir
from mlbgen.language import names
from mlbgen.lower.report import Place, Report

CAPTURED_AT = "captured_at"
INGESTED_AT = "ingested_at"

# A partition's name is its table's with up to ten bytes more: _2024 or _2024_07.
TABLE_NAME_BYTES = limits.NAME_BYTES - len("_") - limits.SUFFIX_BYTES
# Its partitions, and those of the table of documents beside it.
RAW_NAME_BYTES = TABLE_NAME_BYTES - len(ir.DOCUMENTS_SUFFIX)

_ADDED = {TABLE_NAME_BYTES: ", and partitions add to it", RAW_NAME_BYTES: ", and documents and partitions add to it"}

# The reserved words of PostgreSQL 18 (src/include/parser/kwlist.h), with those that only functions and types may have.
_KEYWORDS = """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
    column concurrently constraint create cross current_catalog current_date current_role current_schema
    current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for
    foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral
    leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps
    placing primary references returning right select session_user similar some symmetric system_user table
    tablesample then to trailing true union unique user using variadic verbose when where window with
"""
_RESERVED = frozenset(_KEYWORDS.split())
# Columns that every PostgreSQL table has.
_SYSTEM_COLUMNS = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})
# Columns that the table of documents has beside the keys.
_DOCUMENT_COLUMNS = frozenset({"answer_hash", "content_hash", "places", "request"})
# Types and the function that a row model's class body calls by name; a field of that name would hide them.
_ANNOTATIONS = frozenset({"int", "str", "float", "bool", "date", "datetime"})
# The schema of the runtime's own tables.
_OWN_SCHEMA = "etl"
# Modules that stand beside those of the tables.
_MODULES = frozenset({"api", "document", "method"})


def check_column(report: Report, place: Place, name: str) -> bool:
    """A column is also a field of its table's row model."""
    if name in {CAPTURED_AT, INGESTED_AT}:
        report.add(
            "MG021", place, f'every table has the column "{name}" by itself', "leave it out, or take another name"
        )
        return False
    reserved = name in _SYSTEM_COLUMNS or name in _ANNOTATIONS or hasattr(BaseModel, name) or name.startswith("_")
    return _check(report, place, name, "column", reserved=reserved)


def check_table(report: Report, place: Place, name: str) -> bool:
    """A table is also a module; `name` is without its schema."""
    return _check(report, place, name, "table", reserved=name in _MODULES, limit=TABLE_NAME_BYTES)


def check_raw_table(report: Report, place: Place, name: str) -> bool:
    """A raw table has a table of documents beside it, whose name is made of its own."""
    return _check(report, place, name, "table", limit=RAW_NAME_BYTES)


def check_document_key(report: Report, place: Place, name: str) -> bool:
    """A key of documents is also a column of the table of documents."""
    if name in _DOCUMENT_COLUMNS:
        report.add("MG021", place, f'the table of documents has the column "{name}" by itself', "take another name")
        return False
    return check_column(report, place, name)


def check_variable(report: Report, place: Place, name: str, kind: str) -> bool:
    """A level or a look-up is also a variable of the extractor."""
    return _check(report, place, name, kind, reserved=keyword.iskeyword(name))


def check_name(report: Report, place: Place, name: str, kind: str) -> bool:
    """Any other name in SQL."""
    return _check(report, place, name, kind, reserved=kind == "schema" and _is_reserved_schema(name))


def qualified(report: Report, place: Place, text: str, *, raw: bool = False) -> tuple[str, str]:
    """`game.live_game_plays` as schema and table."""
    schema, dot, table = text.partition(".")
    if not dot or "." in table:
        report.add(
            "MG020", place, f'"{text}" is no name of a table', "write schema.table, such as game.live_game_plays"
        )
    elif check_name(report, place, schema, "schema"):
        check_raw_table(report, place, table) if raw else check_table(report, place, table)
    return schema, table


def check_package(report: Report, place: Place, name: str) -> None:
    """An endpoint or a method names a generated package."""
    if keyword.iskeyword(names.snake(name)):
        report.add("MG021", place, f'"{name}" is reserved and can\'t be the name of a package')


def check_own(report: Report, place: Place, name: str, others: Mapping[str, str]) -> None:
    """A table belongs to one mapping; `others` are those of the other ones, with the file."""
    if name in others:
        help_ = "a table belongs to one mapping: further URLs of its documents are forms of that one's source"
        report.add("MG023", place, f'there is a table "{name}" already, in {others[name]}', help_)


def made_up(*parts: str, suffix: str) -> str:
    """`live_game_plays_batter_id_idx`: the parts and a suffix, shortened with a hash where it is too long."""
    name = "_".join((*parts, suffix))
    if len(name) <= limits.NAME_BYTES:
        return name
    mark = f"_{short_hash(name)}_{suffix}"
    return name[: limits.NAME_BYTES - len(mark)].rstrip("_") + mark


def short_hash(text: str) -> str:
    """Eight hex digits that stay the same."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _is_reserved_schema(name: str) -> bool:
    return name.startswith("pg_") or name in {"information_schema", _OWN_SCHEMA}


def _check(
    report: Report,
    place: Place,
    name: str,
    kind: str,
    *,
    reserved: bool = False,
    limit: int = limits.NAME_BYTES,
) -> bool:
    size = len(name.encode())
    if size > limit:
        why = f"PostgreSQL cuts names at {limits.NAME_BYTES}{_ADDED.get(limit, '')}"
        report.add("MG022", place, f'the {kind} name "{name}" has {size} bytes, at most {limit} are possible', why)
        return False
    if not names.is_sql_name(name):
        near = names.snake(name)
        help_ = f'such as "{near}"' if names.is_sql_name(near) and near != name else ""
        report.add("MG020", place, f'the {kind} name "{name}" is not in snake_case', help_)
        return False
    if reserved or name in _RESERVED or keyword.iskeyword(name):
        report.add("MG021", place, f'"{name}" is reserved and can\'t be the name of a {kind}', f'such as "{name}_name"')
        return False
    return True
