"""mlb-etl export: tables and views as files for other tools."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from mlb_etl import api
from mlb_etl.cli import completing, report, shortcuts
from mlb_etl.cli.progress import counting
from mlb_etl.cli.tables import print_paragraph
from mlb_etl.settings import Settings

if TYPE_CHECKING:
    from mlb_etl.export.run import Outcome


@click.command()
@click.option(
    "--to",
    required=True,
    metavar="FORMAT:PLACE",
    shell_complete=completing.exports,
    help="parquet:FOLDER, csv:FOLDER, duckdb:FILE or sqlite:FILE.",
)
@click.option(
    "--table",
    "tables",
    multiple=True,
    shell_complete=completing.tables,
    help="Only this table. Repeatable. [default: all]",
)
@shortcuts.if_known(
    "season",
    click.option(
        "--season",
        "seasons",
        multiple=True,
        type=click.IntRange(1800, 2200),
        shell_complete=completing.seasons,
        help="Only rows of this season, of tables that have seasons. Repeatable. [default: all]",
    ),
)
@click.option(
    "--view",
    "views",
    multiple=True,
    metavar="SCHEMA.VIEW",
    shell_complete=completing.views,
    help="This view too. Repeatable.",
)
@report.FORMAT
def export(
    *, to: str, tables: tuple[str, ...], views: tuple[str, ...], form: str, seasons: tuple[int, ...] = ()
) -> None:
    """Write tables and views to files that other tools read.

    All rows are from one moment. The next export to the same place writes only the documents that changed since, and
    the views; an export that is killed leaves the one before as it was.

    DuckDB and SQLite have primary keys, SQLite foreign keys too. Descriptions go along, except into CSV.

    \b
    Examples:
      mlb-etl export --to parquet:data/parquet
      mlb-etl export --to duckdb:data/tables.duckdb
      mlb-etl export --to csv:data/csv --table tracker.issues
    """
    settings = Settings.from_environment()
    with counting("tables and views") as tell:
        done = api.export_to(to, tables=tables, seasons=seasons, views=views, settings=settings, tell=tell)
    if form == "json":
        report.print_json({"whole": done.whole, "relations": [asdict(each) for each in done.relations]})
    else:
        _show(done)


def _show(done: "Outcome") -> None:
    changed = [each for each in done.relations if each.written or each.removed]
    rows = [(each.name, each.rows, each.written, each.removed) for each in changed]
    total = [sum(numbers) for numbers in zip(*(row[1:] for row in rows), strict=True)]
    if rows:
        report.print_table(("table", "rows", "written", "removed"), [*rows, ("all of these", *total)])
    if unchanged := len(done.relations) - len(changed):
        what = "have no rows" if done.whole else "have not changed"
        print_paragraph(f"{unchanged} of {len(done.relations)} tables and views {what}")
