"""The statements that move a document's rows into a table."""

from dataclasses import dataclass

from mlbgen import ir
from mlbgen.postgres import checks, nodes, printer, staging
from mlbgen.postgres.upsert import Document, delete, upsert


@dataclass(frozen=True, slots=True)
class Statements:
    """`load` copies rows of new documents straight into the table, in binary.

    Of known ones, `stage` creates the session's temporary table, `copy` fills it in binary, `delete` removes the rows
    that are not staged, and `upsert` moves those that are into the table. `warn` counts rows that break a check that
    only warns; `violations` find, by the names of the checks that refuse, a staged row that one refuses.
    """

    load: str
    stage: str
    copy: str
    delete: str
    upsert: str
    warn: str | None
    violations: tuple[tuple[ir.Check, str], ...]


def statements(table: ir.Table, document: Document) -> Statements:
    """The statements of a table, whose rows all come from one document; its keys are columns of the table."""
    warn = checks.warn(table, document)
    return Statements(
        load=printer.block(staging.copy(table, nodes.table(table.schema, table.name))),
        stage=";\n".join(map(printer.block, staging.create(table))),
        copy=printer.block(staging.copy(table, staging.stage(table))),
        delete=printer.sent_with_parameters(delete(table, document)),
        upsert=printer.sent_with_parameters(upsert(table, document)),
        warn=None if warn is None else printer.sent_with_parameters(warn),
        violations=tuple(
            (each, printer.block(checks.violation(table, each))) for each in table.checks if each.severity == "error"
        ),
    )
