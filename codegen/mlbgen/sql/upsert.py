"""The statement that moves staged rows into their table: what is new is inserted, what changed updated, no more.

Rows that are the same in the table, or newer, are not even locked. The statement counts what the database did. Who
calls it holds the lock of the document's watermark; that no row is replaced by an older one is checked all the same.

Measured on PostgreSQL 15 and 18 with 290 rows of 75 columns, 700,000 rows in their partition of 12, as a generic plan:
4.0 ms for a new document (a plain INSERT: 3.1), 0.9 for an unchanged one, 1.1 for three changed rows. Planned anew for
each call (plan_cache_mode = auto) it takes 1.2 ms more. ON CONFLICT alone would lock each row that it leaves as it is.
"""

from sqlglot import exp

from mlbgen import ir
from mlbgen.sql import nodes
from mlbgen.sql.nodes import column, columns, name
from mlbgen.sql.printer import Filled
from mlbgen.sql.staging import sent, stage

_CAPTURED_AT = "captured_at"
_INGESTED_AT = "ingested_at"
# Columns are named in lower case, so none can have this name.
_KNOWN = "Known"
_INCOMING = nodes.table(None, "incoming")


def upsert(table: ir.Table, document: tuple[ir.DocumentKey, ...]) -> exp.Expr:
    """The statement; it takes the document's keys by name, and returns the numbers of inserted and updated rows."""
    if table.partition is not None and table.partition.column == _CAPTURED_AT:
        return _update_and_insert(table, document)
    return _insert_or_update(table, document)


def _insert_or_update(table: ir.Table, document: tuple[ir.DocumentKey, ...]) -> exp.Expr:
    """Both in one INSERT."""
    key = table.primary_key
    content = [*_names(_content(table)), _CAPTURED_AT]
    changes = [exp.EQ(this=column(each), expression=column(each, "excluded")) for each in content]
    conflict = exp.OnConflict(
        conflict_keys=columns(key),
        expressions=[Filled(expressions=[*changes, _written_now()])] if _content(table) else None,
        where=exp.Where(this=_not_older("excluded")) if _content(table) else None,
    )
    written = _insert(table, exp.select(_sent(table)).from_(_INCOMING), conflict, columns(key))
    counted = exp.select(_count("inserted", exp.not_(column(_KNOWN))), _count("updated", column(_KNOWN)))
    counted = counted.from_(nodes.table(None, "written")).join(_INCOMING, using=[name(each) for each in key])
    return _with(counted, incoming=_incoming(table, document), written=written)


def _update_and_insert(table: ir.Table, document: tuple[ir.DocumentKey, ...]) -> exp.Expr:
    """A row partitioned by captured_at moves when it changes, which no conflict of its widened key would tell."""
    content = [*_names(_content(table)), _CAPTURED_AT]
    changes = [exp.EQ(this=column(each), expression=column(each, "new")) for each in content]
    updated = exp.Update(
        this=_target(table, "old"),
        expressions=[Filled(expressions=[*changes, _written_now()])],
        from_=exp.From(this=nodes.table(None, "incoming", "new")),
        where=exp.Where(this=exp.and_(column(_KNOWN, "new"), *_same_row(table, document), _not_older("new"))),
        returning=exp.Returning(expressions=[exp.Literal.number(1)]),
    )
    rows = exp.select(_sent(table)).from_(_INCOMING).where(exp.not_(column(_KNOWN)))
    conflict = exp.OnConflict(conflict_keys=columns(table.primary_key))
    inserted = _insert(table, rows, conflict, [exp.Literal.number(1)])
    counted = exp.select(*(exp.alias_(_number_of(each), name(each)) for each in ("inserted", "updated")))
    return _with(counted, incoming=_incoming(table, document), updated=updated, inserted=inserted)


def _incoming(table: ir.Table, document: tuple[ir.DocumentKey, ...]) -> exp.Select:
    """The staged rows that are new or changed, and whether they are known."""
    first = column(_identity(table)[0], "old")
    known = exp.Is(this=first, expression=exp.null(), negate=True)
    wanted: exp.Expr = first.is_(exp.null())
    if _content(table):
        wanted = exp.or_(wanted, exp.and_(_not_older("new"), _differs(table)))
    return (
        exp.select(exp.Column(this=exp.Star(), table=name("new")), exp.alias_(known, name(_KNOWN)))
        .from_(stage(table, "new"))
        .join(_target(table, "old"), on=exp.and_(*_same_row(table, document)), join_type="left")
        .where(wanted)
    )


def _same_row(table: ir.Table, document: tuple[ir.DocumentKey, ...]) -> list[exp.Expr]:
    """By the identity; the document's keys as parameters lead to one short range of the table's index."""
    same = [exp.EQ(this=column(each, "old"), expression=column(each, "new")) for each in _identity(table)]
    return [*same, *(exp.EQ(this=column(key.name, "old"), expression=_parameter(key)) for key in document)]


def _differs(table: ir.Table) -> exp.Expr:
    """Whether the content is another, as the table would keep it."""
    old = columns(_names(_content(table)), "old")
    new = [_as_kept(each) for each in _content(table)]
    return exp.NullSafeNEQ(this=_row(old), expression=_row(new))


def _row(values: list[exp.Expr]) -> exp.Tuple:
    return exp.Tuple(expressions=[Filled(expressions=values)])


def _as_kept(kept: ir.Column) -> exp.Expr:
    """The staged value in the column's type; numeric is the one that is staged unrounded."""
    staged = column(kept.name, "new")
    return nodes.cast(staged, kept.type) if kept.type.name == "numeric" else staged


def _not_older(alias: str) -> exp.Expr:
    return exp.GTE(this=column(_CAPTURED_AT, alias), expression=column(_CAPTURED_AT, "old"))


def _written_now() -> exp.Expr:
    return exp.EQ(this=column(_INGESTED_AT), expression=exp.var("DEFAULT"))


def _insert(table: ir.Table, rows: exp.Select, conflict: exp.OnConflict, returning: list[exp.Expr]) -> exp.Insert:
    into = exp.Schema(this=_target(table, "old"), expressions=[_sent(table)])
    return exp.Insert(this=into, expression=rows, conflict=conflict, returning=exp.Returning(expressions=returning))


def _with(query: exp.Select, **parts: exp.Expr) -> exp.Expr:
    tables = [
        exp.CTE(this=part, alias=exp.TableAlias(this=name(alias)), materialized=alias == "incoming" or None)
        for alias, part in parts.items()
    ]
    query.set("with_", exp.With(expressions=tables))
    return query


def _count(alias: str, condition: exp.Expr) -> exp.Expr:
    counted = exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=condition))
    return exp.alias_(counted, name(alias))


def _number_of(rows: str) -> exp.Expr:
    return exp.select(exp.Count(this=exp.Star())).from_(nodes.table(None, rows)).subquery()


def _parameter(key: ir.DocumentKey) -> exp.Expr:
    return nodes.cast(exp.Placeholder(this=key.name), key.type)


def _target(table: ir.Table, alias: str) -> exp.Table:
    return nodes.table(table.schema, table.name, alias)


def _identity(table: ir.Table) -> tuple[str, ...]:
    """The columns that make a row the same one in another capture: the key without captured_at, which may widen it."""
    return tuple(each for each in table.primary_key if each != _CAPTURED_AT)


def _content(table: ir.Table) -> tuple[ir.Column, ...]:
    """The columns that can change from capture to capture."""
    return tuple(each for each in sent(table) if each.name not in {*table.primary_key, _CAPTURED_AT})


def _names(of: tuple[ir.Column, ...]) -> list[str]:
    return [each.name for each in of]


def _sent(table: ir.Table) -> Filled:
    return Filled(expressions=columns(_names(sent(table))))
