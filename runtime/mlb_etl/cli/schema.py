"""mlb-etl schema: the database's tables."""

import click

from mlb_etl import db, migrate
from mlb_etl.cli import report
from mlb_etl.settings import Settings


@click.group()
def schema() -> None:
    """Create the tables and bring them up to date."""


@schema.command()
def init() -> None:
    """Apply the migrations that are pending, each in one transaction; without any, do nothing.

    The history is etl.flyway_schema_history, of Flyway's form. A migration that has changed since it was applied is
    refused.

    \b
    Examples:
      mlb-etl schema init
      MLB_ETL_DSN=postgresql://me@host/mlb mlb-etl schema init
    """
    settings = Settings.from_environment()
    with db.connect(settings) as connection:
        applied = migrate.init(connection, settings.tables)
    for script in applied:
        click.echo(f"applied {script}")
    if not applied:
        click.echo("the schema is up to date")


@schema.command()
@click.pass_context
def status(ctx: click.Context) -> None:
    """List the migrations: applied, pending, changed since, or unknown to this version.

    The exit code is 1 unless all are applied.

    \b
    Example:
      mlb-etl schema status
    """
    settings = Settings.from_environment()
    with db.connect(settings) as connection:
        versions = migrate.status(connection, settings.tables)
    rows = [(each.script, each.state, str(each.installed_on or "")[:19]) for each in versions]
    report.table(("migration", "state", "installed on"), rows)
    ctx.exit(0 if all(each.state == "applied" for each in versions) else 1)
