"""mlb-etl status: what an operator wants to know at one glance."""

from dataclasses import asdict
from datetime import UTC, datetime

import click

from mlb_etl.cli import report
from mlb_etl.cli.tables import number, paragraph, table
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import db, failures
from mlb_etl.stores.postgres import status as status_
from mlb_etl.stores.postgres.failures import Failed
from mlb_etl.stores.postgres.status import Status
from mlb_etl.stores.postgres.unreadable import Counted

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))  # in seconds


@click.command()
@click.option("--forget", is_flag=True, help="Forget the failures then: what failed is not wanted any more.")
@report.FORMAT
@click.pass_context
def status(ctx: click.Context, *, forget: bool, form: str) -> None:
    """Show captures, documents that the tables show, documents behind, what waits in quarantine, and what failed.

    Behind are documents with captures that `mlb-etl transform` has not applied yet, or not under the changed mapping.
    A request that failed is listed with the cause until it is answered, or forgotten. All is read from the database,
    and nothing is asked of the API.

    The exit code is 1 where someone is to do something: migrations are pending (`mlb-etl schema init`), captures wait
    in quarantine (`mlb-etl quarantine list`), requests failed, or the tables show a document of a time that is ahead of
    the database's clock, so that what comes is taken for older. Documents behind are none of these, nor are values that
    could not be read, which are NULL in the tables and listed by their path.

    \b
    Examples:
      mlb-etl status
      mlb-etl status --format json
      mlb-etl status --forget
    """
    settings = Settings.from_environment()
    with db.connect(settings) as connection:
        found = status_.read(connection, settings.tables)
        if form == "json":
            report.as_json(asdict(found))
        else:
            _show(found)
        if forget and not found.migrations:
            failures.forget_all(connection)
    ctx.exit(1 if found.asks_for_attention else 0)


def _show(found: Status) -> None:
    if newer := [each.script for each in found.migrations if each.state == "unknown"]:
        click.echo(
            f"the database is ahead of the installed package, which lacks {', '.join(newer)}: install a newer one"
        )
        return
    if found.migrations:
        click.echo("the database lacks the schema or its newest part; `mlb-etl schema status` tells of each migration")
        return
    failed = [each.method for each in found.failures]
    headers = ("method", "captures", "documents", "applied", "behind", "quarantined", "failed", "newest", "age")
    rows = [
        (*tuple(asdict(each).values())[:-2], failed.count(each.method), _time(each.newest), _age(each.newest))
        for each in found.methods
    ]
    table(headers, rows)
    for method in found.methods:
        if method.ahead:
            paragraph(f"{method.method}: the tables show {method.ahead} documents of a time that is yet to come")
    report.some(found.unreadable, _unreadable, "can't be read")
    report.some(found.failures, _failed, "failed before")


def _unreadable(each: Counted) -> None:
    what = f"{number(each.values)} unreadable values of {each.path}, in {number(each.documents)} documents"
    paragraph(f"{each.method}: {what}, are NULL in {each.table}, for example")
    paragraph(f"{report.keys(each.document)}: {each.place} is {each.value}: {each.reason}", indent=2)


def _failed(each: Failed) -> None:
    often = "once" if each.times == 1 else f"{each.times} times since {_time(each.first_failed_at)}"
    paragraph(f"failed {each.method} {each.target}, {often}, last {_age(each.failed_at)} ago")
    paragraph(f"{each.error}: {each.cause}", indent=2)


def _time(of: datetime | None) -> str:
    return f"{of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if of else ""


def _age(of: datetime | None) -> str:
    """How long ago that was, in the largest unit of which it is two or more."""
    if of is None:
        return ""
    seconds = max(0, round((datetime.now(UTC) - of).total_seconds()))
    unit, name = next(((unit, name) for unit, name in _UNITS if seconds >= 2 * unit), (1, "s"))
    return f"{seconds // unit} {name}"
