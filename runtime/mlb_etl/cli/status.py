"""mlb-etl status: an overview for operators."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import click

from mlb_etl import api, plugins, registry
from mlb_etl.cli import ages, completing, parameters, report
from mlb_etl.cli.tables import print_paragraph, print_table
from mlb_etl.cli.unreadable import print_unreadable
from mlb_etl.stores.interfaces.operations import DatabaseStatus, FailedRequest, PartitionsAhead
from mlb_etl.stores.interfaces.runs import RecordedRun


@click.command()
@click.option("--forget", is_flag=True, help="Afterwards, forget the failed requests.")
@click.option(
    "--max-age",
    "limit",
    callback=ages.parse_age,
    metavar="AGE",
    help="End with exit code 1 if data is older than this: a number of s, m, h or d, such as 30m.",
)
@click.option(
    "--method",
    "methods",
    multiple=True,
    shell_complete=completing.methods,
    help="With --max-age: look at this method's data. Repeatable.",
)
@click.option(
    "--live", "only_live", is_flag=True, help="With --max-age: look at documents in progress and waiting captures."
)
@parameters.TARGET
@report.FORMAT
@click.pass_context
def status(
    ctx: click.Context,
    *,
    forget: bool,
    limit: timedelta | None,
    methods: tuple[str, ...],
    only_live: bool,
    target: str | None,
    form: str,
) -> None:
    """Show captures, applied documents, documents behind, quarantine, failed requests, and the last runs.

    A document is behind if it has captures that `mlb-etl transform` has not applied yet, or not under the changed
    mapping. A failed request is listed with its cause until it is answered or forgotten. The last run of each command
    and job is listed with its outcome; lost: it has neither ended nor given a sign of life for 15 minutes. The command
    reads only the database and does not ask the API.

    The exit code is 1 if something needs your attention: migrations are pending (`mlb-etl schema init`), captures wait
    in quarantine (`mlb-etl quarantine list`), requests failed, or the tables show a time ahead of the database's clock,
    so that new captures would count as older. Documents behind don't need attention, nor do unreadable values, which
    are NULL in the tables and listed by path.

    With --max-age it is also 1 if data is older than that: if the latest response of a document in progress is older,
    if a capture has waited longer to be applied, or if the tables show no newer response, of any method or of each
    --method. A response with unchanged content counts. With --live the last of these is left out, as nothing new comes
    while none is in progress.

    \b
    Examples:
      mlb-etl status
      mlb-etl status --format json
      mlb-etl status --max-age 1d
      mlb-etl status --max-age 2h --method weather.hours
      mlb-etl status --max-age 5m --live
      mlb-etl status --forget
      mlb-etl status --target delta:data/lake
    """
    if limit is None and (methods or only_live):
        raise click.UsageError("--method and --live go with --max-age")
    if methods and only_live:
        raise click.UsageError("--live looks at documents in progress, so it does not go with --method")
    settings = parameters.settings_for(target)
    names = {registry.method(settings.tables, name).name for name in methods}
    with api.database(settings).open() as stores:
        operations = stores.operations()
        found, now = operations.status(plugins.changing()), datetime.now(UTC)
        old = []
        if limit is not None and not found.migrations:
            old = [*ages.older(found, limit, now, methods=sorted(names), only_live=only_live)]
        if form == "json":
            report.print_json(asdict(found) | {"too_old": old})
        else:
            _show(found, now)
            for each in old:
                print_paragraph(f"too old: {each}")
        if forget and not found.migrations:
            operations.forget_failures()
    ctx.exit(1 if found.asks_for_attention or old else 0)


def _show(found: DatabaseStatus, now: datetime) -> None:
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
    rows: list[list[report.Cell]] = []
    for each in found.methods:
        numbers = (each.captures, each.documents, each.applied, each.behind, each.quarantined)
        rows.append([each.method, *numbers, failed.count(each.method), _time(each.newest), _age(each.newest, now)])
    print_table(headers, rows)
    for method in found.methods:
        if method.ahead:
            print_paragraph(f"{method.method}: the tables show {method.ahead} documents of a future time")
        if method.behind_since is not None:
            print_paragraph(f"{method.method}: the oldest capture to apply is {_age(method.behind_since, now)} old")
    for changing in found.changing:
        seen = f"{_age(changing.seen_at, now)} old" if changing.seen_at else "missing"
        print_paragraph(f"in progress: {report.document_text(changing.document)}, latest response {seen}")
    for drifted in found.drift:
        print_paragraph(f"drift: {drifted.paths} paths of {drifted.method}; `mlb-etl drift` lists them")
    _show_partitions(found.partitions)
    report.some(found.unreadable, print_unreadable, "can't be read")
    report.some(found.failures, lambda each: _failed(each, now), "failed before")
    _show_runs(found.runs, now)


def _show_partitions(tables: Sequence[PartitionsAhead]) -> None:
    """Print how far ahead partitions were made, if they were, of the tables that have the fewest."""
    for kind in ("month", "year"):
        least = min((each.ahead for each in tables if each.kind == kind), default=-1)
        if least >= 0:
            print_paragraph(f"partitions: {least} {kind}s after this one; `mlb-etl schema partitions` makes more")


def _show_runs(runs: Sequence[RecordedRun], now: datetime) -> None:
    if not runs:
        return
    rows: list[list[report.Cell]] = []
    for each in runs:
        numbers = (int(sum(each.counts.get(name, {}).values())) for name in ("captures", "documents"))
        took = _age(each.started_at, each.ended_at or now)
        rows.append([each.command, each.subject, each.state, _time(each.started_at), took, *numbers])
    print_table(("last run", "of", "outcome", "started", "took", "captures", "documents"), rows)


def _failed(each: FailedRequest, now: datetime) -> None:
    often = "once" if each.times == 1 else f"{each.times} times since {_time(each.first_failed_at)}"
    print_paragraph(f"failed {each.method} {each.target}, {often}, last {_age(each.failed_at, now)} ago")
    print_paragraph(f"{each.error}: {each.cause}", indent=2)


def _time(of: datetime | None) -> str:
    return f"{of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if of else ""


def _age(of: datetime | None, now: datetime) -> str:
    """How long before `now` that was; empty if it never was."""
    return ages.age(now - of) if of is not None else ""
