"""mlb-etl transform: apply captures to the tables."""

import os

import click

from mlb_etl import api, registry
from mlb_etl.cli import parameters, report
from mlb_etl.cli.progress import counting
from mlb_etl.jobs import job_files
from mlb_etl.jobs.spec import Job
from mlb_etl.laws.verdict import Policy


@click.command()
@click.option("--job", metavar="JOB", help=parameters.JOB)
@click.option(
    "--method", help="Instead of a job: the method, such as game.liveGameV1; parameters are its documents' keys."
)
@click.option("--game-pk", multiple=True, help="Only this game. Repeatable; the same as --param game_pk=N.")
@parameters.PARAM
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    show_default="one per processor",
    help="Number of processes; a few documents take only one.",
)
@parameters.TARGET
@click.option("--replay", is_flag=True, help="Also apply again the captures that the tables show.")
@report.FORMAT
@click.pass_context
def transform(
    ctx: click.Context,
    *,
    job: str | None,
    method: str | None,
    game_pk: tuple[str, ...],
    params: tuple[str, ...],
    workers: int,
    target: str | None,
    replay: bool,
    form: str,
) -> None:
    """Apply the captures in the raw table to the tables, in order of time for each document.

    It prints the rows inserted, updated, unchanged and deleted in each table, and the numbers of captures that were
    applied, had nothing new (same), were older than what the tables show (stale), or went to quarantine. A capture goes
    to quarantine if it breaks a rule. It does not stop the others; `mlb-etl quarantine list` shows it, and the exit
    code is 1.

    After a change of the mapping and a migration of the schema, transform applies every document again.

    \b
    Examples:
      mlb-etl transform --method game.liveGameV1
      mlb-etl transform --method game.liveGameV1 --game-pk 747175 --format json
      mlb-etl transform --method game.liveGameV1 --target delta:data/lake
      mlb-etl transform --method schedule.schedule --param schedule_date=yesterday
      mlb-etl transform --job game_live_transform --replay --workers 4
    """
    policy: Policy = "again" if replay else "new"
    given = parameters.given(params, game_pk=game_pk)
    settings = parameters.settings_for(target)
    chosen, database = _job(job, method, settings.tables), api.database(settings)
    with counting("documents") as progress:
        counts = job_files.run_transform(chosen, given, database, workers=workers, policy=policy, progress=progress)
    if form == "json":
        report.print_json(report.counts_json(counts))
    else:
        report.counts(counts)
    ctx.exit(1 if counts.documents.quarantined else 0)


def _job(given: str | None, method: str | None, package: str) -> Job:
    if (given is None) == (method is None):
        raise click.UsageError("give either --job or --method")
    return (
        job_files.load_job(given, package)
        if given is not None
        else job_files.transform_job(registry.method(package, method or ""))
    )
