"""mlb-etl schema roles: what a role that loads and one that reads may do."""

import click

from mlb_etl.cli import report
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import db
from mlb_etl.stores.postgres import roles as work


@click.command()
@click.option("--writer", default=work.WRITER, metavar="NAME", show_default=True, help="Role that loads.")
@click.option("--reader", default=work.READER, metavar="NAME", show_default=True, help="Role that reads.")
@click.option("--apply", "apply_", is_flag=True, help="Run the statements, as the owner of the tables.")
@report.FORMAT
def roles(*, writer: str, reader: str, apply_: bool, form: str) -> None:
    """Print the SQL that gives two roles the least that loading and reading need, or run it.

    The writer loads: it can't change the schema, and creates partitions and refreshes views only by functions that
    check what they are asked for. The reader reads the tables and views of data, but no raw responses and no control
    tables. What else the roles hold on these tables is revoked.

    Run it with --apply after each `mlb-etl schema init`, as new tables are closed to both roles. Repeating it does no
    harm. The roles must exist. Printing needs no database.

    \b
    Examples:
      mlb-etl schema roles
      mlb-etl schema roles --apply
      mlb-etl schema roles --writer loader --reader metabase --apply
    """
    settings = Settings.from_environment()
    text = work.script(settings.tables, writer, reader)
    if apply_:
        with db.connect(settings) as connection:
            work.apply(connection, settings.tables, writer, reader)
    if form == "json":
        report.print_json({"writer": writer, "reader": reader, "sql": text, "applied": apply_})
    else:
        click.echo(f"{writer} loads, {reader} reads" if apply_ else text, nl=apply_)
