"""mlb-etl replay: fill the raw tables from an object store."""

from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

import click

from mlb_etl import api
from mlb_etl.capture.restored import Restored
from mlb_etl.cli import completing, parameters, report, running, targets
from mlb_etl.cli.progress import capturing
from mlb_etl.observe.flow import Flow
from mlb_etl.observe.flow import place as from_place
from mlb_etl.settings import Settings


@click.command()
@click.option(
    "--from",
    "place",
    required=True,
    metavar="PLACE",
    shell_complete=completing.folders,
    help="s3://bucket/prefix, file:///folder or a folder.",
)
@click.option(
    "--method",
    "methods",
    multiple=True,
    shell_complete=completing.methods,
    help="Only captures of this method, such as tracker.issues. Repeatable.",
)
@click.option(
    "--since",
    callback=parameters.day(ZoneInfo("UTC")),
    metavar="DATE",
    help="Only captures of this day (UTC) or later: YYYY-MM-DD, today or yesterday.",
)
@targets.OPTION
@click.option("--quiet", is_flag=True, help="Don't report progress.")
@report.FORMAT
@click.pass_context
def replay(
    ctx: click.Context,
    *,
    place: str,
    methods: tuple[str, ...],
    since: date | None,
    chosen: tuple[str, ...],
    quiet: bool,
    form: str,
) -> None:
    """Fill the raw tables with the captures in an object store, without asking the API.

    Captures already there stay as they are, so you can run it again, also after it was stopped. An object that can't be
    read is listed with the reason; the others are loaded, and the exit code is 1. Afterwards `mlb-etl transform` fills
    the tables.

    \b
    Examples:
      mlb-etl replay --from s3://captures/mlb
      mlb-etl replay --from data/captures --since 2024-07-01
      mlb-etl replay --from s3://captures/mlb --target delta:s3://lake/mlb
    """
    from mlb_etl.capture import object_store, restore  # noqa: PLC0415 - they need an extra that may not be installed

    scope = restore.RestoreScope(methods, since)
    store = object_store.ObjectStore(place)

    def run(_: str, settings: Settings) -> Restored:
        with api.database(settings).open() as stores, capturing(quiet=quiet) as progress:
            stores.require_migrated()
            return restore.restore_captures(stores, settings.tables, store, progress, scope)

    def flows() -> list[Flow]:
        settings = next(iter(databases.values()))
        found = restore.methods_in(store, settings.tables, scope)
        return [Flow(each, settings.api, captures=True, applies=False, sources=[from_place(place)]) for each in found]

    databases = targets.settings_of(chosen)
    with running.recorded("replay", "", [*map(api.database, databases.values())], cache(flows)):
        outcomes = targets.run_each(databases, run)
        targets.print_each(outcomes, form, report.restored_json, report.restored)
        ctx.exit(1 if any(each.failures for each in targets.require_all(outcomes)) else 0)
