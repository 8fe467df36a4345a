"""mlb-etl ingest and backfill: jobs that capture responses of the API."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypedDict, Unpack

import click

from mlb_etl import api
from mlb_etl.baseball.listings import LISTINGS
from mlb_etl.cli import parameters, report
from mlb_etl.cli.capturing import failures, plain
from mlb_etl.cli.progress import capturing
from mlb_etl.jobs import job_files
from mlb_etl.jobs.ingest import IngestJob
from mlb_etl.jobs.worker import Order
from mlb_etl.settings import Settings

_PATH = click.Path(path_type=Path)
_OPTIONS = (
    click.option("--job", required=True, metavar="JOB", help=parameters.JOB),
    click.option("--game-pk", multiple=True, help="This game. Repeatable; the same as --param game_pk=N."),
    click.option(
        "--date",
        multiple=True,
        help="This date, or the games of it: YYYY-MM-DD, today, yesterday or tomorrow where the job is. Repeatable.",
    ),
    click.option("--season", multiple=True, help="The games of this season. Repeatable."),
    click.option("--sport-id", multiple=True, help="Games of this level of play; 1 is MLB, as by default. Repeatable."),
    parameters.PARAM,
    click.option("--transform", is_flag=True, help="Apply what is captured to the tables at once."),
    click.option("--object-store", "store", is_flag=True, help="Keep what is captured in MLB_ETL_OBJECT_STORE too."),
    click.option("--again", is_flag=True, help="Ask for games too that are over and captured: for late corrections."),
    click.option("--dry-run", is_flag=True, help="Print what would be asked for. Only what lists them is asked for."),
    click.option("--record", type=_PATH, help="Keep a stub of each response in this folder."),
    click.option("--replay", type=_PATH, help="Take responses from the stubs in this folder, and none from the API."),
    click.option("--quiet", is_flag=True, help="No progress."),
    report.FORMAT,
)


class _Asked(TypedDict):
    """The values of the options."""

    job: str
    game_pk: tuple[str, ...]
    date: tuple[str, ...]
    season: tuple[str, ...]
    sport_id: tuple[str, ...]
    params: tuple[str, ...]
    transform: bool
    store: bool
    again: bool
    dry_run: bool
    record: Path | None
    replay: Path | None
    quiet: bool
    form: str


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@_options
@click.pass_context
def ingest(ctx: click.Context, **asked: Unpack[_Asked]) -> None:
    """Ask the API for what a job says, and keep the responses as they come.

    A response whose content did not change is counted, not stored again. Jobs that expand by the schedule leave out
    games that are over and captured since, so a job that was stopped goes on where it was. What failed is listed in the
    end, does not stop the rest, and makes the exit code 1.

    \b
    Examples:
      mlb-etl ingest --job game_live_specific --game-pk 747175
      mlb-etl ingest --job game_live_date --date yesterday --transform
      mlb-etl ingest --job game_live_season --season 2024 --dry-run
      mlb-etl ingest --job schedule_daily --date 2024-10-25
      mlb-etl ingest --job game_live_date --date 2024-10-25 --record data/recorded
    """
    _run(ctx, 1, asked)


@click.command()
@_options
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    show_default="one a processor",
    help="Processes that ask, keep and apply, together at the one rate.",
)
@click.pass_context
def backfill(ctx: click.Context, workers: int, **asked: Unpack[_Asked]) -> None:
    """Do what ingest does in several processes, for many games of a server of your own or an archive of recordings.

    All ask at the one MLB_ETL_RATE, so of the Stats API itself they get no more than ingest does. A worker that dies is
    replaced; killed as a whole, it goes on where it was.

    \b
    Examples:
      mlb-etl backfill --job game_live_season --season 2023 --season 2024
      mlb-etl backfill --job game_live_date --date 2024-10-25 --workers 4
    """
    _run(ctx, workers, asked)


def _run(ctx: click.Context, workers: int, asked: _Asked) -> None:
    if asked["record"] and asked["replay"]:
        raise click.UsageError("--record keeps what the API says, --replay does without it: not both")
    how: dict[str, Any] = {name: asked[name] for name in ("transform", "store", "again", "record", "replay")}
    settings = Settings.from_environment()
    job = job_files.load(asked["job"], settings.tables)
    order = Order(job, settings, api.database(settings), listings=LISTINGS, **how)
    named: dict[str, Any] = {name: asked[name] for name in ("game_pk", "date", "season", "sport_id")}
    given = parameters.given(asked["params"], **named)
    with closing(order.source()) as source:
        work = IngestJob(order, given, source)
        if asked["dry_run"]:
            urls = [f"{order.settings.api}{request.target}" for request in (*work.listings(), *work.pending())]
            if asked["form"] == "json":
                report.as_json({"requests": urls})
            else:
                for url in urls:
                    click.echo(f"GET {url}")
            return
        with capturing(quiet=asked["quiet"]) as progress:
            done = work.run(progress, workers=workers)
    if asked["form"] == "json":
        report.as_json(plain(done))
    else:
        if done.counts is not None:
            report.counts(done.counts)
        failures(done.captured)
    quarantined = done.counts is not None and done.counts.documents.quarantined
    ctx.exit(1 if done.captured.failures or quarantined else 0)
