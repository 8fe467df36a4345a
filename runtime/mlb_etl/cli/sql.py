"""mlb-etl sql: print the statements that write a table."""

from collections.abc import Iterator
from dataclasses import asdict

import click

from mlb_contracts import Method, Table
from mlb_etl import registry
from mlb_etl.cli import completing, report
from mlb_etl.errors import EtlError, shortened
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres.statements import Statements, compose_statements


@click.command()
@click.argument("table", shell_complete=completing.tables)
@report.FORMAT
def sql(*, table: str, form: str) -> None:
    """Print the statements that write TABLE: schema.name, or only the name if it is unique.

    They are composed from what the table's mapping declares. psycopg sends them: %(issue_id)s is a parameter, and in a
    statement with parameters %% is a percent sign. This needs no database.

    \b
    Examples:
      mlb-etl sql tracker.issue_labels
      mlb-etl sql issue_labels --format json
    """
    method, found = _find(Settings.from_environment().tables, table)
    composed = compose_statements(found, method.document)
    if form == "json":
        report.print_json({"table": found.qualified_name, **asdict(composed)})
    else:
        click.echo(as_script(composed), nl=False)


def as_script(composed: Statements) -> str:
    """The statements as a readable script, each below a comment that says what it does."""
    return "\n".join(f"-- {title}\n{text};\n" for title, text in _titled(composed))


def _titled(composed: Statements) -> Iterator[tuple[str, str]]:
    yield "Copies the rows of new documents into the table", composed.load
    yield "Creates the session's stage", composed.stage
    if composed.widen is not None:
        yield "Lets the stage take rows of more than 8160 bytes", composed.widen
    yield "Copies the rows of known documents into the stage", composed.copy
    yield "Deletes the documents' rows that are not staged", composed.delete
    yield "Inserts the staged rows that are new, and updates those that changed", composed.upsert
    if composed.warn is not None:
        yield "Counts the documents' rows that break a check which only warns", composed.warn
    for check, text in composed.violations.items():
        yield f"Finds a staged row that breaks {check}", text


def _find(package: str, name: str) -> tuple[Method, Table]:
    """The table of that name and its method; raises EtlError if there is none, or more than one."""
    methods = [registry.method(package, each) for each in registry.methods(package)]
    tables = {table.qualified_name: (method, table) for method in methods for table in method.tables}
    found = [each for each in tables if name in {each, each.partition(".")[2]}]
    if len(found) == 1:
        return tables[found[0]]
    if found:
        raise EtlError(f"{shortened(name)} is the name of {len(found)} tables: choose {' or '.join(found)}")
    raise EtlError(f"no table {shortened(name)}; {package} has {', '.join(tables) or 'none'}")
