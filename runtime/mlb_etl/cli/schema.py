"""mlb-etl schema: the database's tables."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import click

from mlb_etl.cli import completing, lakes, report, shortcuts, targets
from mlb_etl.cli.restart import restart
from mlb_etl.cli.roles import roles
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.operations import Version
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
schema.add_command(roles)


@schema.command()
@targets.OPTION
@report.FORMAT
def init(*, chosen: tuple[str, ...], form: str) -> None:
    """Apply the pending migrations, each in one transaction; in a lake, make the tables and columns that it lacks.

    They are recorded in etl.flyway_schema_history, in Flyway's format. A migration that has changed since it was
    applied is refused.

    \b
    Examples:
      mlb-etl schema init
      MLB_ETL_DSN=postgresql://me@host/mlb mlb-etl schema init
      mlb-etl schema init --target delta:data/lake
      mlb-etl schema init --target postgres --target delta:data/lake
    """
    outcomes = targets.run_each(targets.settings_of(chosen), _apply)
    targets.print_each(outcomes, form, lambda applied: {"applied": applied.names}, _show_applied)
    targets.require_all(outcomes)


class _Applied(NamedTuple):
    """What was done to bring a database up to date, and the names of what it was done to."""

    done: str
    names: list[str]


def _apply(_: str, settings: Settings) -> _Applied:
    if (lake := lakes.lake_of(settings)) is not None:
        return _Applied("made", lakes.init(lake, settings.tables))
    with db.connect(settings) as connection:
        return _Applied("applied", migrate.apply_pending(connection, settings.tables))


def _show_applied(applied: _Applied) -> None:
    for name in applied.names:
        click.echo(f"{applied.done} {name}")
    if not applied.names:
        click.echo("the schema is up to date")


@schema.command()
@targets.OPTION
@report.FORMAT
@click.pass_context
def status(ctx: click.Context, *, chosen: tuple[str, ...], form: str) -> None:
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
    outcomes = targets.run_each(targets.settings_of(chosen), _status)
    targets.print_each(outcomes, form, lambda found: found.plain, lambda found: found.show())
    ctx.exit(1 if any(each.harm for each in targets.require_all(outcomes)) else 0)


class _Status(NamedTuple):
    """How a database differs from the package, as JSON data, and as a function that prints it."""

    plain: dict[str, Any]
    show: Callable[[], None]
    harm: bool


def _status(_: str, settings: Settings) -> _Status:
    if (lake := lakes.lake_of(settings)) is not None:
        found = lakes.status(lake, settings.tables)
        plain = {"differences": [{"table": name, "difference": what} for name, what in found]}
        return _Status(plain, partial(lakes.show_status, found), bool(found))
    with db.connect(settings) as connection:
        versions = migrate.versions(connection, settings.tables)
        differences = migrate.differences(connection, settings.tables)
    shown = {
        "migrations": [asdict(each) for each in versions],
        "differences": [asdict(each) | {"state": each.state} for each in differences],
    }
    harm = any(each.state != "applied" for each in versions) or any(each.state != "extra" for each in differences)
    return _Status(shown, partial(_show_status, versions, differences), harm)


def _show_status(versions: Sequence[Version], differences: Sequence[SchemaDifference]) -> None:
    rows = [(each.script, each.state, str(each.installed_on or "")[:19]) for each in versions]
    report.print_table(("migration", "state", "installed on"), rows)
    _show_differences(differences)


@schema.command()
@click.option(
    "--from",
    "first",
    type=_MONTH,
    shell_complete=completing.months,
    metavar="YYYY-MM",
    help="First month to premake, with --to.",
)
@click.option(
    "--to",
    "last",
    type=_MONTH,
    shell_complete=completing.months,
    metavar="YYYY-MM",
    help="Last month to premake, with --from.",
)
@click.option(
    "--drop-before",
    "before",
    type=_MONTH,
    shell_complete=completing.months,
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
    partitioned by year (a list of numbers in a column with such a name). Other lists get their partitions on demand.

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


@click.command("drop-season")
@click.argument("season", type=click.IntRange(1800, 2199), shell_complete=completing.seasons)
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


if shortcuts.is_known("season"):
    schema.add_command(drop_season)


def _show_season(season: Season) -> None:
    report.print_table(
        ("table", "partition", "rows"), [(each.table, each.partition or "", each.rows) for each in season.parts]
    )
    rows = [(each.method, each.documents, each.captures, each.waiting) for each in season.contents]
    report.print_table(("method", "documents", "captures", "waiting"), rows)
