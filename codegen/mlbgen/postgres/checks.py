"""The statements that look for rows which break a table's checks."""

from sqlglot import exp

from mlbgen import ir
from mlbgen.postgres import nodes
from mlbgen.postgres.nodes import columns
from mlbgen.postgres.staging import stage
from mlbgen.postgres.upsert import Document, of_documents


def warn(table: ir.Table, document: Document) -> exp.Query | None:
    """Rows of the table that break a check which only warns; None where there is no such check.

    Takes the documents' keys as arrays by name. Returns a row for each document that has any: its keys, and for each
    check, in a column of its name, how many.
    """
    broken = {each.name: _broken(each) for each in table.checks if each.severity == "warn"}
    if not broken:
        return None
    keys = columns(key.name for key in document)
    rows = nodes.table(table.schema, table.name, "old")
    found = exp.select(*keys, *(nodes.count(check, condition) for check, condition in broken.items()))
    return found.from_(rows).where(*of_documents(document), exp.or_(*broken.values())).group_by(*keys)


def _broken(check: ir.Check) -> exp.Expr:
    return exp.not_(exp.paren(nodes.expression(check.expression)))


def violation(table: ir.Table, check: ir.Check) -> exp.Select:
    """Of a staged row that breaks the check, the values of the columns that the check is about."""
    return exp.select(*columns(check.columns)).from_(stage(table)).where(_broken(check)).limit(1)
