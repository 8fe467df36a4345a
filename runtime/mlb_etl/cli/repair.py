"""mlb-etl repair: the tables of documents as their captures have them."""

from dataclasses import asdict

import click

from mlb_etl import api
from mlb_etl.apply import repair as work
from mlb_etl.cli import documents, parameters, report
from mlb_etl.laws.counts import Counts
from mlb_etl.settings import Settings


@click.command()
@documents.METHOD
@documents.GAME_PK
@parameters.PARAM
@click.option("--all", "everything", is_flag=True, help="All documents.")
@report.FORMAT
@click.pass_context
def repair(
    ctx: click.Context,
    *,
    method: str | None,
    game_pk: tuple[str, ...],
    params: tuple[str, ...],
    everything: bool,
    form: str,
) -> None:
    """Bring the tables of documents to their captures, whatever is in them.

    For rows that were changed, deleted or added by hand, and for a document that shows a time that is yet to come. Its
    rows are made again from the capture that the tables show, or from the newest sound one where that is gone; rows
    that are later are replaced too. Then captures that were not applied yet are applied as always.

    `mlb-etl verify rows` tells what differs. The exit code is 1 where a document is left as it was, or captures wait in
    quarantine.

    \b
    Examples:
      mlb-etl repair --method game.liveGameV1 --game-pk 747175
      mlb-etl repair --method schedule.schedule --param schedule_date=2024-07-01
      mlb-etl repair --all --format json
    """
    given = parameters.given(params, game_pk=game_pk)
    if everything == any(given.values()):
        raise click.UsageError("say which documents: --game-pk, --param, or --all")
    settings = Settings.from_environment()
    done = {
        each.name: work.repair(api.database(settings), each, scope)
        for each, scope in documents.chosen(settings.tables, method, given)
    }
    if form == "json":
        facts = {name: asdict(each) | {"counts": report.plain(each.counts)} for name, each in done.items()}
        report.as_json(facts)
    else:
        report.counts(sum((each.counts for each in done.values()), Counts()))
        for name, each in done.items():
            _show(name, each)
    ctx.exit(1 if any(each.left or each.counts.quarantined for each in done.values()) else 0)


def _show(method: str, done: work.Repaired) -> None:
    click.echo(
        f"{method}: {done.documents} documents, {done.changed} changed, {done.reset} taken back from a time to come"
    )
    for each in done.left:
        about = ", ".join(f"{name} {value}" for name, value in each.document.items())
        click.echo(f"left as it is: {method} {about}\n  {each.why}")
