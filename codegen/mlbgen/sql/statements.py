"""The statements that move a document's rows into a table."""

from dataclasses import dataclass

from mlbgen import ir
from mlbgen.sql import printer, staging
from mlbgen.sql.upsert import upsert


@dataclass(frozen=True, slots=True)
class Statements:
    """`stage` creates the session's temporary table, `copy` fills it in binary, `upsert` moves its rows into the table.

    `upsert` takes the document's keys as parameters by name, and returns one row: rows inserted, rows updated.
    """

    stage: str
    copy: str
    upsert: str


def statements(table: ir.Table, document: tuple[ir.DocumentKey, ...]) -> Statements:
    """The statements of a table, whose rows all come from one document; its keys are columns of the table."""
    return Statements(
        stage=";\n".join(map(printer.block, staging.create(table))),
        copy=printer.block(staging.copy(table)),
        upsert=printer.block(upsert(table, document)),
    )
