"""mlb-etl quarantine: captures that were not applied, and what is decided on them."""

import json
from collections import defaultdict
from dataclasses import asdict

import click

from mlb_etl import db, jobs, quarantine
from mlb_etl.cli import report
from mlb_etl.counts import Counts
from mlb_etl.db import Connection
from mlb_etl.quarantine import Entry
from mlb_etl.settings import Settings
from mlb_etl.watermark import Policy

_NUMBERS = click.argument("numbers", metavar="ID...", nargs=-1, required=True, type=int)
_FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print it.")


@click.group("quarantine")
def group() -> None:
    """Look at captures that were not applied, and decide on them.

    A capture that breaks a rule waits here, in etl.quarantine, and stays in the raw table; nothing of it is in the
    tables, and `mlb-etl transform` leaves it alone.
    """


@group.command("list")
@click.option("--all", "dropped", is_flag=True, help="Also what was dropped.")
@_FORMAT
def list_(*, dropped: bool, form: str) -> None:
    """List what waits, oldest first.

    \b
    Examples:
      mlb-etl quarantine list
      mlb-etl quarantine list --all --format json
    """
    with _connect() as connection:
        found = quarantine.entries(connection, dropped=dropped)
    if form == "json":
        click.echo(json.dumps([_plain(each) for each in found], indent=2))
        return
    rows = [
        (each.id, _about(each), f"{each.captured_at:%Y-%m-%dT%H:%M:%S%z}", each.state, each.table or "", each.reason)
        for each in found
    ]
    report.table(("id", "document", "captured at", "state", "table", "reason"), rows)


@group.command()
@click.argument("number", metavar="ID", type=int)
@_FORMAT
def show(*, number: int, form: str) -> None:
    """Show one: where it breaks which rule, with which value.

    \b
    Example:
      mlb-etl quarantine show 12
    """
    with _connect() as connection:
        found = quarantine.entry(connection, number)
    facts = _plain(found)
    if form == "json":
        click.echo(json.dumps(facts, indent=2))
        return
    for name, fact in facts.items():
        if fact is not None:
            click.echo(f"{name:<14}  {fact if isinstance(fact, str) else json.dumps(fact)}")


@group.command()
@click.argument("numbers", metavar="[ID...]", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="All that waits.")
@click.pass_context
def retry(ctx: click.Context, *, numbers: tuple[int, ...], everything: bool) -> None:
    """Apply captures as `transform` would, after what stopped them was mended: a mapping, a rule, the database.

    What can't be applied stays, and the exit code is 1.

    \b
    Examples:
      mlb-etl quarantine retry 12 13
      mlb-etl quarantine retry --all
    """
    if bool(numbers) == everything:
        raise click.UsageError("say which: one or more IDs, or --all")
    with _connect() as connection:
        chosen = quarantine.entries(connection) if everything else _entries(connection, numbers)
    _settle(ctx, chosen, "new")


@group.command()
@_NUMBERS
@click.pass_context
def accept(ctx: click.Context, *, numbers: tuple[int, ...]) -> None:
    """Apply captures although they delete much of what is there, or differ from another of the same time.

    Other rules hold all the same, and what is older than the tables stays without effect.

    \b
    Example:
      mlb-etl quarantine accept 12
    """
    with _connect() as connection:
        chosen = _entries(connection, numbers)
    _settle(ctx, chosen, "accept")


@group.command()
@_NUMBERS
def drop(*, numbers: tuple[int, ...]) -> None:
    """Decide that captures are never to be applied; they stay in the raw table, and in `quarantine list --all`.

    \b
    Example:
      mlb-etl quarantine drop 12
    """
    with _connect() as connection:
        _entries(connection, numbers)
        quarantine.drop(connection, numbers)
    click.echo(f"dropped {len(numbers)}")


def _connect() -> Connection:
    return db.connect(Settings.from_environment())


def _entries(connection: Connection, numbers: tuple[int, ...]) -> list[Entry]:
    return [quarantine.entry(connection, number) for number in numbers]


def _settle(ctx: click.Context, chosen: list[Entry], policy: Policy) -> None:
    by_method: defaultdict[str, list[int]] = defaultdict(list)
    for each in chosen:
        by_method[each.method].append(each.id)
    counts = Counts()
    for method, numbers in by_method.items():
        counts += jobs.settle(method, numbers, policy)
    report.counts(counts)
    ctx.exit(1 if counts.quarantined else 0)


def _about(entry: Entry) -> str:
    keys = ", ".join(f"{name} {value}" for name, value in entry.document.items())
    return f"{entry.method} {keys}"


def _plain(entry: Entry) -> dict[str, object]:
    times = {"captured_at": entry.captured_at.isoformat(), "quarantined_at": entry.quarantined_at.isoformat()}
    return asdict(entry) | times
