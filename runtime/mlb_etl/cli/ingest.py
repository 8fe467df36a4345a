"""mlb-etl ingest: run jobs that capture responses of the API."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from mlb_etl import api, plugins, registry
from mlb_etl.cli import completing, parameters, report, running, shortcuts, targets
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
    click.option("--job", metavar="JOB", shell_complete=completing.jobs, help=parameters.JOB),
    click.option(
        "--method",
        shell_complete=completing.methods,
        help="Instead of a job: the method, such as tracker.issues; --param gives its parameters, as the API calls"
        " them.",
    ),
    click.option(
        "--date",
        multiple=True,
        shell_complete=completing.days,
        help="Capture this date: YYYY-MM-DD, or today, yesterday, tomorrow or today-7 in the job's time zone."
        " Repeatable.",
    ),
    shortcuts.of_requests,
    parameters.PARAM,
    targets.OPTION,
    click.option("--transform", is_flag=True, help="Also apply the captures to the tables."),
    click.option("--object-store", "store", is_flag=True, help="Also keep the captures in MLB_ETL_OBJECT_STORE."),
    click.option(
        "--again", is_flag=True, help="Also request what is captured in its final state, for late corrections."
    ),
    click.option(
        "--share",
        metavar="N/M",
        callback=_share,
        help="Only the Nth of M shares of the requests, for as many processes on other machines.",
    ),
    click.option("--dry-run", is_flag=True, help="Print the requests, and send only those for listings."),
    click.option("--record", type=_PATH, help="Also write each response to this folder, as a stub."),
    click.option(
        "--replay", type=_PATH, help="Read responses from the stubs in this folder instead of asking the API."
    ),
    click.option("--quiet", is_flag=True, help="Don't report progress."),
    report.FORMAT,
)


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that `run` takes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@options
@click.pass_context
def ingest(ctx: click.Context, /, **asked: Any) -> None:
    """Request what a job describes, and keep each response byte for byte.

    A response with unchanged content is counted, not stored again. Jobs that expand a listing skip what is captured
    in its final state, so a job that was stopped continues where it was. Failed requests don't stop the others; they
    are listed at the end, and the exit code is 1.

    With several targets, by --target or by the job, each request is sent once, and each target stores and applies its
    answer. A target that fails does not hold back the others; the exit code is 1.

    \b
    Examples:
      mlb-etl ingest --job issues
      mlb-etl ingest --job hours --date yesterday --transform
      mlb-etl ingest --job issues --dry-run
      mlb-etl ingest --job hours --date today-7
      mlb-etl ingest --method tracker.issue --param issue_id=7 --transform
      mlb-etl ingest --job hours --date 2024-10-25 --record data/recorded
      mlb-etl ingest --job hours --date yesterday \\
        --target postgres --target delta:data/lake
    """
    run(ctx, 1, asked)


def run(ctx: click.Context, workers: int, asked: Mapping[str, Any]) -> None:
    """Run the job that these options describe, in as many processes."""
    if asked["record"] and asked["replay"]:
        raise click.UsageError(
            "--record stores responses of the API, and --replay reads stored ones: give only one of them"
        )
    how: dict[str, Any] = {name: asked[name] for name in ("transform", "store", "again", "share", "record", "replay")}
    settings = Settings.from_environment()
    given = parameters.given(asked["params"], _named(asked))
    job = _job(asked, settings.tables, given)
    chosen, only_raw = targets.of_job(asked["chosen"], job)
    databases = {name: api.database(its) for name, its in chosen.items()}
    order = IngestOrder(job, settings, databases, only_raw, listings=plugins.listings(), **how)
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
        with running.recorded(ctx.info_name or "", subject, [*databases.values()], lambda: [flow]):
            with capturing(quiet=asked["quiet"]) as progress:
                done = work.run(progress, workers=workers)
            outcomes = [targets.Outcome(name, its, its.error) for name, its in done.items()]
            targets.print_each(outcomes, asked["form"], outcome_json, _show)
            ctx.exit(1 if any(each.is_incomplete for each in targets.require_all(outcomes)) else 0)


def _show(done: IngestResult) -> None:
    if done.counts is not None:
        report.counts(done.counts)
    failures(done.captured)


def _job(asked: Mapping[str, Any], package: str, given: Mapping[str, Sequence[str]]) -> Job:
    """The job that is named, or else one that asks a method with the parameters that are given."""
    if (asked["job"] is None) == (asked["method"] is None):
        raise click.UsageError("give either --job or --method")
    if asked["job"] is not None:
        return job_files.load_job(asked["job"], package)
    wrong = [f"--{name.replace('_', '-')}" for name, values in _named(asked).items() if values]
    if wrong:
        raise click.UsageError(f"{wrong[0]} is for jobs: --method takes its parameters by --param NAME=VALUE")
    return job_files.ingest_job(registry.method(package, asked["method"] or ""), given)


def _named(asked: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The values of options that stand for parameters."""
    return {"date": asked["date"], **shortcuts.taken({**asked})}
