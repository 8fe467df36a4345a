"""Names: which are allowed in SQL and in generated Python, and how names are derived."""

import hashlib
import keyword
from collections.abc import Mapping

from pydantic import BaseModel

from mlb_contracts import limits
from mlbgen import ir
from mlbgen.language import names
from mlbgen.language.names import SqlName
from mlbgen.lower.report import Place, Report

CAPTURED_AT = SqlName("captured_at")
INGESTED_AT = SqlName("ingested_at")

# A partition's name appends up to ten bytes to its table's: _2024 or _2024_07.
TABLE_NAME_BYTES = limits.NAME_BYTES - len("_") - limits.SUFFIX_BYTES
# Leaves room for its partitions, and for those of its documents table.
RAW_NAME_BYTES = TABLE_NAME_BYTES - len(ir.DOCUMENTS_SUFFIX)

_ADDED = {
    TABLE_NAME_BYTES: ", and partitions append a suffix",
    RAW_NAME_BYTES: ", and the documents table and partitions append suffixes",
}

# The reserved words of PostgreSQL 18 (src/include/parser/kwlist.h), including those allowed for functions and types.
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
# Columns that the documents table has in addition to the keys.
_DOCUMENT_COLUMNS = frozenset({"answer_hash", "content_hash", "places", "request"})
# Types that a row model's class body uses by name; a field of that name would hide them.
_ANNOTATIONS = frozenset({"int", "str", "float", "bool", "date", "datetime"})
# The schema of the runtime's own tables.
_OWN_SCHEMA = "etl"
# Modules in the same package as those of the tables.
_MODULES = frozenset({"api", "document", "method"})


def check_column(report: Report, place: Place, name: str) -> bool:
    """Check a column's name, which also names a field of its table's row model."""
    if name in {CAPTURED_AT, INGESTED_AT}:
        report.add("MG021", place, f'every table already has a column "{name}"', "remove it, or choose another name")
        return False
    reserved = name in _SYSTEM_COLUMNS or name in _ANNOTATIONS or hasattr(BaseModel, name) or name.startswith("_")
    return _check(report, place, name, "column", reserved=reserved)


def check_table(report: Report, place: Place, name: str) -> bool:
    """Check a table's name, without its schema; it also names a module."""
    return _check(report, place, name, "table", reserved=name in _MODULES, limit=TABLE_NAME_BYTES)


def check_raw_table(report: Report, place: Place, name: str) -> bool:
    """Check a raw table's name, from which the name of its documents table is derived."""
    return _check(report, place, name, "table", limit=RAW_NAME_BYTES)


def check_document_key(report: Report, place: Place, name: str) -> bool:
    """Check the name of a document key, which also names a column of the documents table."""
    if name in _DOCUMENT_COLUMNS:
        report.add("MG021", place, f'the documents table already has a column "{name}"', "choose another name")
        return False
    return check_column(report, place, name)


def check_variable(report: Report, place: Place, name: str, kind: str) -> bool:
    """Check the name of a level or a look-up, which also names a variable of the extractor."""
    return _check(report, place, name, kind, reserved=keyword.iskeyword(name))


def check_name(report: Report, place: Place, name: str, kind: str) -> bool:
    """Check any other name in SQL."""
    return _check(report, place, name, kind, reserved=kind == "schema" and _is_reserved_schema(name))


def qualified(report: Report, place: Place, text: str, *, raw: bool = False) -> tuple[SqlName, SqlName]:
    """Split `game.live_game_plays` into schema and table, and check both."""
    schema, dot, table = text.partition(".")
    if not dot or "." in table:
        report.add("MG020", place, f'"{text}" is not a table name', "write schema.table, such as tracker.issues")
    elif check_name(report, place, schema, "schema"):
        check_raw_table(report, place, table) if raw else check_table(report, place, table)
    return sql_name(report, schema), sql_name(report, table)


def check_package(report: Report, place: Place, name: str) -> None:
    """Check the name of an endpoint or a method, which also names a generated package."""
    if keyword.iskeyword(names.snake(name)):
        report.add("MG021", place, f'"{name}" is reserved and can\'t be the name of a package')


def check_own(report: Report, place: Place, name: str, others: Mapping[str, str]) -> None:
    """Check that no other mapping has the table; `others` gives each table of other mappings its file."""
    if name in others:
        help_ = "a table belongs to one mapping; add further URLs of its documents as forms of that mapping's source"
        report.add("MG023", place, f'there is already a table "{name}", in {others[name]}', help_)


def sql_name(report: Report, text: str) -> SqlName:
    """The text as a name, or a placeholder for a name that was already reported, always the same one.

    Raises ValueError for a text that is not a name while nothing was reported.
    """
    if not names.is_sql_name(text) and report.count:
        return SqlName(f"refused_{short_hash(text)}")
    return SqlName(text)


def derived_name(*parts: str, suffix: str) -> SqlName:
    """`live_game_plays_batter_id_idx`: the parts and a suffix, shortened with a hash if too long."""
    name = "_".join((*parts, suffix))
    if len(name) <= limits.NAME_BYTES:
        return SqlName(name)
    mark = f"_{short_hash(name)}_{suffix}"
    return SqlName(name[: limits.NAME_BYTES - len(mark)].rstrip("_") + mark)


def short_hash(text: str) -> str:
    """A stable hash of eight hex digits."""
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
        why = f"PostgreSQL truncates names to {limits.NAME_BYTES} bytes{_ADDED.get(limit, '')}"
        report.add("MG022", place, f'the {kind} name "{name}" has {size} bytes; at most {limit} are allowed', why)
        return False
    if not names.is_sql_name(name):
        near = names.snake(name)
        help_ = f'for example "{near}"' if names.is_sql_name(near) and near != name else ""
        report.add("MG020", place, f'the {kind} name "{name}" is not in snake_case', help_)
        return False
    if reserved or name in _RESERVED or keyword.iskeyword(name):
        report.add(
            "MG021", place, f'"{name}" is reserved and can\'t be the name of a {kind}', f'for example "{name}_name"'
        )
        return False
    return True
