"""mlb-etl ingest: a job that captures responses of the API."""

import json
from contextlib import closing
from pathlib import Path

import click

from mlb_etl import ingest_job, jobs
from mlb_etl.cli import parameters, report
from mlb_etl.cli.capturing import capturing, failures, plain
from mlb_etl.ingest_job import IngestJob
from mlb_etl.settings import Settings

_PATH = click.Path(path_type=Path)


@click.command()
@click.option("--job", "file", type=_PATH, required=True, help="The job file.")
@click.option("--game-pk", multiple=True, help="This game. Repeatable; the same as --param game_pk=N.")
@click.option("--date", multiple=True, help="This date, or the games of it, YYYY-MM-DD. Repeatable.")
@click.option("--season", multiple=True, help="The games of this season. Repeatable.")
@parameters.PARAM
@click.option("--transform", is_flag=True, help="Apply what is captured to the tables at once.")
@click.option("--again", is_flag=True, help="Ask for games too that are over and captured: for late corrections.")
@click.option("--dry-run", is_flag=True, help="Print what would be asked for. Only the schedule is asked for.")
@click.option("--record", type=_PATH, help="Keep a stub of each response in this folder.")
@click.option("--replay", type=_PATH, help="Take responses from the stubs in this folder, and none from the API.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print the outcome.")
@click.pass_context
def ingest(
    ctx: click.Context,
    *,
    file: Path,
    game_pk: tuple[str, ...],
    date: tuple[str, ...],
    season: tuple[str, ...],
    params: tuple[str, ...],
    transform: bool,
    again: bool,
    dry_run: bool,
    record: Path | None,
    replay: Path | None,
    quiet: bool,
    form: str,
) -> None:
    """Ask the API for what a job says, and keep the responses as they come.

    A response whose content did not change is counted, not stored again. Jobs that go by the schedule leave out games
    that are over and captured since, so a job that was stopped goes on where it was. What failed is listed in the end,
    does not stop the rest, and makes the exit code 1.

    \b
    Examples:
      mlb-etl ingest --job config/jobs/game_live_specific.yaml --game-pk 747175
      mlb-etl ingest --job config/jobs/game_live_date.yaml --date 2024-10-25 --transform
      mlb-etl ingest --job config/jobs/game_live_season.yaml --season 2024 --dry-run
      mlb-etl ingest --job config/jobs/schedule_daily.yaml --date 2024-10-25
      mlb-etl ingest --job config/jobs/game_live_date.yaml --date 2024-10-25 --record data/recorded
    """
    if record and replay:
        raise click.UsageError("--record keeps what the API says, --replay does without it: not both")
    settings = Settings.from_environment()
    job = jobs.read(file)
    given = parameters.given(params, game_pk=game_pk, date=date, season=season)
    with closing(ingest_job.source(job, settings, record=record, replay=replay)) as source:
        work = IngestJob(job, given, settings, source)
        if dry_run:
            for request in (*work.schedules(), *work.pending(again=again)):
                click.echo(f"GET {settings.api}{request.target}")
            return
        with capturing(quiet=quiet) as progress:
            done = work.run(progress, transform=transform, again=again)
    if form == "json":
        click.echo(json.dumps(plain(done), indent=2))
    else:
        if done.counts is not None:
            report.counts(done.counts)
        failures(done.captured)
    quarantined = done.counts is not None and done.counts.documents.quarantined
    ctx.exit(1 if done.captured.failures or quarantined else 0)
