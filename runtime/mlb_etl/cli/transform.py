"""mlb-etl transform: apply captures to the tables."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from mlb_etl import api, registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.capture.restored import Restored
from mlb_etl.cli import completing, engines, parameters, report, running, shortcuts, targets
from mlb_etl.cli.progress import counting
from mlb_etl.errors import EtlError
from mlb_etl.jobs import job_files
from mlb_etl.jobs.spec import Job
from mlb_etl.jobs.transform import restore_new, run_transform
from mlb_etl.laws.counts import Counts
from mlb_etl.laws.verdict import Policy
from mlb_etl.observe.flow import Flow
from mlb_etl.settings import Settings


@click.command()
@click.option("--job", metavar="JOB", shell_complete=completing.jobs, help=parameters.JOB)
@click.option(
    "--method",
    shell_complete=completing.methods,
    help="Instead of a job: the method, such as tracker.issues; parameters are its documents' keys.",
)
@shortcuts.of_documents
@parameters.PARAM
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    show_default="one per processor",
    help="Number of processes; a few documents take only one.",
)
@engines.options
@targets.OPTION
@click.option("--replay", is_flag=True, help="Also apply again the captures that the tables show.")
@report.FORMAT
@click.pass_context
def transform(
    ctx: click.Context,
    /,
    *,
    job: str | None,
    method: str | None,
    params: tuple[str, ...],
    workers: int,
    chosen: tuple[str, ...],
    replay: bool,
    form: str,
    **engine: Any,
) -> None:
    """Apply the captures in the raw table to the tables, in order of time for each document.

    It prints the rows inserted, updated, unchanged and deleted in each table, and the numbers of captures that were
    applied, had nothing new (same), were older than what the tables show (stale), or went to quarantine. A capture goes
    to quarantine if it breaks a rule. It does not stop the others; `mlb-etl quarantine list` shows it, and the exit
    code is 1.

    With several targets, each is filled from its own raw table; one that fails does not hold back the others. If a job
    keeps captures in the object store and not in the target's raw table, the new ones are stored there first.

    With `--engine spark`, Apache Spark does the work: docs/spark.md says what it needs. With `--stream`, it goes on to
    apply what comes to the object store.

    After a change of the mapping and a migration of the schema, transform applies every document again.

    \b
    Examples:
      mlb-etl transform --method tracker.issues
      mlb-etl transform --method tracker.issues --param issue_id=7 --format json
      mlb-etl transform --method tracker.issues --target delta:data/lake
      mlb-etl transform --method tracker.issues \\
        --target postgres --target delta:data/lake
      mlb-etl transform --method weather.hours --param day=yesterday
      mlb-etl transform --job issues --replay --workers 4
      mlb-etl transform --method tracker.issues --target delta:data/lake \\
        --engine spark --remote sc://localhost:15002
    """
    policy: Policy = "again" if replay else "new"
    given = parameters.given(params, shortcuts.taken(engine))
    settings = Settings.from_environment()
    package = settings.tables
    work = _job(job, method, package)
    choice = engines.Choice(**engine)
    databases = targets.settings_of(chosen, work.storage.target_databases)
    subject = work.name if job else work.source.name
    flow = Flow(registry.method(package, work.source.name), settings.api, captures=False, applies=True)
    recorded = running.recorded("transform", subject, [*map(api.database, databases.values())], lambda: [flow])
    if choice.stream is not None:
        with recorded:
            _follow(choice, work, databases, workers)
        return

    def run(name: str, settings: Settings, on: engines.Engine) -> _Done:
        database, restored = api.database(settings), None
        if work.storage.fills_from_object_store(name):
            with counting("objects") as progress:
                restored = restore_new(work, database, settings, progress)
        with counting("documents") as progress:
            counts = run_transform(work, given, database, workers=workers, policy=policy, progress=progress, engine=on)
        return _Done(counts, restored)

    with recorded:
        with engines.started(choice, package) as on:
            outcomes = targets.run_each(databases, lambda name, settings: run(name, settings, on))
        targets.print_each(outcomes, form, _plain, _show)
        done = targets.require_all(outcomes)
        ctx.exit(1 if any(each.is_incomplete for each in done) else 0)


def _follow(choice: engines.Choice, job: Job, databases: Mapping[str, Settings], workers: int) -> None:
    """Follow the object store, and print what each batch did."""
    if len(databases) > 1:
        raise click.UsageError("--stream has one target")
    [settings] = databases.values()
    if settings.store is None:
        raise EtlError(
            "--stream follows an object store: name it in MLB_ETL_OBJECT_STORE, s3://bucket/prefix or a folder"
        )
    method = registry.method(settings.tables, job.source.name)

    def told(restored: Restored, counts: Counts) -> None:
        report.restored(restored, "from the object store: ")
        report.counts(counts)

    engines.follow(choice, Pipeline(method, api.database(settings), workers), settings.store, told)


class _Done(NamedTuple):
    """What happened in a database: captures applied, and before that restored from the object store."""

    counts: Counts
    restored: Restored | None

    @property
    def is_incomplete(self) -> bool:
        return bool(self.counts.documents.quarantined or (self.restored and self.restored.failures))


def _plain(done: _Done) -> dict[str, Any]:
    restored = {"restored": report.restored_json(done.restored)} if done.restored else {}
    return report.counts_json(done.counts) | restored


def _show(done: _Done) -> None:
    if done.restored is not None:
        report.restored(done.restored, "from the object store: ")
    report.counts(done.counts)


def _job(given: str | None, method: str | None, package: str) -> Job:
    if (given is None) == (method is None):
        raise click.UsageError("give either --job or --method")
    return (
        job_files.load_job(given, package)
        if given is not None
        else job_files.transform_job(registry.method(package, method or ""))
    )
