"""The leaves of statements: names, always quoted, types and lists of columns."""

from collections.abc import Iterable

from sqlglot import exp

from mlbgen import ir
from mlbgen.language.names import SqlName
from mlbgen.postgres.printer import Verbatim


def name(text: SqlName) -> exp.Identifier:
    """The name, quoted."""
    return exp.Identifier(this=text, quoted=True)


def names(texts: Iterable[SqlName]) -> list[exp.Identifier]:
    return [name(text) for text in texts]


def column(text: SqlName, of: SqlName | None = None) -> exp.Column:
    """A column, optionally qualified with a table or an alias."""
    return exp.Column(this=name(text), table=None if of is None else name(of))


def columns(texts: Iterable[SqlName], of: SqlName | None = None) -> list[exp.Expr]:
    return [column(text, of) for text in texts]


def table(schema: SqlName | None, text: SqlName | None, alias: SqlName | None = None) -> exp.Table:
    """A table; without `text`, a schema; without `schema`, a name of the same statement."""
    parts = {"db": schema, "this": text}
    known_as = None if alias is None else exp.TableAlias(this=name(alias))
    return exp.Table(**{key: name(part) for key, part in parts.items() if part is not None}, alias=known_as)


def sql_type(spelling: object) -> exp.DataType:
    """A type exactly as `mlb_contracts.sql_types` spells it; sqlglot's own spelling would be DECIMAL(5, 1)."""
    return exp.DataType(this=exp.DType.USERDEFINED, kind=str(spelling))


def expression(written: ir.Expression) -> exp.Expr:
    """An expression of the IR, as lowering printed it."""
    return Verbatim(this=written.sql)
