"""mlb-etl transform: a job that turns raw responses into tables."""

import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from mlb_etl import jobs
from mlb_etl.cli import report
from mlb_etl.transform import Counts, Quarantined


@click.command()
@click.option("--job", "file", type=click.Path(path_type=Path), required=True, help="The job file.")
@click.option("--game-pk", multiple=True, help="Only this game. Repeatable; the same as --param game_pk=N.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the job. Repeatable.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print the counts.")
@click.pass_context
def transform(ctx: click.Context, *, file: Path, game_pk: tuple[str, ...], params: tuple[str, ...], form: str) -> None:
    """Turn responses in the raw table into rows of the tables, the newest of each document, each in one transaction.

    Prints what the database did: rows inserted, updated and unchanged of each table, and captures applied, applied
    before (same), older than what was applied (stale), and quarantined: such a capture breaks a rule, is noted in
    etl.quarantine and does not stop the others; the exit code then is 1.

    \b
    Examples:
      mlb-etl transform --job config/jobs/game_live_transform.yaml
      mlb-etl transform --job config/jobs/game_live_transform.yaml --game-pk 747175 --format json
    """
    counts = jobs.run(jobs.read(file), _given(game_pk, params))
    if form == "json":
        click.echo(json.dumps(_plain(counts), indent=2))
    else:
        _print(counts)
    ctx.exit(1 if counts.quarantined else 0)


def _given(game_pk: tuple[str, ...], params: tuple[str, ...]) -> dict[str, list[str]]:
    """The texts of each parameter."""
    given: defaultdict[str, list[str]] = defaultdict(list)
    for param in (*(f"game_pk={each}" for each in game_pk), *params):
        name, equals, value = param.partition("=")
        if not equals:
            raise click.BadParameter(f"{param!r} is not NAME=VALUE", param_hint="--param")
        given[name].append(value)
    return dict(given)


def _print(counts: Counts) -> None:
    rows = [(name, each.inserted, each.updated, each.unchanged) for name, each in counts.tables.items()]
    report.table(("table", "inserted", "updated", "unchanged"), rows)
    click.echo(", ".join(f"{name} {number}" for name, number in asdict(counts.documents).items()))
    for each in counts.quarantined:
        report.rejected(f"quarantined {each.document}, captured at {each.captured_at:%Y-%m-%dT%H:%M:%S%z}", each.why)


def _plain(counts: Counts) -> dict[str, Any]:
    """The counts as JSON has them."""
    return {
        "documents": asdict(counts.documents),
        "tables": {name: asdict(each) for name, each in counts.tables.items()},
        "quarantined": [_quarantined(each) for each in counts.quarantined],
    }


def _quarantined(each: Quarantined) -> dict[str, Any]:
    why = each.why
    value = None if why.value is None else str(why.value)
    facts = {"table": why.table, "path": why.path, "value": value, "reason": why.reason}
    return {"document": json.loads(each.document), "captured_at": each.captured_at.isoformat(), **facts}
