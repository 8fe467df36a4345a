"""mlb-etl replay: the raw tables from an object store."""

import json
from datetime import datetime

import click

from mlb_etl import db, migrate
from mlb_etl.cli import report
from mlb_etl.cli.progress import capturing
from mlb_etl.settings import Settings

_SHOWN = 20  # refused objects; in JSON all are


@click.command()
@click.option("--from", "place", required=True, metavar="PLACE", help="s3://bucket/prefix, file:///folder or a folder.")
@click.option("--method", "methods", multiple=True, help="Only this method's, such as game.liveGameV1. Repeatable.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what was captured on this day (UTC) or later.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print the outcome.")
@click.pass_context
def replay(
    ctx: click.Context, *, place: str, methods: tuple[str, ...], since: datetime | None, quiet: bool, form: str
) -> None:
    """Fill the raw tables with the captures in an object store, as if they came now; the API is not asked.

    What is there already stays as it is, so it can be done again, and goes on after it was stopped. An object that is
    no capture is listed with the reason, does not stop the rest, and makes the exit code 1. `mlb-etl transform` then
    makes the tables.

    \b
    Examples:
      mlb-etl replay --from s3://captures/mlb
      mlb-etl replay --from data/captures --method game.liveGameV1 --since 2024-07-01
    """
    from mlb_etl import object_store, restore  # noqa: PLC0415 - they need an extra that may not be installed

    settings = Settings.from_environment()
    scope = restore.Scope(methods, since.date() if since else None)
    store = object_store.ObjectStore(place)
    with db.connect(settings) as connection, capturing(quiet=quiet) as progress:
        migrate.require(connection, settings.tables)
        done = restore.restore(connection, settings.tables, store, progress, scope)
    if form == "json":
        bad = [{"object": each.name, "reason": str(each.why)} for each in done.failures]
        numbers = {"stored": done.stored, "unchanged": done.seen, "known": done.known}
        click.echo(json.dumps({**numbers, "refused": bad}, indent=2))
    else:
        for each in done.failures[:_SHOWN]:
            report.rejected(f"refused {each.name}", each.why)
        if len(done.failures) > _SHOWN:
            click.echo(f"and {len(done.failures) - _SHOWN} more that were refused; --format json lists all")
        click.echo(f"stored {done.stored}, unchanged {done.seen}, known {done.known}, refused {len(done.failures)}")
    ctx.exit(1 if done.failures else 0)
