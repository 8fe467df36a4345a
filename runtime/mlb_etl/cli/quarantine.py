"""mlb-etl quarantine: list captures that can't be applied, and decide about them."""

import functools
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

import click

from mlb_contracts import times
from mlb_etl import api, registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.cli import completing, parameters, report, shortcuts
from mlb_etl.cli.report import FORMAT, Waiting
from mlb_etl.errors import Rejected
from mlb_etl.laws.counts import Counts
from mlb_etl.laws.verdict import Policy
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.database import Stores
from mlb_etl.stores.interfaces.operations import Entry, EntryFilter

State: TypeAlias = Literal["waiting", "dropped"]
_LARGEST = 2**63 - 1  # of numbers in quarantine


def _day(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.combine(times.parse_game_day(text), datetime.min.time(), UTC)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a day: {error}") from error


_FILTERS = (
    click.argument(
        "numbers", metavar="[ID]...", nargs=-1, shell_complete=completing.quarantined, type=click.IntRange(1, _LARGEST)
    ),
    click.option(
        "--method", shell_complete=completing.methods, help="Only captures of this method, such as tracker.issues."
    ),
    shortcuts.of_documents,
    click.option(
        "--key", "keys", multiple=True, metavar="NAME=VALUE", help="Only documents with this key. Repeatable."
    ),
    click.option(
        "--table",
        metavar="SCHEMA.TABLE",
        shell_complete=completing.tables,
        help="Only captures with an error in this table.",
    ),
    click.option("--reason", metavar="TEXT", help="Only captures whose reason contains this text, in any case."),
    click.option("--since", callback=_day, metavar="DAY", help="Only captures of this day (UTC) or later."),
    click.option("--before", callback=_day, metavar="DAY", help="Only captures from before this day (UTC)."),
    parameters.TARGET,
)
_ALL = click.option("--all", "everything", is_flag=True, help="All waiting captures.")
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Only list the selected captures.")
_YES = click.option("--yes", is_flag=True, help="Don't ask for confirmation.")


def _chosen_by(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the filters and the database to a command, which receives them as one argument each."""

    @functools.wraps(command)
    def parsed(
        *, numbers: tuple[int, ...], method: str | None, keys: tuple[str, ...],
        table: str | None, reason: str | None, since: datetime | None, before: datetime | None, target: str | None,
        **others: Any,
    ) -> None:  # fmt: skip
        document = parameters.given(keys, shortcuts.taken(others), option="--key")
        wanted = EntryFilter(
            numbers, method=method, table=table, reason=reason, since=since, before=before, document=document
        )
        command(wanted=wanted, settings=parameters.settings_for(target), **others)

    for decorator in reversed(_FILTERS):
        parsed = decorator(parsed)
    return parsed


@click.group("quarantine")
def group() -> None:
    """List captures that can't be applied, and decide about them.

    A capture that breaks a rule waits in quarantine (etl.quarantine). It stays in the raw table, but none of it is in
    the tables, and `mlb-etl transform` skips it. Select captures by id, or by filters, which all have to match.

    \b
    Examples:
      mlb-etl quarantine list
      mlb-etl quarantine show 12
      mlb-etl quarantine retry --all
      mlb-etl quarantine list --target delta:data/lake
    """


@group.command("list")
@_chosen_by
@click.option(
    "--state",
    type=click.Choice(["waiting", "dropped", "all"]),
    default="waiting",
    show_default=True,
    help="List waiting captures, dropped ones, or both.",
)
@FORMAT
def list_(*, wanted: EntryFilter, settings: Settings, state: Literal["waiting", "dropped", "all"], form: str) -> None:
    """List waiting captures, oldest first, grouped by reason.

    \b
    Examples:
      mlb-etl quarantine list
      mlb-etl quarantine list --reason "would delete" --since 2024-07-01
      mlb-etl quarantine list --state all --key issue_id=7 --format json
    """
    found = _find(settings, wanted, None if state == "all" else state)
    if form == "json":
        report.print_json([asdict(each) for each in found])
    elif found:
        report.waiting(map(_waiting, found))
    else:
        click.echo("nothing")


@group.command()
@_chosen_by
@FORMAT
def show(*, wanted: EntryFilter, settings: Settings, form: str) -> None:
    """Show which rule each capture breaks, where and with which value. The JSON output is a list.

    \b
    Examples:
      mlb-etl quarantine show 12
      mlb-etl quarantine show --key issue_id=7 --format json
    """
    _require(wanted, everything=False)
    found = _find(settings, wanted, None)
    if form == "json":
        report.print_json([asdict(each) for each in found])
        return
    for each in found:
        report.pairs(asdict(each))


@group.command()
@_chosen_by
@_ALL
@_DRY_RUN
@FORMAT
@click.pass_context
def retry(
    ctx: click.Context, *, wanted: EntryFilter, settings: Settings, everything: bool, dry_run: bool, form: str
) -> None:
    """Apply captures as `transform` would, after the cause is fixed: in a mapping, a rule or the database.

    Captures that still can't be applied stay in quarantine, and the exit code is 1.

    \b
    Examples:
      mlb-etl quarantine retry 12 13
      mlb-etl quarantine retry --table tracker.issue_labels
      mlb-etl quarantine retry --all
    """
    found = _meant(settings, wanted, "retried", everything=everything, dry_run=dry_run, form=form)
    if not dry_run:
        _settle(ctx, settings, found, "new", form)


@group.command()
@_chosen_by
@_ALL
@_DRY_RUN
@_YES
@FORMAT
@click.pass_context
def accept(
    ctx: click.Context,
    *,
    wanted: EntryFilter,
    settings: Settings,
    everything: bool,
    dry_run: bool,
    yes: bool,
    form: str,
) -> None:
    """Apply captures although they delete much of a document, or differ from another capture of the same time.

    All other rules still hold, and a capture older than the tables still has no effect.

    \b
    Examples:
      mlb-etl quarantine accept 12
      mlb-etl quarantine accept --reason "would delete" --dry-run
    """
    found = _meant(settings, wanted, "accepted", everything=everything, dry_run=dry_run, form=form)
    if not dry_run:
        _confirm(wanted, found, "accepted", yes=yes)
        _settle(ctx, settings, found, "accept", form)


@group.command()
@_chosen_by
@_ALL
@_DRY_RUN
@_YES
@FORMAT
def drop(*, wanted: EntryFilter, settings: Settings, everything: bool, dry_run: bool, yes: bool, form: str) -> None:
    """Mark captures as never to be applied; they stay in the raw table and in `list --state dropped`.

    \b
    Examples:
      mlb-etl quarantine drop 12
      mlb-etl quarantine drop --key issue_id=7 --yes
    """
    found = _meant(settings, wanted, "dropped", everything=everything, dry_run=dry_run, form=form)
    if dry_run:
        return
    _confirm(wanted, found, "dropped", yes=yes)
    with _open(settings) as stores:
        stores.operations().mark_dropped([each.id for each in found])
    if form == "json":
        report.print_json({"dropped": [each.id for each in found]})
    else:
        click.echo(f"dropped {len(found)}")


def _open(settings: Settings) -> Stores:
    stores = api.database(settings).open()
    stores.require_migrated(writing=False)
    return stores


def _find(settings: Settings, wanted: EntryFilter, state: State | None) -> list[Entry]:
    """The selected captures; those selected by id may be in any state."""
    with _open(settings) as stores:
        return stores.operations().entries(wanted if wanted.numbers else replace(wanted, state=state))


def _require(wanted: EntryFilter, *, everything: bool) -> None:
    if (wanted == EntryFilter()) != everything:
        raise click.UsageError("select captures: by one or more IDs, filters, or --all")


def _meant(
    settings: Settings, wanted: EntryFilter, done: str, *, everything: bool, dry_run: bool, form: str
) -> list[Entry]:
    """The captures to act on; a dry run prints them and returns none."""
    _require(wanted, everything=everything)
    found = _find(settings, wanted, "waiting")
    if not dry_run:
        return found
    if form == "json":
        report.print_json([asdict(each) for each in found])
    else:
        report.waiting(map(_waiting, found))
        click.echo(f"{len(found)} would be {done}")
    return found


def _confirm(wanted: EntryFilter, found: list[Entry], done: str, *, yes: bool) -> None:
    """Ask for confirmation, unless captures were selected by id alone."""
    if yes or not found or wanted == EntryFilter(wanted.numbers) != EntryFilter():
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{len(found)} would be {done}: --dry-run lists them, --yes does it")
    click.confirm(f"{len(found)} will be {done}; --dry-run lists them. Continue?", abort=True, err=True)


def _settle(ctx: click.Context, settings: Settings, chosen: list[Entry], policy: Policy, form: str) -> None:
    by_method: defaultdict[str, list[int]] = defaultdict(list)
    for each in chosen:
        by_method[each.method].append(each.id)
    counts = Counts()
    for method, numbers in by_method.items():
        counts += Pipeline(registry.method(settings.tables, method), api.database(settings)).settle(numbers, policy)
    if form == "json":
        report.print_json(report.counts_json(counts))
    else:
        report.counts(counts)
    ctx.exit(1 if counts.quarantined else 0)


def _waiting(entry: Entry) -> Waiting:
    why = Rejected(entry.reason, path=entry.path, value=entry.value, table=entry.table)
    return Waiting(
        entry.id, f"{entry.method} {report.document_text(entry.document)}", entry.captured_at, entry.state, why
    )
