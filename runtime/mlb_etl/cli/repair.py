"""mlb-etl repair: derive the rows of documents again from their captures."""

from dataclasses import asdict

import click

from mlb_etl import api
from mlb_etl.apply import repair as work
from mlb_etl.cli import documents, parameters, report, running, shortcuts
from mlb_etl.laws.counts import Counts
from mlb_etl.observe.flow import Flow
from mlb_etl.settings import Settings


@click.command()
@documents.METHOD
@shortcuts.of_documents
@parameters.PARAM
@click.option("--all", "everything", is_flag=True, help="All documents.")
@report.FORMAT
@click.pass_context
def repair(
    ctx: click.Context,
    /,
    *,
    method: str | None,
    params: tuple[str, ...],
    everything: bool,
    form: str,
    **chosen: tuple[str, ...],
) -> None:
    """Derive the rows of documents again from their captures, whatever the tables hold now.

    This is for rows that were changed, deleted or added by hand, and for documents that show a future time. Rows are
    derived from the capture that the tables show, or from the newest one outside quarantine if that is gone; later rows
    are replaced too. Captures not applied yet are then applied as usual.

    `mlb-etl verify rows` lists the differences. The exit code is 1 if a document could not be repaired or captures wait
    in quarantine.

    \b
    Examples:
      mlb-etl repair --method tracker.issues --param issue_id=7
      mlb-etl repair --method weather.hours --param day=2024-07-01
      mlb-etl repair --all --format json
    """
    given = parameters.given(params, chosen)
    if everything == any(given.values()):
        raise click.UsageError(f"select documents: by {shortcuts.names()}--param, or --all")
    settings = Settings.from_environment()
    database, methods = api.database(settings), [*documents.chosen(settings.tables, method, given)]
    flows = [Flow(each, settings.api, captures=False, applies=True) for each, _ in methods]
    with running.recorded("repair", method or "", [database], lambda: flows):
        done = {each.name: work.repair(database, each, scope) for each, scope in methods}
        if form == "json":
            facts = {name: asdict(each) | {"counts": report.counts_json(each.counts)} for name, each in done.items()}
            report.print_json(facts)
        else:
            report.counts(sum((each.counts for each in done.values()), Counts()))
            for name, each in done.items():
                _show(name, each)
        ctx.exit(1 if any(each.left or each.counts.quarantined for each in done.values()) else 0)


def _show(method: str, done: work.Repaired) -> None:
    click.echo(f"{method}: {done.documents} documents, {done.changed} changed, {done.reset} reset from a future time")
    for each in done.left:
        about = ", ".join(f"{name} {value}" for name, value in each.document.items())
        click.echo(f"not repaired: {method} {about}\n  {each.why}")
