"""mlb-etl rebuild: tables made anew from the raw responses."""

from collections.abc import Iterator, Sequence

import click

from mlb_etl.cli import report
from mlb_etl.cli.progress import counting
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import db
from mlb_etl.stores.postgres import rebuild as work
from mlb_etl.stores.postgres.shown import Shown


@click.command()
@click.option("--table", required=True, metavar="SCHEMA.TABLE", help="The table; others of its migration come with it.")
@report.FORMAT
def rebuild(*, table: str, form: str) -> None:
    """Apply the pending migration that makes a table anew, and fill it with rows of the raw responses.

    For a change that no statement can make in place, such as another key or partition. The rows are made first; the new
    table then takes the old one's place in one transaction, in which writers wait. A failure leaves all as it was.

    \b
    Example:
      mlb-etl rebuild --table game.live_game_plays
    """
    settings = Settings.from_environment()
    with db.connect(settings) as connection:
        done = work.rebuild(connection, settings.tables, table, _progress)
    if form == "json":
        report.as_json({"applied": done.script, "rows": done.rows})
        return
    click.echo(f"applied {done.script}")
    for name, rows in done.rows.items():
        click.echo(f"made {name} anew: {rows} rows")


def _progress(documents: Sequence[Shown]) -> Iterator[Shown]:
    """The documents, with a line on a terminal that tells how many are done."""
    with counting("documents made into rows") as progress:
        for number, each in enumerate(documents, 1):
            yield each
            progress(number, len(documents))
