"""mlb-etl ingest and backfill: run jobs that capture responses of the API."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypedDict, Unpack

import click

from mlb_etl import api, registry
from mlb_etl.baseball.listings import LISTINGS
from mlb_etl.cli import parameters, report, running, targets
from mlb_etl.cli.capturing import failures, outcome_json
from mlb_etl.cli.progress import capturing
from mlb_etl.jobs import job_files
from mlb_etl.jobs.ingest import IngestJob
from mlb_etl.jobs.spec import Job
from mlb_etl.jobs.worker import IngestOrder, IngestResult, Share
from mlb_etl.observe.flow import Flow
from mlb_etl.settings import Settings

_PATH = click.Path(path_type=Path)
_SHARE = re.compile(r"([0-9]{1,4})/([0-9]{1,4})")


def _share(_: click.Context, __: click.Parameter, text: str | None) -> Share | None:
    if text is None:
        return None
    found = _SHARE.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise click.BadParameter(f"{text[:40]!r} is not a share: 1/4 to 4/4 are those of 4")
    return Share(int(found[1]), int(found[2]))


_OPTIONS = (
    click.option("--job", metavar="JOB", help=parameters.JOB),
    click.option(
        "--method",
        help="Instead of a job: the method, such as team.teams; --param gives its parameters, as the API calls them.",
    ),
    click.option("--game-pk", multiple=True, help="Capture this game. Repeatable; the same as --param game_pk=N."),
    click.option(
        "--date",
        multiple=True,
        help="Capture this date or its games: YYYY-MM-DD, or today, yesterday, tomorrow or today-7 in the job's time "
        "zone. Repeatable.",
    ),
    click.option("--season", multiple=True, help="Capture the games of this season. Repeatable."),
    click.option(
        "--sport-id", multiple=True, help="Capture games of this level of play, by default 1, MLB. Repeatable."
    ),
    parameters.PARAM,
    targets.OPTION,
    click.option("--transform", is_flag=True, help="Also apply the captures to the tables."),
    click.option("--object-store", "store", is_flag=True, help="Also keep the captures in MLB_ETL_OBJECT_STORE."),
    click.option("--again", is_flag=True, help="Also request finished games that are captured, for late corrections."),
    click.option(
        "--share",
        metavar="N/M",
        callback=_share,
        help="Only the Nth of M shares of the requests, for as many processes on other machines.",
    ),
    click.option("--dry-run", is_flag=True, help="Print the requests, and send only those that list games."),
    click.option("--record", type=_PATH, help="Also write each response to this folder, as a stub."),
    click.option(
        "--replay", type=_PATH, help="Read responses from the stubs in this folder instead of asking the API."
    ),
    click.option("--quiet", is_flag=True, help="Don't report progress."),
    report.FORMAT,
)


class _Asked(TypedDict):
    """The values of the options."""

    job: str | None
    method: str | None
    game_pk: tuple[str, ...]
    date: tuple[str, ...]
    season: tuple[str, ...]
    sport_id: tuple[str, ...]
    params: tuple[str, ...]
    chosen: tuple[str, ...]
    transform: bool
    store: bool
    again: bool
    share: Share | None
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
    """Request what a job describes, and keep each response byte for byte.

    A response with unchanged content is counted, not stored again. Jobs that expand by the schedule skip finished games
    that are captured, so a job that was stopped continues where it was. Failed requests don't stop the others; they are
    listed at the end, and the exit code is 1.

    With several targets, by --target or by the job, each request is sent once, and each target stores and applies its
    answer. A target that fails does not hold back the others; the exit code is 1.

    \b
    Examples:
      mlb-etl ingest --job game_live_specific --game-pk 747175
      mlb-etl ingest --job game_live_date --date yesterday --transform
      mlb-etl ingest --job game_live_season --season 2024 --dry-run
      mlb-etl ingest --job schedule_daily --date 2024-10-25
      mlb-etl ingest --method person.person --param personIds=660271 --transform
      mlb-etl ingest --job game_live_date --date 2024-10-25 --record data/recorded
      mlb-etl ingest --job game_live_date --date yesterday \\
        --target postgres --target delta:data/lake
    """
    _run(ctx, 1, asked)


@click.command()
@_options
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    show_default="one per processor",
    help="Number of processes; they share one rate limit.",
)
@click.pass_context
def backfill(ctx: click.Context, workers: int, **asked: Unpack[_Asked]) -> None:
    """Do what ingest does, in several processes: for many games on a server of your own, or from recordings.

    All processes share MLB_ETL_RATE, so with the Stats API itself this is no faster than ingest. A worker that dies is
    replaced. If the whole command is killed, the next run continues where it was.

    \b
    Examples:
      mlb-etl backfill --job game_live_season --season 2023 --season 2024
      mlb-etl backfill --job game_live_date --date 2024-10-25 --workers 4
    """
    _run(ctx, workers, asked)


def _run(ctx: click.Context, workers: int, asked: _Asked) -> None:
    if asked["record"] and asked["replay"]:
        raise click.UsageError(
            "--record stores responses of the API, and --replay reads stored ones: give only one of them"
        )
    how: dict[str, Any] = {name: asked[name] for name in ("transform", "store", "again", "share", "record", "replay")}
    settings = Settings.from_environment()
    named: dict[str, Any] = {name: asked[name] for name in ("game_pk", "date", "season", "sport_id")}
    given = parameters.given(asked["params"], **named)
    job = _job(asked, settings.tables, given)
    chosen, only_raw = targets.of_job(asked["chosen"], job)
    databases = {name: api.database(its) for name, its in chosen.items()}
    order = IngestOrder(job, settings, databases, only_raw, listings=LISTINGS, **how)
    with closing(order.source()) as source:
        work = IngestJob(order, given, source)
        if asked["dry_run"]:
            urls = [f"{order.settings.api}{request.target}" for request in (*work.listings(), *work.pending())]
            if asked["form"] == "json":
                report.print_json({"requests": urls})
            else:
                for url in urls:
                    click.echo(f"GET {url}")
            return
        subject = job.name if asked["job"] else job.source.name
        flow = Flow(order.method, settings.api, captures=True, applies=any(map(order.applies, databases)))
        with running.recorded(ctx.info_name or "", subject, [*databases.values()], flow=flow):
            with capturing(quiet=asked["quiet"]) as progress:
                done = work.run(progress, workers=workers)
            outcomes = [targets.Outcome(name, its, its.error) for name, its in done.items()]
            targets.print_each(outcomes, asked["form"], outcome_json, _show)
            ctx.exit(1 if any(each.is_incomplete for each in targets.require_all(outcomes)) else 0)


def _show(done: IngestResult) -> None:
    if done.counts is not None:
        report.counts(done.counts)
    failures(done.captured)


def _job(asked: _Asked, package: str, given: Mapping[str, Sequence[str]]) -> Job:
    """The job that is named, or else one that asks a method with the parameters that are given."""
    if (asked["job"] is None) == (asked["method"] is None):
        raise click.UsageError("give either --job or --method")
    if asked["job"] is not None:
        return job_files.load_job(asked["job"], package)
    options = {"game_pk": "--game-pk", "date": "--date", "season": "--season", "sport_id": "--sport-id"}
    values: Mapping[str, object] = {**asked}
    if wrong := [option for name, option in options.items() if values[name]]:
        raise click.UsageError(f"{wrong[0]} is for jobs: --method takes its parameters by --param NAME=VALUE")
    return job_files.ingest_job(registry.method(package, asked["method"] or ""), given)
