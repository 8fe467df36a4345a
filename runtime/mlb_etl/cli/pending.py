"""mlb-etl jobs pending: what a job would still request, for programs that share the work out."""

from contextlib import closing

import click

from mlb_etl import api, plugins
from mlb_etl.cli import completing, parameters, report, shortcuts, targets
from mlb_etl.jobs import job_files
from mlb_etl.jobs.ingest import IngestJob
from mlb_etl.jobs.worker import IngestOrder
from mlb_etl.settings import Settings


@click.command()
@click.option("--job", metavar="JOB", shell_complete=completing.jobs, required=True, help=parameters.JOB)
@click.option("--date", multiple=True, shell_complete=completing.days, help="As `ingest` takes it. Repeatable.")
@shortcuts.of_requests
@parameters.PARAM
@click.option("--again", is_flag=True, help="Also what is captured and final.")
@report.FORMAT
def pending(
    *,
    job: str,
    date: tuple[str, ...],
    params: tuple[str, ...],
    again: bool,
    form: str,
    **named: tuple[str, ...],
) -> None:
    """Print the parameters of each request that a job would still send.

    Of a job that expands a listing these are the items whose final state is not captured yet. Only the requests for
    listings are sent, and nothing is stored. A workflow starts a step for each item of the JSON list.

    \b
    Examples:
      mlb-etl jobs pending --job hours --date today
      mlb-etl jobs pending --job issues --format json
    """
    settings = Settings.from_environment()
    given = parameters.given(params, {"date": date, **named})
    work = job_files.load_job(job, settings.tables)
    databases = {name: api.database(its) for name, its in targets.settings_of((), work.storage.raw_databases).items()}
    order = IngestOrder(work, settings, databases, again=again, listings=plugins.listings())
    with closing(order.source()) as source:
        found = [request.parameters for request in IngestJob(order, given, source).pending()]
    if form == "json":
        report.print_json(found)
    else:
        for each in found:
            click.echo(" ".join(f"{name}={value}" for name, value in each.items()))
