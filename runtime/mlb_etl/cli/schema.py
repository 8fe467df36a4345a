"""mlb-etl schema: the database's tables."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import click

from mlb_etl.cli import lakes, parameters, report
from mlb_etl.cli.restart import restart
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import db, migrate, premake, retention, seasons
from mlb_etl.stores.postgres.premake import PremadeTable
from mlb_etl.stores.postgres.retention import OldMonth
from mlb_etl.stores.postgres.schema_drift import SchemaDifference
from mlb_etl.stores.postgres.seasons import Captures, Season

log = logging.getLogger(__name__)
_MONTH = click.DateTime(["%Y-%m"])


@click.group()
def schema() -> None:
    """Create the tables and bring them up to date.

    \b
    Examples:
      mlb-etl schema init
      mlb-etl schema status
    """


schema.add_command(restart)


@schema.command()
@parameters.TARGET
@report.FORMAT
def init(*, target: str | None, form: str) -> None:
    """Apply the pending migrations, each in one transaction; in a lake, make the tables and columns that it lacks.

    They are recorded in etl.flyway_schema_history, in Flyway's format. A migration that has changed since it was
    applied is refused.

    \b
    Examples:
      mlb-etl schema init
      MLB_ETL_DSN=postgresql://me@host/mlb mlb-etl schema init
      mlb-etl schema init --target delta:data/lake
    """
    settings = parameters.settings_for(target)
    if (lake := lakes.lake_of(settings)) is not None:
        lakes.init(lake, settings.tables, form)
        return
    with db.connect(settings) as connection:
        applied = migrate.apply_pending(connection, settings.tables)
    if form == "json":
        report.print_json({"applied": applied})
        return
    for script in applied:
        click.echo(f"applied {script}")
    if not applied:
        click.echo("the schema is up to date")


@schema.command()
@parameters.TARGET
@report.FORMAT
@click.pass_context
def status(ctx: click.Context, *, target: str | None, form: str) -> None:
    """List the migrations, and how the tables differ from what they created.

    A migration is applied, pending, changed since it was applied, or unknown, in which case the database is newer than
    this package. Columns, keys, checks, indexes and partitions that are missing or changed are listed. Objects that no
    migration created, such as your own indexes, do no harm; JSON and `mlb-etl -v` list them.

    The exit code is 0 if all migrations are applied and nothing is missing or changed, otherwise 1.

    \b
    Examples:
      mlb-etl schema status
      mlb-etl schema status --format json
    """
    settings = parameters.settings_for(target)
    if (lake := lakes.lake_of(settings)) is not None:
        ctx.exit(lakes.status(lake, settings.tables, form))
    with db.connect(settings) as connection:
        versions = migrate.versions(connection, settings.tables)
        differences = migrate.differences(connection, settings.tables)
    if form == "json":
        found = [asdict(each) | {"state": each.state} for each in differences]
        shown = {"migrations": [asdict(each) for each in versions], "differences": found}
        report.print_json(shown)
    else:
        rows = [(each.script, each.state, str(each.installed_on or "")[:19]) for each in versions]
        report.print_table(("migration", "state", "installed on"), rows)
        _show_differences(differences)
    harm = any(each.state != "applied" for each in versions) or any(each.state != "extra" for each in differences)
    ctx.exit(1 if harm else 0)


@schema.command()
@click.option("--from", "first", type=_MONTH, metavar="YYYY-MM", help="First month to premake, with --to.")
@click.option("--to", "last", type=_MONTH, metavar="YYYY-MM", help="Last month to premake, with --from.")
@click.option(
    "--drop-before",
    "before",
    type=_MONTH,
    metavar="YYYY-MM",
    help="Drop the raw tables' partitions of all months before this one.",
)
@click.option("--yes", is_flag=True, help="With --drop-before: drop the months instead of only listing them.")
@click.option("--force", is_flag=True, help="With --drop-before: also drop captures that are still needed.")
@report.FORMAT
@click.pass_context
def partitions(
    ctx: click.Context,
    *,
    first: datetime | None,
    last: datetime | None,
    before: datetime | None,
    yes: bool,
    force: bool,
    form: str,
) -> None:
    """Premake partitions, or drop old ones of the raw tables; readers never wait.

    With --from and --to, it creates the missing months of tables partitioned by month, and the missing years of tables
    partitioned by season (a list of numbers in a column named season or year). Other lists get their partitions on
    demand.

    With --drop-before, it lists months of the raw tables with their captures, and with --yes drops them. A month is
    kept while it holds captures that are needed: those that the tables show, because a changed mapping is applied to
    them again, and those that are pending or in quarantine. --force drops these too. The exit code is 1 if --yes kept a
    month.

    \b
    Examples:
      mlb-etl schema partitions --from 2024-01 --to 2026-12
      mlb-etl schema partitions --drop-before 2024-07
      mlb-etl schema partitions --drop-before 2024-07 --yes
    """
    if (first is None) != (last is None) or (first is None) == (before is None):
        raise click.UsageError("give --from and --to, or --drop-before")
    if before is None and (yes or force):
        raise click.UsageError("--yes and --force go with --drop-before")
    settings = Settings.from_environment()
    with db.connect(settings) as connection:
        migrate.require(connection, settings.tables, writing=before is None or yes)
        if first is not None and last is not None:
            _show_ahead(premake.make(connection, settings.tables, first.date(), last.date()), form)
        elif before is not None:
            act = retention.drop_months if yes else retention.list_months
            found = list(act(connection, settings.tables, before.date(), needed=force))
            _show_old(found, form, yes=yes)
            ctx.exit(1 if yes and any(each.state == "needed" for each in found) else 0)


@schema.command("drop-season")
@click.argument("season", type=click.IntRange(1800, 2199))
@click.option(
    "--captures",
    type=click.Choice(["keep", "delete"]),
    help="What to do with the season's captures in the raw tables; after keep, transform loads the season again.",
)
@click.option("--yes", is_flag=True, help="Drop the season instead of only listing what would go.")
@report.FORMAT
def drop_season(*, season: int, captures: Captures | None, yes: bool, form: str) -> None:
    """Drop a season from the tables: its partitions, children first, and all other rows of its documents.

    It drops the partitions of the season, and months that hold rows of no other season, and deletes the other rows of
    the season's documents with their watermarks, in one transaction. It drops nothing if rows of other tables reference
    the season, or if its documents also have rows of other seasons. References from tables outside this package are
    found only with --yes.

    If the raw tables hold captures of the season, --captures decides about them. After keep, the next transform loads
    the season again. delete removes them too, and is refused while some are not applied yet.

    \b
    Examples:
      mlb-etl schema drop-season 2024
      mlb-etl schema drop-season 2024 --captures delete --yes
    """
    settings = Settings.from_environment()
    with db.connect(settings) as connection:
        migrate.require(connection, settings.tables, writing=yes)
        if yes:
            found = seasons.drop_season(connection, settings.tables, season, captures)
        else:
            found = seasons.preview_drop(connection, settings.tables, season)
    refusal = None if yes else found.refusal(captures)
    if form == "json":
        report.print_json(asdict(found) | {"dropped": yes, "refusal": refusal})
        return
    _show_season(found)
    if not yes:
        click.echo(f"--yes would be refused: {refusal}" if refusal else "nothing was dropped; --yes drops it")


def _show_differences(differences: Sequence[SchemaDifference]) -> None:
    for each in differences:
        if each.state == "extra":
            log.info("%s", each)
        else:
            click.echo(str(each))


def _show_ahead(tables: Sequence[PremadeTable], form: str) -> None:
    if form == "json":
        report.print_json([asdict(each) for each in tables])
        return
    rows = [(each.table, each.by.column, len(each.made), len(each.there)) for each in tables if each.skipped is None]
    report.print_table(("table", "partitioned by", "made", "there before"), rows)
    for each in tables:
        if each.skipped is not None:
            click.echo(f"{each.table} is skipped: {each.skipped}")


def _show_old(months: Sequence[OldMonth], form: str, *, yes: bool) -> None:
    if form == "json":
        report.print_json([asdict(each) for each in months])
        return
    headers = ("partition", "captures", "bytes", "shown by the tables", "waiting", "state")
    report.print_table(headers, [(*list(asdict(each).values())[:-1], each.state) for each in months])
    if any(each.state == "needed" for each in months):
        click.echo("needed: the tables show captures of it, or captures are pending or in quarantine; --force drops it")
    if not yes:
        click.echo("nothing was dropped; --yes drops the droppable months")


def _show_season(season: Season) -> None:
    report.print_table(
        ("table", "partition", "rows"), [(each.table, each.partition or "", each.rows) for each in season.parts]
    )
    rows = [(each.method, each.documents, each.captures, each.waiting) for each in season.contents]
    report.print_table(("method", "documents", "captures", "waiting"), rows)
