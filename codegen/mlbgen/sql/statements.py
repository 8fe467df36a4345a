"""The statements that move a document's rows into a table."""

from dataclasses import dataclass

from mlbgen import ir
from mlbgen.sql import nodes, printer, staging
from mlbgen.sql.upsert import upsert


@dataclass(frozen=True, slots=True)
class Statements:
    """`load` copies rows of a new document straight into the table, in binary.

    Of a known one, `stage` creates the session's temporary table, `copy` fills it in binary, and `upsert` moves its
    rows into the table; it takes the document's keys as parameters by name, and returns one row: rows inserted, rows
    updated.
    """

    load: str
    stage: str
    copy: str
    upsert: str


def statements(table: ir.Table, document: tuple[ir.DocumentKey, ...]) -> Statements:
    """The statements of a table, whose rows all come from one document; its keys are columns of the table."""
    return Statements(
        load=printer.block(staging.copy(table, nodes.table(table.schema, table.name))),
        stage=";\n".join(map(printer.block, staging.create(table))),
        copy=printer.block(staging.copy(table, staging.stage(table))),
        upsert=printer.block(upsert(table, document)),
    )
