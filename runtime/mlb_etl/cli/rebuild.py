"""mlb-etl rebuild: rebuild tables from the raw responses."""

from collections.abc import Iterator, Sequence

import click

from mlb_etl.cli import completing, report
from mlb_etl.cli.progress import counting
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import db
from mlb_etl.stores.postgres import rebuild as work
from mlb_etl.stores.postgres.shown import Shown


@click.command()
@click.option(
    "--table",
    required=True,
    metavar="SCHEMA.TABLE",
    shell_complete=completing.tables,
    help="The table; its migration may rebuild others too.",
)
@report.FORMAT
def rebuild(*, table: str, form: str) -> None:
    """Apply the pending migration that rebuilds a table, and fill the table from the raw responses.

    This is for changes that no statement can make in place, such as another key or partitioning. The rows are derived
    first; then the new table replaces the old one in one transaction, while writers wait. A failure changes nothing.

    \b
    Example:
      mlb-etl rebuild --table tracker.issue_labels
    """
    settings = Settings.from_environment()
    with db.connect(settings) as connection:
        done = work.rebuild_tables(connection, settings.tables, table, _progress)
    if form == "json":
        report.print_json({"applied": done.script, "rows": done.rows})
        return
    click.echo(f"applied {done.script}")
    for name, rows in done.rows.items():
        click.echo(f"rebuilt {name}: {rows} rows")


def _progress(documents: Sequence[Shown]) -> Iterator[Shown]:
    """The documents, with their progress on a terminal."""
    with counting("documents read") as progress:
        for number, each in enumerate(documents, 1):
            yield each
            progress(number, len(documents))
