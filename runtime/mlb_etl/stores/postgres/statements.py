"""Composes the statements that write a document's rows into a table, from the table's contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from psycopg import sql

from mlb_contracts import Check, Column, DerivedColumn, DocumentKey, Table
from mlb_etl.stores.postgres import composing, merging
from mlb_etl.stores.postgres.composing import (
    all_of,
    broken,
    comma_separated,
    document_conditions,
    one_per_line,
    quoted_name,
    quoted_names,
    wrapped_list,
)

_STAGE = sql.SQL("""\
CREATE TEMPORARY TABLE IF NOT EXISTS {stage} (
    {fixed}
) ON COMMIT DELETE ROWS""")

_ALTER = sql.SQL("""\
ALTER TABLE {stage}
    {columns}""")

_COPY = sql.SQL("""\
COPY {into} (
    {columns}
) FROM STDIN (FORMAT BINARY)""")

_WARN = sql.SQL("""\
SELECT
    {keys},
    {counts}
FROM {table} AS "old"
WHERE
    {documents}
    AND ({broken})
GROUP BY {keys}""")

_DERIVED = sql.SQL("""\
(
    SELECT
        *,
        {computed}
    FROM {stage}
) AS "staged\"""")

_VIOLATION = sql.SQL("""\
SELECT {columns}
FROM {rows}
WHERE
    {broken}
LIMIT 1""")


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements for one table.

    For new documents, `load` copies their rows straight into the table (binary COPY). For known ones, `stage` creates
    the session's temporary table and `copy` fills it (binary COPY); `delete` removes the rows that are not staged, and
    `upsert` inserts or updates the staged ones. `widen` allows staged rows of more than 8160 bytes; None if the values
    of a row have fixed sizes. `warn` counts rows that break checks of severity warn; None if the table has none.
    `violations` selects, by the name of each other check, the values of a staged row that breaks it.

    `delete`, `upsert` and `warn` take the documents' keys as arrays by name; `delete` also takes `captured_at`, the
    times of their captures. They return one row per document concerned: its keys, then counts. `delete` counts rows
    deleted, `upsert` rows inserted and updated, and both count rows later than the capture, for which the caller rolls
    the transaction back; `warn` counts the rows that break each check, in a column named after it.
    """

    load: str
    stage: str
    widen: str | None
    copy: str
    delete: str
    upsert: str
    warn: str | None
    violations: Mapping[str, str]


@cache
def compose_statements(table: Table, document: tuple[DocumentKey, ...]) -> Statements:
    """Compose the statements for a table that has the columns of the document's key."""
    warned = [each for each in table.checks if each.severity == "warn"]
    plain = [each for each in table.columns if each.wire in {"text", "numeric"}]  # their values vary in size
    return Statements(
        load=_text(_copy(table, composing.table_name(table))),
        stage=";\n".join(map(_text, _create(table, plain))),
        widen=_text(_widen(table, plain)) if plain else None,
        copy=_text(_copy(table, composing.stage_name(table))),
        delete=_text(merging.delete(table, document)),
        upsert=_text(merging.upsert(table, document)),
        warn=_text(_warn(table, document, warned)) if warned else None,
        violations={each.name: _text(_violation(table, each)) for each in table.checks if each not in warned},
    )


def _text(statement: sql.Composed) -> str:
    return statement.as_string(None)


def _create(table: Table, plain: Sequence[Column]) -> list[sql.Composed]:
    """CREATE TEMPORARY TABLE, emptied at each COMMIT, and ALTER TABLE for the columns of variable size.

    Those get STORAGE PLAIN, so that the table needs no TOAST table, whose index each COMMIT would rebuild: 0.35 ms for
    each stage of the session instead of 0.02. In return a row has at most 8160 bytes. CREATE TABLE accepts STORAGE only
    from PostgreSQL 16 on.
    """
    stage = composing.stage_name(table)
    fixed = wrapped_list((_typed(each) for each in table.columns if each not in plain), 4)
    created = [_STAGE.format(stage=stage, fixed=fixed)]
    if plain:
        created.append(_ALTER.format(stage=stage, columns=one_per_line(map(_add_plain, plain), 4)))
    return created


def _widen(table: Table, plain: Sequence[Column]) -> sql.Composed:
    extended = (sql.SQL("ALTER COLUMN {} SET STORAGE EXTENDED").format(quoted_name(each.name)) for each in plain)
    return _ALTER.format(stage=composing.stage_name(table), columns=one_per_line(extended, 4))


def _typed(column: Column) -> sql.Composed:
    return quoted_name(column.name) + sql.SQL(f" {column.wire}")


def _add_plain(column: Column) -> sql.Composed:
    return sql.SQL("ADD COLUMN IF NOT EXISTS {},\n    ALTER COLUMN {} SET STORAGE PLAIN").format(
        _typed(column), quoted_name(column.name)
    )


def _copy(table: Table, into: sql.Identifier) -> sql.Composed:
    return _COPY.format(into=into, columns=wrapped_list(quoted_names(each.name for each in table.columns), 4))


def _warn(table: Table, document: Sequence[DocumentKey], checks: Sequence[Check]) -> sql.Composed:
    """Returns a row for each document with rows that break a check: its keys, and their number for each check."""
    conditions = [broken(each, sent_with_parameters=True) for each in checks]
    counts = (
        sql.SQL("COUNT(*) FILTER (WHERE {}) AS {}").format(condition, sql.Identifier(each.name))
        for each, condition in zip(checks, conditions, strict=True)
    )
    return _WARN.format(
        keys=comma_separated(quoted_names(key.name for key in document)),
        counts=one_per_line(counts, 4),
        table=composing.table_name(table),
        documents=all_of(document_conditions(document), 4),
        broken=sql.SQL("\n        OR ").join(conditions),
    )


def _violation(table: Table, check: Check) -> sql.Composed:
    """Selects, from one staged row that breaks the check, the values of the check's columns."""
    return _VIOLATION.format(
        columns=comma_separated(quoted_names(check.columns)),
        rows=_with_derived(table, [each for each in table.derived if each.name in check.columns]),
        broken=broken(check, sent_with_parameters=False),
    )


def _with_derived(table: Table, derived: Sequence[DerivedColumn]) -> sql.Composable:
    """The staged rows with these derived columns, which the stage does not have."""
    if not derived:
        return composing.stage_name(table)
    computed = (sql.SQL(f"({each.expression})::{each.type} AS ") + quoted_name(each.name) for each in derived)
    return _DERIVED.format(computed=one_per_line(computed, 8), stage=composing.stage_name(table))
