"""mlb-etl status: an overview for operators."""

from dataclasses import asdict
from datetime import UTC, datetime

import click

from mlb_etl import api
from mlb_etl.cli import parameters, report
from mlb_etl.cli.tables import print_paragraph, print_table
from mlb_etl.cli.unreadable import print_unreadable
from mlb_etl.stores.interfaces.operations import DatabaseStatus, FailedRequest

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))  # in seconds


@click.command()
@click.option("--forget", is_flag=True, help="Afterwards, forget the failed requests.")
@parameters.TARGET
@report.FORMAT
@click.pass_context
def status(ctx: click.Context, *, forget: bool, target: str | None, form: str) -> None:
    """Show captures, applied documents, documents behind, captures in quarantine, and failed requests.

    A document is behind if it has captures that `mlb-etl transform` has not applied yet, or not under the changed
    mapping. A failed request is listed with its cause until it is answered or forgotten. The command reads only the
    database and does not ask the API.

    The exit code is 1 if something needs your attention: migrations are pending (`mlb-etl schema init`), captures wait
    in quarantine (`mlb-etl quarantine list`), requests failed, or the tables show a time ahead of the database's clock,
    so that new captures would count as older. Documents behind don't need attention, nor do unreadable values, which
    are NULL in the tables and listed by path.

    \b
    Examples:
      mlb-etl status
      mlb-etl status --format json
      mlb-etl status --forget
      mlb-etl status --target delta:data/lake
    """
    with api.database(parameters.settings_for(target)).open() as stores:
        operations = stores.operations()
        found = operations.status()
        if form == "json":
            report.print_json(asdict(found))
        else:
            _show(found)
        if forget and not found.migrations:
            operations.forget_failures()
    ctx.exit(1 if found.asks_for_attention else 0)


def _show(found: DatabaseStatus) -> None:
    if newer := [each.script for each in found.migrations if each.state == "unknown"]:
        click.echo(
            f"the database is newer than the installed package, which lacks {', '.join(newer)}: install a newer version"
        )
        return
    if found.migrations:
        click.echo("the database lacks the schema or its latest migrations; `mlb-etl schema status` lists them")
        return
    failed = [each.method for each in found.failures]
    headers = ("method", "captures", "documents", "applied", "behind", "quarantined", "failed", "newest", "age")
    rows = [
        (*tuple(asdict(each).values())[:-2], failed.count(each.method), _time(each.newest), _age(each.newest))
        for each in found.methods
    ]
    print_table(headers, rows)
    for method in found.methods:
        if method.ahead:
            print_paragraph(f"{method.method}: the tables show {method.ahead} documents of a future time")
    report.some(found.unreadable, print_unreadable, "can't be read")
    report.some(found.failures, _failed, "failed before")


def _failed(each: FailedRequest) -> None:
    often = "once" if each.times == 1 else f"{each.times} times since {_time(each.first_failed_at)}"
    print_paragraph(f"failed {each.method} {each.target}, {often}, last {_age(each.failed_at)} ago")
    print_paragraph(f"{each.error}: {each.cause}", indent=2)


def _time(of: datetime | None) -> str:
    return f"{of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if of else ""


def _age(of: datetime | None) -> str:
    """How long ago that was, in the largest unit that gives at least 2."""
    if of is None:
        return ""
    seconds = max(0, round((datetime.now(UTC) - of).total_seconds()))
    unit, name = next(((unit, name) for unit, name in _UNITS if seconds >= 2 * unit), (1, "s"))
    return f"{seconds // unit} {name}"
