"""The statements that look for rows which break a table's checks."""

from functools import reduce

from sqlglot import exp

from mlbgen import ir
from mlbgen.sql import nodes
from mlbgen.sql.nodes import columns, name
from mlbgen.sql.staging import stage
from mlbgen.sql.upsert import Document, of_documents


def warn(table: ir.Table, document: Document) -> exp.Query | None:
    """Rows of the table that break a check which only warns; None where there is no such check.

    Takes the documents' keys as arrays by name; returns a row for each document and check: the keys, the check, rows.
    """
    counts: list[exp.Query] = [_broken(table, each, document) for each in table.checks if each.severity == "warn"]
    return reduce(lambda left, right: exp.union(left, right, distinct=False), counts) if counts else None


def _broken(table: ir.Table, check: ir.Check, document: Document) -> exp.Select:
    keys = columns(key.name for key in document)
    counted = [
        exp.alias_(exp.Literal.string(check.name), name("check")),
        exp.alias_(exp.Count(this=exp.Star()), name("rows")),
    ]
    rows = nodes.table(table.schema, table.name, "old")
    broken = exp.not_(exp.paren(nodes.expression(check.expression)))
    return exp.select(*keys, *counted).from_(rows).where(*of_documents(document), broken).group_by(*keys)


def violation(table: ir.Table, check: ir.Check) -> exp.Select:
    """Of a staged row that breaks the check, the values of the columns that the check is about."""
    broken = exp.not_(exp.paren(nodes.expression(check.expression)))
    return exp.select(*columns(check.columns)).from_(stage(table)).where(broken).limit(1)
