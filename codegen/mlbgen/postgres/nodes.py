"""The leaves that statements are built of: names, always quoted, types and lists of columns."""

from collections.abc import Iterable

from sqlglot import exp

from mlbgen import ir
from mlbgen.language.names import is_sql_name
from mlbgen.postgres.printer import Written


def name(text: str) -> exp.Identifier:
    """The name, quoted. Raises ValueError for a text that lowering would not have let through as one."""
    if not is_sql_name(text):
        raise ValueError(f"{text!r} is no name in SQL")
    return exp.Identifier(this=text, quoted=True)


def names(texts: Iterable[str]) -> list[exp.Identifier]:
    return [name(text) for text in texts]


def column(text: str, of: str | None = None) -> exp.Column:
    """A column, of a table or of an alias."""
    return exp.Column(this=name(text), table=None if of is None else name(of))


def columns(texts: Iterable[str], of: str | None = None) -> list[exp.Expr]:
    return [column(text, of) for text in texts]


def table(schema: str | None, text: str | None, alias: str | None = None) -> exp.Table:
    """A table, or without `text` its schema; without `schema` a part of the same statement."""
    parts = {"db": schema, "this": text}
    known_as = None if alias is None else exp.TableAlias(this=name(alias))
    return exp.Table(**{key: name(part) for key, part in parts.items() if part is not None}, alias=known_as)


def sql_type(spelling: object) -> exp.DataType:
    """A type exactly as `mlb_contracts.sql_types` spells it; sqlglot's own spelling would be DECIMAL(5, 1)."""
    return exp.DataType(this=exp.DType.USERDEFINED, kind=str(spelling))


def expression(written: ir.Expression) -> exp.Expr:
    """An expression of the IR, as lowering has written it."""
    return Written(this=written.sql)
