"""mlb-etl drift: how responses differ from the samples that the mappings were made with."""

from dataclasses import asdict
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import click

from mlb_etl import api, registry
from mlb_etl.cli import completing, parameters, report
from mlb_etl.cli.tables import format_number, print_paragraph
from mlb_etl.cli.unreadable import print_unreadable
from mlb_etl.stores.interfaces.operations import DriftedPath, UnreadablePath

_CHANGES = {"new": "is new", "vanished": "has vanished", "type": "has another type"}


@click.command()
@click.option(
    "--method", shell_complete=completing.methods, help="Only responses of this method, such as tracker.issues."
)
@click.option(
    "--since",
    callback=parameters.day(ZoneInfo("UTC")),
    metavar="DAY",
    help="Only what captures of this day (UTC) or later have: YYYY-MM-DD, today or yesterday.",
)
@click.option("--fail", is_flag=True, help="Exit with 1 if anything is listed.")
@click.option("--forget", is_flag=True, help="Afterwards, forget the listed paths, such as those now in samples.")
@parameters.TARGET
@report.FORMAT
@click.pass_context
def drift(
    ctx: click.Context,
    *,
    method: str | None,
    since: date | None,
    fail: bool,
    forget: bool,
    target: str | None,
    form: str,
) -> None:
    """Show how responses differ from the samples, path by path.

    A path is new if no sample has it, vanished if every sample has it and a capture lacks it, or has values of another
    JSON type. Each is listed with its first and last capture, how many captures differ so, and the last one as an
    example. Values that could not be read, and so are NULL in a table, follow.

    Captures are compared when they are applied. To accept what is new, add a capture to the samples, run `mlbgen infer`
    and `mlbgen generate`, and forget what is listed. A mapping decides by `drift` whether such captures are loaded, put
    into quarantine, or let the run fail.

    \b
    Examples:
      mlb-etl drift
      mlb-etl drift --method tracker.issues --since yesterday --fail
      mlb-etl drift --target delta:data/lake --format json
    """
    settings = parameters.settings_for(target)
    if method is not None:
        registry.method(settings.tables, method)
    start = None if since is None else datetime.combine(since, time.min, UTC)
    with api.database(settings).open() as stores:
        stores.require_migrated(writing=forget)
        found = stores.operations()
        paths = found.drifted(method, start)
        values = [each for each in found.unreadable() if method in {None, each.method}]
        if form == "json":
            report.print_json(
                {"drift": [_plain(each) for each in paths], "unreadable": [asdict(each) for each in values]}
            )
        else:
            _show(paths, values)
        if forget:
            found.forget_drift(method, start)
    ctx.exit(1 if fail and (paths or values) else 0)


def _show(paths: list[DriftedPath], values: list[UnreadablePath]) -> None:
    for each in paths:
        found = f": {each.seen}" if each.seen else ""
        print_paragraph(f"{each.method} {each.path} {_CHANGES[each.kind]}{found}")
        often = f"{format_number(each.captures)} capture{'s' if each.captures > 1 else ''}"
        span = _time(each.last_seen_at)
        if each.first_seen_at != each.last_seen_at:
            span = f"{_time(each.first_seen_at)} to {span}"
        print_paragraph(f"{often}, {span}, for example {report.document_text(each.document)}", indent=2)
    for value in values:
        print_unreadable(value)
    if not paths and not values:
        click.echo("no response differs from the samples, and every value could be read")


def _plain(each: DriftedPath) -> dict[str, object]:
    return asdict(each) | {"content_hash": each.content_hash.hex()}


def _time(of: datetime) -> str:
    return f"{of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
