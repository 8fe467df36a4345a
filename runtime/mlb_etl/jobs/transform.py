"""Runs jobs that transform, and fills raw tables from the object store before, if that is a job's raw layer."""

from collections.abc import Callable, Mapping, Sequence

from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.capture.restored import Restored
from mlb_etl.errors import EtlError
from mlb_etl.jobs.job_files import parameter_values
from mlb_etl.jobs.spec import Job
from mlb_etl.laws.counts import Counts
from mlb_etl.laws.verdict import Policy
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.database import Database

_STORE = "MLB_ETL_OBJECT_STORE is not set: it names where captures are, s3://bucket/prefix or a folder"


def run_transform(
    job: Job,
    given: Mapping[str, Sequence[str]],
    database: Database,
    *,
    workers: int = 1,
    policy: Policy = "new",
    progress: Callable[[int, int], None] | None = None,
    engine: Callable[[Pipeline], Pipeline] = lambda work: work,
) -> Counts:
    """Run a job that transforms, for the documents that the parameters' values select.

    `engine` gives the pipeline that does the work.
    """
    if not job.storage.transforms:
        raise EtlError(f"job {job.name} does not transform, because its storage has no targets")
    work = Pipeline(registry.method(database.package, job.source.name), database, workers)
    keys = [key.name for key in work.method.document]
    if stray := [parameter.name for parameter in job.parameters if parameter.of not in keys]:
        raise EtlError(f"job {job.name}: {stray[0]} is not a key of {job.source.name}; its keys are {', '.join(keys)}")
    return engine(work).run(parameter_values(job, given), policy, progress)


def restore_new(job: Job, database: Database, settings: Settings, progress: Callable[[int, int], None]) -> Restored:
    """Store the captures of the job's method that the object store has and the raw table lacks."""
    from mlb_etl.capture import object_store, restore  # noqa: PLC0415 - they need an extra that may not be installed

    if settings.store is None:
        raise EtlError(_STORE)
    store = object_store.ObjectStore(settings.store)
    done = 0

    def add(more: Restored, total: int) -> None:
        nonlocal done
        done += more.done
        progress(done, total)

    scope = restore.RestoreScope((job.source.name,), new_only=True)
    with database.open() as stores:
        stores.require_migrated()
        return restore.restore_captures(stores, database.package, store, add, scope)
